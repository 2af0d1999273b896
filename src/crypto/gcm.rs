//! AES-256-GCM, in place and without additional data.

use super::provider;

/// Length of a nonce.
pub const NONCE: usize = 12;

/// Length of a tag.
pub const TAG: usize = 16;

/// A tag that does not verify.
///
/// Says no more than that: an altered text, another nonce and another key look alike, and should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tag does not verify")]
pub struct BadTag;

/// One AES-256-GCM key, expanded; its round keys are erased when it is dropped.
///
/// The additional data is always empty: whatever a ciphertext is bound to is an input to the derivation of its key
/// (FORMAT 2). Nonces are the caller's; the same one MUST NOT seal two texts under one key.
pub struct Gcm(provider::Gcm);

impl Gcm {
    /// Expands a key.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(provider::Gcm::new(key))
    }

    /// Seals a text where it lies and gives its tag. Nothing is allocated.
    ///
    /// # Panics
    /// Above 2^36 - 32 bytes, which no text of the format comes near.
    #[must_use]
    pub fn seal(&self, nonce: &[u8; NONCE], text: &mut [u8]) -> [u8; TAG] {
        self.0.seal(nonce, text)
    }

    /// Opens a text where it lies.
    ///
    /// # Errors
    /// [`BadTag`], and the text is zeros then, so that nothing unverified is left for anyone to use.
    pub fn open(&self, nonce: &[u8; NONCE], text: &mut [u8], tag: &[u8; TAG]) -> Result<(), BadTag> {
        if self.0.open(nonce, text, tag) {
            return Ok(());
        }
        text.fill(0);
        Err(BadTag)
    }
}
