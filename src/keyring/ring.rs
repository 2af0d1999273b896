//! The keys of all buckets.

use super::Bucket;
use std::sync::Arc;

/// The keys of all buckets, loaded and verified.
pub struct Keyring;

impl Keyring {
    /// The bucket of this name.
    #[must_use]
    pub fn bucket(&self, _name: &str) -> Option<Arc<Bucket>> {
        None
    }
}
