//! Small values of the format.

/// Names a bucket for ever: a bucket deleted and created again is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BucketUuid(pub [u8; 16]);

/// Names a body, and salts its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub [u8; 32]);

/// Names a KEK; derived from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KekId(pub [u8; 16]);

/// Checksum algorithms (FORMAT 8.2), by their number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the algorithms'")]
#[repr(u8)]
pub enum ChecksumKind {
    Crc32 = 1,
    Crc32c = 2,
    Crc64Nvme = 3,
    Sha1 = 4,
    Sha256 = 5,
    Md5 = 6,
    XxHash64 = 7,
    XxHash3 = 8,
    XxHash128 = 9,
    Sha512 = 10,
}

/// What the checksum of an object is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ChecksumScope {
    /// The content.
    FullObject = 1,
    /// The parts' checksums, one after the other.
    Composite = 2,
}
