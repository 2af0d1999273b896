//! The only module that names a cryptography crate.
//!
//! Pure: keys, nonces and bytes in, bytes or an error out. No clock, no randomness, no I/O. What stands here is one
//! screen of primitives; what they mean together is the envelope's.
//!
//! Two providers give AES-256-GCM, HMAC, HKDF and the SHA family the same interface: RustCrypto by default, and
//! aws-lc-rs by the feature `aws-lc`. Every vector passes under both. MD5, the CRCs and xxHash are checksums here and
//! never protect anything.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

pub mod cpu;
mod crc;
mod digest;
mod gcm;
mod hash;
mod md5;
mod provider;
mod secret;

pub use digest::{Digest, DigestKind, combine};
pub use gcm::{BadTag, Gcm, NONCE, TAG};
pub use hash::{equal, expand, extract, hmac, hmac_sha1, md5, sha256};
pub use provider::NAME as PROVIDER;
pub use secret::{Secret, erase};
