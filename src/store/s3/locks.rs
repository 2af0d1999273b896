//! Object lock, by the backend's own.

use super::S3Store;
use super::fault;
use super::versions::{millis, named};
use crate::store::{Lock, LockMode, Locks, Millis, Retention, Version};
use async_trait::async_trait;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{
    ObjectLockConfiguration, ObjectLockEnabled, ObjectLockLegalHold, ObjectLockLegalHoldStatus, ObjectLockRetention,
    ObjectLockRetentionMode,
};
use object_store::path::Path;
use object_store::{Error, Result};

fn retention(mode: LockMode, until: Millis) -> ObjectLockRetention {
    let mode = match mode {
        LockMode::Governance => ObjectLockRetentionMode::Governance,
        LockMode::Compliance => ObjectLockRetentionMode::Compliance,
    };
    // No shorter than was promised, where the backend counts in seconds.
    let seconds = i64::try_from(until.0.div_ceil(1_000)).unwrap_or(i64::MAX);
    ObjectLockRetention::builder().mode(mode).retain_until_date(DateTime::from_secs(seconds)).build()
}

#[async_trait]
impl Locks for S3Store {
    async fn enable(&self, bucket: &str) -> Result<()> {
        let place = self.own_place(bucket)?;
        let enabled = ObjectLockConfiguration::builder().object_lock_enabled(ObjectLockEnabled::Enabled).build();
        let request = self.0.sdk.put_object_lock_configuration().bucket(&place.bucket).object_lock_configuration(enabled);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("InvalidBucketState") => {
                Err(Error::NotSupported { source: "the backend locks versions of buckets that were made so alone".into() })
            }
            Err(error) => Err(fault::sdk(&Path::from(bucket), error)),
        }
    }

    /// Asked for by name, and not read off a HEAD, where a lock that we may not see would look like none.
    async fn lock_of(&self, path: &Path, version: &Version) -> Result<Lock> {
        let (retention, hold) = tokio::try_join!(self.retention_of(path, version), self.hold_of(path, version))?;
        Ok(Lock { retention, hold })
    }

    async fn retain(&self, path: &Path, version: &Version, new: Option<Retention>, bypass: bool) -> Result<()> {
        let (place, at) = self.here(path)?;
        let none = ObjectLockRetention::builder().build();
        let sent = new.map_or(none, |new| retention(new.mode, new.until));
        let request = self.0.sdk.put_object_retention().bucket(&place.bucket).key(at.as_ref()).version_id(named(version));
        let request = request.retention(sent).set_bypass_governance_retention(bypass.then_some(true));
        request.send().await.map_err(|error| fault::sdk(path, error))?;
        let Some(new) = new else { return Ok(()) };
        // What says yes and does nothing, or tells of it in a way of its own, retains nothing that we could answer for.
        match self.retention_of(path, version).await {
            Ok(Some(there)) if there.mode == new.mode && there.until >= new.until => Ok(()),
            Ok(_) | Err(_) => Err(Error::NotImplemented {
                operation: "retaining a version as S3 does".to_owned(),
                implementer: "the backend".to_owned(),
            }),
        }
    }

    async fn hold(&self, path: &Path, version: &Version, on: bool) -> Result<()> {
        let (place, at) = self.here(path)?;
        let status = if on { ObjectLockLegalHoldStatus::On } else { ObjectLockLegalHoldStatus::Off };
        let hold = ObjectLockLegalHold::builder().status(status).build();
        let request = self.0.sdk.put_object_legal_hold().bucket(&place.bucket).key(at.as_ref()).version_id(named(version));
        request.legal_hold(hold).send().await.map_err(|error| fault::sdk(path, error))?;
        Ok(())
    }
}

impl S3Store {
    async fn retention_of(&self, path: &Path, version: &Version) -> Result<Option<Retention>> {
        let (place, at) = self.here(path)?;
        let request = self.0.sdk.get_object_retention().bucket(&place.bucket).key(at.as_ref()).version_id(named(version));
        let found = match request.send().await {
            Ok(found) => found.retention,
            Err(error) if error.code() == Some(NONE) => None,
            Err(error) => return Err(fault::sdk(path, error)),
        };
        let Some(found) = found else { return Ok(None) };
        let mode = match found.mode {
            None if found.retain_until_date.is_none() => return Ok(None),
            Some(ObjectLockRetentionMode::Governance) => LockMode::Governance,
            Some(ObjectLockRetentionMode::Compliance) => LockMode::Compliance,
            _ => return Err(unlike()),
        };
        let until = found.retain_until_date.as_ref().map(millis).ok_or_else(unlike)?;
        Ok(Some(Retention { mode, until }))
    }

    async fn hold_of(&self, path: &Path, version: &Version) -> Result<Option<bool>> {
        let (place, at) = self.here(path)?;
        let request = self.0.sdk.get_object_legal_hold().bucket(&place.bucket).key(at.as_ref()).version_id(named(version));
        let found = match request.send().await {
            Ok(found) => found.legal_hold.and_then(|hold| hold.status),
            Err(error) if error.code() == Some(NONE) => None,
            Err(error) => return Err(fault::sdk(path, error)),
        };
        match found {
            None => Ok(None),
            Some(ObjectLockLegalHoldStatus::On) => Ok(Some(true)),
            Some(ObjectLockLegalHoldStatus::Off) => Ok(Some(false)),
            Some(_) => Err(unlike()),
        }
    }
}

/// What S3 says where nothing locks a version.
const NONE: &str = "NoSuchObjectLockConfiguration";

fn unlike() -> Error {
    fault::unavailable("it told of a lock that is none of S3's")
}
