//! Versions of an object, where a backend keeps them.

use super::Locks;
use super::backend::Stored;
use async_trait::async_trait;
use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectMeta, PutMode, PutOptions, PutResult, Result};

/// Which version of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// The one that was written without a name; there is at most one.
    Null,
    /// The one that was given this name when it was written.
    Named(String),
}

impl Version {
    /// The version that a backend names so; none is the null version.
    #[must_use]
    pub fn of(name: Option<&str>) -> Self {
        name.map_or(Self::Null, |name| Self::Named(name.to_owned()))
    }

    /// Its name, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Null => None,
            Self::Named(name) => Some(name),
        }
    }
}

/// What becomes of the versions before, when another is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// There are no versions: what was there is gone.
    #[default]
    Nothing,
    /// All stay, and the new one is given this name.
    All(String),
    /// Those with a name stay; the new one has none, and takes the place of the null version.
    Named,
}

/// The terms on which a write becomes the current version.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// What must be current at the moment of the commit.
    pub mode: PutMode,
    /// What becomes of it.
    pub keep: Keep,
}

impl From<PutMode> for Terms {
    fn from(mode: PutMode) -> Self {
        Self { mode, keep: Keep::Nothing }
    }
}

impl From<Terms> for PutOptions {
    fn from(terms: Terms) -> Self {
        let mut options = Self::from(terms.mode);
        options.extensions.insert(terms.keep);
        options
    }
}

/// A version as a listing has it.
#[derive(Clone, Debug)]
pub struct ListedVersion {
    /// As the backend has it; `version` is its name.
    pub meta: ObjectMeta,
    /// Its last bytes: at least 1,392, or all there are. None of a marker without content.
    pub end: Bytes,
    /// Whether it is the newest of its path.
    pub latest: bool,
    /// Whether it says that the object is deleted.
    pub marker: bool,
}

/// Where a listing of versions goes on: after all of a path, or after one version of it.
#[derive(Clone, Debug)]
pub struct After {
    /// The path.
    pub path: String,
    /// The version; none for all of them.
    pub version: Option<Version>,
}

/// Who names the versions that a backend keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Nobody: there is the null version of each object alone, nothing may be written with another [`Keep`] than
    /// `Nothing`, and nothing marked.
    Nobody,
    /// Whoever writes them, by [`Keep::All`].
    Writer,
    /// The backend itself, for the buckets of [`Versions::keep`]; it says the name in the answer to a write, whatever
    /// [`Keep`] was said. Versions cannot be amended then, and markers have no content.
    Backend,
}

/// What a backend does with versions. They are ordered by the commits that made them, never by a clock.
///
/// A path whose newest version is a marker has no current version: `Backend::open` does not find it, and plain
/// listings do not show it.
#[async_trait]
pub trait Versions: Send + Sync {
    /// Who names versions.
    fn names(&self) -> Names;

    /// Has versions of a bucket be kept from now on, or no more of them, where that is for the backend to do.
    async fn keep(&self, bucket: &str, all: bool) -> Result<()>;

    /// Object lock, where that is for the backend to do.
    fn locks(&self) -> Option<&dyn Locks>;

    /// Pins a version; it may be a marker.
    ///
    /// # Errors
    /// `NotFound` if and only if there is none of this name; `NotSupported` if none can have it; [`Fault::Marker`](super::Fault::Marker) for a marker without content.
    async fn open_version(&self, path: &Path, version: &Version) -> Result<Box<dyn Stored>>;

    /// The newest version of a path, which may be a marker.
    async fn latest(&self, path: &Path) -> Result<Option<ListedVersion>>;

    /// Versions in order of path, then the newest first.
    async fn list_versions(&self, prefix: &str, after: Option<&After>, limit: usize) -> Result<Vec<ListedVersion>>;

    /// Adds a marker: the object counts as deleted, and what `keep` says stays.
    async fn mark(&self, path: &Path, marker: Bytes, keep: Keep) -> Result<PutResult>;

    /// Removes a version for good. What was before it becomes current, if it was the newest. `bypass` lifts a governance
    /// retention of the backend.
    ///
    /// # Errors
    /// `NotFound` if there is none; `Precondition` if it is no longer the one with this ETag.
    async fn remove(&self, path: &Path, version: &Version, e_tag: Option<&str>, bypass: bool) -> Result<()>;

    /// Replaces the end of a version from byte `keep` on, where it is: neither its order nor its name changes.
    ///
    /// # Errors
    /// As [`Versions::remove`]; `NotSupported` where the backend names versions, and this is one of them.
    async fn amend(&self, path: &Path, version: &Version, e_tag: &str, change: (u64, Bytes)) -> Result<PutResult>;
}
