//! A version that is read in windows: one request after another, each pinned to the ETag of the first answer.

use super::S3Store;
use super::fault::{self, Understood};
use crate::store::backend::{Stored, Then};
use crate::store::{Buffer, Fault};
use bytes::{Buf, Bytes};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{Error, GetOptions, GetRange, ObjectMeta, ObjectStore, Result};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// Bytes of one request of many: long enough to be worth its round trip, short enough to be asked for again.
const WINDOW: u64 = 8 << 20;

/// How long the bytes of one read may take: a backend that trickles is one that does not answer.
const SLOWEST: Duration = Duration::from_secs(45);

/// One version, and what is being read of it.
pub(super) struct Version {
    object: Arc<Object>,
    meta: ObjectMeta,
    end: Bytes,
    reading: Arc<Mutex<Reading>>,
}

struct Object {
    store: S3Store,
    path: Path,
    e_tag: String,
    version: Option<String>,
    size: u64,
}

/// What is read in order, and what will be.
#[derive(Default)]
struct Reading {
    /// How far the reader said that it will read.
    until: u64,
    now: Option<Window>,
    next: Option<(Range<u64>, JoinHandle<Result<Window>>)>,
}

/// The rest of an answer.
struct Window {
    left: Range<u64>,
    body: BoxStream<'static, Result<Bytes>>,
    piece: Bytes,
}

impl Version {
    pub(super) fn new(store: S3Store, meta: ObjectMeta, end: Bytes) -> Self {
        let (path, e_tag) = (meta.location.clone(), meta.e_tag.clone().unwrap_or_default());
        let object = Object { store, path, e_tag, version: meta.version.clone(), size: meta.size };
        Self { object: Arc::new(object), meta, end, reading: Arc::default() }
    }

    /// The version that was seen before, if nothing has come in its place; what is read of it first is on its way then.
    pub(super) async fn current(store: S3Store, meta: ObjectMeta, end: Bytes, first: Range<u64>) -> Result<Option<Self>> {
        let version = Self::new(store, meta, end);
        let mut reading = Reading::default();
        reading.until = first.end.min(version.meta.size);
        // Not of that version by its name, which would be there when another has become the current one.
        match version.object.asked(first.start..reading.window_end(&first), None).await {
            Ok(window) => reading.now = Some(window),
            Err(Error::Precondition { .. } | Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
        Ok(Some(Self { reading: Arc::new(Mutex::new(reading)), ..version }))
    }

    /// The bytes of a range, if they came with the end.
    fn at_hand(&self, range: &Range<u64>) -> Option<&[u8]> {
        let start = self.meta.size.checked_sub(u64::try_from(self.end.len()).ok()?)?;
        let from = usize::try_from(range.start.checked_sub(start)?).ok()?;
        let to = usize::try_from(range.end.checked_sub(start)?).ok()?;
        self.end.get(from..to)
    }
}

impl Stored for Version {
    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn end(&self) -> Bytes {
        self.end.clone()
    }

    fn expect(&self, until: u64) {
        if let Ok(mut reading) = self.reading.try_lock() {
            reading.until = until.min(self.meta.size);
        }
    }

    fn read(&self, range: Range<u64>, mut buffer: Buffer, then: Then) {
        buffer.set_len(usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX));
        if let Some(bytes) = self.at_hand(&range)
            && bytes.len() == buffer.len()
        {
            buffer.as_mut().copy_from_slice(bytes);
            return then(Ok(buffer));
        }
        let (object, reading) = (Arc::clone(&self.object), Arc::clone(&self.reading));
        tokio::spawn(async move {
            let mut reading = reading.lock().await;
            let filled = tokio::time::timeout(SLOWEST, reading.fill(&object, range, buffer)).await;
            if filled.is_err() {
                *reading = Reading::default();
            }
            then(filled.unwrap_or_else(|_| Err(fault::unavailable("it is too slow"))));
        });
    }
}

impl Reading {
    async fn fill(&mut self, object: &Arc<Object>, range: Range<u64>, mut buffer: Buffer) -> Result<Buffer> {
        if u64::try_from(buffer.len()) != Ok(range.end.saturating_sub(range.start)) {
            return Err(fault::unavailable("more was asked for than fits"));
        }
        let (mut at, mut filled) = (range.start, 0_usize);
        while at < range.end {
            let window = self.window(object, at..range.end).await?;
            let room = buffer.as_mut().get_mut(filled..).unwrap_or_default();
            let took = window.take(room).await.inspect_err(|_| self.now = None)?;
            filled = filled.saturating_add(took);
            at = at.saturating_add(u64::try_from(took).unwrap_or(u64::MAX));
            self.look_ahead(object);
        }
        Ok(buffer)
    }

