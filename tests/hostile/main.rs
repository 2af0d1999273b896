//! A backend that lies: the exact bytes or an error; never other bytes, never a clean end of a shortened body.

#[path = "../support/mod.rs"]
mod support;

mod backend;
mod cases;
mod listing;
