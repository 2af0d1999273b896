//! The keys of all buckets.

use super::copies::{self, Held};
use super::file::{BucketLine, KekLine, NUMBER_MAX, Ring, State, token};
use super::random::OsRandom;
use super::root::{Root, RootContext, RootError, Roots};
use super::{Bucket, Error, SYSTEM_TENANT, named, valid_bucket_name};
use crate::crypto::Secret;
use crate::envelope::{self, BucketUuid, Draw, Kek, KekId, Kind, Random};
use crate::store::{Backend, Clock, Millis, layout};
use bytes::Bytes;
use moka::future::Cache;
use object_store::UpdateVersion;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;

/// How often a write that lost a race is tried again.
const ATTEMPTS: usize = 10;

/// KEKs that are held unwrapped at most.
const CACHED: u64 = 10_000;

/// What a keyring needs to know.
#[derive(Clone)]
pub struct Settings {
    /// Dates new keys.
    pub clock: Clock,
    /// How long an unwrapped KEK is used before the root is asked again.
    pub cache: Duration,
    /// Whether other processes write the keyring too.
    pub shared: bool,
}

/// The keys of all buckets, loaded and verified.
///
/// It lives in two copies in the backend, each written under the condition that it is still the version that was
/// read. The one with the highest version counts, and none below the highest version ever seen here is taken.
/// Everything that was changed is in both copies when a call returns without error.
#[derive(Clone)]
pub struct Keyring(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) roots: Roots,
    pub(super) clock: Clock,
    pub(super) shared: bool,
    /// Held by whoever looks at what others wrote: the number of the last look that saw it.
    pub(super) looks: Mutex<u64>,
    /// How many looks have begun.
    pub(super) begun: AtomicU64,
    known: RwLock<Arc<Known>>,
    /// Held by whoever changes the keyring.
    pub(super) writing: Mutex<()>,
    /// Held by whoever makes a KEK under a named key.
    pub(super) making: Mutex<()>,
    keks: Cache<(BucketUuid, KekId), Arc<Kek>>,
}

/// The keyring as it was last read or written.
pub(super) struct Known {
    pub(super) ring: Ring,
    pub(super) encoded: Bytes,
    buckets: BTreeMap<String, Arc<Bucket>>,
    system: Arc<Bucket>,
    /// Hidden lines by name; see [`super::named`].
    hidden: BTreeMap<String, BucketUuid>,
    pub(super) held: [Option<UpdateVersion>; 2],
}

impl Keyring {
    /// Makes a keyring with its system bucket where there is none.
    ///
    /// # Errors
    /// [`Error::Present`] if either copy is there, whatever it holds.
    pub async fn create(backend: Arc<dyn Backend>, root: Arc<dyn Root>, settings: Settings) -> Result<Self, Error> {
        for index in [0, 1] {
            if copies::read(&*backend, index).await?.is_some() {
                return Err(Error::Present);
            }
        }
        let mut id = [0; 16];
        OsRandom.fill(Draw::KeyringId, &mut id);
        let id = hex_simd::encode_to_string(id, hex_simd::AsciiCase::Lower);
        let mut ring = Ring::begin(id, &*root).await?;
        let now = (settings.clock)();
        NewBucket::generate(&ring.id, &*root, (layout::SYSTEM, SYSTEM_TENANT), now).await?.add(&mut ring);
        let encoded = Bytes::from(ring.encode());
        let mut held = [None, None];
        for (index, held) in held.iter_mut().enumerate() {
            let taken = |error| if copies::lost(&error) { Error::Present } else { error.into() };
            *held = Some(copies::write(&*backend, index, encoded.clone(), None).await.map_err(taken)?);
        }
        Ok(Self::over(backend, root.into(), settings, Known::new(ring, encoded, held)?))
    }

    /// Loads the keyring: the highest version of the copies that verify.
    ///
    /// # Errors
    /// [`Error::Absent`] if and only if the backend says that there is neither copy.
    pub async fn load(backend: Arc<dyn Backend>, roots: Roots, settings: Settings) -> Result<Self, Error> {
        let known = newest(&*backend, None, &roots).await?;
        Ok(Self::over(backend, roots, settings, known))
    }

