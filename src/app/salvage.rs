//! A new store from every sealed object of a damaged one that still authenticates.

use super::open::{self, Bytes};
use super::stack::{clock, roots};
use super::{Failure, Result};
use crate::config::Settings;
use crate::envelope::{BucketUuid, ClearHead, Context, HEAD, Head, Kek, plain_length};
use crate::gateway::version_of;
use crate::keyring::Roots;
use crate::keyring::file::Ring;
use crate::store::disk::{self, DiskStore, Salvaged};
use crate::store::{self, Backend, Buffer, Keep, Terms, Versions, decode_key, layout};
use object_store::path::Path as StorePath;
use object_store::{ObjectStore, PutMode, PutOptions, PutPayload};
use std::fs::File;
use std::io;
use std::path::Path;

/// A version of an object in a damaged store.
struct Version<'s> {
    from: &'s Salvaged,
    path: &'s str,
    number: usize,
}

impl Bytes for Version<'_> {
    fn size(&self) -> u64 {
        self.from.size(self.path, self.number).unwrap_or(0)
    }

    fn read(&self, at: u64, buffer: &mut [u8]) -> io::Result<()> {
        let read = self.from.read(self.path, self.number, at, buffer);
        read.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "its bytes are gone"))
    }
}

/// The keys of the damaged store.
struct Keys {
    ring: Ring,
    roots: Roots,
}

impl Keys {
    async fn kek(&self, bucket: BucketUuid, clear: &ClearHead) -> Result<Kek> {
        let kek = self.ring.kek(bucket, clear.kek_id(), &self.roots).await;
        kek.map_err(|error| Failure::of("its key", error))
    }

    fn bucket(&self, name: &str) -> Option<BucketUuid> {
        self.ring.buckets.iter().find(|(_, line)| line.name == name).map(|(uuid, _)| *uuid)
    }
}

/// Builds a store at `settings.data` from the one at `from`. Tells `say` of each object that is saved (none) or lost (why).
///
/// # Errors
/// [`Failure`] if there is no keyring that opens, or the new store cannot be made.
pub async fn salvage(from: &Path, settings: &Settings, mut say: impl FnMut(&str, Option<&str>)) -> Result<()> {
    let found = disk::salvage(from).map_err(|error| Failure::of(&from.display().to_string(), error))?;
    let roots = roots(settings)?;
    let (ring, file) = keyring(&found, &roots).await?;
    let keys = Keys { ring, roots };
    let about = disk::Settings { clock: clock(), cache: settings.index };
    let to =
        DiskStore::create(&settings.data, about).map_err(|error| Failure::of(&settings.data.display().to_string(), error))?;
    for path in layout::KEYRINGS {
        put(&to, path, file.clone()).await?;
    }
    for path in found.paths().filter(|path| !layout::KEYRINGS.contains(path)) {
        if path.starts_with(".waxseal/uploads/") {
            continue;
        }
        if path.starts_with(".waxseal/overflow/") {
            save_overflow(&found, path, &to).await?;
            continue;
        }
        for records in found.by_name(path) {
            let (name, saved) = save(&found, (path, &records), &keys, &to).await;
            let saved = saved.map_err(|error| error.to_string());
            say(&name, saved.err().as_deref());
        }
    }
    for orphan in found.orphans() {
        match adopt(orphan, &keys, &to).await {
            Ok(Some(path)) => say(&path, None),
            Ok(None) => {}
            Err(error) => say(&orphan.display().to_string(), Some(&error.to_string())),
        }
    }
    Ok(())
}

/// The newest keyring that opens.
async fn keyring(found: &Salvaged, roots: &Roots) -> Result<(Ring, Vec<u8>)> {
    let mut best: Option<(Ring, Vec<u8>)> = None;
    for path in layout::KEYRINGS {
        for number in 0..found.versions(path) {
            let version = Version { from: found, path, number };
            let mut file = vec![0; usize::try_from(version.size()).unwrap_or(0)];
            if version.read(0, &mut file).is_err() {
                continue;
            }
            if let Ok(ring) = Ring::open(&file, roots, 0).await
                && best.as_ref().is_none_or(|(best, _)| best.version < ring.version)
            {
                best = Some((ring, file));
            }
        }
    }
    best.ok_or_else(|| Failure("no copy of the keyring opens with this root key".to_owned()))
}

/// Saves a record that some Head may need; one that is gone is for the Head to miss.
async fn save_overflow(found: &Salvaged, path: &str, to: &DiskStore) -> Result<()> {
    let version = Version { from: found, path, number: 0 };
    let mut record = vec![0; usize::try_from(version.size()).unwrap_or(0)];
    match version.read(0, &mut record) {
        Ok(()) => put(to, path, record).await,
        Err(_gone) => Ok(()),
    }
}

/// Saves a version from the newest of its records that authenticates. Also gives the name to tell of it.
async fn save(found: &Salvaged, of: (&str, &[usize]), keys: &Keys, to: &DiskStore) -> (String, Result<()>) {
    let (path, records) = of;
    let (mut name, mut why) = (path.to_owned(), Failure("no record of it is whole".to_owned()));
    for (place, number) in records.iter().enumerate() {
        if let Some((Some(version), _)) = found.name(path, *number) {
            name = format!("{path}?versionId={version}");
        }
        let version = Version { from: found, path, number: *number };
        match copy(&version, path, keys, to, found).await {
            Ok(()) => return (name, Ok(())),
            Err(error) if place == 0 => why = error,
            Err(_older) => {}
        }
    }
    (name, Err(why))
}

