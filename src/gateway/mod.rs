//! What each S3 operation means when objects are sealed.

mod body;
mod error;
mod operation;
mod outcome;

pub use body::{Body, BodyError, Chunks};
pub use error::{Error, Refusal};
pub use operation::*;
pub use outcome::*;
