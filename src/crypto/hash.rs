//! SHA-256, HMAC, HKDF, and comparison in constant time.

use super::md5::Md5;
use super::{Secret, provider};
use hmac::{Hmac, KeyInit, Mac};
use subtle::ConstantTimeEq;

/// Whether two byte strings are equal, in a time that depends on their lengths alone.
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// SHA-256 of the parts, one after the other.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    provider::sha256(parts)
}

/// HMAC-SHA-256 of the parts, one after the other.
#[must_use]
pub fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    provider::hmac(key, parts)
}

/// HMAC-SHA-1, for signatures of version 2 and nothing else.
#[must_use]
pub fn hmac_sha1(key: &[u8], text: &[u8]) -> [u8; 20] {
    let Ok(state) = Hmac::<sha1::Sha1>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of any length");
    };
    state.chain_update(text).finalize().into_bytes().into()
}

/// `HKDF-Extract` with SHA-256 (RFC 5869, 2.2).
#[must_use]
pub fn extract(salt: &[u8], ikm: &[u8]) -> Secret<32> {
    Secret::new(provider::hmac(salt, &[ikm]))
}

/// `HKDF-Expand` with SHA-256 (RFC 5869, 2.3); the parts of `info` are taken one after the other.
///
/// # Panics
/// Above 255 blocks of 32 bytes, as the RFC demands. Lengths are constants of the format, so no input comes near.
pub fn expand(prk: &Secret<32>, info: &[&[u8]], out: &mut [u8]) {
    assert!(provider::expand(prk.expose(), info, out), "HKDF gives at most 8,160 bytes");
}

/// MD5, which S3 shows as the `ETag`: a checksum, and never a protection.
#[must_use]
pub fn md5(text: &[u8]) -> [u8; 16] {
    let mut state = Md5::new();
    state.update(text);
    state.finish()
}
