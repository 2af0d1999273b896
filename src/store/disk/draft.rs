//! An object or part in the making: a blob that nothing names until it is complete and durable.

use super::blobs::Writing;
use super::change::{Change, Content, END, NewBody, upload_key};
use super::record::{Extent, Part, to_u64};
use super::{Inner, fault};
use crate::store::backend::{Draft, Prepare};
use crate::store::{Replaced, Terms};
use async_trait::async_trait;
use bytes::Bytes;
use object_store::path::Path;
use object_store::{Extensions, PutResult, Result};
use std::io;
use std::sync::Arc;

/// How many bytes are written before it is looked whether there is room for more.
const LOOK_EVERY: u64 = 16 << 20;

/// What a draft becomes.
pub(super) enum Becomes {
    Object,
    /// A part of this number, of an upload by its key.
    Part(u32, String),
}

pub(super) struct Drafted {
    inner: Arc<Inner>,
    path: Path,
    becomes: Becomes,
    /// None until the first bytes come.
    writing: Option<Writing>,
    looked: u64,
}

impl Drafted {
    pub(super) fn new(inner: Arc<Inner>, path: Path, becomes: Becomes) -> Self {
        Self { inner, path, becomes, writing: None, looked: 0 }
    }

    fn create(&mut self) -> Result<Writing> {
        if !self.inner.workshop.has_room(LOOK_EVERY)? {
            return Err(fault::full());
        }
        self.inner.workshop.blobs.create().map_err(|error| fault::io(&error))
    }

    /// The file, with room for more.
    fn take(&mut self) -> Result<Writing> {
        let writing = match self.writing.take() {
            Some(writing) => writing,
            None => self.create()?,
        };
        let written = writing.extent().len;
        if written.saturating_sub(self.looked) >= LOOK_EVERY {
            self.looked = written;
            if !self.inner.workshop.has_room(LOOK_EVERY)? {
                return Err(fault::full());
            }
        }
        Ok(writing)
    }
}

#[async_trait]
impl Draft for Drafted {
    async fn write(&mut self, prepare: Prepare) -> Result<()> {
        let mut writing = self.take()?;
        let job = move || {
            let bytes = prepare();
            writing.append(bytes.as_ref())?;
            Ok::<_, io::Error>(writing)
        };
        let written = tokio::task::spawn_blocking(job).await.map_err(|_| fault::unavailable("the program is stopping"))?;
        self.writing = Some(written.map_err(|error| fault::io(&error))?);
        Ok(())
    }

    async fn finish(mut self: Box<Self>, end: Bytes, terms: Terms) -> Result<PutResult> {
        let mut writing = self.take()?;
        let inner = Arc::clone(&self.inner);
        let sealed = end.clone();
        let job = move || {
            writing.append(&sealed)?;
            writing.sync()?;
            Ok::<_, io::Error>(writing)
        };
        let written = tokio::task::spawn_blocking(job).await.map_err(|_| fault::unavailable("the program is stopping"))?;
        let writing = written.map_err(|error| fault::io(&error))?;
        let extent = writing.extent();
        let change = match self.becomes {
            Becomes::Object => Change::Put { path: self.path.to_string(), content: content(extent, &end), terms },
            Becomes::Part(number, upload) => Change::Part { upload, part: Part { number: u64::from(number), extent } },
        };
        inner.commit(change, Some(writing)).await
    }
}

/// What an entry says of a blob that holds a whole object, whose last bytes are `end`.
pub(super) fn content(extent: Extent, end: &Bytes) -> Content {
    let end = end.slice(end.len().saturating_sub(END)..);
    let before = Extent { len: extent.len.saturating_sub(to_u64(end.len())), ..extent };
    Content { end, body: NewBody::Extents(vec![before]) }
}

impl Inner {
    /// Makes a change, and says what became of it as `object_store` does.
    pub(super) async fn commit(&self, change: Change, writing: Option<Writing>) -> Result<PutResult> {
        let done = self.committer.commit(change, writing).await?;
        let mut extensions = Extensions::new();
        if let Some(replaced) = done.replaced {
            extensions.insert(Replaced(replaced));
        }
        Ok(PutResult { e_tag: Some(done.name), version: None, extensions })
    }

    /// Puts bytes that are all at hand: small ones into the index, others into a blob.
    pub(super) async fn put(&self, path: &Path, bytes: Bytes, terms: Terms) -> Result<PutResult> {
        let path = path.to_string();
        if bytes.len() <= super::INLINE {
            let at = bytes.len().saturating_sub(END);
            let content = Content { end: bytes.slice(at..), body: NewBody::Inline(bytes.slice(..at)) };
            return self.commit(Change::Put { path, content, terms }, None).await;
        }
        let writing = self.write(bytes.clone()).await?;
        let content = content(writing.extent(), &bytes);
        self.commit(Change::Put { path, content, terms }, Some(writing)).await
    }

    /// A blob of these bytes, durable.
    pub(super) async fn write(&self, bytes: Bytes) -> Result<Writing> {
        if !self.workshop.has_room(to_u64(bytes.len()))? {
            return Err(fault::full());
        }
        let blobs = Arc::clone(&self.workshop.blobs);
        let job = move || {
            let mut writing = blobs.create()?;
            writing.append(&bytes)?;
            writing.sync()?;
            Ok::<_, io::Error>(writing)
        };
        let written = tokio::task::spawn_blocking(job).await.map_err(|_| fault::unavailable("the program is stopping"))?;
        written.map_err(|error| fault::io(&error))
    }

    /// Finishes an upload.
    pub(super) async fn complete(&self, of: (&Path, &str), parts: Vec<String>, end: Bytes, terms: Terms) -> Result<PutResult> {
        let (path, upload) = of;
        let upload = upload_key(path.as_ref(), upload);
        let long = end.len() > END;
        let writing = if long { Some(self.write(end.clone()).await?) } else { None };
        let content = match &writing {
            Some(writing) => content(writing.extent(), &end),
            None => Content { end, body: NewBody::Extents(Vec::new()) },
        };
        self.commit(Change::Complete { path: path.to_string(), upload, parts, content, terms }, writing).await
    }
}
