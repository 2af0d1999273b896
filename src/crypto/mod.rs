//! The only module that names a cryptography crate.

mod secret;
pub use secret::Secret;
