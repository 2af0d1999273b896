//! Versions: read from one state of the index, and changed at the one commit point.

use super::change::{Change, Content, END, From, NewBody};
use super::index::{BODIES, ENTRIES, Index, NAMES, VERSIONS, decode, inline_body};
use super::record::{Body, Entry};
use super::stored::{self, Version as Pinned};
use super::{DiskStore, fault};
use crate::store::backend::Stored;
use crate::store::{After, Keep, ListedVersion, Locks, Names, Version, Versions};
use async_trait::async_trait;
use bytes::Bytes;
use object_store::path::Path;
use object_store::{PutResult, Result};
use redb::ReadTransaction;
use std::ops::Bound;

/// A version, with its body if that is small, and whether it is the newest of its path.
struct Found {
    entry: Entry,
    body: Vec<u8>,
}

impl Index {
    fn version(&self, path: &str, version: &Version) -> Result<Option<Found>> {
        self.read(|transaction| {
            let Some(entry) = named(transaction, path, version.name().unwrap_or_default())? else { return Ok(None) };
            let bodies = transaction.open_table(BODIES).map_err(fault::index)?;
            let body = inline_body(&bodies, &entry)?;
            Ok(Some(Found { entry, body }))
        })
    }

    /// The newest versions from after a place, as many as asked for.
    fn versions(&self, prefix: &str, after: Option<&After>, limit: usize) -> Result<Vec<ListedVersion>> {
        self.read(|transaction| list(transaction, prefix, after, limit))
    }
}

fn named(transaction: &ReadTransaction, path: &str, name: &str) -> Result<Option<Entry>> {
    let entries = transaction.open_table(ENTRIES).map_err(fault::index)?;
    if let Some(record) = entries.get(path).map_err(fault::index)? {
        let entry = decode(path, record.value())?;
        if entry.version == name {
            return Ok(Some(entry));
        }
    }
    let names = transaction.open_table(NAMES).map_err(fault::index)?;
    let Some(order) = names.get((path, name)).map_err(fault::index)?.map(|order| order.value()) else { return Ok(None) };
    let versions = transaction.open_table(VERSIONS).map_err(fault::index)?;
    let record = versions.get((path, !order)).map_err(fault::index)?.ok_or_else(|| fault::damaged(path))?;
    decode(path, record.value()).map(Some)
}

/// Where a listing begins in either table.
struct Start<'a> {
    current: Bound<&'a str>,
    others: Bound<(&'a str, u64)>,
}

/// A version that is no longer there tells nothing of its place: all that is left of its path is shown then, rather
/// than any of it passed over.
fn start<'a>(transaction: &ReadTransaction, prefix: &'a str, after: Option<&'a After>) -> Result<Start<'a>> {
    let Some(after) = after.filter(|after| *after.path >= *prefix) else {
        return Ok(Start { current: Bound::Included(prefix), others: Bound::Included((prefix, 0)) });
    };
    let path = after.path.as_str();
    let Some(version) = &after.version else {
        return Ok(Start { current: Bound::Excluded(path), others: Bound::Excluded((path, u64::MAX)) });
    };
    Ok(match named(transaction, path, version.name().unwrap_or_default())? {
        None => Start { current: Bound::Included(path), others: Bound::Included((path, 0)) },
        Some(entry) => Start { current: Bound::Excluded(path), others: Bound::Excluded((path, !entry.order)) },
    })
}

