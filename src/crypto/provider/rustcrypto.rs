//! RustCrypto: pure Rust, the default.
//!
//! Its AES is as wide as the processor's; its GHASH multiplies 128 bits at a time on every processor, and that bounds it
//! where others multiply 512. In GB/s on one core of an Intel Xeon with VAES and AVX-512 at 3 GHz, 64 KiB at a time: counter
//! mode 9, GHASH 10, GCM as the one after the other 4.5; aws-lc-rs 12. So GHASH alone stays below 0.9 of aws-lc-rs, in
//! whatever order the two are driven. Driving both here instead of through `aes-gcm` came to 5.2 with counters made at
//! full width, and to less than 4.5 interleaved, since multiplications of 128 bits lose a port beside AES of 512. That
//! is not worth a GCM of our own: a GET spends 0.2 of its 0.5 CPU-seconds a GiB here. Who needs the difference builds with
//! the feature `aws-lc`.

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// The provider, for a line in the log.
pub const NAME: &str = "rustcrypto";

pub(in crate::crypto) struct Gcm(Aes256Gcm);

impl Gcm {
    pub(in crate::crypto) fn new(key: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new(key.into()))
    }

    pub(in crate::crypto) fn seal(&self, nonce: &[u8; 12], text: &mut [u8]) -> [u8; 16] {
        let Ok(tag) = self.0.encrypt_inout_detached(nonce.into(), &[], text.into()) else {
            unreachable!("the text is longer than GCM allows");
        };
        tag.into()
    }

    pub(in crate::crypto) fn open(&self, nonce: &[u8; 12], text: &mut [u8], tag: &[u8; 16]) -> bool {
        self.0.decrypt_inout_detached(nonce.into(), &[], text.into(), tag.into()).is_ok()
    }
}

pub(in crate::crypto) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut state = Sha256::new();
    for part in parts {
        state.update(part);
    }
    state.finalize().into()
}

pub(in crate::crypto) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let Ok(mut state) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of any length");
    };
    for part in parts {
        state.update(part);
    }
    state.finalize().into_bytes().into()
}

/// `HKDF-Expand`; false if `out` is longer than it can be.
pub(in crate::crypto) fn expand(prk: &[u8; 32], info: &[&[u8]], out: &mut [u8]) -> bool {
    Hkdf::<Sha256>::from_prk(prk).is_ok_and(|hkdf| hkdf.expand_multi_info(info, out).is_ok())
}

/// A digest of the SHA family in progress.
pub(in crate::crypto) enum Sha {
    One(sha1::Sha1),
    Two256(Sha256),
    Two512(sha2::Sha512),
}

impl Sha {
    pub(in crate::crypto) fn sha1() -> Self {
        Self::One(sha1::Sha1::new())
    }

    pub(in crate::crypto) fn sha256() -> Self {
        Self::Two256(Sha256::new())
    }

    pub(in crate::crypto) fn sha512() -> Self {
        Self::Two512(sha2::Sha512::new())
    }

    pub(in crate::crypto) fn update(&mut self, piece: &[u8]) {
        match self {
            Self::One(state) => state.update(piece),
            Self::Two256(state) => state.update(piece),
            Self::Two512(state) => state.update(piece),
        }
    }

    pub(in crate::crypto) fn finish(self) -> Vec<u8> {
        match self {
            Self::One(state) => state.finalize().to_vec(),
            Self::Two256(state) => state.finalize().to_vec(),
            Self::Two512(state) => state.finalize().to_vec(),
        }
    }
}
