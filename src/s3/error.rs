//! Errors in S3's words.

use crate::access::Denied;
use crate::gateway::{BodyError, Error, Refusal};
use s3s::{S3Error, S3ErrorCode};

pub(super) fn plain(code: S3ErrorCode, message: impl Into<String>) -> S3Error {
    S3Error::with_message(code, message.into())
}

/// A code that s3s does not know.
pub(super) fn custom(code: &'static str, status: http::StatusCode, why: &str) -> S3Error {
    let mut error = plain(S3ErrorCode::Custom(code.into()), why);
    error.set_status_code(status);
    error
}

pub(super) fn not_implemented(what: &str) -> S3Error {
    plain(S3ErrorCode::NotImplemented, format!("{what} is not implemented"))
}

pub(super) fn invalid_argument(why: impl Into<String>) -> S3Error {
    plain(S3ErrorCode::InvalidArgument, why)
}

pub(super) fn invalid_request(why: impl Into<String>) -> S3Error {
    plain(S3ErrorCode::InvalidRequest, why)
}

/// Why the policy did not permit, as the client is told.
pub(super) fn denied(denied: Denied<Error>) -> S3Error {
    match denied {
        Denied::NoSuchBucket => failed(Refusal::NoSuchBucket.into()),
        Denied::AccessDenied => failed(Refusal::AccessDenied.into()),
        Denied::Unknown(error) => failed(error),
    }
}

/// The answer to a client. What only an operator may know is logged and not said.
pub(super) fn failed(error: Error) -> S3Error {
    match error {
        Error::Refused(refusal) => refused(&refusal),
        Error::Full => plain(S3ErrorCode::ServiceUnavailable, "the store is full: deleting still works"),
        Error::Unavailable(why) => {
            tracing::warn!(why, "unavailable");
            plain(S3ErrorCode::ServiceUnavailable, "the service is unavailable for now: try again")
        }
        Error::Tampered { path, why } => {
            tracing::error!(path, %why, "stored bytes did not verify");
            plain(S3ErrorCode::InternalError, "the stored object did not verify")
        }
        Error::Internal(why) => {
            tracing::error!(why, "internal error");
            plain(S3ErrorCode::InternalError, "internal error")
        }
    }
}