async fn copy(version: &Version<'_>, path: &str, keys: &Keys, to: &DiskStore, found: &Salvaged) -> Result<()> {
    let (bucket, name) = path.split_once('/').ok_or_else(|| Failure("it is in no bucket".to_owned()))?;
    let uuid = keys.bucket(bucket).ok_or_else(|| Failure(format!("the keyring has no bucket {bucket}")))?;
    let key = decode_key(name).ok_or_else(|| Failure("no key has its name".to_owned()))?;
    let clear = ClearHead::find(version.size(), &open::last(version, HEAD)?).map_err(|error| Failure(error.to_string()))?;
    let kek = keys.kek(uuid, &clear).await?;
    let overflow = overflow(&clear, found);
    let head = open::head(version, &kek, &Context { bucket: uuid, key: &key }, overflow.as_deref())?;
    authenticate(version, &head)?;
    let recorded = found.name(path, version.number);
    let kept = Kept::of(&head);
    if recorded != Some((kept.version.clone(), kept.marker)) {
        return Err(Failure("another version stands in its place".to_owned()));
    }
    write(version, path, to, &kept).await
}

/// What a genuine Head says of the version it is of.
struct Kept {
    version: Option<String>,
    marker: bool,
}

impl Kept {
    fn of(head: &Head) -> Self {
        let (version, marker) = version_of(head);
        Self { version, marker }
    }

    fn keep(&self) -> Keep {
        self.version.clone().map_or(Keep::Named, Keep::All)
    }
}

/// Reads and authenticates all that opens without a key of a client. What needs one is saved for whoever has it: its
/// Head is genuine and its length one that an object can have.
fn authenticate(bytes: &dyn Bytes, head: &Head) -> Result<()> {
    if head.needs_customer_key() {
        return plain_length(bytes.size()).map(drop).map_err(|error| Failure(error.to_string()));
    }
    let opened = open::tail(bytes, head, None)?;
    open::open_all(bytes, &opened, |_text| Ok(()))
}

fn overflow(clear: &ClearHead, found: &Salvaged) -> Option<Vec<u8>> {
    let path = layout::overflow(&clear.overflow_name()?);
    let version = Version { from: found, path: path.as_ref(), number: 0 };
    let mut record = vec![0; usize::try_from(version.size()).ok()?];
    version.read(0, &mut record).ok()?;
    Some(record)
}

/// A file that no record names: its Head says which object it is.
async fn adopt(file: &Path, keys: &Keys, to: &DiskStore) -> Result<Option<String>> {
    let bytes = File::open(file).map_err(|error| Failure::of("reading", error))?;
    let Ok(clear) = ClearHead::find(Bytes::size(&bytes), &open::last(&bytes, HEAD)?) else { return Ok(None) };
    for (uuid, line) in &keys.ring.buckets {
        let Ok(kek) = keys.kek(*uuid, &clear).await else { continue };
        let clear =
            ClearHead::find(Bytes::size(&bytes), &open::last(&bytes, HEAD)?).map_err(|error| Failure(error.to_string()))?;
        let Ok(head) = clear.recover(&kek, *uuid, None) else { continue };
        let key = head.metadata().key.clone();
        let path = layout::object(&line.name, &key).map_err(|error| Failure(error.to_string()))?;
        let kept = Kept::of(&head);
        if to.open_version(&path, &store::Version::of(kept.version.as_deref())).await.is_ok() {
            return Ok(None);
        }
        authenticate(&bytes, &head)?;
        write(&bytes, path.as_ref(), to, &kept).await?;
        return Ok(Some(path.to_string()));
    }
    Ok(None)
}

async fn write(bytes: &dyn Bytes, path: &str, to: &DiskStore, kept: &Kept) -> Result<()> {
    const STEP: u64 = 1 << 20;
    let in_store = |error: object_store::Error| Failure::of("writing", error);
    let path = StorePath::parse(path).map_err(|error| Failure(error.to_string()))?;
    let size = bytes.size();
    if size <= STEP {
        let mut all = vec![0; usize::try_from(size).unwrap_or(0)];
        bytes.read(0, &mut all).map_err(|error| Failure::of("reading", error))?;
        let written = if kept.marker {
            to.mark(&path, all.into(), kept.keep()).await
        } else {
            let terms = Terms { mode: PutMode::Overwrite, keep: kept.keep() };
            to.put_opts(&path, PutPayload::from(all), terms.into()).await
        };
        return written.map(drop).map_err(in_store);
    }
    let (mut draft, mut at) = (to.begin(&path).await.map_err(in_store)?, 0);
    while at < size.saturating_sub(STEP) {
        let mut piece = vec![0; usize::try_from(STEP.min(size.saturating_sub(STEP).saturating_sub(at))).unwrap_or(0)];
        bytes.read(at, &mut piece).map_err(|error| Failure::of("reading", error))?;
        at = at.saturating_add(u64::try_from(piece.len()).unwrap_or(STEP));
        draft.write(Box::new(move || Buffer::holding(piece))).await.map_err(in_store)?;
    }
    let mut end = vec![0; usize::try_from(size.saturating_sub(at)).unwrap_or(0)];
    bytes.read(at, &mut end).map_err(|error| Failure::of("reading", error))?;
    draft.finish(end.into(), Terms { mode: PutMode::Overwrite, keep: kept.keep() }).await.map_err(in_store)?;
    Ok(())
}

async fn put(to: &DiskStore, path: &str, bytes: Vec<u8>) -> Result<()> {
    let path = StorePath::parse(path).map_err(|error| Failure(error.to_string()))?;
    let put = to.put_opts(&path, PutPayload::from(bytes), PutOptions::default()).await;
    put.map(drop).map_err(|error| Failure::of("writing", error))
}
