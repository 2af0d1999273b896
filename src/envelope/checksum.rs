//! Checksums, which the format seals and does not compute (FORMAT 8.2).

use super::Error;
use crate::crypto::{self, Digest, DigestKind};

/// Checksum algorithms, by their number in the format.
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

impl ChecksumKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
        Self::Md5,
        Self::XxHash64,
        Self::XxHash3,
        Self::XxHash128,
        Self::Sha512,
    ];

    /// Its number in the format.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Crc32 => 1,
            Self::Crc32c => 2,
            Self::Crc64Nvme => 3,
            Self::Sha1 => 4,
            Self::Sha256 => 5,
            Self::Md5 => 6,
            Self::XxHash64 => 7,
            Self::XxHash3 => 8,
            Self::XxHash128 => 9,
            Self::Sha512 => 10,
        }
    }

    /// How many bytes a value has.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "the length of its values; none is empty")]
    pub fn len(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme | Self::XxHash64 | Self::XxHash3 => 8,
            Self::Md5 | Self::XxHash128 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// Computes one, piece by piece.
    #[must_use]
    pub fn digest(self) -> Digest {
        Digest::new(self.algorithm())
    }

    /// The checksum of contents that follow one another, from theirs and their lengths in bytes. None for algorithms
    /// that cannot, which are all but the CRCs, and for nothing.
    #[must_use]
    pub fn combine<'a>(self, sums: impl IntoIterator<Item = (&'a [u8], u64)>) -> Option<Vec<u8>> {
        let mut sums = sums.into_iter();
        let mut whole = sums.next()?.0.to_vec();
        for (next, length) in sums {
            whole = crypto::combine(self.algorithm(), &whole, next, length)?;
        }
        Some(whole)
    }

    fn algorithm(self) -> DigestKind {
        match self {
            Self::Crc32 => DigestKind::Crc32,
            Self::Crc32c => DigestKind::Crc32c,
            Self::Crc64Nvme => DigestKind::Crc64Nvme,
            Self::Sha1 => DigestKind::Sha1,
            Self::Sha256 => DigestKind::Sha256,
            Self::Md5 => DigestKind::Md5,
            Self::XxHash64 => DigestKind::XxHash64,
            Self::XxHash3 => DigestKind::XxHash3,
            Self::XxHash128 => DigestKind::XxHash128,
            Self::Sha512 => DigestKind::Sha512,
        }
    }
}

impl TryFrom<u8> for ChecksumKind {
    type Error = Error;

    fn try_from(number: u8) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|kind| kind.number() == number).ok_or(Error::unsupported("checksum kind"))
    }
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

impl ChecksumScope {
    /// Its number in the format.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::FullObject => 1,
            Self::Composite => 2,
        }
    }
}

impl TryFrom<u8> for ChecksumScope {
    type Error = Error;

    fn try_from(number: u8) -> Result<Self, Error> {
        match number {
            1 => Ok(Self::FullObject),
            2 => Ok(Self::Composite),
            _ => Err(Error::malformed("checksum scope")),
        }
    }
}

/// Room for the value of any checksum.
const ROOM: usize = 64;

/// A checksum as it is stored.
///
/// Of a kind this reader may not know: then all bytes of its field are carried, unread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ChecksumField {
    kind: u8,
    len: usize,
    bytes: [u8; ROOM],
}

impl ChecksumField {
    /// A checksum of a known kind.
    ///
    /// # Errors
    /// `malformed`, if the value has not the length of the kind.
    pub fn new(kind: ChecksumKind, value: &[u8]) -> Result<Self, Error> {
        if value.len() != kind.len() {
            return Err(Error::malformed("checksum: length"));
        }
        Self::hold(kind.number(), value)
    }

    /// The kind's number.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.kind
    }

    /// The kind, if this reader knows it.
    #[must_use]
    pub fn kind(&self) -> Option<ChecksumKind> {
        ChecksumKind::try_from(self.kind).ok()
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn hold(kind: u8, value: &[u8]) -> Result<Self, Error> {
        let mut bytes = [0; ROOM];
        let room = bytes.get_mut(..value.len()).ok_or(Error::malformed("checksum: length"))?;
        room.copy_from_slice(value);
        Ok(Self { kind, len: value.len(), bytes })
    }

    /// Reads a kind's number and its zero-padded field.
    pub(super) fn decode(kind: u8, field: &[u8]) -> Result<Option<Self>, Error> {
        let len = if kind == 0 { 0 } else { ChecksumKind::try_from(kind).map_or(field.len(), ChecksumKind::len) };
        let (value, rest) = field.split_at_checked(len).ok_or(Error::malformed("checksum: kind"))?;
        if rest.iter().any(|byte| *byte != 0) {
            return Err(Error::malformed("checksum: padding is not zero"));
        }
        if kind == 0 { Ok(None) } else { Self::hold(kind, value).map(Some) }
    }

    /// The number and field of `N` bytes for a checksum or none.
    ///
    /// # Errors
    /// `malformed`, if it does not fit: a SHA-512 in an Entry.
    pub(super) fn encode<const N: usize>(checksum: Option<&Self>) -> Result<(u8, [u8; N]), Error> {
        let mut field = [0; N];
        let Some(checksum) = checksum else { return Ok((0, field)) };
        let value = checksum.value();
        let room = field.get_mut(..value.len()).ok_or(Error::malformed("checksum: too long for its field"))?;
        room.copy_from_slice(value);
        Ok((checksum.kind, field))
    }
}

impl std::fmt::Debug for ChecksumField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChecksumField({}, {})", self.kind, super::names::hex(self.value()))
    }
}
