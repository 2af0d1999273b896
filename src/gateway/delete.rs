//! DELETE: what is gone, what is only marked so, and what may not go.

use super::conditions::Current;
use super::configuration::Versioning;
use super::configured::NO_VERSIONS;
use super::gateway::{Gateway, bucket_of};
use super::operation::{Conditions, Delete, Doomed};
use super::outcome::{Deleted, Removed};
use super::versions::{New, is_marker, make_marker, shown};
use super::{Error, Refusal};
use crate::access::Permitted;
use crate::envelope::{EtagRecord, Metadata, NewBody, Record};
use crate::keyring::{Bucket, OsRandom};
use crate::store::{Keep, Names, Version, Versions, layout};
use bytes::Bytes;
use futures::{StreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode};
use std::sync::Arc;

/// How many of a request's keys are removed at the same time.
const AT_ONCE: usize = 64;

/// How often a removal is tried again when its version was amended meanwhile.
const ATTEMPTS: usize = 10;

impl Gateway {
    /// Removes objects, or marks them deleted where versions are kept. One that is not there counts as removed.
    pub async fn delete(&self, operation: Permitted<Delete>) -> Result<Deleted, Error> {
        let bucket = bucket_of(&operation)?;
        let owner = Arc::clone(&operation.principal().id.0);
        let Delete { doomed, bypass, .. } = operation.into_operation();
        let remove = |doomed: Doomed| self.remove((&bucket, &owner), doomed, bypass);
        let results = stream::iter(doomed).map(remove).buffered(AT_ONCE).collect().await;
        Ok(Deleted { results })
    }

    async fn remove(&self, (bucket, owner): (&Arc<Bucket>, &str), doomed: Doomed, bypass: bool) -> Result<Removed, Error> {
        let Doomed { key, version, if_match } = doomed;
        if key.is_empty() || key.len() > 1_024 {
            return Err(Refusal::KeyTooLong.into());
        }
        let path = layout::object(&bucket.name, &key)?;
        let conditions = Conditions { if_match, ..Conditions::default() };
        let e_tag = self.admits_delete(bucket, &key, version.as_ref(), &conditions).await?;
        match version {
            Some(version) => self.remove_version(bucket, &key, &version, bypass).await,
            None if self.configuration_of(bucket).await?.versioning == Versioning::Never => {
                self.remove_current(&path, e_tag).await
            }
            None => self.mark(bucket, owner, &key).await,
        }
    }

    /// Holds the conditions of a delete; gives the backend's ETag of the version they hold of.
    async fn admits_delete(
        &self,
        bucket: &Bucket,
        key: &str,
        version: Option<&Version>,
        conditions: &Conditions,
    ) -> Result<Option<String>, Error> {
        if conditions.is_empty() {
            return Ok(None);
        }
        let found = self.find_to_read(bucket, key, version).await?;
        conditions.check_write(Some(Current { etag: &found.etag(), modified: found.modified() }))?;
        Ok(Some(found.source()?.e_tag))
    }

