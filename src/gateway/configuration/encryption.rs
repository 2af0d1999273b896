//! What objects get of encryption for which nothing is asked.

use crate::gateway::{Kms, ServerSide};
use serde::{Deserialize, Serialize};

/// The default encryption of a bucket. Objects are sealed without it too: it is what they are told of, and under which key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultEncryption {
    /// By which keys.
    pub by: Keys,
    /// Whether bucket keys are on: kept and told, for every bucket has its own keys here.
    pub bucket_key: bool,
}

/// Whose keys they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Keys {
    /// `AES256`.
    S3,
    /// `aws:kms`, with the id of a configured key, or none for the bucket's own.
    Kms(Option<String>),
}

impl DefaultEncryption {
    /// What an object gets.
    #[must_use]
    pub fn applied(&self) -> ServerSide {
        match &self.by {
            Keys::S3 => ServerSide::S3,
            Keys::Kms(id) => ServerSide::Kms(Kms { bucket_key: self.bucket_key, ..Kms::with(id.clone()) }),
        }
    }
}
