//! Object lock: what keeps a version from being removed, and what a backend does with it.

use super::{Millis, Version};
use async_trait::async_trait;
use object_store::Result;
use object_store::path::Path;
use serde::{Deserialize, Serialize};

/// How strict a retention is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LockMode {
    /// Who may bypass it can remove the version, or shorten the retention.
    Governance,
    /// Nobody can, before its time is over.
    Compliance,
}

/// Until when a version stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How strict it is.
    pub mode: LockMode,
    /// Milliseconds since 1970.
    pub until: Millis,
}

/// What locks a version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// Until when it stays.
    pub retention: Option<Retention>,
    /// Whether it stays until someone says otherwise; none if nobody ever said.
    pub hold: Option<bool>,
}

/// Object lock of a backend that keeps it itself: not even we can remove what it holds. Where there is none, locks are
/// sealed with the objects, and it is for us to heed them.
#[async_trait]
pub trait Locks: Send + Sync {
    /// Lets versions of a bucket be locked from now on.
    async fn enable(&self, bucket: &str) -> Result<()>;

    /// What locks a version.
    ///
    /// # Errors
    /// `NotFound` if there is no such version.
    async fn lock_of(&self, path: &Path, version: &Version) -> Result<Lock>;

    /// Retains a version, or changes how; `bypass` lifts governance.
    async fn retain(&self, path: &Path, version: &Version, retention: Option<Retention>, bypass: bool) -> Result<()>;

    /// Holds a version, or lets it go.
    async fn hold(&self, path: &Path, version: &Version, on: bool) -> Result<()>;
}