fn refused(refusal: &Refusal) -> S3Error {
    use S3ErrorCode as Code;
    let code = match refusal {
        Refusal::NoSuchBucket => Code::NoSuchBucket,
        Refusal::NoSuchVersion => Code::NoSuchVersion,
        Refusal::NoSuchKey | Refusal::Deleted { .. } => Code::NoSuchKey,
        Refusal::MarkerNotAllowed { .. } => Code::MethodNotAllowed,
        Refusal::NoSuchLifecycle => Code::NoSuchLifecycleConfiguration,
        Refusal::NoBucketLock => Code::ObjectLockConfigurationNotFoundError,
        Refusal::InvalidBucketState(_) => Code::InvalidBucketState,
        Refusal::InvalidTag(_) => Code::InvalidTag,
        Refusal::NoSuchUpload => Code::NoSuchUpload,
        Refusal::NoSuchCORSConfiguration => Code::NoSuchCORSConfiguration,
        Refusal::AccessDenied | Refusal::Locked(_) => Code::AccessDenied,
        Refusal::BucketAlreadyOwnedByYou => Code::BucketAlreadyOwnedByYou,
        Refusal::BucketAlreadyExists => Code::BucketAlreadyExists,
        Refusal::BucketNotEmpty => Code::BucketNotEmpty,
        Refusal::InvalidBucketName => Code::InvalidBucketName,
        Refusal::KeyTooLong => Code::KeyTooLongError,
        Refusal::MetadataTooLarge => Code::MetadataTooLarge,
        Refusal::EntityTooLarge => Code::EntityTooLarge,
        Refusal::EntityTooSmall { .. } => Code::EntityTooSmall,
        Refusal::InvalidPart { .. } => Code::InvalidPart,
        Refusal::InvalidPartOrder => Code::InvalidPartOrder,
        Refusal::PreconditionFailed(_) => Code::PreconditionFailed,
        Refusal::ConditionalRequestConflict => Code::ConditionalRequestConflict,
        Refusal::OperationAborted => Code::OperationAborted,
        Refusal::NotModified { .. } => Code::NotModified,
        Refusal::InvalidRange { .. } => Code::InvalidRange,
        Refusal::BadDigest(_) => Code::BadDigest,
        Refusal::InvalidArgument(_) => Code::InvalidArgument,
        Refusal::InvalidRequest(_) | Refusal::CustomerKeyMissing | Refusal::CustomerKeyUnasked | Refusal::CustomerKeyWrong => {
            Code::InvalidRequest
        }
        Refusal::NoDefaultEncryption => Code::ServerSideEncryptionConfigurationNotFoundError,
        Refusal::NoSuchKmsKey(_) => Code::Custom("KMS.NotFoundException".into()),
        Refusal::KmsKeyAbsent => Code::Custom("KMS.DisabledException".into()),
        Refusal::NotImplemented(_) => Code::NotImplemented,
        Refusal::Body(error) => return body(error),
    };
    let mut error = plain(code, refusal.to_string());
    if matches!(refusal, Refusal::NoSuchKmsKey(_) | Refusal::KmsKeyAbsent) {
        error.set_status_code(http::StatusCode::BAD_REQUEST);
    }
    if *refusal == Refusal::NoDefaultEncryption {
        error.set_status_code(http::StatusCode::NOT_FOUND);
    }
    if let Refusal::PreconditionFailed(which) = refusal {
        error.set_headers(which.parse().map(|which| (CONDITION, which)).into_iter().collect());
    }
    if let Some(headers) = of_marker(refusal) {
        error.set_headers(headers);
    }
    if let Refusal::NotModified { etag, .. } = refusal {
        let mut headers = http::HeaderMap::new();
        if let Ok(etag) = format!("\"{etag}\"").parse() {
            headers.insert(http::header::ETAG, etag);
        }
        error.set_headers(headers);
    }
    if let Refusal::InvalidRange { size } = refusal {
        let mut headers = http::HeaderMap::new();
        if let Ok(range) = format!("bytes */{size}").parse() {
            headers.insert(http::header::CONTENT_RANGE, range);
        }
        error.set_headers(headers);
    }
    error
}

/// Carries the condition that failed to the one place that writes the body of errors, and never farther.
pub(super) const CONDITION: http::HeaderName = http::HeaderName::from_static("waxseal-condition");

/// What is told of a delete marker that stands where an object was asked for.
fn of_marker(refusal: &Refusal) -> Option<http::HeaderMap> {
    let mut headers = http::HeaderMap::new();
    let version = match refusal {
        Refusal::Deleted { version } => version,
        Refusal::MarkerNotAllowed { version, last_modified } => {
            let mut text = Vec::new();
            let written = super::time::timestamp(*last_modified).format(s3s::dto::TimestampFormat::HttpDate, &mut text);
            if let Some(value) = written.ok().and_then(|()| http::HeaderValue::from_bytes(&text).ok()) {
                headers.insert(http::header::LAST_MODIFIED, value);
            }
            headers.insert(http::header::ALLOW, http::HeaderValue::from_static("DELETE"));
            version
        }
        _ => return None,
    };
    headers.insert("x-amz-delete-marker", http::HeaderValue::from_static("true"));
    if let Ok(value) = version.parse() {
        headers.insert("x-amz-version-id", value);
    }
    Some(headers)
}

fn body(error: &BodyError) -> S3Error {
    use S3ErrorCode as Code;
    let code = match error {
        BodyError::Incomplete => Code::IncompleteBody,
        BodyError::Signature => Code::SignatureDoesNotMatch,
        BodyError::ContentSha256 => Code::Custom("XAmzContentSHA256Mismatch".into()),
        BodyError::Malformed(_) => Code::InvalidRequest,
        BodyError::Timeout => Code::RequestTimeout,
    };
    let mut answer = plain(code, error.to_string());
    if *error == BodyError::ContentSha256 {
        answer.set_status_code(http::StatusCode::BAD_REQUEST);
    }
    answer
}
