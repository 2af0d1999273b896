//! The sealed format, bytes to bytes: `FORMAT.md` beside this file, whose sections the numbers here name.
//!
//! Pure: bytes, lengths and randomness in, bytes or an [`Error`] out. Each stage of reading consumes the one before, so
//! that the wrong order does not compile, and nothing is to be had of an object before everything that FORMAT asks to
//! be verified first is.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::wildcard_enum_match_arm)]

mod body;
mod checksum;
mod derive;
mod error;
mod fields;
mod head;
mod keys;
mod length;
mod metadata;
mod names;
mod object;
mod overflow;
mod random;
mod segment;
mod tail;
mod upload;

pub use crate::crypto::Digest;
pub use body::{BodyKeys, NewBody};
pub use checksum::{ChecksumField, ChecksumKind, ChecksumScope};
pub use derive::{Committed, Triple, expand};
pub use error::{Error, Kind, Result};
pub use head::{ClearHead, Head, WrappedHead};
pub use keys::{CustomerKey, Kek, keyring_mac_key, root_id, root_unwrap, root_wrap};
pub use length::{CHUNK, END, HEAD, SEALED_CHUNK, TAG, UNIT, plain_length, sealed_length, segment_length};
pub use metadata::{Metadata, Text};
pub use names::{BucketUuid, Context, KekId, ObjectId, version_id};
pub use object::{Opened, Run, Runs};
pub use overflow::Overflow;
pub use random::{Draw, Random};
pub use segment::{SegmentOpener, SegmentSealer};
pub use tail::{Entry, EtagRecord, Record, Tail, claimed_segments};
pub use upload::{ClearUpload, PartKey, PartRecord, UploadHead, upload_name};

/// The version of the format.
const VERSION: u8 = 1;

/// The suite: AES-256-GCM with HKDF-SHA-256.
const SUITE: u8 = 1;
