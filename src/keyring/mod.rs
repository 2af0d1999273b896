//! Roots, bucket keys, and the file that holds them, wrapped.

mod bucket;
mod ring;

pub use bucket::Bucket;
pub use ring::Keyring;
