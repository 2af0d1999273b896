//! Store, keyring and gateway over each other.

use super::administrator::{self, Credentials};
use super::{Failure, Result};
use crate::config::{self, Settings};
use crate::gateway::{Gateway, Made};
use crate::keyring::{self, Keyring, LocalRoot, OsRandom, Root, Roots};
use crate::store::disk::{self, DiskStore};
use crate::store::s3::S3Store;
use crate::store::{Backend, Buffers, Clock, Lack, Millis, layout};
use futures::StreamExt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Buffers that are kept for the next transfer: 16 MiB of them.
const BUFFERS: usize = 64;

/// How long another replica may take to make the keyring of a store that it began, and how often it is looked for.
const OTHERS: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(200);

/// Everything below the protocol.
pub struct Stack {
    /// Where sealed objects lie.
    pub backend: Arc<dyn Backend>,
    /// The keys of all buckets.
    pub keyring: Arc<Keyring>,
    /// What seals and opens.
    pub gateway: Arc<Gateway>,
}

/// The wall clock: read here and handed down.
pub(super) fn clock() -> Clock {
    Arc::new(|| {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
        let now = SystemTime::now();
        let elapsed = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        Millis(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
    })
}

/// The store's root, and those behind keys that clients may name.
pub(super) fn roots(settings: &Settings) -> Result<Roots> {
    let own = root(&settings.root_key)?;
    let mut roots = Roots::from(Arc::clone(&own));
    for key in &settings.kms_keys {
        let named = root(&key.root_key)?;
        if named.id() == own.id() {
            let (id, file) = (&key.id, key.root_key.display());
            return Err(Failure(format!(
                "kms_key {id}: {file} is the store's own root key: draw another with `waxseal keyring new-root FILE`"
            )));
        }
        roots.name(&key.id, named);
    }
    Ok(roots)
}

/// The root of a file.
pub(super) fn root(file: &Path) -> Result<Arc<dyn Root>> {
    Ok(Arc::new(LocalRoot::read(file).map_err(|error| Failure(error.to_string()))?))
}

fn disk_settings(settings: &Settings) -> disk::Settings {
    disk::Settings { clock: clock(), cache: settings.index }
}

fn keyring_settings(settings: &Settings) -> keyring::Settings {
    keyring::Settings { clock: clock(), cache: settings.keys, shared: matches!(settings.backend, config::Storage::S3(_)) }
}

impl Stack {
    /// Opens what `init` made.
    ///
    /// # Errors
    /// [`Failure`] says what is missing, in use, damaged or not the root of this store.
    pub async fn open(settings: &Settings) -> Result<Self> {
        let roots = roots(settings)?;
        let backend = store(settings, true).await?;
        let keyring = Keyring::load(Arc::clone(&backend), roots, keyring_settings(settings)).await;
        let keyring = keyring.map_err(|error| Failure::of("the keyring", error))?;
        Ok(Self::over(backend, keyring, settings))
    }

    /// Opens a store, and makes of it what is not there: each step is durable before the next, so that one that was
    /// interrupted is gone on with. Gives the administrator's credentials if they were made just now.
    pub(super) async fn complete(settings: &Settings) -> Result<(Self, Option<Credentials>)> {
        let credentials = administrator::credentials()?;
        let (backend, made) = match settings.backend {
            config::Storage::Disk => (None, is_made(settings)),
            config::Storage::S3(_) => {
                let backend = store(settings, true).await?;
                let made = !is_empty(&*backend).await?;
                (Some(backend), made)
            }
        };
        if !made {
            make_root(&settings.root_key)?;
        }
        let roots = roots(settings)?;
        let backend = match backend {
            Some(backend) => backend,
            None => store(settings, made).await?,
        };
        let keyring = load_or_create(&backend, &roots, settings).await?;
        let stack = Self::over(backend, keyring, settings);
        let made = !administrator::exists(&stack.gateway).await? && administrator::create(&stack.gateway, &credentials).await?;
        Ok((stack, made.then_some(credentials)))
    }

    fn over(backend: Arc<dyn Backend>, keyring: Keyring, settings: &Settings) -> Self {
        let keyring = Arc::new(keyring);
        let made = Made {
            backend: Arc::clone(&backend),
            keyring: Arc::clone(&keyring),
            buffers: Buffers::new(BUFFERS),
            clock: clock(),
            settings: settings.gateway.clone(),
        };
        Self { backend, keyring, gateway: Arc::new(Gateway::new(made)) }
    }
}

/// The keyring, made if nothing is stored. Of replicas that start at the same time one makes it, and the others wait.
async fn load_or_create(backend: &Arc<dyn Backend>, roots: &Roots, settings: &Settings) -> Result<Keyring> {
    let (begun, about) = (Instant::now(), || keyring_settings(settings));
    loop {
        match Keyring::load(Arc::clone(backend), roots.clone(), about()).await {
            Err(keyring::Error::Absent) if is_empty(&**backend).await? => {
                // Loaded again with all roots: a new keyring knows only the one that wraps it.
                match Keyring::create(Arc::clone(backend), root(&settings.root_key)?, about()).await {
                    Ok(_) | Err(keyring::Error::Present) => {}
                    Err(error) => return Err(Failure::of("the keyring", error)),
                }
            }
            Err(keyring::Error::Absent) if about().shared && begun.elapsed() < OTHERS => tokio::time::sleep(AGAIN).await,
            loaded => return loaded.map_err(|error| Failure::of("the keyring", error)),
        }
    }
}

/// Makes a root key, if there is no file of this name.
fn make_root(path: &Path) -> Result<()> {
    if path.try_exists().unwrap_or(true) {
        return Ok(());
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| Failure::of(&folder.display().to_string(), error))?;
    }
    LocalRoot::create(path, &mut OsRandom).map(drop).map_err(|error| Failure(error.to_string()))
}

