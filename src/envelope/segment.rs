//! Segments: rows of chunks, and nothing else (FORMAT 7).

use super::derive::{ChunkKey, Triple};
use super::length::{CHUNK, SEGMENT_MAX, TAG};
use super::tail::Entry;
use super::{Error, Result};

/// Seals the chunks of one segment, in order.
pub struct SegmentSealer {
    key: ChunkKey,
    next: u32,
    plain_len: u64,
    part_no: u32,
    salt: [u8; 32],
    commit: [u8; 32],
}

impl SegmentSealer {
    /// What a staged segment is named by (FORMAT 11).
    #[must_use]
    pub fn name(&self) -> String {
        super::names::hex(self.salt.get(..16).unwrap_or_default())
    }

    pub(super) fn new(part_no: u32, salt: [u8; 32], triple: Triple) -> Self {
        let commit = triple.commit();
        Self { key: triple.into_chunks(), next: 0, plain_len: 0, part_no, salt, commit }
    }

    /// Seals the next full chunk in place; gives its tag, which follows it.
    ///
    /// # Errors
    /// `malformed` unless it holds exactly 65,536 bytes, or if the segment has no room for it.
    pub fn seal_chunk(&mut self, text: &mut [u8]) -> Result<[u8; TAG]> {
        if text.len() != CHUNK {
            return Err(Error::malformed("a chunk that is not full before the last"));
        }
        self.seal(text)
    }

    /// Seals the last chunk, which is not full and may be empty.
    ///
    /// # Errors
    /// `malformed` if it is full, or if the segment has no room for it.
    pub fn finish(mut self, text: &mut [u8]) -> Result<([u8; TAG], Entry)> {
        if text.len() >= CHUNK {
            return Err(Error::malformed("the last chunk is full"));
        }
        let tag = self.seal(text)?;
        let Self { part_no, plain_len, salt, commit, .. } = self;
        Ok((tag, Entry { part_no, plain_len, seg_salt: salt, commit, checksum: None }))
    }

    fn seal(&mut self, text: &mut [u8]) -> Result<[u8; TAG]> {
        const TOO_LONG: Error = Error::malformed("the segment is too long");
        let length = u64::try_from(text.len()).map_err(|_| TOO_LONG)?;
        let plain_len = self.plain_len.checked_add(length).filter(|length| *length <= SEGMENT_MAX).ok_or(TOO_LONG)?;
        let tag = self.key.seal(self.next, text);
        self.next = self.next.checked_add(1).ok_or(TOO_LONG)?;
        self.plain_len = plain_len;
        Ok(tag)
    }
}

/// Opens chunks of one segment, in any order.
pub struct SegmentOpener {
    key: ChunkKey,
    plain_len: u64,
}

impl SegmentOpener {
    pub(super) fn new(triple: Triple, entry: &Entry) -> Result<Self> {
        let committed = triple.check(&entry.commit, Error::tampered("segment: commitment"))?;
        Ok(Self { key: committed.into_chunks(), plain_len: entry.plain_len })
    }

    /// Opens chunk `index`, text and tag, in place; gives how many bytes of plaintext now stand at the front.
    ///
    /// # Errors
    /// `tampered` if it does not verify, and then it is zeros. `truncated` if it has not the length of its place.
    pub fn open_chunk(&self, index: u32, sealed: &mut [u8]) -> Result<usize> {
        const CUT: Error = Error::truncated("chunk: cut off");
        let start = u64::from(index).saturating_mul(u64::try_from(CHUNK).map_err(|_| CUT)?);
        let left = self.plain_len.checked_sub(start).ok_or(Error::malformed("chunk: beyond the segment"))?;
        let length = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let (text, tag) = sealed.split_last_chunk_mut().ok_or(CUT)?;
        if text.len() != length {
            return Err(CUT);
        }
        self.key.open(index, text, tag)?;
        Ok(length)
    }
}
