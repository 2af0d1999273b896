//! The tail: what proves an object complete (FORMAT 8).

use super::body::BodyKeys;
use super::checksum::{ChecksumField, ChecksumScope};
use super::derive::Triple;
use super::fields::{Fields, Room, is_zero};
use super::length::{
    ENTRY, FOOTER, FOOTER_AND_HEAD, SEALED_MIN, SEGMENT_MAX, SEGMENTS_MAX, TAG, UNIT, sealed_length, segment_length, slots,
};
use super::names::hex;
use super::object::Opened;
use super::random::draw;
use super::{Draw, Error, ObjectId, Random, Result, SUITE, VERSION};
use crate::crypto::Secret;

const MAGIC: [u8; 8] = *b"\x89WAXF\r\n\x1a";

/// The clear part of a Footer, up to the salt: what the tail's key is derived from.
const CLEAR: usize = 96;

/// What the tail knows of one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// 0 for content that was put in one request, else the client's part number.
    pub part_no: u32,
    /// Length of the plaintext, in bytes.
    pub plain_len: u64,
    /// The salt of the segment's key.
    pub seg_salt: [u8; 32],
    /// The commitment of the segment's key.
    pub commit: [u8; 32],
    /// Checksum of this part; never a SHA-512, which has no room.
    pub checksum: Option<ChecksumField>,
}

impl Entry {
    /// `<32 hex>-0` of the commitment, which no client takes for an MD5: the ETag of a part without one (FORMAT 11.3).
    #[must_use]
    pub fn opaque_etag(&self) -> String {
        format!("{}-0", hex(self.commit.get(..16).unwrap_or_default()))
    }

    /// The 112 bytes of FORMAT 8.1.
    ///
    /// # Errors
    /// `malformed` if the checksum does not fit.
    pub fn encode(&self) -> Result<[u8; ENTRY]> {
        let (kind, checksum) = ChecksumField::encode::<32>(self.checksum.as_ref())?;
        let mut entry = [0; ENTRY];
        Room::of(&mut entry)
            .put(&self.part_no.to_be_bytes())
            .put(&[kind, 0, 0, 0])
            .put(&self.plain_len.to_be_bytes())
            .put(&self.seg_salt)
            .put(&self.commit)
            .put(&checksum);
        Ok(entry)
    }

    /// Reads the 112 bytes of FORMAT 8.1.
    ///
    /// # Errors
    /// `malformed`.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut fields = Fields::of(bytes);
        let part_no = fields.u32()?;
        let kind = fields.u8()?;
        fields.zeros(3, "Entry: reserved bytes")?;
        let plain_len = fields.u64()?;
        if u64::from(part_no) > SEGMENTS_MAX || plain_len > SEGMENT_MAX {
            return Err(Error::malformed("Entry: part number or length"));
        }
        let (seg_salt, commit) = (fields.array()?, fields.array()?);
        let checksum = ChecksumField::decode(kind, fields.take(32)?)?;
        Ok(Self { part_no, plain_len, seg_salt, commit, checksum })
    }
}

/// What clients see as ETag, as far as it is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EtagRecord {
    /// Derived from something else.
    Opaque,
    /// MD5 of the content.
    Md5([u8; 16]),
    /// MD5 of the parts' MD5s, shown with `-N`.
    Composite([u8; 16]),
}

/// The final record: what is known of the whole only at the end (FORMAT 8.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Milliseconds since 1970.
    pub completed: u64,
    /// The ETag.
    pub etag: EtagRecord,
    /// The checksum of the object.
    pub checksum: Option<(ChecksumField, ChecksumScope)>,
}

impl Record {
    /// The 112 bytes of FORMAT 8.2.
    ///
    /// # Errors
    /// `malformed` if the checksum does not fit.
    pub fn encode(&self) -> Result<[u8; ENTRY]> {
        let (etag, md5) = match self.etag {
            EtagRecord::Opaque => (0, [0; 16]),
            EtagRecord::Md5(md5) => (1, md5),
            EtagRecord::Composite(md5) => (2, md5),
        };
        let field = self.checksum.as_ref().map(|(field, _)| field);
        let scope = self.checksum.as_ref().map_or(0, |(_, scope)| scope.number());
        let (kind, checksum) = ChecksumField::encode::<64>(field)?;
        let mut record = [0; ENTRY];
        Room::of(&mut record)
            .put(&self.completed.to_be_bytes())
            .put(&[etag, kind, scope, 0, 0, 0, 0, 0])
            .put(&md5)
            .put(&checksum);
        Ok(record)
    }

