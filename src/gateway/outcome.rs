//! What operations answer.

use super::body::Chunks;
use super::encryption::ServerSide;
use super::operation::{About, Checksum, ChecksumScope};
pub use crate::keyring::Bucket as SealedBucket;
use crate::keyring::Bucket;
use crate::store::Millis;
use std::sync::Arc;

/// An object as HEAD tells of it. Everything here was authenticated.
#[derive(Clone, Debug)]
pub struct Described {
    /// Length of the whole plaintext, in bytes.
    pub size: u64,
    /// Without quotes: the MD5 in hexadecimal, `…-N` after an upload in parts, or opaque.
    pub etag: String,
    /// When it was created: S3's Last-Modified.
    pub modified: Millis,
    /// Its version; none in a bucket that never had versions.
    pub version: Option<String>,
    /// When it will expire, by the bucket's rules, if it is the current version.
    pub expires: Option<Expires>,
    /// Headers and user metadata.
    pub about: About,
    /// The checksum, if there is one.
    pub checksum: Option<(Checksum, ChecksumScope)>,
    /// How many parts it was uploaded in; none for a PUT.
    pub parts: Option<u32>,
    /// First and last byte of the range that was asked for, both included. Of an empty part the last is before the first.
    pub range: Option<(u64, u64)>,
    /// What it is told of its encryption, if that was asked for or is the bucket's default.
    pub encryption: Option<ServerSide>,
    /// The part that was asked for, if one was.
    pub part: Option<PartRead>,
}

impl Described {
    /// How many bytes GET answers.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.range.map_or(self.size, |(first, last)| last.saturating_add(1).saturating_sub(first))
    }
}

/// A part of an object, as it is read by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartRead {
    /// How many parts the object has; none if it came whole.
    pub count: Option<u32>,
    /// The part's own checksum, if it has one of the object's kind.
    pub checksum: Option<Checksum>,
}

/// An object with the parts it was uploaded in.
#[derive(Clone, Debug)]
pub struct Attributed {
    /// What HEAD tells.
    pub described: Described,
    /// In order of number; none of an object that was put in one request.
    pub parts: Vec<ObjectPart>,
    /// The last number of this page, if there are more.
    pub next: Option<u32>,
}

/// A part of an object.
#[derive(Clone, Debug)]
pub struct ObjectPart {
    /// 1 to 10,000.
    pub number: u32,
    /// Length of its plaintext.
    pub size: u64,
    /// Its checksum, if it has one.
    pub checksum: Option<Checksum>,
}

/// When an object will expire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expires {
    /// From then on it is gone.
    pub date: Millis,
    /// By which rule.
    pub rule: String,
}

/// An object with its content, of which the first chunk is already verified.
pub struct Opened {
    /// What HEAD tells.
    pub described: Described,
    /// Length of what follows, in bytes.
    pub length: u64,
    /// The content.
    pub chunks: Chunks,
}

/// What a write answers.
#[derive(Clone, Debug)]
pub struct Written {
    /// Without quotes.
    pub etag: String,
    /// S3's Last-Modified.
    pub modified: Millis,
    /// The checksum that was sealed with it.
    pub checksum: Option<(Checksum, ChecksumScope)>,
    /// How many parts it has; none if it came whole.
    pub parts: Option<u32>,
    /// As HEAD will tell it.
    pub encryption: Option<ServerSide>,
    /// When it will expire, by the bucket's rules.
    pub expires: Option<Expires>,
    /// The version that was made; none in a bucket without versions.
    pub version: Option<String>,
    /// The version that was copied, where that has one.
    pub source_version: Option<String>,
}

/// A page of a bucket, in byte order of keys and common prefixes.
#[derive(Clone, Debug)]
pub struct Page {
    /// The objects.
    pub objects: Vec<Listed>,
    /// The common prefixes.
    pub prefixes: Vec<String>,
    /// Where the next page begins. None if this is the last.
    pub next: Option<Next>,
}