    /// Removes an object of a bucket without versions; also one that cannot be read.
    async fn remove_current(&self, path: &Path, e_tag: Option<String>) -> Result<Removed, Error> {
        let end = match self.backend.open(path).await {
            Ok(stored) => Some(stored.end()),
            Err(object_store::Error::NotFound { .. }) => return Ok(Removed::default()),
            Err(_unreadable) => None,
        };
        let removed = match (e_tag, self.backend.versions()) {
            (Some(e_tag), Some(versions)) => versions.remove(path, &Version::Null, Some(&e_tag), false).await,
            (Some(_), None) => return Err(Refusal::NotImplemented("a conditional delete").into()),
            (None, _) => self.backend.delete(path).await,
        };
        match removed {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(end) = end {
            self.drop_overflow(&end).await;
        }
        Ok(Removed::default())
    }

    /// Removes a version for good, unless it is locked.
    pub(super) async fn remove_version(
        &self,
        bucket: &Arc<Bucket>,
        key: &str,
        version: &Version,
        bypass: bool,
    ) -> Result<Removed, Error> {
        let path = layout::object(&bucket.name, key)?;
        let named = shown(version.name());
        for _ in 0..ATTEMPTS {
            let (e_tag, end, marker) = match self.find_version(bucket, key, Some(version)).await {
                Ok(found) => {
                    self.lock_on(bucket, &found).await?.admits_removal(bypass, self.now())?;
                    (Some(found.source()?.e_tag), Some(found.end.clone()), is_marker(found.metadata()))
                }
                Err(Error::Refused(Refusal::MarkerNotAllowed { .. })) => (None, None, true),
                Err(Error::Refused(Refusal::NoSuchKey)) => return Ok(Removed { named: Some(named), marker: None }),
                // What cannot be read may be locked, where anything can be.
                Err(error @ Error::Tampered { .. }) => {
                    if self.configuration_of(bucket).await?.lock.is_some() {
                        return Err(error);
                    }
                    (None, None, false)
                }
                Err(error) => return Err(error),
            };
            match self.versions()?.remove(&path, version, e_tag.as_deref(), bypass).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(object_store::Error::Precondition { .. }) => continue,
                Err(error) => return Err(error.into()),
            }
            if let Some(end) = end {
                self.drop_overflow(&end).await;
            }
            return Ok(Removed { marker: marker.then(|| named.clone()), named: Some(named) });
        }
        Err(Refusal::OperationAborted.into())
    }

    pub(super) fn versions(&self) -> Result<&dyn Versions, Error> {
        self.backend.versions().ok_or_else(|| NO_VERSIONS.into())
    }

    /// Marks an object deleted. The marker is a sealed object without content: who writes the backend cannot make one,
    /// unless the backend names versions, and with them markers.
    async fn mark(&self, bucket: &Arc<Bucket>, owner: &str, key: &str) -> Result<Removed, Error> {
        self.mark_over(bucket, owner, key, None).await
    }

    /// As [`Gateway::mark`], if the version with this backend ETag still is the current one.
    ///
    /// # Errors
    /// `PreconditionFailed` if it is not.
    pub(super) async fn mark_over(
        &self,
        bucket: &Arc<Bucket>,
        owner: &str,
        key: &str,
        current: Option<&str>,
    ) -> Result<Removed, Error> {
        let path = layout::object(&bucket.name, key)?;
        let mut metadata = Metadata::new(key, self.now().0);
        metadata.owner = Some(owner.as_bytes().to_vec());
        make_marker(&mut metadata);
        let kek = self.keyring.active_kek(bucket.uuid).await?;
        let body = NewBody::draw(&mut OsRandom);
        let _gate = self.enter(bucket).await?;
        let new = New { bucket, path: &path, object_id: body.object_id(), metadata: &mut metadata, dated: false };
        let granted = self.grant(new, PutMode::Overwrite).await?;
        // Behind the turn that was granted, nobody else writes this key.
        if current.is_some() && self.backend.open(&path).await?.meta().e_tag.as_deref() != current {
            return Err(Refusal::PreconditionFailed("the current version").into());
        }
        if self.names() == Names::Backend {
            let marked = self.versions()?.mark(&path, Bytes::new(), granted.terms.keep.clone()).await?;
            return Ok(Removed { named: None, marker: Some(shown(marked.version.as_deref())) });
        }
        let (tag, entry) = body.segment(0, &mut OsRandom).finish(&mut []).map_err(Error::sealing)?;
        let record = Record { completed: metadata.created, etag: EtagRecord::Opaque, checksum: None };
        let mut sealed = tag.to_vec();
        sealed.extend(body.seal_tail(&[entry], &record, &mut OsRandom).map_err(Error::sealing)?);
        let wrapped = body.wrap((&kek, bucket.uuid), &metadata, None, &mut OsRandom).map_err(Error::sealing)?;
        sealed.extend(wrapped.head);
        self.put_overflow(&wrapped).await?;
        let keep: Keep = granted.terms.keep.clone();
        let marked = self.versions()?.mark(&path, Bytes::from(sealed), keep).await;
        self.settle(&wrapped, marked).await?;
        Ok(Removed { named: None, marker: granted.version.clone() })
    }
}
