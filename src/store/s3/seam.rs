//! Our own extension of the traits.

use super::draft::Drafted;
use super::part::{self, Streamed};
use super::stored::Version;
use super::{S3Store, objects};
use crate::store::backend::{Backend, Draft, OpenUpload, Source, Stored, Upload, Wanted};
use crate::store::{Lack, Terms, Versions};
use async_trait::async_trait;
use bytes::Bytes;
use object_store::multipart::PartId;
use object_store::path::Path;
use object_store::{PutResult, Result};
use std::collections::HashSet;
use std::sync::PoisonError;

/// What is read of an object first: all of a small one, and of a large one the tail.
pub(super) const FIRST: u64 = 64 << 10;

#[async_trait]
impl Backend for S3Store {
    async fn open(&self, path: &Path) -> Result<Box<dyn Stored>> {
        let (meta, end) = objects::end_of_object(self, path, FIRST).await?;
        if meta.size > FIRST {
            self.saw(&meta, &end);
        }
        Ok(Box::new(Version::new(self.clone(), meta, end)))
    }

    async fn open_at(&self, path: &Path, wanted: Wanted<'_>) -> Result<Box<dyn Stored>> {
        match self.current_at(path, wanted).await? {
            Some(current) => Ok(Box::new(current)),
            None => self.open(path).await,
        }
    }

    async fn begin(&self, to: &Path) -> Result<Box<dyn Draft>> {
        Ok(Box::new(Drafted::new(self.clone(), to.clone())))
    }

    async fn begin_part(&self, upload: &Upload, number: u32, length: Option<u64>) -> Result<Box<dyn Draft>> {
        let length = length.ok_or_else(part::unknown)?;
        Ok(Box::new(Streamed::begin(self, upload, number, length)))
    }

    fn stages(&self) -> bool {
        true
    }

    async fn held(&self, upload: &Upload) -> Result<Option<HashSet<String>>> {
        self.held_parts(upload).await.map(Some)
    }

    async fn splice(&self, from: &Source, keep: u64, end: Bytes, to: &Path, terms: Terms) -> Result<PutResult> {
        self.spliced((from, keep), end, to, terms).await
    }

    async fn complete_if(&self, upload: &Upload, parts: Vec<PartId>, end: Bytes, terms: Terms) -> Result<PutResult> {
        self.end_upload(upload, parts, end, terms.mode).await
    }

    async fn uploads(&self, prefix: &str, after: Option<&Upload>, limit: usize) -> Result<Vec<OpenUpload>> {
        self.open_uploads(prefix, after, limit).await
    }

    async fn make_bucket(&self, bucket: &str, locks: bool) -> Result<()> {
        self.make(bucket, locks).await
    }

    async fn drop_bucket(&self, bucket: &str) -> Result<()> {
        self.unmake(bucket).await
    }

    fn versions(&self) -> Option<&dyn Versions> {
        Some(self)
    }

    fn lacks(&self) -> Vec<Lack> {
        self.0.lacks.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn ready(&self) -> Result<()> {
        self.look().await
    }
}
