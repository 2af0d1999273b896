//! Our own extension of the traits.

use super::change::{Change, From, upload_key};
use super::draft::{Becomes, Drafted};
use super::{DiskStore, fault};
use crate::store::backend::{Backend, Draft, OpenUpload, Source, Stored, Upload, Wanted};
use crate::store::{Lack, Millis, Terms, Versions};
use async_trait::async_trait;
use bytes::Bytes;
use object_store::multipart::PartId;
use object_store::path::Path;
use object_store::{PutResult, Result};
use std::collections::HashSet;
use std::sync::Arc;

impl DiskStore {
    pub(super) fn draft(&self, path: &Path, becomes: Becomes) -> Drafted {
        Drafted::new(Arc::clone(&self.inner), path.clone(), becomes)
    }
}

#[async_trait]
impl Backend for DiskStore {
    async fn open(&self, path: &Path) -> Result<Box<dyn Stored>> {
        Ok(Box::new(self.version(path)?))
    }

    async fn open_at(&self, path: &Path, _wanted: Wanted<'_>) -> Result<Box<dyn Stored>> {
        self.open(path).await
    }

    async fn begin(&self, to: &Path) -> Result<Box<dyn Draft>> {
        Ok(Box::new(self.draft(to, Becomes::Object)))
    }

    async fn begin_part(&self, upload: &Upload, number: u32, _length: Option<u64>) -> Result<Box<dyn Draft>> {
        let key = upload_key(upload.path.as_ref(), &upload.id);
        if !self.inner.workshop.index.is_open(&key)? {
            return Err(fault::not_found(upload.path.as_ref()));
        }
        Ok(Box::new(self.draft(&upload.path, Becomes::Part(number, key))))
    }

    fn stages(&self) -> bool {
        false
    }

    async fn held(&self, _upload: &Upload) -> Result<Option<HashSet<String>>> {
        Ok(None)
    }

    async fn splice(&self, from: &Source, keep: u64, end: Bytes, to: &Path, terms: Terms) -> Result<PutResult> {
        let from = From { path: from.path.to_string(), version: Some(from.version.clone()), e_tag: Some(from.e_tag.clone()) };
        self.inner.commit(Change::Splice { from, keep: Some(keep), end, to: to.to_string(), terms }, None).await
    }

    async fn complete_if(&self, upload: &Upload, parts: Vec<PartId>, end: Bytes, terms: Terms) -> Result<PutResult> {
        let parts = parts.into_iter().map(|part| part.content_id).collect();
        self.inner.complete((&upload.path, &upload.id), parts, end, terms).await
    }

    async fn uploads(&self, prefix: &str, after: Option<&Upload>, limit: usize) -> Result<Vec<OpenUpload>> {
        let after = after.map(|upload| upload_key(upload.path.as_ref(), &upload.id));
        let found = self.inner.workshop.index.uploads(prefix, after.as_deref(), limit)?;
        let open = |(path, id, created): (String, String, u64)| {
            let upload = Upload { path: Path::parse(path)?, id };
            Ok(OpenUpload { upload, created: Millis(created) })
        };
        found.into_iter().map(open).collect()
    }

    async fn make_bucket(&self, _bucket: &str, _locks: bool) -> Result<()> {
        Ok(())
    }

    async fn drop_bucket(&self, _bucket: &str) -> Result<()> {
        Ok(())
    }

    fn versions(&self) -> Option<&dyn Versions> {
        Some(self)
    }

    fn lacks(&self) -> Vec<Lack> {
        Vec::new()
    }

    async fn ready(&self) -> Result<()> {
        if !self.inner.workshop.has_room(0)? {
            return Err(fault::full());
        }
        self.inner.commit(Change::Nothing, None).await?;
        Ok(())
    }
}
