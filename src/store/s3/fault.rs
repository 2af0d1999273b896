//! What a backend answers, as causes. Only an answer about the key itself says that it is not there.

use crate::store::Fault;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use object_store::path::Path;
use object_store::{Error, Result};
use std::error::Error as StdError;

/// The store's name in errors.
pub(super) const NAME: &str = "S3";

/// The backend cannot answer now, or not as it should.
pub(super) fn unavailable(why: impl Into<String>) -> Error {
    Fault::Unavailable(format!("the backend: {}", why.into())).in_store(NAME)
}

/// Whether a range was refused because there is nothing in it: so is every range of an object without bytes.
pub(super) fn is_nothing_in_range(error: &Error) -> bool {
    matches!(Fault::of(error), Some(Fault::Unavailable(why)) if why.contains("status code: 416"))
}

/// Codes of S3 that say that there is no room.
const FULL: [&str; 4] = ["XMinioStorageFull", "QuotaExceeded", "InsufficientStorage", "EntityTooLargeForQuota"];

/// An error of `object_store`'s client.
pub(super) fn of(error: Error) -> Error {
    match error {
        Error::NotFound { .. } if text(&error).contains("NoSuchBucket") => unavailable("its bucket is not there"),
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            unavailable(format!("it refuses our credentials: {}", text(&error)))
        }
        Error::Generic { .. } if Fault::of(&error).is_some() => error,
        Error::Generic { .. } => {
            let text = text(&error);
            if FULL.iter().any(|code| text.contains(code)) || text.contains(" 507") {
                return Fault::Full.in_store(NAME);
            }
            unavailable(text)
        }
        other => other,
    }
}

/// An error and all its causes, in one line.
fn text(error: &dyn StdError) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(at) = cause {
        let more = at.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = at.source();
    }
    text
}

/// An error of the SDK, about this path.
pub(super) fn sdk<E>(path: &Path, error: SdkError<E, HttpResponse>) -> Error
where
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    let code = error.code().unwrap_or_default().to_owned();
    let path = path.to_string();
    match (status, code.as_str()) {
        (_, "NoSuchBucket") => unavailable("its bucket is not there"),
        (_, "NoSuchUpload" | "NoSuchKey" | "InvalidPart") | (Some(404), _) => Error::NotFound { path, source: Box::new(error) },
        (Some(412), _) | (_, "PreconditionFailed" | "ConditionalRequestConflict") => {
            Error::Precondition { path, source: Box::new(error) }
        }
        (Some(507), _) => Fault::Full.in_store(NAME),
        (_, code) if FULL.contains(&code) => Fault::Full.in_store(NAME),
        (Some(501), _) | (_, "NotImplemented") => {
            Error::NotImplemented { operation: "what was asked".to_owned(), implementer: "the backend".to_owned() }
        }
        (Some(403 | 401), code) => unavailable(format!("it refuses our credentials: {code}")),
        (Some(status), code) => unavailable(format!("it answered {status} {code}")),
        (None, _) => unavailable(text(&error)),
    }
}

/// For results of `object_store`'s client.
pub(super) trait Understood<T> {
    /// The same, with causes as [`of`] tells them.
    fn understood(self) -> Result<T>;
}

impl<T> Understood<T> for Result<T> {
    fn understood(self) -> Self {
        self.map_err(of)
    }
}
