//! Versions: the backend's own, of buckets that have one of its for their own; elsewhere each object has one version.

use super::fault;
use super::objects::{end_of_object, end_of_version, written};
use super::order::Order;
use super::place::{NULL, Place};
use super::stored::Version as Pinned;
use super::{S3Store, seam};
use crate::envelope::END;
use crate::store::backend::{Backend, Source, Stored};
use crate::store::versions::{After, Keep, ListedVersion, Names, Terms, Version, Versions};
use crate::store::{Ends, Fault, Locks, Millis, layout};
use async_trait::async_trait;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_sdk_s3::types::{BucketVersioningStatus, DeleteMarkerEntry, ObjectVersion, VersioningConfiguration};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;
use object_store::{Error, ObjectMeta, PutMode, PutResult, Result, UpdateVersion};

/// Ends that are read at a time.
const AT_ONCE: usize = 64;

/// What a backend lists on a page at most.
const PAGE: usize = 1_000;

fn not_there(path: &Path) -> Error {
    Error::NotFound { path: path.to_string(), source: "there is no version of this name".into() }
}

/// How the backend names a version.
pub(super) fn named(version: &Version) -> &str {
    version.name().unwrap_or(NULL)
}

#[async_trait]
impl Versions for S3Store {
    fn names(&self) -> Names {
        if self.0.places.own.is_some() { Names::Backend } else { Names::Nobody }
    }

    async fn keep(&self, bucket: &str, all: bool) -> Result<()> {
        let path = Path::from(bucket);
        let place = self.own_place(bucket)?;
        let status = if all { BucketVersioningStatus::Enabled } else { BucketVersioningStatus::Suspended };
        let wanted = VersioningConfiguration::builder().status(status.clone()).build();
        let request = self.0.sdk.put_bucket_versioning().bucket(&place.bucket).versioning_configuration(wanted);
        request.send().await.map_err(|error| fault::sdk(&path, error))?;
        // What says yes and does nothing keeps no versions.
        let there = self.0.sdk.get_bucket_versioning().bucket(&place.bucket).send().await;
        if there.map_err(|error| fault::sdk(&path, error))?.status == Some(status) {
            return Ok(());
        }
        Err(Error::NotImplemented { operation: "keeping versions".to_owned(), implementer: "the backend".to_owned() })
    }

    fn locks(&self) -> Option<&dyn Locks> {
        if self.0.places.own.is_some() { Some(self) } else { None }
    }

    async fn open_version(&self, path: &Path, version: &Version) -> Result<Box<dyn Stored>> {
        let (place, _) = self.here(path)?;
        if !place.own {
            return if *version == Version::Null { self.open(path).await } else { Err(not_there(path)) };
        }
        match end_of_version(self, path, version, seam::FIRST).await {
            Ok((meta, end)) => Ok(Box::new(Pinned::new(self.clone(), meta, end))),
            Err(error) => Err(self.why_not(&place, path, version).await.unwrap_or(error)),
        }
    }

