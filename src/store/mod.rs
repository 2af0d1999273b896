//! The seam to backends: `object_store`'s traits, and [`Backend`] for what they lack.

mod backend;
mod buffer;
mod clock;
pub mod disk;
mod fault;
mod lack;
pub mod layout;
mod lock;
mod names;
pub mod s3;
mod versions;

pub use backend::{Backend, Draft, Ends, OpenUpload, Prepare, Replaced, Source, Stored, Then, Upload, Wanted, WithoutEnds};
pub use buffer::{BUFFER_CHUNKS, Buffer, Buffers};
pub use clock::{Clock, Millis};
pub use fault::Fault;
pub use lack::Lack;
pub use lock::{Lock, LockMode, Locks, Retention};
pub use names::{decode_key, encode_key, encode_prefix};
pub use versions::{After, Keep, ListedVersion, Names, Terms, Version, Versions};
