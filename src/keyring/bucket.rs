//! A sealed bucket, as the keyring has it, and which names a bucket may have.

use crate::envelope::BucketUuid;
use crate::store::Millis;

/// The tenant of the system bucket. No user has it as canonical id.
pub const SYSTEM_TENANT: &str = "waxseal";

/// A sealed bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Names it for ever.
    pub uuid: BucketUuid,
    /// Names it as long as it exists.
    pub name: String,
    /// Canonical id of the creator: the tenant of the keyring's lines.
    pub owner: String,
    /// When it was created: the time of its first key.
    pub created: Millis,
}

/// Prefixes that S3 keeps for itself.
const RESERVED_PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];

/// Suffixes that S3 keeps for itself.
const RESERVED_SUFFIXES: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/// Whether S3 lets a general purpose bucket have this name.
///
/// 3 to 63 lower-case letters, digits, hyphens and dots; beginning and ending in a letter or digit; no two dots in a
/// row; not in the form of an IPv4 address; none of the reserved prefixes and suffixes. So no bucket begins with a
/// dot, where system records lie. See "General purpose bucket naming rules" of the S3 user guide.
#[must_use]
pub fn valid_bucket_name(name: &str) -> bool {
    let outer = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && outer(bytes.first())
        && outer(bytes.last())
        && bytes.iter().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
        && !name.contains("..")
        && !has_form_of_ipv4(name)
        && !RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        && !RESERVED_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// Four groups of digits, whatever their value: `999.0.0.1` is no address and still refused, as in S3.
fn has_form_of_ipv4(name: &str) -> bool {
    let groups = || name.split('.');
    groups().count() == 4 && groups().all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()))
}