    fn over(backend: Arc<dyn Backend>, roots: Roots, settings: Settings, known: Known) -> Self {
        let keks = Cache::builder().max_capacity(CACHED).time_to_live(settings.cache).build();
        let (known, writing, making) = (RwLock::new(Arc::new(known)), Mutex::new(()), Mutex::new(()));
        let Settings { clock, shared, .. } = settings;
        let (looks, begun) = (Mutex::new(0), AtomicU64::new(0));
        Self(Arc::new(Inner { backend, roots, clock, shared, looks, begun, known, writing, making, keks }))
    }

    /// The bucket of this name. The system bucket has none that counts here.
    #[must_use]
    pub fn bucket(&self, name: &str) -> Option<Arc<Bucket>> {
        self.0.known().buckets.get(name).cloned()
    }

    /// All buckets but the system bucket, by name.
    #[must_use]
    pub fn buckets(&self) -> Vec<Arc<Bucket>> {
        self.0.known().buckets.values().cloned().collect()
    }

    /// The system bucket `.waxseal`: system records such as the administrator are sealed objects of it.
    #[must_use]
    pub fn system(&self) -> Arc<Bucket> {
        Arc::clone(&self.0.known().system)
    }

    /// What page tokens are authenticated with: the same for as long as the keyring has its secret.
    pub(super) fn token_key(&self) -> Secret<32> {
        self.0.known().ring.token_key()
    }

    /// The keyring file, as it was last read or written. Every key in it is wrapped.
    #[must_use]
    pub fn encoded(&self) -> Bytes {
        self.0.known().encoded.clone()
    }

    /// Makes a bucket with its first KEK.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] if the name is taken, by whomever.
    pub async fn create_bucket(&self, name: &str, owner: &str) -> Result<Arc<Bucket>, Error> {
        if !valid_bucket_name(name) {
            return Err(Error::InvalidBucketName);
        }
        if token(owner).is_none() || owner == SYSTEM_TENANT {
            return Err(Error::InvalidOwner);
        }
        if let Some(bucket) = self.bucket(name) {
            return Err(Error::AlreadyExists(bucket));
        }
        let now = (self.0.clock)();
        let known = self.0.known();
        let root = self.0.roots.get(&known.ring.root)?;
        let new = NewBucket::generate(&known.ring.id, &**root, (name, owner), now).await?;
        let (uuid, name) = (new.uuid, name.to_owned());
        let taken = name.clone();
        let known = self
            .change(move |known, ring| match known.buckets.get(&taken) {
                Some(bucket) if bucket.uuid == new.uuid => Ok(()),
                Some(bucket) => Err(Error::AlreadyExists(Arc::clone(bucket))),
                None => {
                    new.clone().add(ring);
                    Ok(())
                }
            })
            .await?;
        known.buckets.get(&name).filter(|bucket| bucket.uuid == uuid).cloned().ok_or(Error::NoSuchBucket)
    }

    /// Removes a bucket and its KEKs: nothing it ever held opens again. Whether it is empty is the caller's to know.
    ///
    /// # Errors
    /// [`Error::NoSuchBucket`] if it is not there, or is the system bucket.
    pub async fn remove_bucket(&self, uuid: BucketUuid) -> Result<(), Error> {
        let remove = move |known: &Known, ring: &mut Ring| {
            if known.system.uuid == uuid || ring.buckets.remove(&uuid).is_none() {
                return Err(Error::NoSuchBucket);
            }
            ring.keks.retain(|(bucket, _), _| *bucket != uuid);
            for hidden in known.hidden_of(uuid) {
                ring.buckets.remove(&hidden);
                ring.keks.retain(|(bucket, _), _| *bucket != hidden);
            }
            Ok(())
        };
        let known = self.0.known();
        let lines = std::iter::once(uuid).chain(known.hidden_of(uuid));
        let ids: Vec<KekId> = lines.flat_map(|line| known.ring.keks_of(line).map(|(_, kek)| kek.id)).collect();
        self.change(remove).await?;
        for id in ids {
            self.0.keks.invalidate(&(uuid, id)).await;
        }
        Ok(())
    }

