//! A backend that serves what it is told in place of what it holds.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::list::{PaginatedListOptions, PaginatedListResult, PaginatedListStore};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartId, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use waxseal::store::disk::DiskStore;
use waxseal::store::{Backend, Buffer, Draft, Lack, OpenUpload, Source, Stored, Terms, Then, Upload, Versions, Wanted};

#[derive(Clone, Debug)]
pub struct Hostile {
    pub inner: DiskStore,
    lies: Arc<Mutex<(HashMap<String, Bytes>, u64)>>,
    /// How many entries listings were given.
    pub listed: Arc<AtomicUsize>,
}

impl Hostile {
    pub fn new(inner: DiskStore) -> Self {
        Self { inner, lies: Arc::default(), listed: Arc::default() }
    }

    /// Serves these bytes for a path from now on, as a version of its own.
    pub fn serve(&self, path: &str, bytes: Vec<u8>) {
        let mut lies = self.lies.lock().unwrap();
        lies.1 += 1;
        lies.0.insert(path.to_owned(), bytes.into());
    }

    pub fn honest(&self) {
        self.lies.lock().unwrap().0.clear();
    }
}

impl fmt::Display for Hostile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hostile")
    }
}

struct Lie {
    meta: ObjectMeta,
    bytes: Bytes,
}

#[async_trait]
impl Stored for Lie {
    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn end(&self) -> Bytes {
        self.bytes.slice(self.bytes.len().saturating_sub(1_392)..)
    }

    fn read(&self, range: Range<u64>, mut buffer: Buffer, then: Then) {
        let range = range.start as usize..range.end as usize;
        match self.bytes.get(range) {
            Some(bytes) => {
                buffer.set_len(bytes.len());
                buffer.as_mut().copy_from_slice(bytes);
                then(Ok(buffer));
            }
            None => then(Err(object_store::Error::Generic { store: "hostile", source: "short".into() })),
        }
    }
}

#[async_trait]
impl Backend for Hostile {
    async fn open(&self, path: &Path) -> Result<Box<dyn Stored>> {
        let (lie, version) = {
            let lies = self.lies.lock().unwrap();
            (lies.0.get(path.as_ref()).cloned(), lies.1)
        };
        let Some(bytes) = lie else { return self.inner.open(path).await };
        let meta = ObjectMeta {
            location: path.clone(),
            last_modified: chrono::DateTime::UNIX_EPOCH,
            size: bytes.len() as u64,
            e_tag: Some(format!("lie-{version}")),
            version: None,
        };
        Ok(Box::new(Lie { meta, bytes }))
    }

    async fn open_at(&self, path: &Path, _wanted: Wanted<'_>) -> Result<Box<dyn Stored>> {
        self.open(path).await
    }

    async fn begin(&self, to: &Path) -> Result<Box<dyn Draft>> {
        self.inner.begin(to).await
    }

    async fn begin_part(&self, upload: &Upload, number: u32, length: Option<u64>) -> Result<Box<dyn Draft>> {
        self.inner.begin_part(upload, number, length).await
    }

    async fn held(&self, upload: &Upload) -> Result<Option<std::collections::HashSet<String>>> {
        self.inner.held(upload).await
    }

    fn stages(&self) -> bool {
        self.inner.stages()
    }

    async fn splice(&self, from: &Source, keep: u64, end: Bytes, to: &Path, terms: Terms) -> Result<PutResult> {
        self.inner.splice(from, keep, end, to, terms).await
    }

    async fn complete_if(&self, upload: &Upload, parts: Vec<PartId>, end: Bytes, terms: Terms) -> Result<PutResult> {
        self.inner.complete_if(upload, parts, end, terms).await
    }

    async fn uploads(&self, prefix: &str, after: Option<&Upload>, limit: usize) -> Result<Vec<OpenUpload>> {
        self.inner.uploads(prefix, after, limit).await
    }

    async fn make_bucket(&self, bucket: &str, locks: bool) -> Result<()> {
        self.inner.make_bucket(bucket, locks).await
    }

    async fn drop_bucket(&self, bucket: &str) -> Result<()> {
        self.inner.drop_bucket(bucket).await
    }

    fn versions(&self) -> Option<&dyn Versions> {
        self.inner.versions()
    }

    fn lacks(&self) -> Vec<Lack> {
        self.inner.lacks()
    }

    async fn ready(&self) -> Result<()> {
        self.inner.ready().await
    }
}

#[async_trait]
impl ObjectStore for Hostile {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[async_trait]
impl MultipartStore for Hostile {
    async fn create_multipart(&self, path: &Path) -> Result<MultipartId> {
        self.inner.create_multipart(path).await
    }

    async fn put_part(&self, path: &Path, id: &MultipartId, part_idx: usize, data: PutPayload) -> Result<PartId> {
        MultipartStore::put_part(&self.inner, path, id, part_idx, data).await
    }

    async fn complete_multipart(&self, path: &Path, id: &MultipartId, parts: Vec<PartId>) -> Result<PutResult> {
        self.inner.complete_multipart(path, id, parts).await
    }

    async fn abort_multipart(&self, path: &Path, id: &MultipartId) -> Result<()> {
        self.inner.abort_multipart(path, id).await
    }
}

#[async_trait]
impl PaginatedListStore for Hostile {
    async fn list_paginated(&self, prefix: Option<&str>, opts: PaginatedListOptions) -> Result<PaginatedListResult> {
        let page = self.inner.list_paginated(prefix, opts).await?;
        self.listed.fetch_add(page.result.objects.len(), Ordering::Relaxed);
        Ok(page)
    }
}
