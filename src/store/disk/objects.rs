//! `object_store`'s traits.

use super::change::{Change, From, upload_key};
use super::draft::Becomes;
use super::index::{Page, Wanted};
use super::record::{Body, Entry};
use super::stored::{Version, meta};
use super::{DiskStore, fault};
use crate::store::backend::{Draft, Ends, Stored};
use crate::store::{Buffers, Keep, Terms};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::list::{PaginatedListOptions, PaginatedListResult, PaginatedListStore};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{
    Attributes, CopyMode, CopyOptions, Error, Extensions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartId,
    MultipartUpload, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
    UploadPart,
};
use std::sync::Arc;

/// Entries of one step of a listing.
const STEP: usize = 1_000;

impl DiskStore {
    /// The current version, pinned.
    pub(super) fn version(&self, path: &Path) -> Result<Version> {
        let workshop = &self.inner.workshop;
        let name = path.as_ref();
        let (entry, body) = workshop.index.object(name)?.ok_or_else(|| fault::not_found(name))?;
        if matches!(entry.body, Body::Inline(_)) {
            return Ok(Version::new(path.clone(), entry, body, None));
        }
        let (entry, pin) = workshop.blobs.pin(|| {
            let entry = workshop.index.entry(name)?.ok_or_else(|| fault::not_found(name))?;
            let blobs = entry.extents().iter().map(|extent| extent.blob).collect();
            Ok((entry, blobs))
        })?;
        if matches!(entry.body, Body::Inline(1..)) {
            // It was overwritten by a small object in between.
            drop(pin);
            return self.version(path);
        }
        Ok(Version::new(path.clone(), entry, Vec::new(), Some(pin)))
    }

    fn page(&self, wanted: &Wanted<'_>) -> Result<Page> {
        self.inner.workshop.index.page(wanted)
    }

    fn metas(entries: &[Entry]) -> Result<Vec<ObjectMeta>> {
        entries.iter().map(|entry| Ok(meta(Path::parse(&entry.path)?, entry))).collect()
    }

    /// All entries below a folder, in steps.
    fn walk(&self, prefix: Option<&Path>, offset: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, prefix) = (self.clone(), folder(prefix));
        let first = Some(offset.map(ToString::to_string));
        let steps = stream::try_unfold(first, move |state| {
            let (store, prefix) = (store.clone(), prefix.clone());
            async move {
                let Some(after) = state else { return Ok(None) };
                let wanted = Wanted { prefix: &prefix, after: after.as_deref(), delimiter: None, limit: STEP };
                let page = store.page(&wanted)?;
                let metas = Self::metas(&page.entries)?;
                Ok::<_, Error>(Some((stream::iter(metas.into_iter().map(Ok)), page.next.map(Some))))
            }
        });
        steps.try_flatten().boxed()
    }
}

/// What the paths below a folder begin with.
fn folder(prefix: Option<&Path>) -> String {
    prefix.filter(|prefix| !prefix.as_ref().is_empty()).map_or_else(String::new, |prefix| format!("{prefix}/"))
}

fn together(payload: PutPayload) -> Bytes {
    payload.into()
}

