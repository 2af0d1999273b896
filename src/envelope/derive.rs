//! Keys from keys: the one construction under which everything is sealed (FORMAT 3).
//!
//! ```text
//! label(name)               = "waxseal/v1/" || name || 0x00 || suite
//! derive(prk, name, fields) = key(32) || nonce(12) || commit(32) = Expand(prk, label(name) || fields, 76)
//! ```

use super::{Error, SUITE};
use crate::crypto::{self, Gcm, Secret};

/// `Expand(prk, label(name) || fields, out.len())`.
///
/// # Panics
/// Above 8,160 bytes, the most that HKDF gives.
pub fn expand(prk: &Secret<32>, name: &str, fields: &[&[u8]], out: &mut [u8]) {
    const MOST: usize = 5;
    let mut info: [&[u8]; MOST] = [b"waxseal/v1/", name.as_bytes(), &[0, SUITE], &[], &[]];
    assert!(fields.len() <= 2, "no derivation has more fields");
    for (place, field) in info.iter_mut().skip(3).zip(fields) {
        *place = field;
    }
    crypto::expand(prk, &info, out);
}

/// A single-use key, its nonce, and the commitment that says which key it is.
///
/// Sealing and opening both consume it, and opening is not to be had without comparing the commitment first: GCM alone
/// lets one ciphertext open under two keys.
pub struct Triple {
    derived: Secret<76>,
}

impl Triple {
    /// `derive(prk, name, fields)`; the fields are taken one after the other.
    pub(super) fn derive(prk: &Secret<32>, name: &str, fields: &[&[u8]]) -> Self {
        let mut derived = Secret::zeroed();
        expand(prk, name, fields, derived.expose_mut());
        Self { derived }
    }

    /// The key, the nonce and the commitment.
    fn split(&self) -> (&[u8; 32], &[u8; 12], &[u8; 32]) {
        let all = self.derived.expose();
        let split = all.split_first_chunk().and_then(|(key, rest)| {
            let (nonce, rest) = rest.split_first_chunk()?;
            Some((key, nonce, rest.first_chunk()?))
        });
        let Some(split) = split else { unreachable!("32 + 12 + 32 bytes are 76") };
        split
    }

    /// The commitment, to be stored beside what is sealed.
    #[must_use]
    pub fn commit(&self) -> [u8; 32] {
        *self.split().2
    }

    /// Seals the one text of this triple, in place.
    #[must_use]
    pub fn seal(self, text: &mut [u8]) -> [u8; 16] {
        let (key, nonce, _) = self.split();
        Gcm::new(key).seal(nonce, text)
    }

    /// Compares the stored commitment, in constant time.
    ///
    /// # Errors
    /// `otherwise`, if it is another.
    pub fn check(self, stored: &[u8], otherwise: Error) -> Result<Committed, Error> {
        if crypto::equal(&self.commit(), stored) { Ok(Committed(self)) } else { Err(otherwise) }
    }

    /// The key expanded and the base nonce, for a segment: the one triple that seals more than one text.
    pub(super) fn into_chunks(self) -> ChunkKey {
        let (key, nonce, _) = self.split();
        ChunkKey { key: Gcm::new(key), nonce: *nonce }
    }
}

/// A triple whose commitment is the stored one.
pub struct Committed(Triple);

impl Committed {
    /// Opens the one text of this triple, in place.
    ///
    /// # Errors
    /// `tampered`, if the tag does not verify; the text is zeros then.
    pub fn open(self, text: &mut [u8], tag: &[u8; 16], why: &'static str) -> Result<(), Error> {
        let (key, nonce, _) = self.0.split();
        Gcm::new(key).open(nonce, text, tag).map_err(|_| Error::tampered(why))
    }

    /// As [`Triple::into_chunks`].
    pub(super) fn into_chunks(self) -> ChunkKey {
        self.0.into_chunks()
    }
}

/// The key of a segment, under which chunk `i` is sealed at `nonce XOR (0^4 || u64(i))`.
pub(super) struct ChunkKey {
    key: Gcm,
    nonce: [u8; 12],
}

impl ChunkKey {
    fn nonce(&self, index: u32) -> [u8; 12] {
        let mut nonce = self.nonce;
        for (byte, index) in nonce.iter_mut().skip(8).zip(index.to_be_bytes()) {
            *byte ^= index;
        }
        nonce
    }

    /// Seals chunk `index` in place.
    pub(super) fn seal(&self, index: u32, text: &mut [u8]) -> [u8; 16] {
        self.key.seal(&self.nonce(index), text)
    }

    /// Opens chunk `index` in place.
    pub(super) fn open(&self, index: u32, text: &mut [u8], tag: &[u8; 16]) -> Result<(), Error> {
        self.key.open(&self.nonce(index), text, tag).map_err(|_| Error::tampered("chunk: the tag does not verify"))
    }
}