/// Where the next page begins, in both forms that [`super::Start`] takes.
#[derive(Clone, Debug)]
pub struct Next {
    /// The last key or common prefix of this page.
    pub after: String,
    /// The same, opaque and authenticated.
    pub token: String,
}

/// An object as a listing has it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Length of the plaintext.
    pub size: u64,
    /// The same that HEAD answers.
    pub etag: String,
    /// The same that HEAD answers.
    pub modified: Millis,
    /// Kind of its checksum, if it has one.
    pub checksum: Option<crate::envelope::ChecksumKind>,
    /// The id of its owner.
    pub owner: String,
}

/// A page of buckets.
#[derive(Clone, Debug)]
pub struct Buckets {
    /// In order of name.
    pub buckets: Vec<Arc<Bucket>>,
    /// Where the next page begins: a token. None if this is the last.
    pub next: Option<String>,
}

/// What Create of an upload answers.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The name for all that follows.
    pub upload_id: String,
    /// As HEAD will tell it of the object.
    pub encryption: Option<ServerSide>,
}

/// A page of parts.
#[derive(Clone, Debug)]
pub struct Parts {
    /// In order of number.
    pub parts: Vec<ListedPart>,
    /// The last number of this page, if there are more.
    pub next: Option<u32>,
    /// What is known of the upload.
    pub upload: UploadAbout,
}

/// What is known of an open upload besides its name.
#[derive(Clone, Debug, Default)]
pub struct UploadAbout {
    /// The canonical id of who began it.
    pub owner: Option<String>,
    /// The storage class, as it was sent.
    pub storage_class: Option<String>,
    /// The checksum its parts are to have, if one was declared.
    pub checksum: Option<(crate::envelope::ChecksumKind, ChecksumScope)>,
}

/// A part as a listing has it.
#[derive(Clone, Debug)]
pub struct ListedPart {
    /// 1 to 10,000.
    pub number: u32,
    /// Length of its plaintext.
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    /// When it arrived.
    pub modified: Millis,
    /// Its checksum.
    pub checksum: Option<Checksum>,
}

/// A page of open uploads, in order of key, then of beginning.
#[derive(Clone, Debug)]
pub struct Uploads {
    /// The uploads.
    pub uploads: Vec<ListedUpload>,
    /// The common prefixes.
    pub prefixes: Vec<String>,
    /// What the next page begins after: an upload by key and id, or a common prefix.
    pub next: Option<(String, Option<String>)>,
}

/// An open upload as a listing has it.
#[derive(Clone, Debug)]
pub struct ListedUpload {
    /// The key.
    pub key: String,
    /// The upload.
    pub upload_id: String,
    /// When it was begun.
    pub created: Millis,
    /// What its record says.
    pub about: UploadAbout,
}

/// What became of each key of a Delete: its place in the request, and the error if it was not removed.
pub struct Deleted {
    /// In the order of the request.
    pub results: Vec<Result<Removed, super::Error>>,
}

/// What became of one key of a Delete.
#[derive(Clone, Debug, Default)]
pub struct Removed {
    /// The version that was named, and is gone.
    pub named: Option<String>,
    /// The delete marker that was made, or that was removed.
    pub marker: Option<String>,
}

/// A page of versions, in byte order of keys, then the newest first.
#[derive(Clone, Debug)]
pub struct VersionPage {
    /// The versions and markers.
    pub versions: Vec<ShownVersion>,
    /// The common prefixes.
    pub prefixes: Vec<String>,
    /// Where the next page begins: key or common prefix, and version. None if this is the last.
    pub next: Option<(String, Option<String>)>,
}

/// A version as a listing has it.
#[derive(Clone, Debug)]
pub struct ShownVersion {
    /// What a plain listing shows. Of a marker, key and time count alone.
    pub listed: Listed,
    /// Its version id, or `null`.
    pub version: String,
    /// Whether it is the newest of its key.
    pub latest: bool,
    /// Whether it is a delete marker.
    pub marker: bool,
}
