//! Bytes that are erased after use.

use zeroize::Zeroize;

/// Secret bytes: erased when dropped, and neither printed, compared nor copied.
///
/// The bytes lie where the value lies: a move copies them and leaves the old place as it was. Where that matters, make
/// a [`Secret::zeroed`] in its place and fill it through [`Secret::expose_mut`].
pub struct Secret<const N: usize>([u8; N]);

impl<const N: usize> Secret<N> {
    /// Takes the bytes in.
    #[must_use]
    pub fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// Zeros, to be overwritten in place.
    #[must_use]
    pub fn zeroed() -> Self {
        Self([0; N])
    }

    /// The bytes, for a computation.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// The bytes, to be filled in.
    pub fn expose_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Erases bytes that were secret.
pub fn erase(bytes: &mut [u8]) {
    bytes.zeroize();
}
