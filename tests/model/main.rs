//! Random sequences of operations, some abandoned between their steps, against a map.

#![expect(unreachable_pub, reason = "a test binary has no outside")]

#[path = "../support/mod.rs"]
mod support;

mod ended;
mod sequences;
mod uploads;
