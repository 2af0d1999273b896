//! ListObjectVersions: pages of the backend's versions, and what each one's last bytes tell.

use super::Error;
use super::gateway::{Gateway, bucket_of};
use super::list::{Look, View, unopened};
use super::operation::ListVersions;
use super::outcome::{Listed, ShownVersion, VersionPage};
use super::read::Glimpse;
use super::versions::shown;
use crate::access::Permitted;
use crate::envelope;
use crate::keyring::Bucket;
use crate::store::{After, ListedVersion, Version, decode_key, layout};
use std::sync::Arc;

/// How many versions are asked for where a common prefix may hide most of them.
const FEW: usize = 4;

/// What a page holds at a place.
enum Item {
    Version(String, ListedVersion),
    Prefix(String),
}

impl Gateway {
    /// A page of versions and markers, with the sizes, ETags and times that HEAD would answer.
    ///
    /// One that does not verify is listed all the same, as in [`Gateway::list`].
    pub async fn list_versions(&self, operation: Permitted<ListVersions>) -> Result<VersionPage, Error> {
        let bucket = bucket_of(&operation)?;
        let ListVersions { prefix, delimiter, after, limit, .. } = operation.into_operation();
        let view = View { bucket: &bucket, prefix: &prefix, delimiter: delimiter.as_deref() };
        let (items, next) = self.collect_versions(&view, after, limit).await?;
        let (mut prefixes, mut found) = (Vec::new(), Vec::new());
        for item in items {
            match item {
                Item::Version(key, version) => found.push((key, version)),
                Item::Prefix(prefix) => prefixes.push(prefix),
            }
        }
        Ok(VersionPage { versions: self.look_at_versions(&bucket, found).await?, prefixes, next })
    }

    /// Walks the backend's versions until the limit is reached. What is hidden by a common prefix is passed over.
    async fn collect_versions(
        &self,
        view: &View<'_>,
        after: Option<(String, Option<Version>)>,
        limit: usize,
    ) -> Result<(Vec<Item>, Option<(String, Option<String>)>), Error> {
        let from = layout::prefix(&view.bucket.name, view.prefix);
        let mut at = after.map(|(key, version)| place(view, &key, version));
        let mut items: Vec<Item> = Vec::new();
        let mut wanted = if view.delimiter.is_some() { FEW } else { usize::MAX };
        if limit == 0 {
            return Ok((items, None));
        }
        loop {
            wanted = wanted.min(limit.saturating_add(1).saturating_sub(items.len()));
            let page = self.versions()?.list_versions(&from, at.as_ref(), wanted).await?;
            let (fetched, before) = (page.len(), items.len());
            for version in page {
                let path = version.meta.location.to_string();
                let item = match view.item(version)? {
                    Item::Prefix(group) if items.last().is_some_and(|item| item.is_prefix(&group)) => continue,
                    item => item,
                };
                if items.len() == limit {
                    return Ok(next(items));
                }
                at = Some(match &item {
                    Item::Prefix(group) => After { path: view.past(group, true), version: None },
                    Item::Version(_, version) => After { path, version: Some(Version::of(version.meta.version.as_deref())) },
                });
                items.push(item);
            }
            if fetched < wanted {
                return Ok((items, None));
            }
            let new = items.len().saturating_sub(before);
            wanted = if new >= fetched / 2 { wanted.saturating_mul(2) } else { FEW };
        }
    }

    /// Opens the Head and tail of each version that is no marker.
    async fn look_at_versions(
        &self,
        bucket: &Arc<Bucket>,
        found: Vec<(String, ListedVersion)>,
    ) -> Result<Vec<ShownVersion>, Error> {
        let objects: Vec<_> = found.iter().map(|(key, one)| (key.clone(), one.meta.clone(), Some(one.end.clone()))).collect();
        let eye = self.eye(bucket, &objects).await?;
        let job = move || objects.into_iter().map(|object| eye.look(object)).collect::<Vec<_>>();
        let looks = tokio::task::spawn_blocking(job).await.map_err(Error::job)?;
        let mut all = Vec::with_capacity(found.len());
        for ((key, version), (_, look)) in found.into_iter().zip(looks) {
            all.push(self.shown(bucket, (key, version), look).await?);
        }
        Ok(all)
    }

    async fn shown(&self, bucket: &Bucket, found: (String, ListedVersion), look: Look) -> Result<ShownVersion, Error> {
        let (key, ListedVersion { meta, latest, marker, end }) = found;
        let size = envelope::plain_length(meta.size);
        let version = Version::of(meta.version.as_deref());
        let glimpse = match look {
            // The backend's own has nothing to open.
            _ if marker && end.is_empty() => Ok(unopened(&meta)),
            Ok(Some(glimpse)) if size.is_ok() => Ok(glimpse),
            Ok(_) => match self.find_version(bucket, &key, Some(&version)).await {
                Ok(found) => Ok(found.glimpse()),
                Err(Error::Tampered { why, .. }) => Err(why),
                Err(Error::Refused(_)) => Err(envelope::Error { kind: envelope::Kind::Truncated, why: "gone while listed" }),
                Err(error) => return Err(error),
            },
            Err(why) => Err(why),
        };
        let Glimpse { etag, modified, checksum, owner } = glimpse.unwrap_or_else(|why| {
            tracing::error!(path = %meta.location, %why, "a version in a listing does not verify");
            unopened(&meta)
        });
        let owner = owner.unwrap_or_else(|| bucket.owner.clone());
        let listed = Listed { key, size: size.unwrap_or(0), etag, modified, checksum, owner };
        Ok(ShownVersion { listed, version: shown(version.name()), latest, marker })
    }
}

/// Where a page begins: behind a whole group, behind all versions of a key, or behind one of them.
fn place(view: &View<'_>, key: &str, version: Option<Version>) -> After {
    if view.group(key) == Some(key) {
        return After { path: view.past(key, true), version: None };
    }
    After { path: view.past(key, false), version }
}

/// What a page that is full goes on after.
fn next(items: Vec<Item>) -> (Vec<Item>, Option<(String, Option<String>)>) {
    let next = items.last().map(|last| match last {
        Item::Version(key, version) => (key.clone(), Some(shown(version.meta.version.as_deref()))),
        Item::Prefix(prefix) => (prefix.clone(), None),
    });
    (items, next)
}

impl Item {
    fn is_prefix(&self, prefix: &str) -> bool {
        matches!(self, Self::Prefix(own) if own == prefix)
    }
}

impl View<'_> {
    fn item(&self, version: ListedVersion) -> Result<Item, Error> {
        let name = version.meta.location.as_ref().get(self.bucket.name.len() + 1..).unwrap_or_default();
        let key = decode_key(name).ok_or_else(|| Error::Internal(format!("no key has the name {}", version.meta.location)))?;
        Ok(match self.group(&key) {
            Some(group) => Item::Prefix(group.to_owned()),
            None => Item::Version(key, version),
        })
    }
}
