//! Store, keyring and gateway over each other.

use super::administrator::{self, Credentials};
use super::{Failure, Result};
use crate::config::{self, Settings};
use crate::gateway::{Gateway, Made};
use crate::keyring::{self, Keyring, LocalRoot, OsRandom, Root, Roots};
use crate::store::disk::{self, DiskStore};
use crate::store::s3::S3Store;
use crate::store::{Backend, Buffers, Clock, Lack, Millis};
use futures::StreamExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Buffers that are kept for the next transfer: 16 MiB of them.
const BUFFERS: usize = 64;

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
        let load = || Keyring::load(Arc::clone(&backend), roots.clone(), keyring_settings(settings));
        let keyring = match load().await {
            Err(keyring::Error::Absent) if is_empty(&*backend).await? => {
                let made = Keyring::create(Arc::clone(&backend), root(&settings.root_key)?, keyring_settings(settings)).await;
                // Loaded again with all roots: a new keyring knows only the one that wraps it.
                made.map_err(|error| Failure::of("the keyring", error))?;
                load().await
            }
            loaded => loaded,
        };
        let keyring = keyring.map_err(|error| Failure::of("the keyring", error))?;
        let stack = Self::over(backend, keyring, settings);
        if administrator::exists(&stack.gateway).await? {
            return Ok((stack, None));
        }
        administrator::create(&stack.gateway, &credentials).await?;
        Ok((stack, Some(credentials)))
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
    let name = format!("{}-{}", clock()().0, std::process::id());
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

/// Whether nothing at all is stored.
async fn is_empty(backend: &dyn Backend) -> Result<bool> {
    let first = backend.list(None).next().await.transpose();
    first.map(|first| first.is_none()).map_err(|error| Failure::of("the store", error))
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
