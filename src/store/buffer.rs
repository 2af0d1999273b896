//! Pooled buffers: what bounds the memory of transfers.

use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};

/// Sealed chunks that a buffer holds: 4 of 65,552 bytes, 256 KiB of plaintext. A transfer holds at most two buffers.
pub const BUFFER_CHUNKS: usize = 4;

const CAPACITY: usize = BUFFER_CHUNKS * 65_552;

/// Buffers that are used again, since a fresh one costs a page fault for every 4 KiB.
#[derive(Clone)]
pub struct Buffers(Arc<Pool>);

struct Pool {
    free: Mutex<Vec<Vec<u8>>>,
    keep: usize,
}

impl Buffers {
    /// A pool that keeps at most `keep` buffers for later; it hands out as many as are asked for.
    #[must_use]
    pub fn new(keep: usize) -> Self {
        Self(Arc::new(Pool { free: Mutex::new(Vec::new()), keep }))
    }

    /// An empty buffer with room for [`BUFFER_CHUNKS`] sealed chunks.
    #[must_use]
    pub fn take(&self) -> Buffer {
        let mut free = self.0.free.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = free.pop().unwrap_or_else(|| vec![0; CAPACITY]);
        drop(free);
        Buffer { bytes, len: 0, pool: Some(Arc::clone(&self.0)) }
    }
}

/// Bytes on loan from a pool. Never shrinks below its capacity, so that growing it again writes nothing.
pub struct Buffer {
    bytes: Vec<u8>,
    len: usize,
    pool: Option<Arc<Pool>>,
}

impl Buffer {
    /// A buffer of no room, of no pool.
    #[must_use]
    pub fn nothing() -> Self {
        Self { bytes: Vec::new(), len: 0, pool: None }
    }

    /// A buffer of no pool that holds these bytes.
    #[must_use]
    pub fn holding(bytes: Vec<u8>) -> Self {
        Self { len: bytes.len(), bytes, pool: None }
    }

    /// How many bytes fit.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// How many bytes are in use.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no byte is in use.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Sets how many bytes are in use; those that come into use hold whatever they held. At most the capacity.
    pub fn set_len(&mut self, len: usize) {
        self.len = len.min(self.bytes.len());
    }

    /// All bytes, in use or not.
    pub fn whole_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Hands the bytes on without copying them; they return to the pool when the last view is dropped.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl AsMut<[u8]> for Buffer {
    fn as_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.len).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Some(pool) = self.pool.take() else { return };
        let mut free = pool.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < pool.keep {
            free.push(std::mem::take(&mut self.bytes));
        }
    }
}