    async fn latest(&self, path: &Path) -> Result<Option<ListedVersion>> {
        match self.open(path).await {
            Ok(found) => {
                let (meta, end) = (found.meta().clone(), found.end());
                Ok(Some(ListedVersion { meta, end, latest: true, marker: false }))
            }
            Err(Error::NotFound { .. }) if self.here(path)?.0.own => {
                let first = self.list_own(path.as_ref(), None, 1).await?.into_iter().next();
                Ok(first.filter(|first| first.meta.location == *path))
            }
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn list_versions(&self, prefix: &str, after: Option<&After>, limit: usize) -> Result<Vec<ListedVersion>> {
        if self.0.places.of(prefix)?.own {
            return self.list_own(prefix, after, limit).await;
        }
        // After a version of a path comes the next path: there is no other version of it.
        let offset = after.map(|after| after.path.clone());
        let options = PaginatedListOptions { offset, max_keys: Some(limit.min(PAGE)), ..PaginatedListOptions::default() };
        let page = self.list_paginated(Some(prefix), options).await?;
        let ends = page.result.extensions.get::<Ends>().map(|ends| ends.0.clone()).unwrap_or_default();
        let both = page.result.objects.into_iter().zip(ends);
        let hidden = format!("{}/", layout::SYSTEM);
        let shown = both.filter(|(meta, _)| prefix.starts_with(&hidden) || !meta.location.as_ref().starts_with(&hidden));
        Ok(shown.map(|(meta, end)| ListedVersion { meta, end, latest: true, marker: false }).collect())
    }

    async fn mark(&self, path: &Path, _none: Bytes, _as_the_bucket_has_it: Keep) -> Result<PutResult> {
        let (place, at) = self.here(path)?;
        if !place.own {
            return Err(fault::unavailable(format!("it keeps no versions: {path} cannot be marked as deleted")));
        }
        let request = self.0.sdk.delete_object().bucket(&place.bucket).key(at.as_ref());
        let done = request.send().await.map_err(|error| fault::sdk(path, error))?;
        Ok(written(None, done.version_id, &place))
    }

    async fn remove(&self, path: &Path, version: &Version, e_tag: Option<&str>, bypass: bool) -> Result<()> {
        let (place, at) = self.here(path)?;
        if !place.own {
            return if *version == Version::Null { self.remove_if(path, e_tag).await } else { Err(not_there(path)) };
        }
        // A version with a name never changes.
        if let (Some(e_tag), Version::Null) = (e_tag, version) {
            let found = self.open_version(path, version).await?;
            if found.meta().e_tag.as_deref() != Some(e_tag) {
                return Err(Error::Precondition { path: path.to_string(), source: "another is there".into() });
            }
        }
        let request = self.0.sdk.delete_object().bucket(&place.bucket).key(at.as_ref()).version_id(named(version));
        let request = request.set_bypass_governance_retention(bypass.then_some(true));
        request.send().await.map_err(|error| fault::sdk(path, error))?;
        Ok(())
    }

    async fn amend(&self, path: &Path, version: &Version, e_tag: &str, change: (u64, Bytes)) -> Result<PutResult> {
        if *version != Version::Null {
            let why = "the backend names versions, and keeps each as it is";
            return Err(Error::NotSupported { source: why.into() });
        }
        let (keep, end) = change;
        let source = Source { path: path.clone(), version: Version::Null, e_tag: e_tag.to_owned() };
        let mode = PutMode::Update(UpdateVersion { e_tag: Some(e_tag.to_owned()), version: None });
        self.splice(&source, keep, end, path, Terms::from(mode)).await
    }
}

impl S3Store {
    /// Why a version cannot be opened, if it is a marker or the backend cannot name it.
    async fn why_not(&self, place: &Place, path: &Path, version: &Version) -> Option<Error> {
        let at = place.at(path);
        let request = self.0.sdk.head_object().bucket(&place.bucket).key(at.as_ref()).version_id(named(version));
        let Err(error) = request.send().await else { return None };
        let response = error.raw_response()?;
        match response.status().as_u16() {
            405 => {
                let told = response.headers().get("last-modified");
                let told = told.and_then(|text| DateTime::from_str(text, DateTimeFormat::HttpDate).ok());
                let since = match told {
                    Some(since) => Some(millis(&since)),
                    // Not every S3 says it here.
                    None => self.marked_since(path, version).await,
                };
                Some(Fault::Marker(since.unwrap_or(Millis(0))).in_store(fault::NAME))
            }
            400 => Some(Error::NotSupported { source: "the backend has no version of such a name".into() }),
            404 => Some(not_there(path)),
            _ => None,
        }
    }

    /// Since when a marker is there, if it is one of the newest versions of its path.
    async fn marked_since(&self, path: &Path, version: &Version) -> Option<Millis> {
        let listed = self.list_own(path.as_ref(), None, AT_ONCE).await.ok()?;
        let is_it = |one: &&ListedVersion| {
            one.marker && one.meta.location == *path && Version::of(one.meta.version.as_deref()) == *version
        };
        let time = listed.iter().find(is_it)?.meta.last_modified.timestamp_millis();
        u64::try_from(time).ok().map(Millis)
    }

    async fn list_own(&self, prefix: &str, after: Option<&After>, limit: usize) -> Result<Vec<ListedVersion>> {
        let place = self.0.places.of(prefix)?;
        let (mut found, path) = (Vec::new(), Path::from(prefix));
        let mut key = after.map(|after| place.name(&after.path));
        let mut id = after.and_then(|after| after.version.as_ref()).map(|version| named(version).to_owned());
        while found.len() < limit {
            let wanted = limit.saturating_sub(found.len()).min(PAGE);
            let order = Order::default();
            let request = self.0.sdk.list_object_versions().bucket(&place.bucket).prefix(place.name(prefix));
            let asked = (key.take(), id.take());
            let request = request.set_key_marker(asked.0.clone()).set_version_id_marker(asked.1.clone());
            let request = request.max_keys(i32::try_from(wanted).unwrap_or(i32::MAX));
            let page = request.customize().interceptor(order.clone()).send().await;
            let mut page = page.map_err(|error| fault::sdk(&path, error))?;
            (key, id) = (page.next_key_marker.take(), page.next_version_id_marker.take());
            let more = page.is_truncated() == Some(true);
            if more && (key.is_none() || (&key, &id) == (&asked.0, &asked.1)) {
                return Err(fault::unavailable("it lists versions in circles"));
            }
            found.extend(in_order(&place, page, order.taken())?);
            if !more {
                break;
            }
        }
        let ended = stream::iter(found).map(|one| self.with_its_end(one)).buffered(AT_ONCE);
        let all: Vec<Option<ListedVersion>> = ended.try_collect().await?;
        Ok(all.into_iter().flatten().collect())
    }

    /// A listed version with its end; none if it went since.
    async fn with_its_end(&self, one: ListedVersion) -> Result<Option<ListedVersion>> {
        if one.marker {
            return Ok(Some(one));
        }
        if let Some(end) = self.end_seen(&one.meta) {
            return Ok(Some(ListedVersion { end, ..one }));
        }
        let length = u64::try_from(END).unwrap_or(u64::MAX);
        let version = Version::of(one.meta.version.as_deref());
        match end_of_version(self, &one.meta.location, &version, length).await {
            Ok((meta, end)) => {
                if one.latest {
                    self.saw(&meta, &end);
                }
                Ok(Some(ListedVersion { end, ..one }))
            }
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether an object still is what was meant.
    pub(super) async fn same(&self, source: &Source) -> Result<bool> {
        let (meta, _) = match source.version {
            Version::Null => end_of_object(self, &source.path, 1).await?,
            Version::Named(_) => end_of_version(self, &source.path, &source.version, 1).await?,
        };
        Ok(meta.e_tag.as_deref() == Some(source.e_tag.as_str()))
    }
}

/// Versions and markers of a page, which the SDK tells apart, in the order in which they came.
fn in_order(place: &Place, page: ListObjectVersionsOutput, markers: Vec<bool>) -> Result<Vec<ListedVersion>> {
    let (mut versions, mut marks) =
        (page.versions.unwrap_or_default().into_iter(), page.delete_markers.unwrap_or_default().into_iter());
    let mut all = Vec::with_capacity(markers.len());
    for marker in markers {
        let one = if marker { marks.next().map(|one| marked(place, one)) } else { versions.next().map(|one| listed(place, one)) };
        all.push(one.ok_or_else(unlike)??);
    }
    if versions.next().is_some() || marks.next().is_some() {
        return Err(unlike());
    }
    Ok(all)
}

fn unlike() -> Error {
    fault::unavailable("it listed versions in a form that is not S3's")
}

fn listed(place: &Place, one: ObjectVersion) -> Result<ListedVersion> {
    let size = one.size.and_then(|size| u64::try_from(size).ok()).ok_or_else(unlike)?;
    let meta = meta(place, (one.key, one.version_id), one.last_modified.as_ref())?;
    let meta = ObjectMeta { size, e_tag: one.e_tag, ..meta };
    Ok(ListedVersion { meta, end: Bytes::new(), latest: one.is_latest == Some(true), marker: false })
}

fn marked(place: &Place, one: DeleteMarkerEntry) -> Result<ListedVersion> {
    let meta = meta(place, (one.key, one.version_id), one.last_modified.as_ref())?;
    Ok(ListedVersion { meta, end: Bytes::new(), latest: one.is_latest == Some(true), marker: true })
}

fn meta(place: &Place, (key, version): (Option<String>, Option<String>), time: Option<&DateTime>) -> Result<ObjectMeta> {
    let location = Path::parse(key.ok_or_else(unlike)?)?;
    let time = i64::try_from(time.map_or(0, |time| millis(time).0)).unwrap_or(i64::MAX);
    let last_modified = chrono::DateTime::from_timestamp_millis(time).ok_or_else(unlike)?;
    place.back(ObjectMeta { location, last_modified, size: 0, e_tag: None, version })
}

/// A time of the SDK, as ours.
pub(super) fn millis(time: &DateTime) -> Millis {
    Millis(time.to_millis().ok().and_then(|millis| u64::try_from(millis).ok()).unwrap_or(0))
}
