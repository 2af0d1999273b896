//! What went wrong, by what is to be done about it.

use super::BodyError;
use crate::store::Fault;
use crate::{envelope, keyring};

/// Why an operation did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// We decline by rule: the client can do something about it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Not now: the backend or a key service cannot answer, or is full. Trying again may help.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// No room in the backend. Deleting still works.
    #[error("the store is full")]
    Full,
    /// Stored bytes are not what was sealed, or not where they were sealed. Clients learn only that much.
    #[error("integrity error at {path}: {why}")]
    Tampered {
        /// The path in the backend, for the operator.
        path: String,
        /// What did not verify, for the operator.
        why: envelope::Error,
    },
    /// Our own fault, or the backend's in a way that should not happen.
    #[error("internal error: {0}")]
    Internal(String),
}

/// What the client did, or found, that S3 has an error for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the names are S3's error codes, one for one")]
pub enum Refusal {
    #[error("the specified bucket does not exist")]
    NoSuchBucket,
    #[error("the specified key does not exist")]
    NoSuchKey,
    #[error("the specified version does not exist")]
    NoSuchVersion,
    #[error("the specified key does not exist")]
    Deleted { version: String },
    #[error("the specified method is not allowed against this resource")]
    MarkerNotAllowed { version: String, last_modified: crate::store::Millis },
    #[error("the lifecycle configuration does not exist")]
    NoSuchLifecycle,
    #[error("object lock configuration does not exist for this bucket")]
    NoBucketLock,
    #[error("the request is not valid with the current state of the bucket: {0}")]
    InvalidBucketState(&'static str),
    #[error("{0}")]
    InvalidTag(String),
    #[error("access denied: the version is locked by {0}")]
    Locked(&'static str),
    #[error("the specified upload does not exist: it may have been completed or aborted")]
    NoSuchUpload,
    #[error("the CORS configuration does not exist")]
    NoSuchCORSConfiguration,
    #[error("access denied")]
    AccessDenied,
    #[error("the bucket you tried to create already exists and is owned by you")]
    BucketAlreadyOwnedByYou,
    #[error("the bucket name is taken")]
    BucketAlreadyExists,
    #[error("the bucket you tried to delete is not empty")]
    BucketNotEmpty,
    #[error("the bucket name is not valid")]
    InvalidBucketName,
    #[error("the key is longer than 1024 bytes of UTF-8")]
    KeyTooLong,
    #[error("user metadata is limited to 2048 bytes")]
    MetadataTooLarge,
    #[error("the object is larger than the limit")]
    EntityTooLarge,
    #[error("part {number} is smaller than 5 MiB and not the last")]
    EntityTooSmall { number: u32 },
    #[error("part {number} was not found, or its ETag does not match")]
    InvalidPart { number: u32 },
    #[error("the parts are not in ascending order")]
    InvalidPartOrder,
    #[error("a precondition did not hold: {0}")]
    PreconditionFailed(&'static str),
    #[error("another request changed the object at the same time")]
    ConditionalRequestConflict,
    #[error("a conflicting conditional operation is in progress: try again")]
    OperationAborted,
    #[error("not modified")]
    NotModified { etag: String, last_modified: crate::store::Millis },
    #[error("the range cannot be satisfied: the object has {size} bytes")]
    InvalidRange { size: u64 },
    #[error("the {0} you specified did not match what we received")]
    BadDigest(&'static str),
    #[error("invalid argument: {0}")]
    InvalidArgument(String),
    #[error("invalid request: {0}")]
    InvalidRequest(String),
    #[error("the object was stored using a form of server-side encryption: the correct parameters must be provided")]
    CustomerKeyMissing,
    #[error("the encryption parameters are not applicable to this object")]
    CustomerKeyUnasked,
    #[error("the provided encryption parameters did not match the ones used originally")]
    CustomerKeyWrong,
    #[error("the server side encryption configuration was not found")]
    NoDefaultEncryption,
    #[error("key {0} is not found")]
    NoSuchKmsKey(String),
    #[error("the key of this object is disabled: it is not configured any more")]
    KmsKeyAbsent,
    #[error("not implemented: {0}")]
    NotImplemented(&'static str),
    #[error(transparent)]
    Body(#[from] BodyError),
}

impl Error {
    /// A job on another thread did not come back: it panicked, or the program is shutting down.
    #[expect(clippy::needless_pass_by_value, reason = "for map_err")]
    pub(super) fn job(error: tokio::task::JoinError) -> Self {
        Self::Internal(format!("a job was lost: {error}"))
    }

    /// Sealing fails only for lengths and rows that were let in by mistake.
    pub(super) fn sealing(error: envelope::Error) -> Self {
        Self::Internal(format!("sealing failed: {error}"))
    }
}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        match (Fault::of(&error), &error) {
            (Some(Fault::Full), _) => Self::Full,
            (Some(Fault::Damaged(what)), _) => {
                let why = envelope::Error { kind: envelope::Kind::Tampered, why: "the backend found damage" };
                Self::Tampered { path: what.clone(), why }
            }
            (Some(Fault::Unavailable(why)), _) => Self::Unavailable(why.clone()),
            (Some(marker @ Fault::Marker(_)), _) => Self::Unavailable(marker.to_string()),
            (None, object_store::Error::AlreadyExists { .. }) => Refusal::PreconditionFailed("If-None-Match").into(),
            (None, object_store::Error::Precondition { .. }) => Refusal::PreconditionFailed("If-Match").into(),
            (None, _) => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<object_store::path::Error> for Error {
    fn from(error: object_store::path::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<keyring::Error> for Error {
    fn from(error: keyring::Error) -> Self {
        match error {
            keyring::Error::Format(why) => Self::Tampered { path: "the keyring".to_owned(), why },
            keyring::Error::NoSuchBucket => Refusal::NoSuchBucket.into(),
            keyring::Error::InvalidBucketName => Refusal::InvalidBucketName.into(),
            keyring::Error::NoSuchKey(id) => Refusal::NoSuchKmsKey(id).into(),
            keyring::Error::KeyAbsent => Refusal::KmsKeyAbsent.into(),
            keyring::Error::Store(error) => error.into(),
            other => Self::Unavailable(other.to_string()),
        }
    }
}
