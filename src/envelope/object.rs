//! A verified object: where each chunk lies, and the keys that open it (FORMAT 9).

use super::body::BodyKeys;
use super::length::{CHUNK, ENTRY, FOOTER_AND_HEAD, SEALED_CHUNK, sealed_length, segment_length};
use super::tail::{Entry, Record, padding};
use super::{Error, Result, SegmentOpener};
use std::ops::Range;
use std::sync::Arc;

/// A sealed object whose Head and tail verified: length, order and place of everything are known.
pub struct Opened {
    keys: BodyKeys,
    entries: Vec<Entry>,
    places: Arc<[Place]>,
    record: Record,
    plain_len: u64,
    padding: Range<u64>,
}

/// Where a segment begins, in plaintext and in the object, and how much it holds.
struct Place {
    plain: u64,
    sealed: u64,
    plain_len: u64,
}

impl Opened {
    pub(super) fn new(keys: BodyKeys, entries: Vec<Entry>, record: Record, plain_len: u64) -> Result<Self> {
        let (mut plain, mut sealed) = (0_u64, 0_u64);
        let mut places = Vec::with_capacity(entries.len());
        for entry in &entries {
            places.push(Place { plain, sealed, plain_len: entry.plain_len });
            plain = plain.saturating_add(entry.plain_len);
            sealed = sealed.saturating_add(segment_length(entry.plain_len));
        }
        let padding = sealed..sealed.saturating_add(padding(&entries, plain_len)?);
        Ok(Self { keys, entries, places: places.into(), record, plain_len, padding })
    }

    /// Length of the whole plaintext, in bytes.
    #[must_use]
    pub fn plain_len(&self) -> u64 {
        self.plain_len
    }

    /// Length of the sealed object, in bytes.
    ///
    /// # Errors
    /// None: the length was verified.
    pub fn sealed_len(&self) -> Result<u64> {
        sealed_length(self.plain_len)
    }

    /// Its segments.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What is known of the whole.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The bytes that must be zero, to be checked by a whole read before it releases the last chunk.
    #[must_use]
    pub fn padding(&self) -> Range<u64> {
        self.padding.clone()
    }

    /// Opens chunks of a segment, by its place in [`Opened::entries`].
    ///
    /// # Errors
    /// `tampered` if its commitment is not that of this body.
    pub fn segment(&self, index: usize) -> Result<SegmentOpener> {
        let entry = self.entries.get(index).ok_or(Error::malformed("no such segment"))?;
        self.keys.segment_opener(entry)
    }

    /// The chunks that hold bytes `first` to `last`, both included, at most `max` of one segment at a time.
    #[must_use]
    pub fn runs(&self, first: u64, last: u64, max: u32) -> Runs {
        let segment = self.places.partition_point(|place| place.plain.saturating_add(place.plain_len) <= first);
        self.walk(segment, Some((first, last)), max)
    }

    /// Every chunk, also those that hold nothing.
    #[must_use]
    pub fn whole(&self, max: u32) -> Runs {
        self.walk(0, None, max)
    }

    fn walk(&self, segment: usize, wanted: Option<(u64, u64)>, max: u32) -> Runs {
        Runs { places: Arc::clone(&self.places), segment, chunk: None, wanted, max: u64::from(max.max(1)) }
    }

    /// Where the Entries begin, counted from the end.
    #[must_use]
    pub fn tail_len(&self) -> usize {
        self.entries.len().saturating_mul(ENTRY).saturating_add(FOOTER_AND_HEAD)
    }
}

/// Consecutive chunks of one segment, to be read at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Which segment.
    pub segment: usize,
    /// The first chunk's number in its segment.
    pub first_chunk: u32,
    /// How many chunks.
    pub chunks: u32,
    /// Where they lie in the object.
    pub sealed: Range<u64>,
    /// How many bytes of the first chunk were not asked for.
    pub skip: usize,
    /// How many bytes to take after those.
    pub take: u64,
}

/// The runs of a read, found one after the other.
pub struct Runs {
    places: Arc<[Place]>,
    segment: usize,
    /// The next chunk of the segment, if not its first that is wanted.
    chunk: Option<u64>,
    /// First and last byte, both included.
    wanted: Option<(u64, u64)>,
    max: u64,
}

const CHUNK_64: u64 = 65_536;
const SEALED_CHUNK_64: u64 = 65_552;
const _: () = assert!(CHUNK == 1 << 16 && SEALED_CHUNK == CHUNK + 16);

impl Place {
    /// First and last byte that are wanted of this segment, counted from its start; none that an empty one may lack.
    fn wanted(&self, wanted: Option<(u64, u64)>) -> Option<(u64, u64)> {
        let Some((first, last)) = wanted else { return Some((0, self.plain_len)) };
        let last_here = last.checked_sub(self.plain)?.min(self.plain_len.checked_sub(1)?);
        let first_here = first.saturating_sub(self.plain);
        (first_here <= last_here).then_some((first_here, last_here))
    }
}

impl Iterator for Runs {
    type Item = Run;

    fn next(&mut self) -> Option<Run> {
        loop {
            let place = self.places.get(self.segment)?;
            let Some((first, last)) = place.wanted(self.wanted) else {
                let behind = self.wanted.is_some_and(|(_, last)| last < place.plain);
                if behind {
                    return None;
                }
                self.segment = self.segment.saturating_add(1);
                continue;
            };
            let chunk = self.chunk.unwrap_or(first / CHUNK_64);
            let last_chunk = last / CHUNK_64;
            if chunk > last_chunk {
                (self.segment, self.chunk) = (self.segment.saturating_add(1), None);
                continue;
            }
            let end_chunk = last_chunk.min(chunk.saturating_add(self.max.saturating_sub(1)));
            self.chunk = Some(end_chunk.saturating_add(1));
            return run(place, self.segment, (chunk, end_chunk), (first, last));
        }
    }
}

/// The run of chunks `from` to `to` of a segment, of which bytes `first` to `last` are wanted.
fn run(place: &Place, segment: usize, (from, to): (u64, u64), (first, last): (u64, u64)) -> Option<Run> {
    let at = |chunk: u64| chunk.saturating_mul(SEALED_CHUNK_64).min(segment_length(place.plain_len));
    let begin = from.saturating_mul(CHUNK_64);
    let end = to.saturating_add(1).saturating_mul(CHUNK_64).min(place.plain_len);
    let skip = first.saturating_sub(begin);
    let take = end.min(last.saturating_add(1)).saturating_sub(begin.saturating_add(skip));
    Some(Run {
        segment,
        first_chunk: u32::try_from(from).ok()?,
        chunks: u32::try_from(to.saturating_sub(from).saturating_add(1)).ok()?,
        sealed: place.sealed.saturating_add(at(from))..place.sealed.saturating_add(at(to.saturating_add(1))),
        skip: usize::try_from(skip).ok()?,
        take,
    })
}
