//! Why the keyring did not do what it was asked.

use super::Bucket;
use super::root::RootError;
use crate::envelope;
use std::sync::Arc;

/// Why the keyring did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The backend holds no keyring: nothing was initialised there, or it is another backend.
    #[error("there is no keyring: run `waxseal init`, or check that this is the right directory")]
    Absent,
    /// The backend already holds a keyring, which is never overwritten.
    #[error("there is a keyring already: it is never overwritten")]
    Present,
    /// The keyring file, or a key wrapped in it, is not what a root at hand made.
    #[error("the keyring does not open: {0}")]
    Format(#[from] envelope::Error),
    /// The service that holds the root does not answer.
    #[error("the root is unavailable: {0}")]
    Unavailable(String),
    /// The bucket name is taken.
    #[error("the bucket {} exists already", .0.name)]
    AlreadyExists(Arc<Bucket>),
    /// No bucket of the keyring has this uuid.
    #[error("the bucket does not exist")]
    NoSuchBucket,
    /// S3 lets no bucket have this name.
    #[error("the bucket name is not valid")]
    InvalidBucketName,
    /// No key of this name is configured.
    #[error("there is no key {0}")]
    NoSuchKey(String),
    /// A KEK is wrapped by a root that was configured under a name once, and is not any more.
    #[error("a key that was configured by name once is not at hand")]
    KeyAbsent,
    /// The owner is no token of 1 to 512 visible ASCII characters.
    #[error("the owner is not valid")]
    InvalidOwner,
    /// Others kept writing the keyring at the same time. Trying again may help.
    #[error("the keyring is being changed by others: try again")]
    Contended,
    /// The backend failed.
    #[error("the keyring cannot be reached: {0}")]
    Store(#[from] object_store::Error),
}

impl From<RootError> for Error {
    fn from(error: RootError) -> Self {
        match error {
            RootError::Format(error) => Self::Format(error),
            RootError::Unavailable(why) => Self::Unavailable(why),
        }
    }
}
