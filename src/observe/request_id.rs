//! Names of requests.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Names one request: in the answer, in an error's body, and in every line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(u64);

impl RequestId {
    /// The next one: distinct within a run, and unlike those of other runs.
    #[must_use]
    pub fn next() -> Self {
        static RUN: OnceLock<u64> = OnceLock::new();
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let run = *RUN.get_or_init(|| RandomState::new().hash_one("run"));
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(run.wrapping_add(count.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", self.0)
    }
}
