//! What things are named by.

use super::SUITE;
use crate::crypto;
use std::fmt;

/// Names a bucket for ever: a bucket deleted and created again is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BucketUuid(pub [u8; 16]);

/// Names a body, and salts its keys. Copies of one body share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub [u8; 32]);

/// Names a KEK; derived from it, so that a KEK proves its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KekId(pub [u8; 16]);

impl fmt::Display for BucketUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Display for KekId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// Hexadecimal in lower case, as everywhere in the format.
pub(super) fn hex(bytes: &[u8]) -> String {
    hex_simd::encode_to_string(bytes, hex_simd::AsciiCase::Lower)
}

/// Where an object stands: what its Head is bound to (FORMAT 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    /// The bucket.
    pub bucket: BucketUuid,
    /// The key, byte for byte as the client sent it.
    pub key: &'a str,
}

/// The version id of an object in a store that mints its own (FORMAT 15): base64url of 24 bytes.
#[must_use]
pub fn version_id(object_id: ObjectId, created: u64) -> String {
    let digest = crypto::sha256(&[b"waxseal/v1/version", &[0, SUITE], &object_id.0, &created.to_be_bytes()]);
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(digest.get(..24).unwrap_or_default())
}