    /// The window that goes on at the beginning of a range: the one that is being read, the one that was asked for
    /// ahead, or another.
    async fn window(&mut self, object: &Arc<Object>, wanted: Range<u64>) -> Result<&mut Window> {
        let fits = |window: &Window| window.left.start == wanted.start && !window.left.is_empty();
        if !self.now.as_ref().is_some_and(fits) {
            let ahead = self.next.take().filter(|(range, _)| range.start == wanted.start);
            let window = match ahead {
                Some((_, asked)) => asked.await.map_err(|_gone| fault::unavailable("the program is stopping"))??,
                None => object.ask(wanted.start..self.window_end(&wanted)).await?,
            };
            self.now = Some(window);
        }
        self.now.as_mut().ok_or_else(|| fault::unavailable("no window"))
    }

    /// A window ends where nothing more is expected; of a reader that said nothing, where its range does.
    fn window_end(&self, wanted: &Range<u64>) -> u64 {
        if wanted.end > self.until { wanted.end } else { self.until.min(wanted.start.saturating_add(WINDOW)) }
    }

    /// Once half of a window is read, the next is asked for: two are in flight at most.
    fn look_ahead(&mut self, object: &Arc<Object>) {
        let Some(left) = self.now.as_ref().map(|window| window.left.clone()) else { return };
        let few = left.end.saturating_sub(left.start) < WINDOW / 2;
        if few && left.end < self.until && self.next.is_none() {
            let range = left.end..self.until.min(left.end.saturating_add(WINDOW));
            let (object, asked) = (Arc::clone(object), range.clone());
            self.next = Some((range, tokio::spawn(async move { object.ask(asked).await })));
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some((_, asked)) = self.next.take() {
            asked.abort();
        }
    }
}

impl Object {
    async fn ask(&self, range: Range<u64>) -> Result<Window> {
        self.asked(range, self.version.clone()).await.map_err(|error| self.changed(error))
    }

    /// # Errors
    /// `Precondition` or `NotFound` if another version, or none, is there now.
    async fn asked(&self, range: Range<u64>, version: Option<String>) -> Result<Window> {
        let options = GetOptions {
            if_match: Some(self.e_tag.clone()),
            range: Some(GetRange::Bounded(range.clone())),
            version,
            ..GetOptions::default()
        };
        let (place, at) = self.store.here(&self.path)?;
        let found = place.client.get_opts(&at, options).await.understood()?;
        if found.range != range || found.meta.size != self.size {
            return Err(fault::unavailable("it answered with another range than it was asked for"));
        }
        Ok(Window { left: range, body: found.into_stream().boxed(), piece: Bytes::new() })
    }

    /// What was pinned is not there any more: whoever reads has to begin anew, and nobody may take it for absent.
    fn changed(&self, error: Error) -> Error {
        match error {
            Error::Precondition { .. } | Error::NotFound { .. } => {
                Fault::Unavailable(format!("{} changed while it was read", self.path)).in_store(fault::NAME)
            }
            other => other,
        }
    }
}

impl Window {
    /// Takes as many of the next bytes as there is room for, and as came at once.
    async fn take(&mut self, room: &mut [u8]) -> Result<usize> {
        while self.piece.is_empty() {
            let next = self.body.next().await.ok_or_else(|| fault::unavailable("its answer was cut short"))?;
            self.piece = next.understood()?;
        }
        let left = usize::try_from(self.left.end.saturating_sub(self.left.start)).unwrap_or(usize::MAX);
        if self.piece.len() > left {
            return Err(fault::unavailable("its answer was longer than it was asked for"));
        }
        let count = self.piece.len().min(room.len());
        let (Some(to), Some(from)) = (room.get_mut(..count), self.piece.get(..count)) else { return Ok(0) };
        to.copy_from_slice(from);
        self.piece.advance(count);
        self.left.start = self.left.start.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}
