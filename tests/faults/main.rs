//! What must survive: acknowledged writes, when the program is killed.

#![expect(unreachable_pub, reason = "a test binary has no outside")]

#[path = "../support/mod.rs"]
mod support;

mod bad_backend;
mod kill;
mod power;
mod writer;