    /// Reads the 112 bytes of FORMAT 8.2.
    ///
    /// # Errors
    /// `malformed`.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut fields = Fields::of(bytes);
        let completed = fields.u64()?;
        let (etag, kind, scope) = (fields.u8()?, fields.u8()?, fields.u8()?);
        fields.zeros(5, "final record: reserved bytes")?;
        let (md5, field) = (fields.array()?, fields.take(64)?);
        fields.zeros(16, "final record: reserved bytes")?;
        let etag = match etag {
            0 if is_zero(&md5) => EtagRecord::Opaque,
            1 => EtagRecord::Md5(md5),
            2 => EtagRecord::Composite(md5),
            _ => return Err(Error::malformed("final record: ETag")),
        };
        let checksum = match (ChecksumField::decode(kind, field)?, scope) {
            (None, 0) => None,
            (Some(field), 1..) => Some((field, ChecksumScope::try_from(scope)?)),
            (None, 1..) | (Some(_), 0) => return Err(Error::malformed("final record: checksum scope")),
        };
        Ok(Self { completed, etag, checksum })
    }
}

/// Zero padding, Entries and Footer.
pub(super) fn seal(
    tail_prk: &Secret<32>,
    object_id: ObjectId,
    entries: &[Entry],
    record: &Record,
    rng: &mut dyn Random,
) -> Result<Vec<u8>> {
    let total = check_entries(entries)?;
    let count = u32::try_from(entries.len()).map_err(|_| Error::malformed("too many segments"))?;
    let mut clear = [0; CLEAR];
    Room::of(&mut clear)
        .put(&MAGIC)
        .put(&[VERSION, SUITE, 0, 0])
        .put(&count.to_be_bytes())
        .put(&total.to_be_bytes())
        .put(&[0; 8])
        .put(&object_id.0)
        .put(&draw::<32>(rng, Draw::TailSalt));
    let padding = usize::try_from(padding(entries, total)?).map_err(|_| Error::malformed("too long"))?;
    let mut tail = vec![0; padding];
    for entry in entries {
        tail.extend(entry.encode()?);
    }
    tail.extend(record.encode()?);
    let triple = Triple::derive(tail_prk, "tail", &[&clear]);
    let commit = triple.commit();
    let tag = triple.seal(tail.get_mut(padding..).unwrap_or_default());
    tail.extend(tag);
    tail.extend(clear);
    tail.extend(commit);
    Ok(tail)
}

/// How many zeros stand between the last segment and the Entries.
pub(super) fn padding(entries: &[Entry], total: u64) -> Result<u64> {
    let segments = entries.iter().fold(0_u64, |sum, entry| sum.saturating_add(segment_length(entry.plain_len)));
    let tail = entry_bytes(entries.len())?.saturating_add(to_u64(FOOTER_AND_HEAD)?);
    sealed_length(total)?.checked_sub(segments.saturating_add(tail)).ok_or(Error::malformed("no room for the Entries"))
}

fn entry_bytes(count: usize) -> Result<u64> {
    to_u64(count.saturating_mul(ENTRY))
}

fn to_u64(length: usize) -> Result<u64> {
    u64::try_from(length).map_err(|_| Error::malformed("too long"))
}

/// The rules of FORMAT 8.1; gives the sum of the lengths.
fn check_entries(entries: &[Entry]) -> Result<u64> {
    let ascend = entries.is_sorted_by(|one, next| one.part_no < next.part_no);
    let (first, rest) = match entries {
        [] => return Err(Error::malformed("no segments")),
        [first, rest @ ..] => (first, rest),
    };
    if !ascend || (first.part_no == 0 && !rest.is_empty()) {
        return Err(Error::malformed("part numbers do not ascend"));
    }
    let before_last = entries.split_last().map_or(&[][..], |(_, before)| before);
    if before_last.iter().any(|entry| entry.plain_len < UNIT) {
        return Err(Error::malformed("a short part before the last"));
    }
    Ok(entries.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.plain_len)))
}

/// What opening a tail comes to.
pub enum Tail {
    /// It verified.
    Opened(Opened),
    /// The Footer verified, and the Entries lie farther from the end than the bytes at hand: so many are needed.
    NeedMore(BodyKeys, u64),
}

