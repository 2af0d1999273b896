//! The gateway: what every operation works with.

use super::configuration::{Configuration, Day};
use super::read::Verified;
use super::versions::Turns;
use super::{Error, Refusal};
use crate::access::Permitted;
use crate::envelope::BucketUuid;
use crate::keyring::{Bucket, Keyring};
use crate::store::{Backend, Buffers, Clock, Millis};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// What an operator may choose of the gateway.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What clients see as ETag.
    pub etag: EtagKind,
    /// The largest object one PUT or part may carry, in bytes of plaintext.
    pub max_upload: u64,
    /// How long verified heads and tails, and with them keys of objects, are kept.
    pub keep_verified: Duration,
    /// Bytes of memory for them.
    pub verified: u64,
    /// How long after its beginning an upload that was not completed is given up.
    pub expire: Duration,
    /// How long a day of lifecycle rules is.
    pub day: Day,
    /// How long what is configured of a bucket is believed, where another replica may have changed it.
    pub keep_configuration: Duration,
}

/// Buckets whose configuration is kept.
const BUCKETS: u64 = 10_000;

impl Default for Settings {
    fn default() -> Self {
        Self {
            etag: EtagKind::Md5,
            max_upload: 5 << 30,
            keep_verified: Duration::from_mins(5),
            verified: 64 << 20,
            expire: Duration::from_hours(7 * 24),
            day: Day::Real,
            keep_configuration: Duration::from_secs(2),
        }
    }
}

/// What an ETag is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EtagKind {
    /// The MD5 of the plaintext, as clients expect. It costs most of the time of an upload.
    Md5,
    /// `<32 hex>-0`, which no client takes for an MD5; it changes with every write.
    Opaque,
}

/// What a gateway is made of.
pub struct Parts {
    /// Where sealed objects lie.
    pub backend: Arc<dyn Backend>,
    /// The keys of all buckets.
    pub keyring: Arc<Keyring>,
    /// Where memory for transfers comes from.
    pub buffers: Buffers,
    /// Tells the time.
    pub clock: Clock,
    /// What the operator chose.
    pub settings: Settings,
}

/// Seals what is written and opens what is read; holds no state that the backend does not have.
pub struct Gateway {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) keyring: Arc<Keyring>,
    pub(super) buffers: Buffers,
    pub(super) clock: Clock,
    pub(super) settings: Settings,
    pub(super) verified: moka::sync::Cache<(object_store::path::Path, String), Arc<Verified>>,
    pub(super) configurations: moka::sync::Cache<BucketUuid, Arc<Configuration>>,
    pub(super) turns: Turns,
    last: AtomicU64,
    gates: Mutex<HashMap<BucketUuid, Arc<RwLock<()>>>>,
}

impl Gateway {
    /// A gateway over these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { backend, keyring, buffers, clock, settings } = parts;
        let verified = moka::sync::Cache::builder()
            .max_capacity(settings.verified)
            .weigher(|_, verified: &Arc<Verified>| verified.weight())
            .time_to_live(settings.keep_verified)
            .build();
        let configurations = moka::sync::Cache::builder().max_capacity(BUCKETS).time_to_live(settings.keep_configuration).build();
        Self {
            backend,
            keyring,
            buffers,
            clock,
            settings,
            verified,
            configurations,
            turns: Turns::default(),
            last: AtomicU64::new(0),
            gates: Mutex::default(),
        }
    }

    /// The time, as everything here is told it.
    #[must_use]
    pub fn now(&self) -> Millis {
        (self.clock)()
    }

    /// The time, later than this has ever said: two attempts at a part within a millisecond have an order too.
    pub(super) fn later(&self) -> Millis {
        let now = self.now().0;
        let next = |last: u64| now.max(last.saturating_add(1));
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        Millis(last.map_or(now, next))
    }

    /// Keeps a bucket from being deleted while something is committed into it.
    ///
    /// # Errors
    /// `NoSuchBucket` if it was deleted since the operation was permitted.
    pub(super) async fn enter(&self, bucket: &Bucket) -> Result<OwnedRwLockReadGuard<()>, Error> {
        let guard = self.gate(bucket.uuid).read_owned().await;
        self.still_there(bucket)?;
        Ok(guard)
    }

    /// Keeps everything out of a bucket that is about to be deleted.
    pub(super) async fn close(&self, bucket: &Bucket) -> Result<OwnedRwLockWriteGuard<()>, Error> {
        let guard = self.gate(bucket.uuid).write_owned().await;
        self.still_there(bucket)?;
        Ok(guard)
    }

    /// Forgets the gate of a bucket that is gone.
    pub(super) fn forget_gate(&self, bucket: &Bucket) {
        self.gates.lock().unwrap_or_else(PoisonError::into_inner).remove(&bucket.uuid);
    }

    fn gate(&self, bucket: BucketUuid) -> Arc<RwLock<()>> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry(bucket).or_default())
    }

    pub(super) fn still_there(&self, bucket: &Bucket) -> Result<(), Error> {
        match self.keyring.bucket(&bucket.name) {
            Some(now) if now.uuid == bucket.uuid => Ok(()),
            Some(_) | None => Err(Refusal::NoSuchBucket.into()),
        }
    }
}

/// The bucket that an operation is done to; the policy resolved it.
pub(super) fn bucket_of<O>(operation: &Permitted<O>) -> Result<Arc<Bucket>, Error> {
    operation.bucket().cloned().ok_or_else(|| Refusal::NoSuchBucket.into())
}
