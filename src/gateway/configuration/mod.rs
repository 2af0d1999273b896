//! What is configured of a bucket: one sealed record of the system bucket for each, and none for a bucket with nothing
//! configured.
//!
//! Each aspect is a type of its own that is pure: it validates itself and gives verdicts, without I/O. Here they are
//! kept together, read, and changed one at a time.

mod cors;
mod encryption;
mod lifecycle;
mod lock;
mod record;
mod versioning;

pub use cors::{Cors, CorsAllowed, CorsAsked, CorsFault, CorsRule, CorsVerdict};
pub use encryption::{DefaultEncryption, Keys};

pub use lifecycle::{Day, Expiration, Filter, Lifecycle, LifecycleFault, LifecycleRule, Noncurrent, Scope, Subject};
pub use lock::{DefaultRetention, LockRule, Period};
pub use versioning::Versioning;

use crate::access::CannedAcl;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that is configured of a bucket.
///
/// What is not known here is refused on reading: a record that a later version wrote is never taken for less than it says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Whether overwritten objects are kept.
    #[serde(default)]
    pub versioning: Versioning,
    /// What is granted to others.
    #[serde(default, skip_serializing_if = "is_private")]
    pub acl: CannedAcl,
    /// What objects get for which nothing is asked of encryption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<DefaultEncryption>,
    /// Which web pages may use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
    /// What becomes of objects with time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Lifecycle>,
    /// Tags of the bucket.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Object lock, in a bucket that has it; it is never taken from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockRule>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "for serde")]
fn is_private(acl: &CannedAcl) -> bool {
    *acl == CannedAcl::Private
}
