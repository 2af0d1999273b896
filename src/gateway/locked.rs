//! Object lock as operations have it: of buckets, of new versions, and of versions that are there.

use super::configuration::{LockRule, Versioning};
use super::configured::unable;
use super::gateway::{Gateway, bucket_of};
use super::lock::{lock_of, set_lock};
use super::operation::{GetLock, GetObjectLock, PutHold, PutLock, PutRetention};
use super::read::Sealed;
use super::{Error, Refusal};
use crate::access::Permitted;
use crate::envelope::Metadata;
use crate::keyring::Bucket;
use crate::store::{Lock, Retention, Version, layout};

impl Gateway {
    /// The lock of a bucket.
    ///
    /// # Errors
    /// `NoLock` if it has none.
    pub async fn bucket_lock(&self, operation: &Permitted<GetLock>) -> Result<LockRule, Error> {
        self.configuration(operation).await?.lock.ok_or_else(|| Refusal::NoBucketLock.into())
    }

    /// Enables object lock, or changes what new versions are locked by. It is never taken from a bucket.
    ///
    /// # Errors
    /// `InvalidBucketState` where versions are not kept.
    pub async fn put_bucket_lock(&self, operation: Permitted<PutLock>) -> Result<(), Error> {
        let bucket = bucket_of(&operation)?;
        let rule = operation.operation().rule;
        let now = self.configuration_of(&bucket).await?;
        if let Some(locks) = self.locks().filter(|_| now.lock.is_none() && now.versioning == Versioning::Enabled) {
            locks.enable(&bucket.name).await.map_err(unable)?;
        }
        self.configure(&bucket, |configuration| {
            if configuration.versioning != Versioning::Enabled {
                return Err(Refusal::InvalidBucketState("object lock needs versioning to be enabled").into());
            }
            configuration.lock = Some(rule);
            Ok(())
        })
        .await
    }

    /// The lock of a version.
    ///
    /// # Errors
    /// `InvalidRequest` in a bucket without object lock; as [`Gateway::head`].
    pub async fn object_lock(&self, operation: Permitted<GetObjectLock>) -> Result<Lock, Error> {
        let bucket = bucket_of(&operation)?;
        let GetObjectLock { key, version, .. } = operation.operation();
        self.must_lock(&bucket).await?;
        let found = self.find_to_read(&bucket, key, version.as_ref()).await?;
        self.lock_on(&bucket, &found).await
    }

    /// What locks a version that was found: by the backend, where it does that, or by what is sealed with it.
    pub(super) async fn lock_on(&self, bucket: &Bucket, found: &Sealed) -> Result<Lock, Error> {
        match self.locks() {
            None => lock_of(found.metadata()).map_err(|why| found.tampered(why)),
            Some(_) if self.configuration_of(bucket).await?.lock.is_none() => Ok(Lock::default()),
            Some(locks) => Ok(locks.lock_of(&found.path, &Version::of(found.name())).await?),
        }
    }

    /// Retains a version, or changes how.
    ///
    /// # Errors
    /// `AccessDenied` where it would go earlier than was promised; `InvalidArgument` for a time that is over.
    pub async fn put_retention(&self, operation: Permitted<PutRetention>) -> Result<(), Error> {
        let bucket = bucket_of(&operation)?;
        let PutRetention { key, version, retention, bypass, .. } = operation.operation();
        self.check_lock(&bucket, Lock { retention: *retention, hold: None }).await?;
        self.must_lock(&bucket).await?;
        let now = self.now();
        self.relock(&bucket, (key, version.as_ref()), *bypass, |lock| {
            lock.admits_retention(*retention, *bypass, now)?;
            Ok(Lock { retention: *retention, ..lock })
        })
        .await
    }

    /// Holds a version, or lets it go.
    pub async fn put_hold(&self, operation: Permitted<PutHold>) -> Result<(), Error> {
        let bucket = bucket_of(&operation)?;
        let PutHold { key, version, on, .. } = operation.operation();
        self.must_lock(&bucket).await?;
        self.relock(&bucket, (key, version.as_ref()), false, |lock| Ok(Lock { hold: Some(*on), ..lock })).await
    }

    async fn relock(
        &self,
        bucket: &std::sync::Arc<Bucket>,
        (key, version): (&str, Option<&Version>),
        bypass: bool,
        change: impl Fn(Lock) -> Result<Lock, Error>,
    ) -> Result<(), Error> {
        if let Some(locks) = self.locks() {
            let found = self.find_to_read(bucket, key, version).await?;
            let (name, old) = (Version::of(found.name()), self.lock_on(bucket, &found).await?);
            let Lock { retention, hold } = change(old)?;
            if retention != old.retention {
                locks.retain(&found.path, &name, retention, bypass).await?;
            }
            if let Some(on) = hold.filter(|_| hold != old.hold) {
                locks.hold(&found.path, &name, on).await?;
            }
            return Ok(());
        }
        let path = layout::object(&bucket.name, key)?;
        let edit = |metadata: &mut Metadata| {
            let lock = lock_of(metadata).map_err(|why| Error::Tampered { path: path.to_string(), why })?;
            set_lock(metadata, change(lock)?);
            Ok(())
        };
        self.amend(bucket, (key, version), edit).await?;
        Ok(())
    }

    async fn must_lock(&self, bucket: &Bucket) -> Result<(), Error> {
        match self.configuration_of(bucket).await?.lock {
            Some(_) => Ok(()),
            None => Err(Refusal::InvalidRequest("the bucket is missing object lock configuration".to_owned()).into()),
        }
    }

    /// Whether a new version may be locked so.
    ///
    /// # Errors
    /// `InvalidRequest` in a bucket without object lock; `InvalidArgument` for a time that is over.
    pub(super) async fn check_lock(&self, bucket: &Bucket, lock: Lock) -> Result<(), Error> {
        if lock == Lock::default() {
            return Ok(());
        }
        self.must_lock(bucket).await?;
        match lock.retention {
            Some(Retention { until, .. }) if until <= self.now() => {
                Err(Refusal::InvalidArgument("the retain until date must be in the future".to_owned()).into())
            }
            Some(_) | None => Ok(()),
        }
    }
}
