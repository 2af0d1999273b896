//! aws-lc-rs: the provider whose FIPS build is validated.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{digest, hkdf, hmac as mac};

/// The provider, for a line in the log.
pub const NAME: &str = "aws-lc";

pub(in crate::crypto) struct Gcm(LessSafeKey);

impl Gcm {
    pub(in crate::crypto) fn new(key: &[u8; 32]) -> Self {
        let Ok(key) = UnboundKey::new(&AES_256_GCM, key) else {
            unreachable!("AES-256 takes keys of 32 bytes");
        };
        Self(LessSafeKey::new(key))
    }

    pub(in crate::crypto) fn seal(&self, nonce: &[u8; 12], text: &mut [u8]) -> [u8; 16] {
        let sealed = self.0.seal_in_place_separate_tag(Nonce::from(nonce), Aad::empty(), text);
        let Some(tag) = sealed.ok().and_then(|tag| tag.as_ref().try_into().ok()) else {
            unreachable!("the text is longer than GCM allows");
        };
        tag
    }

    pub(in crate::crypto) fn open(&self, nonce: &[u8; 12], text: &mut [u8], tag: &[u8; 16]) -> bool {
        self.0.open_in_place_separate_tag(Nonce::from(nonce), Aad::empty(), tag, text).is_ok()
    }
}

pub(in crate::crypto) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut state = digest::Context::new(&digest::SHA256);
    for part in parts {
        state.update(part);
    }
    let Ok(value) = state.finish().as_ref().try_into() else {
        unreachable!("SHA-256 gives 32 bytes");
    };
    value
}

pub(in crate::crypto) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut state = mac::Context::with_key(&mac::Key::new(mac::HMAC_SHA256, key));
    for part in parts {
        state.update(part);
    }
    let Ok(value) = state.sign().as_ref().try_into() else {
        unreachable!("HMAC-SHA-256 gives 32 bytes");
    };
    value
}

/// `HKDF-Expand`; false if `out` is longer than it can be.
pub(in crate::crypto) fn expand(prk: &[u8; 32], info: &[&[u8]], out: &mut [u8]) -> bool {
    let prk = hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, prk);
    prk.expand(info, Length(out.len())).and_then(|okm| okm.fill(out)).is_ok()
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// A digest of the SHA family in progress.
pub(in crate::crypto) struct Sha(digest::Context);

impl Sha {
    pub(in crate::crypto) fn sha1() -> Self {
        Self(digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY))
    }

    pub(in crate::crypto) fn sha256() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    pub(in crate::crypto) fn sha512() -> Self {
        Self(digest::Context::new(&digest::SHA512))
    }

    pub(in crate::crypto) fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    pub(in crate::crypto) fn finish(self) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}
