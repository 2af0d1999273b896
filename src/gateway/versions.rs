//! Versions: how a new one is named, what it leaves of those before it, and how one is found again.
//!
//! A version id follows from the object's id and its time (FORMAT 15), and both are sealed: an index that shows a version
//! under another's name is found out. Times of one key ascend, whatever the clock does; the order is that of the commits.

use super::configuration::Versioning;
use super::configured::unable;
use super::gateway::Gateway;
use super::lock::{lock_of, set_lock};
use super::read::Sealed;
use super::{Error, Refusal};
use crate::envelope::{Head, Metadata, ObjectId, version_id};
use crate::keyring::Bucket;
use crate::store::{Keep, ListedVersion, Lock, Locks, Millis, Names, Retention, Terms, Version, Versions, layout};
use object_store::path::Path;
use object_store::{PutMode, PutResult};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The object has a version id of its own.
const VERSIONED: u8 = 0x83;

/// The object says that there is none.
const MARKER: u8 = 0x84;

/// How S3 names the version without a name.
pub const NULL: &str = "null";

/// The name under which a verified object belongs among the versions of its key.
pub(super) fn name_of(head: &Head) -> Option<String> {
    let metadata = head.metadata();
    metadata.unknown.contains_key(&VERSIONED).then(|| version_id(head.object_id(), metadata.created))
}

/// Whether a genuine Head stands under the name that the backend has for it. What the backend names, no Head knows.
pub(super) fn stands(head: &Head, version: Option<&str>, names: Names) -> bool {
    match names {
        Names::Backend => name_of(head).is_none(),
        Names::Writer | Names::Nobody => name_of(head).as_deref() == version,
    }
}

/// Whether an object is a delete marker.
pub(super) fn is_marker(metadata: &Metadata) -> bool {
    metadata.unknown.contains_key(&MARKER)
}

/// The name under which a genuine Head belongs among the versions of its key, and whether it is a delete marker.
#[must_use]
pub fn version_of(head: &Head) -> (Option<String>, bool) {
    (name_of(head), is_marker(head.metadata()))
}

/// Makes a delete marker of an object to be.
pub(super) fn make_marker(metadata: &mut Metadata) {
    metadata.unknown.insert(MARKER, Vec::new());
}

/// Length of a version id of ours: base64url of 24 bytes.
const LENGTH: usize = 32;

/// Whether there can be a version of this name.
///
/// # Errors
/// `InvalidArgument` for one that is none of ours, where we name them.
pub(super) fn well_formed(version: Option<&Version>, names: Names) -> Result<(), Error> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    match version {
        Some(Version::Named(id)) if names != Names::Backend && (id.len() != LENGTH || !id.bytes().all(letter)) => {
            Err(no_version_id())
        }
        Some(_) | None => Ok(()),
    }
}

pub(super) fn no_version_id() -> Error {
    Refusal::InvalidArgument("invalid version id specified".to_owned()).into()
}

/// Turns for those who write one key, so that each finds the time of the one before.
pub(super) struct Turns(Vec<Arc<Mutex<()>>>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..256).map(|_| Arc::default()).collect())
    }
}

impl Turns {
    async fn take(&self, path: &Path) -> Option<OwnedMutexGuard<()>> {
        let mut hasher = DefaultHasher::new();
        path.as_ref().hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % 256).unwrap_or(0);
        Some(Arc::clone(self.0.get(place)?).lock_owned().await)
    }
}

/// A version that is about to be committed.
pub(super) struct New<'a> {
    pub(super) bucket: &'a Bucket,
    pub(super) path: &'a Path,
    pub(super) object_id: ObjectId,
    /// What is sealed with it: its time and its name are settled here.
    pub(super) metadata: &'a mut Metadata,
    /// Whether its time is one that was promised: that of the beginning of an upload.
    pub(super) dated: bool,
}

/// How it is committed. Held until it is.
pub(super) struct Granted {
    pub(super) terms: Terms,
    /// As S3 shows it; none in a bucket without versions, and where the backend names it.
    pub(super) version: Option<String>,
    /// What the backend has to lock it by.
    lock: Lock,
    _turn: Option<OwnedMutexGuard<()>>,
}

/// What a bucket locks a new version by, where its request said nothing.
fn lock_by_default(metadata: &mut Metadata, retention: Retention) -> Result<(), Error> {
    let lock = lock_of(metadata).map_err(Error::sealing)?;
    if lock.retention.is_none() {
        set_lock(metadata, Lock { retention: Some(retention), ..lock });
    }
    Ok(())
}

