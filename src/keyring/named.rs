//! Keys that the operator names, for SSE-KMS: a bucket that uses one has a KEK of its own under that key's root.
//!
//! FORMAT lets a bucket have one active KEK. So each pair of bucket and key has a hidden bucket line of its own, with a
//! name that no client's bucket can have, and an active KEK there. Heads are sealed under that KEK for the client's
//! bucket as all others are; whoever reads finds a KEK by its id among the bucket's lines.

use super::file::{BucketLine, KekLine, NUMBER_MAX, Ring, State};
use super::random::OsRandom;
use super::root::{Root, RootContext};
use super::{Error, Keyring, SYSTEM_TENANT};
use crate::crypto::sha256;
use crate::envelope::{BucketUuid, Draw, Kek, Random};
use std::sync::Arc;

/// What hidden lines of a bucket are named after.
pub(super) fn prefix(bucket: BucketUuid) -> String {
    format!(".kms-{bucket}-")
}

/// The name of the hidden line of a bucket for a key.
fn name(bucket: BucketUuid, key: &str) -> String {
    let digest = sha256(&[key.as_bytes()]);
    let digest = hex_simd::encode_to_string(digest.get(..16).unwrap_or_default(), hex_simd::AsciiCase::Lower);
    format!("{}{digest}", prefix(bucket))
}

/// Whether a line is a hidden one.
pub(super) fn is_hidden(line: &BucketLine) -> bool {
    line.tenant == SYSTEM_TENANT && line.name.starts_with(".kms-")
}

impl Keyring {
    /// Whether the operator configured a key of this id.
    #[must_use]
    pub fn has_named(&self, key: &str) -> bool {
        self.0.roots.named(key).is_some()
    }

    /// The KEK that seals new objects of a bucket under a key that the operator named. The first use makes it, and so
    /// does the first after the key got another root: then the KEK before only unwraps.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`] if no key of this id is configured, [`Error::NoSuchBucket`] if the bucket is not there.
    pub async fn named_kek(&self, bucket: BucketUuid, key: &str) -> Result<Arc<Kek>, Error> {
        let root = Arc::clone(self.0.roots.named(key).ok_or_else(|| Error::NoSuchKey(key.to_owned()))?);
        let name = name(bucket, key);
        if let Some(kek) = self.made(bucket, &name, root.id()).await {
            return kek;
        }
        let _making = self.0.making.lock().await;
        match self.made(bucket, &name, root.id()).await {
            Some(kek) => kek,
            None => self.make(bucket, name, &*root).await,
        }
    }

    /// The active KEK of a hidden line, if there is one under this root.
    async fn made(&self, bucket: BucketUuid, name: &str, root: &str) -> Option<Result<Arc<Kek>, Error>> {
        let known = self.0.known();
        let (_, line) = known.ring.active(known.hidden(name)?)?;
        let id = line.id;
        if line.root == root { Some(self.kek(bucket, id).await) } else { None }
    }

    async fn make(&self, bucket: BucketUuid, name: String, root: &dyn Root) -> Result<Arc<Kek>, Error> {
        let known = self.0.known();
        let mut fresh = BucketUuid([0; 16]);
        OsRandom.fill(Draw::BucketUuid, &mut fresh.0);
        let uuid = known.hidden(&name).unwrap_or(fresh);
        let version = known.ring.keks_of(uuid).last().map_or(1, |(version, _)| version.saturating_add(1));
        let context = RootContext::kek(&known.ring.id, uuid, SYSTEM_TENANT, version);
        let (secret, wrapped) = root.generate(&context).await?;
        let id = Kek::new(secret).id();
        let created = (self.0.clock)().0.min(NUMBER_MAX);
        let line = KekLine { id, state: State::Active, created, root: root.id().to_owned(), wrapped: Some(wrapped) };
        let add = move |_known: &super::ring::Known, ring: &mut Ring| {
            if !ring.buckets.contains_key(&bucket) {
                return Err(Error::NoSuchBucket);
            }
            let taken = ring.buckets.iter().any(|(other, line)| *other != uuid && line.name == name);
            if taken || ring.keks.get(&(uuid, version)).is_some_and(|kek| kek.id != line.id) {
                return Err(Error::Contended);
            }
            for (_, kek) in ring.keks.range_mut((uuid, 0)..=(uuid, u64::MAX)) {
                if kek.state == State::Active && kek.id != line.id {
                    kek.state = State::Retired;
                }
            }
            ring.buckets.insert(uuid, BucketLine { tenant: SYSTEM_TENANT.to_owned(), name: name.clone() });
            ring.keks.insert((uuid, version), line.clone());
            Ok(())
        };
        self.change(add).await?;
        self.kek(bucket, id).await
    }
}
