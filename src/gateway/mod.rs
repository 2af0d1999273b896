//! What each S3 operation means when objects are sealed.

mod about;
mod amend;
mod attributes;
mod body;
mod buckets;
mod conditions;
mod configuration;
mod configured;
mod copy;
mod delete;
mod digests;
mod encryption;
mod error;
mod etag;
mod fields;
#[expect(clippy::module_inception, reason = "the type that gives the module its name")]
mod gateway;
mod get;
mod intake;
mod items;
mod list;
mod list_versions;
mod lock;
mod locked;
mod multipart;
mod offline;
mod operation;
mod outcome;
mod put;
mod range;
mod read;
mod tags;
mod versions;

pub use body::{Body, BodyError, Chunks};
pub use configuration::{Configuration, DefaultEncryption, DefaultRetention, Keys as DefaultKeys, LockRule, Period, Versioning};
pub use configuration::{Cors, CorsAllowed, CorsAsked, CorsFault, CorsRule, CorsVerdict};
pub use encryption::{Customer, DEFAULT_KMS_KEY, Encryption, Kms, ServerSide};
pub use error::{Error, Refusal};
pub use gateway::{EtagKind, Gateway, Parts as Made, Settings};
pub use lock::{Lock, LockMode, Retention};
pub use operation::*;
pub use outcome::*;
pub use read::Sealed;
pub use versions::NULL;