/// The store: of a directory, one that is made there or was `made` before; of S3, one that can do what is needed.
pub(super) async fn store(settings: &Settings, made: bool) -> Result<Arc<dyn Backend>> {
    if let config::Storage::S3(about) = &settings.backend {
        let store = S3Store::new(about).map_err(|error| in_store(Path::new(&about.endpoint), &error))?;
        probe(&store).await?;
        agree(&store).await?;
        return Ok(Arc::new(store));
    }
    let open = if made { DiskStore::open } else { DiskStore::create };
    let (data, about) = (settings.data.clone(), disk_settings(settings));
    let store = tokio::task::spawn_blocking(move || open(&data, about)).await;
    let store = store.map_err(|error| Failure::of("opening the store", error))?;
    Ok(Arc::new(store.map_err(|error| in_store(&settings.data, &error))?))
}

/// Whether there is a store in the directory, made to its end.
pub(super) fn is_made(settings: &Settings) -> bool {
    settings.data.join("format").exists()
}

/// Finds out what a backend can do, and refuses one that would lose something silently.
pub(super) async fn probe(store: &S3Store) -> Result<()> {
    // In containers all processes have one id.
    let name = format!("{}-{:016x}", clock()().0, RandomState::new().build_hasher().finish());
    let found = store.probe(&name).await.map_err(|error| in_store(Path::new(&store.to_string()), &error))?;
    let (fatal, bearable): (Vec<Lack>, Vec<Lack>) = found.into_iter().partition(|lack| lack.is_fatal());
    bearable.iter().for_each(|lack| tracing::warn!(backend = %store, "the backend lacks {lack}"));
    if fatal.is_empty() {
        tracing::info!(backend = %store, "the backend can do what is needed");
        return Ok(());
    }
    let lacks = fatal.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    Err(Failure(format!(
        "{store} lacks what is needed to store objects safely: {lacks}. Use another backend, or a newer version of it"
    )))
}

/// Holds what is configured of backend buckets against what was chosen when the store was made: under another choice
/// everything would seem to be gone.
async fn agree(store: &S3Store) -> Result<()> {
    let place = store.to_string();
    let chosen = async || store.own_buckets_chosen().await.map_err(|error| in_store(Path::new(&place), &error));
    let mut there = chosen().await?;
    if there.is_none() && store.own_buckets().is_some() && is_empty(store).await? {
        match store.choose_own_buckets().await {
            Ok(()) | Err(object_store::Error::AlreadyExists { .. }) => there = chosen().await?,
            Err(error) => return Err(in_store(Path::new(&place), &error)),
        }
    }
    match (there, store.own_buckets()) {
        (there, configured) if there.as_deref() == configured => Ok(()),
        (Some(there), _) => Err(Failure(format!(
            "{store} was made with backend buckets of its own: write own_buckets = \"{there}\" in the section [backend]"
        ))),
        (None, _) => Err(Failure(format!(
            "{store} was made with one backend bucket for all: remove backend.own_buckets, or make a new store"
        ))),
    }
}

/// Whether nothing at all is stored, but perhaps where it will be, and what another replica is trying.
async fn is_empty(backend: &dyn Backend) -> Result<bool> {
    let counts = |path: &str| path != layout::OWN_BUCKETS && !path.starts_with(&format!("{}/", layout::PROBES));
    let mut all = backend.list(None);
    while let Some(one) = all.next().await.transpose().map_err(|error| Failure::of("the store", error))? {
        if counts(one.location.as_ref()) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn in_store(data: &Path, error: &object_store::Error) -> Failure {
    match crate::store::Fault::of(error) {
        Some(fault) => Failure::of(&data.display().to_string(), fault),
        None => Failure::of(&data.display().to_string(), error),
    }
}

/// Makes root, store, keyring and administrator, or what an interrupted `init` left of them to make.
///
/// # Errors
/// [`Failure`] if the store is complete already, or cannot be made. Nothing that exists is overwritten.
pub async fn init(settings: &Settings) -> Result<Credentials> {
    let (_stack, made) = Stack::complete(settings).await?;
    let place = match &settings.backend {
        config::Storage::Disk => settings.data.display().to_string(),
        config::Storage::S3(about) => format!("{}/{}", about.bucket, about.prefix),
    };
    made.ok_or_else(|| Failure(format!("{place} holds a store already: nothing was changed")))
}
