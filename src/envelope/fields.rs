//! Reading and writing fields of fixed length, one after the other.

use super::{Error, Result};

/// Bytes yet to be read.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Error::malformed("a field is cut off"))?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next `N` bytes, as an array.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Error::malformed("a field is cut off"))?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// Reserved bytes, which must be zero.
    pub(super) fn zeros(&mut self, count: usize, why: &'static str) -> Result<()> {
        if is_zero(self.take(count)?) { Ok(()) } else { Err(Error::malformed(why)) }
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }
}

/// Whether all bytes are zero.
pub(super) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// Room yet to be written.
pub(super) struct Room<'a>(&'a mut [u8]);

impl<'a> Room<'a> {
    pub(super) fn of(bytes: &'a mut [u8]) -> Self {
        Self(bytes)
    }

    /// Writes a field. There is always room: the fields of a record are constants.
    pub(super) fn put(&mut self, field: &[u8]) -> &mut Self {
        let room = std::mem::take(&mut self.0);
        let Some((to, rest)) = room.split_at_mut_checked(field.len()) else {
            unreachable!("the fields of a record are longer than the record")
        };
        to.copy_from_slice(field);
        self.0 = rest;
        self
    }
}
