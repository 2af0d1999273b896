//! What operations are made of.

use crate::access::{CannedAcl, CanonicalId, Grant, Object};
use crate::store::Lock;
use std::collections::BTreeMap;

pub use crate::envelope::{ChecksumKind, ChecksumScope, Digest};
pub use crate::store::{Millis, Version};

/// A checksum as clients declare it: the raw bytes, big-endian for CRCs, as S3 has them in base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// Of which algorithm.
    pub kind: ChecksumKind,
    /// Its value; [`ChecksumKind::len`] bytes.
    pub value: Vec<u8>,
}

/// What a client says of content before sending it.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// Length of the plaintext, if it was said.
    pub length: Option<u64>,
    /// Content-MD5.
    pub md5: Option<[u8; 16]>,
    /// An `x-amz-checksum-*` header.
    pub checksum: Option<Checksum>,
    /// The algorithm of a checksum that comes as a trailer or was only asked for; [`super::Body::trailer`] has the value.
    pub algorithm: Option<ChecksumKind>,
}

/// HTTP headers that belong to the object: stored sealed, answered as they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the header of its name")]
pub struct Headers {
    pub content_type: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    pub content_disposition: Option<String>,
    pub cache_control: Option<String>,
    pub expires: Option<String>,
    pub website_redirect: Option<String>,
    pub storage_class: Option<String>,
}

/// What is stored about an object besides its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The HTTP headers.
    pub headers: Headers,
    /// User metadata by name, in lower case, without `x-amz-meta-`.
    pub user: BTreeMap<String, String>,
    /// Tags.
    pub tags: Tags,
    /// What locks it.
    pub lock: Lock,
    /// What is granted to others.
    pub acl: CannedAcl,
}

/// An ACL as it is asked for.
#[derive(Clone, Debug)]
pub enum AclAsked {
    /// By its name.
    Canned(CannedAcl),
    /// By its grants, which have to be those of a canned one, and the owner that is said with them.
    Grants(CanonicalId, Vec<Grant>),
}

/// An If-Match or If-None-Match header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ETags {
    /// `*`: any object at all.
    Any,
    /// One of these, without quotes.
    OneOf(Vec<String>),
}

/// Preconditions on the current object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the header of its name; times are whole seconds as milliseconds")]
pub struct Conditions {
    pub if_match: Option<ETags>,
    pub if_none_match: Option<ETags>,
    pub if_modified_since: Option<Millis>,
    pub if_unmodified_since: Option<Millis>,
}

/// Which bytes of an object are asked for, if not all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// From the first byte to the last, both included; to the end if no last.
    From(u64, Option<u64>),
    /// The last so many bytes.
    Last(u64),
    /// Those that came as the part of this number; an object that came whole is its own part 1.
    Part(u32),
}

/// An object, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The bucket's name.
    pub bucket: String,
    /// The key, exactly as sent.
    pub key: String,
    /// The version; the current one if none.
    pub version: Option<Version>,
}

impl Place {
    /// As the policy asks for it.
    #[must_use]
    pub fn object(&self) -> Object<'_> {
        Object { bucket: &self.bucket, key: &self.key, version: self.version.as_ref() }
    }
}

/// What a delete is about.
#[derive(Clone, Debug)]
pub struct Doomed {
    /// The key.
    pub key: String,
    /// The version that goes for good; if none, the object does, or is marked deleted where versions are kept.
    pub version: Option<Version>,
    /// A precondition on what is there.
    pub if_match: Option<ETags>,
}

/// Tags, by key.
pub type Tags = BTreeMap<String, String>;

/// What a client says of the object that its parts become.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Its checksum.
    pub checksum: Option<Checksum>,
    /// What the checksum is of.
    pub scope: Option<ChecksumScope>,
    /// Its length, in bytes.
    pub size: Option<u64>,
}

/// A part as Complete names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPart {
    /// 1 to 10,000.
    pub number: u32,
    /// What UploadPart answered, without quotes.
    pub etag: String,
    /// The part's checksum, if the client repeats it.
    pub checksum: Option<Checksum>,
}
