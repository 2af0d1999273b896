//! The operating system's generator.

use crate::envelope::{Draw, Random};

/// Draws from the operating system's generator: the program's only source of randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    /// Ends the program where the system has no randomness, since everything sealed after that would be lost or
    /// readable. Linux, once it has booted, always has.
    fn fill(&mut self, _what: Draw, out: &mut [u8]) {
        if getrandom::fill(out).is_err() {
            std::process::abort();
        }
    }
}
