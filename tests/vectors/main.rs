//! Everything that others have to agree with: the format's frozen vectors, Wycheproof, and mutants of sealed bytes.

#![expect(unreachable_pub, reason = "a test binary has no outside")]

mod frozen;
mod mutants;
mod operations;
mod reader;
mod vector;
mod wycheproof;