#[async_trait]
impl ObjectStore for DiskStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        if !opts.attributes.is_empty() {
            return Err(not_implemented("attributes"));
        }
        let keep = opts.extensions.get::<Keep>().cloned().unwrap_or_default();
        self.inner.put(location, together(payload), Terms { mode: opts.mode, keep }).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        if !opts.attributes.is_empty() {
            return Err(not_implemented("attributes"));
        }
        let id = self.create_multipart(location).await?;
        Ok(Box::new(Upload { store: self.clone(), path: location.clone(), id, next: 0, parts: Arc::default() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let version = self.version(location)?;
        let meta = version.meta().clone();
        options.check_preconditions(&meta)?;
        if options.version.is_some() {
            return Err(fault::not_found(location.as_ref()));
        }
        let range = match &options.range {
            None => 0..meta.size,
            Some(range) => range.as_range(meta.size).map_err(|error| fault::unavailable(error.to_string()))?,
        };
        let payload = if options.head { stream::empty().boxed() } else { pieces(version, range.clone()) };
        let payload = GetResultPayload::Stream(payload);
        Ok(GetResult { payload, meta, range, attributes: Attributes::new(), extensions: Extensions::new() })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let delete = move |path: Result<Path>| {
            let store = store.clone();
            async move {
                let path = path?;
                store.inner.commit(Change::Delete { path: path.to_string() }, None).await?;
                Ok(path)
            }
        };
        locations.map(delete).buffered(64).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.walk(prefix, None)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.walk(prefix, Some(offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let prefix = folder(prefix);
        let wanted = Wanted { prefix: &prefix, after: None, delimiter: Some("/"), limit: usize::MAX };
        let page = self.page(&wanted)?;
        let common_prefixes = page.prefixes.iter().map(Path::parse).collect::<std::result::Result<_, _>>()?;
        Ok(ListResult { common_prefixes, objects: Self::metas(&page.entries)?, extensions: Extensions::new() })
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let mode = match options.mode {
            CopyMode::Overwrite => PutMode::Overwrite,
            CopyMode::Create => PutMode::Create,
        };
        let (from, end) = (From { path: from.to_string(), version: None, e_tag: None }, Bytes::new());
        self.inner.commit(Change::Splice { from, keep: None, end, to: to.to_string(), terms: mode.into() }, None).await?;
        Ok(())
    }
}

fn not_implemented(operation: &str) -> Error {
    Error::NotImplemented { operation: operation.to_owned(), implementer: "the store on disk".to_owned() }
}

/// The bytes of a range, a buffer at a time.
fn pieces(version: Version, range: std::ops::Range<u64>) -> BoxStream<'static, Result<Bytes>> {
    let (version, buffers) = (Arc::new(version), Buffers::new(2));
    let steps = stream::try_unfold(range.start, move |at| {
        let (version, buffer) = (Arc::clone(&version), buffers.take());
        async move {
            if at >= range.end {
                return Ok(None);
            }
            let capacity = u64::try_from(buffer.capacity()).unwrap_or(u64::MAX);
            let to = at.saturating_add(capacity).min(range.end);
            let stored: &dyn Stored = &*version;
            let filled = stored.fill(at..to, buffer).await?;
            Ok::<_, Error>(Some((filled.into_bytes(), to)))
        }
    });
    steps.boxed()
}

#[async_trait]
impl MultipartStore for DiskStore {
    async fn create_multipart(&self, path: &Path) -> Result<MultipartId> {
        let begun = self.inner.commit(Change::Begin { path: path.to_string() }, None).await?;
        begun.e_tag.ok_or_else(|| fault::unavailable("an upload without a name"))
    }

    async fn put_part(&self, path: &Path, id: &MultipartId, part_idx: usize, data: PutPayload) -> Result<PartId> {
        let number = u32::try_from(part_idx).unwrap_or(u32::MAX).saturating_add(1);
        let mut draft: Box<dyn Draft> = Box::new(self.draft(path, Becomes::Part(number, upload_key(path.as_ref(), id))));
        let bytes = together(data);
        let mut buffer = crate::store::Buffer::holding(bytes.to_vec());
        buffer.set_len(bytes.len());
        draft.write(Box::new(move || buffer)).await?;
        let done = draft.finish(Bytes::new(), Terms::default()).await?;
        Ok(PartId { content_id: done.e_tag.unwrap_or_default() })
    }

    async fn complete_multipart(&self, path: &Path, id: &MultipartId, parts: Vec<PartId>) -> Result<PutResult> {
        let parts = parts.into_iter().map(|part| part.content_id).collect();
        self.inner.complete((path, id), parts, Bytes::new(), Terms::default()).await
    }

    async fn abort_multipart(&self, path: &Path, id: &MultipartId) -> Result<()> {
        self.inner.commit(Change::Abort { upload: upload_key(path.as_ref(), id) }, None).await?;
        Ok(())
    }
}

/// An upload as `object_store` drives it.
#[derive(Debug)]
struct Upload {
    store: DiskStore,
    path: Path,
    id: MultipartId,
    next: usize,
    parts: Arc<std::sync::Mutex<std::collections::BTreeMap<usize, PartId>>>,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (store, path, id, parts) = (self.store.clone(), self.path.clone(), self.id.clone(), Arc::clone(&self.parts));
        let number = self.next;
        self.next = self.next.saturating_add(1);
        Box::pin(async move {
            let part = MultipartStore::put_part(&store, &path, &id, number, data).await?;
            parts.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(number, part);
            Ok(())
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let parts = std::mem::take(&mut *self.parts.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        self.store.complete_multipart(&self.path, &self.id, parts.into_values().collect()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.store.abort_multipart(&self.path, &self.id).await
    }
}

#[async_trait]
impl PaginatedListStore for DiskStore {
    async fn list_paginated(&self, prefix: Option<&str>, opts: PaginatedListOptions) -> Result<PaginatedListResult> {
        let after = opts.page_token.as_deref().into_iter().chain(opts.offset.as_deref()).max();
        let limit = opts.max_keys.unwrap_or(STEP);
        let wanted = Wanted { prefix: prefix.unwrap_or_default(), after, delimiter: opts.delimiter.as_deref(), limit };
        let page = self.page(&wanted)?;
        let common_prefixes = page.prefixes.iter().map(Path::parse).collect::<std::result::Result<_, _>>()?;
        let objects = Self::metas(&page.entries)?;
        let mut extensions = Extensions::new();
        extensions.insert(Ends(page.entries.into_iter().map(|entry| Bytes::from(entry.end)).collect()));
        let result = ListResult { common_prefixes, objects, extensions };
        Ok(PaginatedListResult { result, page_token: page.next })
    }
}
