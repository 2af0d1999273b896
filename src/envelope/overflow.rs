//! Overflow records: rows too long for a Head (FORMAT 6.3).

use super::derive::Triple;
use super::length::TAG;
use super::metadata::{ROW, ROW_MAX};
use super::{Error, Result};
use crate::crypto;

const MAGIC: &[u8] = b"\x89WAXO\r\n\x1a";

/// Magic and commitment.
const CLEAR: usize = 40;

/// An overflow record, to be stored before the Head that needs it.
pub struct Overflow {
    /// Its name, under a prefix that clients cannot reach.
    pub name: String,
    /// Its bytes.
    pub record: Vec<u8>,
}

/// Seals a row where a copy of it lies, and erases the row.
pub(super) fn seal(mut row: Vec<u8>, triple: Triple) -> Vec<u8> {
    let length = row.len().saturating_add(CLEAR).saturating_add(TAG);
    let mut record = Vec::with_capacity(length);
    record.extend_from_slice(MAGIC);
    record.extend_from_slice(&triple.commit());
    record.extend_from_slice(&row);
    crypto::erase(&mut row);
    let tag = triple.seal(record.get_mut(CLEAR..).unwrap_or_default());
    record.extend_from_slice(&tag);
    record
}

/// Opens a record and reads its row.
pub(super) fn open<T>(record: Option<&[u8]>, triple: Triple, read: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
    const MISSING: Error = Error::truncated("the overflow record is missing or cut off");
    let record = record.ok_or(MISSING)?;
    if record.len() <= CLEAR + ROW + TAG {
        return Err(MISSING);
    }
    if !record.starts_with(MAGIC) {
        return Err(Error::malformed("not an overflow record"));
    }
    if record.len() > CLEAR + ROW_MAX + TAG {
        return Err(Error::malformed("the overflow record is too long"));
    }
    let (clear, sealed) = record.split_at_checked(CLEAR).ok_or(MISSING)?;
    let (text, tag) = sealed.split_last_chunk().ok_or(MISSING)?;
    let commit = clear.get(MAGIC.len()..).unwrap_or_default();
    let committed = triple.check(commit, Error::tampered("overflow record: commitment"))?;
    let mut row = text.to_vec();
    committed.open(&mut row, tag, "overflow record: the tag does not verify")?;
    let read = read(&row);
    crypto::erase(&mut row);
    read
}
