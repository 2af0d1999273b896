//! Lifecycle rules as operations have them, and as they are followed.
//!
//! A rule removes what an owner could remove, and nothing more: locked versions stay, and what was written since the
//! verdict is not touched, for every removal names the version it is about.

use super::configuration::{Day, Lifecycle, Subject, Versioning};
use super::gateway::{Gateway, bucket_of};
use super::operation::{GetLifecycle, PutLifecycle};
use super::outcome::Expires;
use super::read::Sealed;
use super::tags::tags_of;
use super::versions::{is_marker, millis};
use super::{Error, Refusal};
use crate::access::Permitted;
use crate::envelope::plain_length;
use crate::keyring::Bucket;
use crate::store::{After, ListedVersion, Millis, Version, decode_key, layout};
use std::sync::Arc;

/// How many versions are looked at in one step.
const STEP: usize = 1_000;

/// What following the rules of all buckets came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// Current versions that expired.
    pub expired: u64,
    /// Other versions and markers that were removed.
    pub removed: u64,
    /// Uploads that were given up.
    pub aborted: u64,
}

/// The versions of one key that came before in a listing, which is ordered by age.
#[derive(Default)]
struct Before {
    key: String,
    /// When the version before this one was made: since then this one is not current.
    since: Option<Millis>,
    /// How many versions that are not current are newer.
    noncurrent: u32,
}

impl Gateway {
    /// A bucket's rules.
    ///
    /// # Errors
    /// `NoSuchLifecycleConfiguration`.
    pub async fn lifecycle(&self, operation: &Permitted<GetLifecycle>) -> Result<Lifecycle, Error> {
        let rules = self.configuration(operation).await?.lifecycle.clone();
        rules.ok_or_else(|| Refusal::NoSuchLifecycle.into())
    }

    /// Replaces a bucket's rules; none removes them.
    pub async fn put_lifecycle(&self, operation: Permitted<PutLifecycle>) -> Result<(), Error> {
        let bucket = bucket_of(&operation)?;
        let rules = &operation.operation().lifecycle;
        self.configure(&bucket, |configuration| {
            configuration.lifecycle.clone_from(rules);
            Ok(())
        })
        .await
    }

    /// When an object will expire, by the rules as they stand. Told of what succeeded already, so rules that cannot be
    /// read are no failure here: following them is, and tells.
    pub(super) async fn expires(&self, bucket: &Bucket, subject: Subject<'_>, created: Millis) -> Option<Expires> {
        let configuration = self.configuration_of(bucket).await.ok()?;
        let (date, rule) = configuration.lifecycle.as_ref()?.expires(subject, created, self.settings.day)?;
        Some(Expires { date, rule: rule.to_owned() })
    }

    /// Follows the rules of every bucket once. What fails in one bucket is told, and the others go on.
    pub async fn follow_lifecycles(&self) -> Followed {
        let mut followed = Followed::default();
        for bucket in self.keyring.buckets() {
            if let Err(error) = self.follow(&bucket, &mut followed).await {
                tracing::warn!(bucket = bucket.name, %error, "lifecycle rules were not followed to the end");
            }
        }
        followed
    }

    async fn follow(&self, bucket: &Arc<Bucket>, followed: &mut Followed) -> Result<(), Error> {
        let configuration = self.configuration_of(bucket).await?;
        let Some(rules) = configuration.lifecycle.clone() else { return Ok(()) };
        let (prefix, mut after) = (layout::prefix(&bucket.name, ""), None);
        let mut before = Before::default();
        loop {
            let page = self.versions()?.list_versions(&prefix, after.as_ref(), STEP).await?;
            let Some(last) = page.last() else { break };
            let version = Version::of(last.meta.version.as_deref());
            after = Some(After { path: last.meta.location.to_string(), version: Some(version) });
            let full = page.len() == STEP;
            // Whether a marker is all that is left of its key shows in what follows it.
            let mut page = page.into_iter().peekable();
            while let Some(version) = page.next() {
                let alone = page.peek().map_or(!full, |next| next.meta.location != version.meta.location);
                self.follow_one((bucket, &rules), (version, alone), &mut before, followed).await?;
            }
            if !full {
                break;
            }
        }
        self.follow_uploads(bucket, &rules, followed).await
    }