    /// The KEK that seals new objects of a bucket.
    ///
    /// # Errors
    /// [`Error::NoSuchBucket`] if the bucket is not there or has no active KEK.
    pub async fn active_kek(&self, bucket: BucketUuid) -> Result<Arc<Kek>, Error> {
        let id = self.0.known().ring.active(bucket).map(|(_, kek)| kek.id).ok_or(Error::NoSuchBucket)?;
        self.kek(bucket, id).await
    }

    /// A KEK of a bucket, also one under a named key. The root is asked once for each lifetime of the cache, however many ask at once.
    ///
    /// # Errors
    /// `wrong_key` if the bucket has none of this id, or no longer; [`Error::KeyAbsent`] if it has one that a named key
    /// wrapped which is not configured any more.
    pub async fn kek(&self, bucket: BucketUuid, id: KekId) -> Result<Arc<Kek>, Error> {
        let known = self.0.known();
        let mut lines = std::iter::once(bucket).chain(known.hidden_of(bucket));
        let held = |line: &BucketUuid| known.ring.keks_of(*line).find(|(_, kek)| kek.id == id);
        let line = lines.find(|line| held(line).is_some_and(|(_, kek)| kek.state != State::Destroyed));
        let line = line.ok_or(envelope::Error { kind: Kind::WrongKey, why: "the bucket has no such KEK" })?;
        if line != bucket && held(&line).is_some_and(|(_, kek)| self.0.roots.get(&kek.root).is_err()) {
            return Err(Error::KeyAbsent);
        }
        let unwrap = async { known.ring.kek(line, id, &self.0.roots).await.map(Arc::new) };
        self.0.keks.try_get_with((bucket, id), unwrap).await.map_err(|error| (*error).clone().into())
    }

    /// Changes the keyring and writes it, in a task of its own: a caller that goes away leaves nothing half done.
    pub(super) async fn change<E>(&self, edit: E) -> Result<Arc<Known>, Error>
    where
        E: Fn(&Known, &mut Ring) -> Result<(), Error> + Send + Sync + 'static,
    {
        let inner = Arc::clone(&self.0);
        let task = tokio::spawn(async move { inner.change(edit).await });
        task.await.unwrap_or_else(|_| Err(Error::Unavailable("the program is stopping".to_owned())))
    }
}

