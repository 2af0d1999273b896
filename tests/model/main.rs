//! Random sequences of operations, some abandoned between their steps, against a map.

#[path = "../support/mod.rs"]
mod support;

mod ended;
mod sequences;
mod uploads;