impl Gateway {
    /// Settles time, name and terms of a new version. Called behind the bucket's gate, so that the versioning state is
    /// that of the commit.
    pub(super) async fn grant(&self, new: New<'_>, mode: PutMode) -> Result<Granted, Error> {
        let New { bucket, path, object_id, metadata, dated } = new;
        metadata.unknown.remove(&VERSIONED);
        let configuration = self.configuration_of(bucket).await?;
        let versioning = configuration.versioning;
        if let Some(default) = configuration.lock.and_then(|rule| rule.default).filter(|_| !is_marker(metadata)) {
            lock_by_default(metadata, default.from(self.now()))?;
        }
        let mut lock = Lock::default();
        if self.locks().is_some() {
            lock = lock_of(metadata).map_err(Error::sealing)?;
            set_lock(metadata, Lock::default());
        }
        if versioning == Versioning::Never || self.names() == Names::Backend {
            return Ok(Granted { terms: mode.into(), version: None, lock, _turn: None });
        }
        let turn = self.turns.take(path).await;
        if !dated {
            let before = self.newest_time(bucket, path, &metadata.key).await?;
            metadata.created = metadata.created.max(before.saturating_add(1));
        }
        let (keep, version) = match versioning {
            Versioning::Enabled => {
                metadata.unknown.insert(VERSIONED, Vec::new());
                let name = version_id(object_id, metadata.created);
                (Keep::All(name.clone()), name)
            }
            Versioning::Suspended | Versioning::Never => (Keep::Named, NULL.to_owned()),
        };
        Ok(Granted { terms: Terms { mode, keep }, version: Some(version), lock, _turn: turn })
    }

    /// The version that a write tells of, once it is locked as was granted. Of the null version nothing is told, as in S3.
    ///
    /// # Errors
    /// If the backend cannot lock it: then it is there, and nobody was told so.
    pub(super) async fn made(&self, path: &Path, granted: Granted, result: &PutResult) -> Result<Option<String>, Error> {
        let version = granted.version.or_else(|| result.version.clone());
        if let (Some(locks), Lock { retention, hold }) = (self.locks(), granted.lock) {
            let name = Version::of(version.as_deref());
            if retention.is_some() {
                locks.retain(path, &name, retention, false).await.map_err(unable)?;
            }
            if let Some(on) = hold {
                locks.hold(path, &name, on).await.map_err(unable)?;
            }
        }
        Ok(version.filter(|version| version != NULL))
    }

    /// Who names versions.
    pub(super) fn names(&self) -> Names {
        self.backend.versions().map_or(Names::Nobody, Versions::names)
    }

    /// Object lock, where it is the backend's.
    pub(super) fn locks(&self) -> Option<&dyn Locks> {
        self.backend.versions()?.locks()
    }

    /// The time of the newest version of a key; 0 if there is none. One that does not verify has the backend's time.
    async fn newest_time(&self, bucket: &Bucket, path: &Path, key: &str) -> Result<u64, Error> {
        let Some(newest) = self.newest(path).await? else { return Ok(0) };
        let version = Version::of(newest.meta.version.as_deref());
        match self.find_version(bucket, key, Some(&version)).await {
            Ok(sealed) => Ok(sealed.modified().0),
            Err(Error::Tampered { .. } | Error::Refused(_)) => {
                Ok(u64::try_from(newest.meta.last_modified.timestamp_millis()).unwrap_or(0))
            }
            Err(error) => Err(error),
        }
    }

    async fn newest(&self, path: &Path) -> Result<Option<ListedVersion>, Error> {
        match self.backend.versions() {
            Some(versions) => Ok(versions.latest(path).await?),
            None => Ok(None),
        }
    }

    /// Finds what a read is about: the current version, or the one that is named.
    ///
    /// # Errors
    /// `NoSuchKey`, or `Deleted` where a marker says so; `NoSuchVersion`; `MarkerNotAllowed` for a version that is a marker.
    pub(super) async fn find_to_read(&self, bucket: &Bucket, key: &str, version: Option<&Version>) -> Result<Sealed, Error> {
        let found = self.find_version(bucket, key, version).await;
        self.to_read(found, (bucket, key), version).await
    }

    /// What was found, if it is there to be read.
    ///
    /// # Errors
    /// As [`Gateway::find_to_read`].
    pub(super) async fn to_read(
        &self,
        found: Result<Sealed, Error>,
        (bucket, key): (&Bucket, &str),
        version: Option<&Version>,
    ) -> Result<Sealed, Error> {
        let sealed = match (found, version) {
            (Err(Error::Refused(Refusal::NoSuchKey)), None) => {
                let path = layout::object(&bucket.name, key)?;
                let newest = self.newest(&path).await?.filter(|newest| newest.marker);
                let Some(marker) = newest else { return Err(Refusal::NoSuchKey.into()) };
                return Err(Refusal::Deleted { version: shown(marker.meta.version.as_deref()) }.into());
            }
            (Err(Error::Refused(Refusal::NoSuchKey)), Some(_)) => return Err(Refusal::NoSuchVersion.into()),
            (found, _) => found?,
        };
        if is_marker(sealed.metadata()) {
            let version = shown(sealed.name());
            return Err(Refusal::MarkerNotAllowed { version, last_modified: sealed.modified() }.into());
        }
        Ok(sealed)
    }

    /// How S3 shows the version of an object that was found; none in a bucket that never had versions.
    pub(super) async fn version_shown(&self, bucket: &Bucket, sealed: &Sealed) -> Result<Option<String>, Error> {
        if let Some(name) = sealed.name() {
            return Ok(Some(name.to_owned()));
        }
        let versioning = self.configuration_of(bucket).await?.versioning;
        Ok((versioning != Versioning::Never).then(|| NULL.to_owned()))
    }
}

/// How S3 shows a version's name.
pub(super) fn shown(name: Option<&str>) -> String {
    name.unwrap_or(NULL).to_owned()
}

/// The time of the backend, as ours.
pub(super) fn millis(time: chrono::DateTime<chrono::Utc>) -> Millis {
    Millis(u64::try_from(time.timestamp_millis()).unwrap_or(0))
}
