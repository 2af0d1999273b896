//! Versions, where none are kept: there is the null version of each object, and no other.

use super::S3Store;
use super::fault;
use crate::store::backend::{Backend, Source, Stored};
use crate::store::versions::{After, Keep, ListedVersion, Terms, Version, Versions};
use crate::store::{Ends, layout};
use async_trait::async_trait;
use bytes::Bytes;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;
use object_store::{Error, PutMode, PutResult, Result, UpdateVersion};

fn not_there(path: &Path) -> Error {
    Error::NotFound { path: path.to_string(), source: "there is no version of this name".into() }
}

#[async_trait]
impl Versions for S3Store {
    fn keeps(&self) -> bool {
        false
    }

    async fn open_version(&self, path: &Path, version: &Version) -> Result<Box<dyn Stored>> {
        match version {
            Version::Null => self.open(path).await,
            Version::Named(_) => Err(not_there(path)),
        }
    }

    async fn latest(&self, path: &Path) -> Result<Option<ListedVersion>> {
        match self.open(path).await {
            Ok(found) => {
                let (meta, end) = (found.meta().clone(), found.end());
                Ok(Some(ListedVersion { meta, end, latest: true, marker: false }))
            }
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn list_versions(&self, prefix: &str, after: Option<&After>, limit: usize) -> Result<Vec<ListedVersion>> {
        // After a version of a path comes the next path: there is no other version of it.
        let offset = after.map(|after| after.path.clone());
        let options = PaginatedListOptions { offset, max_keys: Some(limit.min(1_000)), ..PaginatedListOptions::default() };
        let page = self.list_paginated(Some(prefix), options).await?;
        let ends = page.result.extensions.get::<Ends>().map(|ends| ends.0.clone()).unwrap_or_default();
        let both = page.result.objects.into_iter().zip(ends);
        let hidden = format!("{}/", layout::SYSTEM);
        let shown = both.filter(|(meta, _)| prefix.starts_with(&hidden) || !meta.location.as_ref().starts_with(&hidden));
        Ok(shown.map(|(meta, end)| ListedVersion { meta, end, latest: true, marker: false }).collect())
    }

    async fn mark(&self, path: &Path, _marker: Bytes, _keep: Keep) -> Result<PutResult> {
        Err(fault::unavailable(format!("it keeps no versions: {path} cannot be marked as deleted")))
    }

    async fn remove(&self, path: &Path, version: &Version, e_tag: Option<&str>) -> Result<()> {
        match version {
            Version::Null => self.remove_if(path, e_tag).await,
            Version::Named(_) => Err(not_there(path)),
        }
    }

    async fn amend(&self, path: &Path, version: &Version, e_tag: &str, change: (u64, Bytes)) -> Result<PutResult> {
        if *version != Version::Null {
            return Err(not_there(path));
        }
        let (keep, end) = change;
        let source = Source { path: path.clone(), version: Version::Null, e_tag: e_tag.to_owned() };
        let mode = PutMode::Update(UpdateVersion { e_tag: Some(e_tag.to_owned()), version: None });
        self.splice(&source, keep, end, path, Terms::from(mode)).await
    }
}
