//! A sealed bucket, as the keyring has it.

use crate::envelope::BucketUuid;
use crate::store::Millis;

/// A sealed bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Names it for ever.
    pub uuid: BucketUuid,
    /// Names it as long as it exists.
    pub name: String,
    /// Canonical id of the creator: the tenant of the keyring's lines.
    pub owner: String,
    /// When it was created.
    pub created: Millis,
}
