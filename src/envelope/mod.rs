//! The sealed format, bytes to bytes: `FORMAT.md` beside this file.

mod error;
mod kinds;

pub use error::{Error, Kind};
pub use kinds::{BucketUuid, ChecksumKind, ChecksumScope, KekId, ObjectId};