impl Inner {
    pub(super) fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn install(&self, known: Known) -> Arc<Known> {
        let known = Arc::new(known);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&known);
        known
    }

    pub(super) async fn reload(&self) -> Result<Arc<Known>, Error> {
        let before = self.known();
        let known = newest(&*self.backend, Some(&before.ring), &self.roots).await?;
        Ok(self.install(known))
    }

    async fn change<E>(&self, edit: E) -> Result<Arc<Known>, Error>
    where
        E: Fn(&Known, &mut Ring) -> Result<(), Error> + Send + Sync,
    {
        let _writing = self.writing.lock().await;
        for _ in 0..ATTEMPTS {
            let known = self.known();
            let mut ring = known.ring.clone();
            edit(&known, &mut ring)?;
            if ring.version >= NUMBER_MAX {
                return Err(envelope::Error { kind: Kind::Malformed, why: "keyring: no versions are left" }.into());
            }
            ring.version += 1;
            let encoded = Bytes::from(ring.encode());
            let [first, second] = known.held.clone();
            match copies::write(&*self.backend, 0, encoded.clone(), first).await {
                Ok(first) => {
                    let known = self.install(Known::new(ring, encoded.clone(), [Some(first), second])?);
                    return self.write_second(&encoded, &known).await;
                }
                Err(error) if copies::lost(&error) => {
                    self.reload().await?;
                }
                Err(error) => {
                    // It may have been written all the same.
                    let _ = self.reload().await;
                    return Err(error.into());
                }
            }
        }
        Err(Error::Contended)
    }

    /// Brings both copies up to what is known. Where someone else was faster, theirs is as good.
    pub(super) async fn write_second(&self, encoded: &Bytes, known: &Arc<Known>) -> Result<Arc<Known>, Error> {
        let mut held = known.held.clone();
        for (index, held) in held.iter_mut().enumerate() {
            let found = copies::read(&*self.backend, index).await?;
            if found.as_ref().is_some_and(|found| found.bytes == *encoded) {
                continue;
            }
            let newer = match &found {
                Some(found) => known.ring.reopen(&found.bytes, &self.roots).await.is_ok(),
                None => false,
            };
            if newer {
                continue;
            }
            match copies::write(&*self.backend, index, encoded.clone(), found.map(|found| found.version)).await {
                Ok(version) => *held = Some(version),
                Err(error) if copies::lost(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.install(Known::new(known.ring.clone(), encoded.clone(), held)?))
    }
}

impl Known {
    fn new(ring: Ring, encoded: Bytes, held: [Option<UpdateVersion>; 2]) -> Result<Self, Error> {
        let (mut buckets, mut hidden) = (BTreeMap::new(), BTreeMap::new());
        let mut system = None;
        for (uuid, line) in &ring.buckets {
            let BucketLine { tenant, name } = line;
            if named::is_hidden(line) {
                hidden.insert(name.clone(), *uuid);
                continue;
            }
            let created = Millis(ring.keks_of(*uuid).next().map_or(0, |(_, kek)| kek.created));
            let bucket = Arc::new(Bucket { uuid: *uuid, name: name.clone(), owner: tenant.clone(), created });
            if name == layout::SYSTEM {
                system = Some(bucket);
            } else {
                buckets.insert(name.clone(), bucket);
            }
        }
        let missing = envelope::Error { kind: Kind::Malformed, why: "keyring: no system bucket" };
        Ok(Self { ring, encoded, buckets, system: system.ok_or(missing)?, hidden, held })
    }

    /// The hidden line of this name.
    pub(super) fn hidden(&self, name: &str) -> Option<BucketUuid> {
        self.hidden.get(name).copied()
    }

    /// The hidden lines of a bucket.
    fn hidden_of(&self, bucket: BucketUuid) -> impl Iterator<Item = BucketUuid> {
        let prefix = named::prefix(bucket);
        let from = self.hidden.range(prefix.clone()..);
        from.take_while(move |(name, _)| name.starts_with(&prefix)).map(|(_, uuid)| *uuid)
    }
}

/// Reads both copies and takes the highest version that verifies, none below one that was `seen`.
async fn newest(backend: &dyn Backend, seen: Option<&Ring>, roots: &Roots) -> Result<Known, Error> {
    let (mut best, mut failed): (Option<(Ring, Bytes)>, _) = (None, None);
    let mut held = [None, None];
    for (index, held) in held.iter_mut().enumerate() {
        let Some(Held { bytes, version }) = copies::read(backend, index).await? else { continue };
        *held = Some(version);
        let opened = match seen {
            Some(seen) => seen.reopen(&bytes, roots).await,
            None => Ring::open(&bytes, roots, 0).await,
        };
        match opened {
            Ok(ring) if best.as_ref().is_none_or(|(best, _)| best.version < ring.version) => best = Some((ring, bytes)),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(copy = %copies::path(index), %error, "a copy of the keyring was not taken");
                failed = failed.or(Some(error));
            }
        }
    }
    match (best, failed) {
        (Some((ring, bytes)), _) => Known::new(ring, bytes, held),
        (None, Some(error)) => Err(error.into()),
        (None, None) => Err(Error::Absent),
    }
}

/// A bucket that is not yet in the keyring.
#[derive(Clone)]
struct NewBucket {
    uuid: BucketUuid,
    line: BucketLine,
    kek: KekLine,
}

impl NewBucket {
    /// Draws a uuid, and a KEK from the root.
    async fn generate(keyring: &str, root: &dyn Root, of: (&str, &str), now: Millis) -> Result<Self, RootError> {
        let (name, tenant) = of;
        let mut uuid = BucketUuid([0; 16]);
        OsRandom.fill(Draw::BucketUuid, &mut uuid.0);
        let (secret, wrapped) = root.generate(&RootContext::kek(keyring, uuid, tenant, 1)).await?;
        let (id, root, wrapped) = (Kek::new(secret).id(), root.id().to_owned(), Some(wrapped));
        let kek = KekLine { id, state: State::Active, created: now.0.min(NUMBER_MAX), root, wrapped };
        Ok(Self { uuid, line: BucketLine { tenant: tenant.to_owned(), name: name.to_owned() }, kek })
    }

    fn add(self, ring: &mut Ring) {
        ring.buckets.insert(self.uuid, self.line);
        ring.keks.insert((self.uuid, 1), self.kek);
    }
}
