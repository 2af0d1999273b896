//! Lengths (FORMAT 4): the plaintext length follows from the sealed length alone.

use super::{Error, Result};

/// Plaintext of a full chunk, in bytes.
pub const CHUNK: usize = 65_536;

/// Length of a tag.
pub const TAG: usize = 16;

/// A full chunk, sealed.
pub const SEALED_CHUNK: usize = CHUNK + TAG;

/// Length of a Head, the last bytes of a sealed object.
pub const HEAD: usize = 1_024;

/// Length of a Footer, which stands before the Head.
pub(super) const FOOTER: usize = 256;

/// Length of an Entry, and of the final record.
pub(super) const ENTRY: usize = 112;

/// Footer and Head.
pub(super) const FOOTER_AND_HEAD: usize = FOOTER + HEAD;

/// Head, Footer and one Entry: the least to fetch of the end of an object.
pub const END: usize = ENTRY + FOOTER_AND_HEAD;

/// The least plaintext of a segment that another follows, in bytes: 5 MiB.
pub const UNIT: u64 = 5 << 20;

/// The most segments an object has.
pub(super) const SEGMENTS_MAX: u64 = 10_000;

/// The most plaintext of a segment, in bytes.
pub(super) const SEGMENT_MAX: u64 = (1 << 36) - 1;

/// The most plaintext of an object, in bytes.
const PLAIN_MAX: u64 = SEGMENTS_MAX * SEGMENT_MAX;

/// The shortest sealed object, of no plaintext.
pub(super) const SEALED_MIN: u64 = 1_408;

const CHUNK_64: u64 = 65_536;
const TAG_64: u64 = 16;
const SLOT: u64 = 128;
const SEALED_CHUNK_64: u64 = CHUNK_64 + TAG_64;
const CHUNKS_A_UNIT: u64 = UNIT / CHUNK_64;
const SEALED_UNIT: u64 = UNIT + TAG_64 * CHUNKS_A_UNIT + SLOT;

/// How many Entries the sealed length has room for: the most segments of so much plaintext.
pub(super) fn slots(plain: u64) -> u64 {
    (plain / UNIT).saturating_add(1).min(SEGMENTS_MAX)
}

/// The sealed length of a segment of so many bytes.
#[must_use]
pub fn segment_length(plain: u64) -> u64 {
    let tags = (plain / CHUNK_64).saturating_add(1).saturating_mul(TAG_64);
    plain.saturating_add(tags)
}

/// The length of a sealed object that holds so many bytes, however they were uploaded.
///
/// # Errors
/// `malformed` above what an object can hold.
pub fn sealed_length(plain: u64) -> Result<u64> {
    if plain > PLAIN_MAX {
        return Err(Error::malformed("longer than the longest object"));
    }
    let tags = (plain / CHUNK_64).saturating_mul(TAG_64);
    let slots = slots(plain).saturating_mul(SLOT);
    Ok(plain.saturating_add(tags).saturating_add(slots).saturating_add(SEALED_MIN - SLOT))
}

/// How many bytes a sealed object of this length holds: the size to list.
///
/// # Errors
/// `truncated` below the shortest object, `malformed` for a length that no writer produces.
pub fn plain_length(sealed: u64) -> Result<u64> {
    let Some(rest) = sealed.checked_sub(SEALED_MIN) else {
        return Err(Error::truncated("shorter than the shortest sealed object"));
    };
    let units = (rest / SEALED_UNIT).min(SEGMENTS_MAX - 1);
    let rest = rest.saturating_sub(units.saturating_mul(SEALED_UNIT));
    let (chunks, bytes) = (rest / SEALED_CHUNK_64, rest % SEALED_CHUNK_64);
    if bytes >= CHUNK_64 || (chunks >= CHUNKS_A_UNIT && units < SEGMENTS_MAX - 1) {
        return Err(Error::malformed("a length that no writer produces"));
    }
    let plain = units.saturating_mul(UNIT).saturating_add(chunks.saturating_mul(CHUNK_64)).saturating_add(bytes);
    if plain > PLAIN_MAX { Err(Error::malformed("longer than the longest object")) } else { Ok(plain) }
}
