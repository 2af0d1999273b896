//! Roots, bucket keys, and the file that holds them, wrapped (FORMAT 12).

mod bucket;
mod copies;
mod error;
pub mod file;
mod local;
mod named;
mod private;
mod random;
mod ring;
mod root;
mod shared;
mod token;

pub use crate::envelope::BucketUuid;
pub use bucket::{Bucket, SYSTEM_TENANT, valid_bucket_name};
pub use error::Error;
pub use local::{LocalRoot, RootFileError};
pub use private::is_private;
pub use random::OsRandom;
pub use ring::{Keyring, Settings};
pub use root::{Root, RootContext, RootError, Roots};
pub use token::Listing;
