//! Everything that others have to agree with: the format's frozen vectors, Wycheproof, and mutants of sealed bytes.

mod frozen;
mod mutants;
mod operations;
mod reader;
mod vector;
mod wycheproof;
