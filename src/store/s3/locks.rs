//! Object lock, by the backend's own.

use super::S3Store;
use super::fault;
use super::versions::{millis, named};
use crate::store::{Lock, LockMode, Locks, Millis, Retention, Version};
use async_trait::async_trait;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{
    ObjectLockConfiguration, ObjectLockEnabled, ObjectLockLegalHold, ObjectLockLegalHoldStatus, ObjectLockMode,
    ObjectLockRetention, ObjectLockRetentionMode,
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

    async fn lock_of(&self, path: &Path, version: &Version) -> Result<Lock> {
        let (place, at) = self.here(path)?;
        let request = self.0.sdk.head_object().bucket(&place.bucket).key(at.as_ref()).version_id(named(version));
        let found = request.send().await.map_err(|error| fault::sdk(path, error))?;
        let mode = match found.object_lock_mode {
            None => None,
            Some(ObjectLockMode::Governance) => Some(LockMode::Governance),
            Some(ObjectLockMode::Compliance) => Some(LockMode::Compliance),
            Some(other) => return Err(fault::unavailable(format!("it told of a lock that is none of S3's: {other}"))),
        };
        let until = found.object_lock_retain_until_date.as_ref().map(millis);
        let hold = found.object_lock_legal_hold_status.map(|status| status == ObjectLockLegalHoldStatus::On);
        match (mode, until) {
            (Some(mode), Some(until)) => Ok(Lock { retention: Some(Retention { mode, until }), hold }),
            (None, None) => Ok(Lock { retention: None, hold }),
            _ => Err(fault::unavailable("it told of half a lock")),
        }
    }

    async fn retain(&self, path: &Path, version: &Version, new: Option<Retention>, bypass: bool) -> Result<()> {
        let (place, at) = self.here(path)?;
        let none = ObjectLockRetention::builder().build();
        let new = new.map_or(none, |new| retention(new.mode, new.until));
        let request = self.0.sdk.put_object_retention().bucket(&place.bucket).key(at.as_ref()).version_id(named(version));
        let request = request.retention(new).set_bypass_governance_retention(bypass.then_some(true));
        request.send().await.map_err(|error| fault::sdk(path, error))?;
        Ok(())
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
