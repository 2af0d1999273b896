//! Time as an argument: the wall clock is read in one place and handed down.

use std::sync::Arc;

/// Milliseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

/// Tells the time. The program has one, made by `app`; tests make their own.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;