fn list(transaction: &ReadTransaction, prefix: &str, after: Option<&After>, limit: usize) -> Result<Vec<ListedVersion>> {
    let entries = transaction.open_table(ENTRIES).map_err(fault::index)?;
    let others = transaction.open_table(VERSIONS).map_err(fault::index)?;
    let start = start(transaction, prefix, after)?;
    let mut entries = entries.range::<&str>((start.current, Bound::Unbounded)).map_err(fault::index)?;
    let mut others = others.range::<(&str, u64)>((start.others, Bound::Unbounded)).map_err(fault::index)?;
    let mut current = || -> Result<Option<Entry>> {
        let Some(found) = entries.next() else { return Ok(None) };
        let (path, record) = found.map_err(fault::index)?;
        decode(path.value(), record.value()).map(Some)
    };
    let mut other = || -> Result<Option<Entry>> {
        let Some(found) = others.next() else { return Ok(None) };
        let (key, record) = found.map_err(fault::index)?;
        decode(key.value().0, record.value()).map(Some)
    };
    // The path whose newest version was shown already, here or on the page before.
    let mut begun = after.filter(|after| after.version.is_some()).map(|after| after.path.clone());
    if matches!(start.current, Bound::Included(_)) {
        begun = None;
    }
    let (mut next_current, mut next_other, mut page) = (current()?, other()?, Vec::new());
    while page.len() < limit {
        let take_current = match (&next_current, &next_other) {
            (Some(one), Some(two)) => one.path <= two.path,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let next = if take_current {
            std::mem::replace(&mut next_current, current()?)
        } else {
            std::mem::replace(&mut next_other, other()?)
        };
        let Some(entry) = next.filter(|entry| entry.path.starts_with(prefix)) else { break };
        let latest = take_current || begun.as_deref() != Some(&*entry.path);
        begun = Some(entry.path.clone());
        page.push(listed(entry, latest)?);
    }
    Ok(page)
}

fn listed(entry: Entry, latest: bool) -> Result<ListedVersion> {
    let meta = stored::meta(Path::parse(&entry.path)?, &entry);
    Ok(ListedVersion { meta, marker: entry.marker, end: Bytes::from(entry.end), latest })
}

impl DiskStore {
    fn pinned(&self, path: &Path, version: &Version) -> Result<Pinned> {
        let workshop = &self.inner.workshop;
        let name = path.as_ref();
        let found = || workshop.index.version(name, version)?.ok_or_else(|| fault::not_found(name));
        let Found { entry, body } = found()?;
        if matches!(entry.body, Body::Inline(_)) {
            return Ok(Pinned::new(path.clone(), entry, body, None));
        }
        let (found, pin) = workshop.blobs.pin(|| {
            let found = found()?;
            let blobs = found.entry.extents().iter().map(|extent| extent.blob).collect();
            Ok((found, blobs))
        })?;
        Ok(Pinned::new(path.clone(), found.entry, found.body, Some(pin)))
    }
}

#[async_trait]
impl Versions for DiskStore {
    fn names(&self) -> Names {
        Names::Writer
    }

    async fn keep(&self, _bucket: &str, _all: bool) -> Result<()> {
        Ok(())
    }

    fn locks(&self) -> Option<&dyn Locks> {
        None
    }

    async fn open_version(&self, path: &Path, version: &Version) -> Result<Box<dyn Stored>> {
        Ok(Box::new(self.pinned(path, version)?))
    }

    async fn latest(&self, path: &Path) -> Result<Option<ListedVersion>> {
        let found = self.inner.workshop.index.versions(path.as_ref(), None, 1)?;
        Ok(found.into_iter().next().filter(|found| found.meta.location == *path))
    }

    async fn list_versions(&self, prefix: &str, after: Option<&After>, limit: usize) -> Result<Vec<ListedVersion>> {
        self.inner.workshop.index.versions(prefix, after, limit)
    }

    async fn mark(&self, path: &Path, marker: Bytes, keep: Keep) -> Result<PutResult> {
        let at = marker.len().saturating_sub(END);
        let content = Content { end: marker.slice(at..), body: NewBody::Inline(marker.slice(..at)) };
        self.inner.commit(Change::Mark { path: path.to_string(), content, keep }, None).await
    }

    async fn remove(&self, path: &Path, version: &Version, e_tag: Option<&str>, _bypass: bool) -> Result<()> {
        let of = From { path: path.to_string(), version: Some(version.clone()), e_tag: e_tag.map(str::to_owned) };
        self.inner.commit(Change::Remove { of }, None).await?;
        Ok(())
    }

    async fn amend(&self, path: &Path, version: &Version, e_tag: &str, change: (u64, Bytes)) -> Result<PutResult> {
        let of = From { path: path.to_string(), version: Some(version.clone()), e_tag: Some(e_tag.to_owned()) };
        self.inner.commit(Change::Amend { of, keep: change.0, end: change.1 }, None).await
    }
}
