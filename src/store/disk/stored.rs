//! One version of an object, pinned and readable.

use super::blobs::{Blobs, Pin};
use super::fault;
use super::record::{Entry, Extent, to_u64};
use crate::store::backend::{Stored, Then};
use crate::store::{Buffer, fault::Fault};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use object_store::path::Path;
use object_store::{ObjectMeta, Result};
use std::fs::File;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Ranges from this length are read on a thread that may block, if the system does not have them in memory.
const ELSEWHERE: u64 = 256 << 10;

/// One of the ways to read a blob.
type Read = fn(&Blobs, &File, Extent, &mut [u8]) -> Result<()>;

/// A version of an object.
pub(super) struct Version {
    meta: ObjectMeta,
    source: Arc<Source>,
}

/// Where its bytes are.
struct Source {
    path: String,
    /// What lies in blobs, from the first byte on.
    extents: Vec<Extent>,
    /// What lies in memory, from where the extents end.
    memory: Bytes,
    pin: Option<Pin>,
    /// The blob that was read last.
    file: Mutex<Option<(u64, Arc<File>)>>,
}

/// What a listing says of an entry.
pub(super) fn meta(path: Path, entry: &Entry) -> ObjectMeta {
    let modified = i64::try_from(entry.modified).ok().and_then(DateTime::from_timestamp_millis);
    let (last_modified, e_tag) = (modified.unwrap_or_default(), Some(entry.e_tag()));
    ObjectMeta { location: path, last_modified, size: entry.size(), e_tag, version: entry.name() }
}

impl Version {
    pub(super) fn new(path: Path, entry: Entry, body: Vec<u8>, pin: Option<Pin>) -> Self {
        let meta = meta(path, &entry);
        let memory = if body.is_empty() { Bytes::from(entry.end) } else { Bytes::from([body, entry.end].concat()) };
        let extents = match entry.body {
            super::record::Body::Inline(_) => Vec::new(),
            super::record::Body::Extents(extents) => extents,
        };
        let source = Source { path: entry.path, extents, memory, pin, file: Mutex::new(None) };
        Self { meta, source: Arc::new(source) }
    }
}

#[async_trait]
impl Stored for Version {
    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn end(&self) -> Bytes {
        self.source.memory.clone()
    }

    fn read(&self, range: Range<u64>, mut buffer: Buffer, then: Then) {
        let length = range.end.saturating_sub(range.start);
        buffer.set_len(usize::try_from(length).unwrap_or(usize::MAX));
        // What the disk need not be asked for stays with the processor that will send it.
        if self.source.fill(range.clone(), buffer.as_mut(), |_, file, extent, to| Blobs::read_at_hand(file, extent, to)).is_ok() {
            return then(Ok(buffer));
        }
        let source = Arc::clone(&self.source);
        let job = move || {
            let filled = source.fill(range, buffer.as_mut(), Blobs::read);
            then(filled.map(|()| buffer));
        };
        if length < ELSEWHERE {
            job();
        } else {
            drop(tokio::task::spawn_blocking(job));
        }
    }
}

impl Source {
    /// Fills `to` with the bytes of `range`, all of them; `read` reads what lies in blobs.
    fn fill(&self, range: Range<u64>, mut to: &mut [u8], read: Read) -> Result<()> {
        if to_u64(to.len()) != range.end.saturating_sub(range.start) {
            return Err(fault::unavailable("a read that is larger than its buffer"));
        }
        let (mut at, mut start) = (range.start, 0_u64);
        for extent in &self.extents {
            let end = start.saturating_add(extent.len);
            if at < end && at < range.end {
                let count = end.min(range.end).saturating_sub(at);
                let (now, later) = split(to, count)?;
                let within = extent.offset.saturating_add(at.saturating_sub(start));
                self.read_blob(Extent { offset: within, len: count, ..*extent }, now, read)?;
                (to, at) = (later, at.saturating_add(count));
            }
            start = end;
        }
        if to.is_empty() {
            return Ok(());
        }
        let from = at.checked_sub(start).and_then(|from| usize::try_from(from).ok());
        let bytes = from.and_then(|from| self.memory.get(from..from.checked_add(to.len())?));
        to.copy_from_slice(bytes.ok_or_else(|| fault::damaged(self.path.as_str()))?);
        Ok(())
    }

    fn read_blob(&self, extent: Extent, to: &mut [u8], read: Read) -> Result<()> {
        let pin = self.pin.as_ref().ok_or_else(|| fault::unavailable("a blob that is not pinned"))?;
        let open = self.file.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let file = match open {
            Some((blob, file)) if blob == extent.blob => file,
            _ => {
                let file = Arc::new(pin.blobs().file(extent.blob).map_err(|error| self.named(error))?);
                *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some((extent.blob, Arc::clone(&file)));
                file
            }
        };
        read(pin.blobs(), &file, extent, to).map_err(|error| self.named(error))
    }

    /// Damage is told by the object's path.
    fn named(&self, error: object_store::Error) -> object_store::Error {
        match Fault::of(&error) {
            Some(Fault::Damaged(blob)) => fault::damaged(format!("{} ({blob})", self.path)),
            _ => error,
        }
    }
}

fn split(bytes: &mut [u8], at: u64) -> Result<(&mut [u8], &mut [u8])> {
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    bytes.split_at_mut_checked(at).ok_or_else(|| fault::unavailable("a read that is larger than its buffer"))
}
