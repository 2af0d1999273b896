//! A backend that lies: the exact bytes or an error; never other bytes, never a clean end of a shortened body.

#![expect(unreachable_pub, reason = "a test binary has no outside")]

#[path = "../support/mod.rs"]
mod support;

mod backend;
mod cases;
mod listing;
