//! What must survive: acknowledged writes, when the program is killed.

#[path = "../support/mod.rs"]
mod support;

mod kill;
mod power;
mod writer;