impl BodyKeys {
    /// Verifies the tail of an object of `sealed_len` bytes, of which `end` are the last (FORMAT 9).
    ///
    /// # Errors
    /// `truncated`, `malformed`, `unsupported` or `tampered`; nothing of the object may be used then.
    pub fn tail(self, sealed_len: u64, end: &[u8]) -> Result<Tail> {
        if sealed_len < SEALED_MIN {
            return Err(Error::truncated("shorter than the shortest sealed object"));
        }
        let Some((before, footer)) = split_end(end, FOOTER_AND_HEAD) else {
            return Ok(Tail::NeedMore(self, to_u64(super::END)?));
        };
        let footer = Footer::read(footer)?;
        if footer.object_id != self.object_id {
            return Err(Error::tampered("Head and tail of different objects"));
        }
        let triple = Triple::derive(&self.tail_prk(), "tail", &[&footer.clear]);
        let committed = triple.check(&footer.commit, Error::tampered("tail: commitment"))?;
        footer.check_lengths(sealed_len)?;
        let count = usize::try_from(footer.count).map_err(|_| Error::malformed("too many segments"))?;
        let length = count.saturating_mul(ENTRY);
        let Some((_, sealed)) = split_end(before, length) else {
            return Ok(Tail::NeedMore(self, to_u64(length.saturating_add(FOOTER_AND_HEAD))?));
        };
        let mut inner = Vec::with_capacity(length.saturating_add(ENTRY));
        inner.extend_from_slice(sealed);
        inner.extend_from_slice(&footer.record);
        committed.open(&mut inner, &footer.tag, "tail: the tag does not verify")?;
        let (entries, record) = split_end(&inner, ENTRY).ok_or(Error::malformed("tail: cut off"))?;
        let entries = entries.chunks_exact(ENTRY).map(Entry::decode).collect::<Result<Vec<_>>>()?;
        if check_entries(&entries)? != footer.total {
            return Err(Error::malformed("lengths do not add up"));
        }
        let record = Record::decode(record)?;
        Opened::new(self, entries, record, footer.total).map(Tail::Opened)
    }
}

/// How many segments the Footer at the end of an object claims there are. Nothing of it is verified: good for refusing,
/// never for serving.
#[must_use]
pub fn claimed_segments(end: &[u8]) -> Option<u32> {
    let (_, footer) = split_end(end, FOOTER_AND_HEAD)?;
    Footer::read(footer).ok().map(|footer| footer.count)
}

fn split_end(bytes: &[u8], count: usize) -> Option<(&[u8], &[u8])> {
    bytes.split_at_checked(bytes.len().checked_sub(count)?)
}

/// A Footer as it stands, not verified.
struct Footer {
    record: [u8; ENTRY],
    tag: [u8; TAG],
    clear: [u8; CLEAR],
    count: u32,
    total: u64,
    object_id: ObjectId,
    commit: [u8; 32],
}

impl Footer {
    fn read(end: &[u8]) -> Result<Self> {
        let mut fields = Fields::of(end.get(..FOOTER).unwrap_or_default());
        let (record, tag) = (fields.array()?, fields.array()?);
        let clear: [u8; CLEAR] = fields.array()?;
        let commit = fields.array()?;
        let mut fields = Fields::of(&clear);
        if fields.array::<8>()? != MAGIC {
            return Err(Error::malformed("no Footer"));
        }
        if (fields.u8()?, fields.u8()?) != (VERSION, SUITE) {
            return Err(Error::unsupported("Footer: version or suite"));
        }
        fields.zeros(2, "Footer: reserved bytes")?;
        let (count, total) = (fields.u32()?, fields.u64()?);
        fields.zeros(8, "Footer: reserved bytes")?;
        let object_id = ObjectId(fields.array()?);
        Ok(Self { record, tag, clear, count, total, object_id, commit })
    }

    fn check_lengths(&self, sealed_len: u64) -> Result<()> {
        let length = sealed_length(self.total)?;
        if !(1..=slots(self.total)).contains(&u64::from(self.count)) {
            return Err(Error::malformed("an impossible count of segments"));
        }
        match sealed_len.cmp(&length) {
            std::cmp::Ordering::Less => Err(Error::truncated("shorter than its Footer says")),
            std::cmp::Ordering::Greater => Err(Error::malformed("longer than its Footer says")),
            std::cmp::Ordering::Equal => Ok(()),
        }
    }
}