    async fn follow_one(
        &self,
        (bucket, rules): (&Arc<Bucket>, &Lifecycle),
        (version, last_of_key): (ListedVersion, bool),
        before: &mut Before,
        followed: &mut Followed,
    ) -> Result<(), Error> {
        let name = version.meta.location.as_ref().get(bucket.name.len() + 1..).unwrap_or_default();
        let Some(key) = decode_key(name) else { return Ok(()) };
        if before.key != key {
            *before = Before { key: key.clone(), ..Before::default() };
        }
        let since = before.since.replace(millis(version.meta.last_modified));
        let newer = before.noncurrent;
        if !version.latest && !version.marker {
            before.noncurrent = before.noncurrent.saturating_add(1);
        }
        if !rules.concerns(&key) {
            return Ok(());
        }
        let id = Version::of(version.meta.version.as_deref());
        let found = match self.find_version(bucket, &key, Some(&id)).await {
            Ok(found) => Some(found),
            // A marker of the backend's own has nothing to open.
            Err(Error::Refused(Refusal::MarkerNotAllowed { .. })) => None,
            // What is gone needs nothing; what cannot be read is left for its owner to see.
            Err(Error::Refused(_) | Error::Tampered { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        let tags = found.as_ref().map(|found| tags_of(found.metadata())).unwrap_or_default();
        let modified = found.as_ref().map_or_else(|| millis(version.meta.last_modified), Sealed::modified);
        let size = plain_length(version.meta.size).unwrap_or(0);
        let subject = Subject { key: &key, size, tags: &tags };
        let (day, now) = (self.settings.day, self.now());
        if !version.latest {
            let goes = since.is_some_and(|since| rules.noncurrent_goes(subject, (since, newer), (day, now)));
            if goes && gone(self.remove_version(bucket, &key, &id, false).await)? {
                followed.removed = followed.removed.saturating_add(1);
            }
        } else if found.as_ref().is_none_or(|found| is_marker(found.metadata())) {
            let goes = last_of_key && rules.marker_goes(&key, modified, (day, now));
            if goes && gone(self.remove_version(bucket, &key, &id, false).await)? {
                followed.removed = followed.removed.saturating_add(1);
            }
        } else if let Some(found) = found
            && rules.expires(subject, modified, day).is_some_and(|(due, _)| due <= now)
        {
            let e_tag = found.source()?.e_tag;
            if gone(self.expire(bucket, &key, (&id, &e_tag)).await)? {
                followed.expired = followed.expired.saturating_add(1);
            }
        }
        Ok(())
    }

    /// Deletes a current version as its owner would, if it still is what it was.
    async fn expire(&self, bucket: &Arc<Bucket>, key: &str, (id, e_tag): (&Version, &str)) -> Result<super::Removed, Error> {
        if self.configuration_of(bucket).await?.versioning == Versioning::Never {
            let path = layout::object(&bucket.name, key)?;
            let end = self.versions()?.open_version(&path, id).await?.end();
            self.versions()?.remove(&path, id, Some(e_tag), false).await?;
            self.drop_overflow(&end).await;
            return Ok(super::Removed::default());
        }
        self.mark_over(bucket, &bucket.owner, key, Some(e_tag)).await
    }

    async fn follow_uploads(&self, bucket: &Arc<Bucket>, rules: &Lifecycle, followed: &mut Followed) -> Result<(), Error> {
        let (day, now) = (self.settings.day, self.now());
        let goes = |key: &str, begun: Millis| rules.upload_goes(key, begun, (day, now));
        let aborted = self.abort_where(bucket, goes).await?;
        followed.aborted = followed.aborted.saturating_add(aborted);
        Ok(())
    }
}

/// Whether something is gone. What is locked, or has changed since, stays, and that is no failure.
fn gone(removed: Result<super::Removed, Error>) -> Result<bool, Error> {
    match removed {
        Ok(_) => Ok(true),
        Err(Error::Refused(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

impl Day {
    /// How often rules are followed: every hour, or twice in a shorter day.
    #[must_use]
    pub fn often(self) -> std::time::Duration {
        match self {
            Self::Real => std::time::Duration::from_hours(1),
            Self::Of(length) => std::time::Duration::from_millis((length / 2).max(100)),
        }
    }
}
