//! Blob files: written once, synced before anything names them, and removed when nothing does and nobody reads them.

use super::fault;
use super::record::Extent;
use object_store::Result;
use rustix::fs::{Advice, fadvise};
use rustix::io::{ReadWriteFlags, preadv2};
use std::collections::{HashMap, HashSet};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, IoSliceMut, Write};
use std::num::NonZeroU64;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// After so many bytes the disk begins to write them: while more come in, not when the sync waits for all.
const EARLY: u64 = 8 << 20;

/// All blob files of a store.
pub(super) struct Blobs {
    folder: PathBuf,
    next: AtomicU64,
    pins: Mutex<HashMap<u64, Pinned>>,
}

/// How many read a blob, and whether it goes when they are done.
#[derive(Default)]
struct Pinned {
    readers: usize,
    doomed: bool,
}

impl Blobs {
    /// Opens the folder and removes every file that nothing names: what a crash left behind.
    pub(super) fn open(folder: PathBuf, named: &HashSet<u64>) -> Result<Self> {
        let greatest = sweep(&folder, named).map_err(|error| fault::io(&error))?;
        let next = named.iter().copied().max().unwrap_or(0).max(greatest).saturating_add(1);
        Ok(Self { folder, next: AtomicU64::new(next), pins: Mutex::default() })
    }

    fn path(&self, blob: u64) -> PathBuf {
        path(&self.folder, blob)
    }

    /// A new file, which is removed when dropped before [`Writing::keep`].
    pub(super) fn create(self: &Arc<Self>) -> io::Result<Writing> {
        let blob = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.path(blob);
        if let Some(parent) = path.parent()
            && !parent.is_dir()
        {
            DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
            File::open(&self.folder)?.sync_all()?;
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Writing { blobs: Arc::clone(self), blob, file, len: 0, begun: 0, kept: false })
    }

    /// Keeps these blobs from being removed until the pin is dropped. `current` is asked while none can be removed:
    /// what it finds to be named then is safe.
    pub(super) fn pin<T>(self: &Arc<Self>, current: impl FnOnce() -> Result<(T, Vec<u64>)>) -> Result<(T, Pin)> {
        let mut pins = self.pins();
        let (found, mut blobs) = current()?;
        blobs.sort_unstable();
        blobs.dedup();
        for blob in &blobs {
            pins.entry(*blob).or_default().readers += 1;
        }
        drop(pins);
        Ok((found, Pin { blobs: Arc::clone(self), pinned: blobs }))
    }

    /// Removes blobs that nothing names any more, now or when their last reader is done. Those that nobody reads cannot
    /// be pinned any more, so that nobody waits while they go.
    pub(super) fn remove(&self, blobs: &[u64]) {
        let mut pins = self.pins();
        let is_unread = |blob: &&u64| match pins.get_mut(blob) {
            Some(pinned) => {
                pinned.doomed = true;
                false
            }
            None => true,
        };
        let unread: Vec<u64> = blobs.iter().filter(is_unread).copied().collect();
        drop(pins);
        unread.into_iter().for_each(|blob| self.unlink(blob));
    }

    /// Opens a blob for reading.
    pub(super) fn file(&self, blob: u64) -> Result<File> {
        File::open(self.path(blob)).map_err(|error| self.lost(blob, &error))
    }

    /// Fills the buffer from a blob.
    pub(super) fn read(&self, file: &File, extent: Extent, buffer: &mut [u8]) -> Result<()> {
        file.read_exact_at(buffer, extent.offset).map_err(|error| self.lost(extent.blob, &error))
    }

    /// As [`Blobs::read`], where the system has all of the bytes in memory.
    ///
    /// # Errors
    /// If it has not, or cannot tell; reading may succeed all the same.
    pub(super) fn read_at_hand(file: &File, extent: Extent, buffer: &mut [u8]) -> Result<()> {
        let length = buffer.len();
        let read = preadv2(file, &mut [IoSliceMut::new(buffer)], extent.offset, ReadWriteFlags::NOWAIT);
        match read {
            Ok(count) if count == length => Ok(()),
            Ok(_) => Err(fault::unavailable("not all is in memory")),
            Err(error) => Err(fault::io(&error.into())),
        }
    }

    fn lost(&self, blob: u64, error: &io::Error) -> object_store::Error {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof => {
                fault::damaged(format!("blob {}", self.path(blob).display()))
            }
            _ => fault::io(error),
        }
    }

    fn unlink(&self, blob: u64) {
        if let Err(error) = fs::remove_file(self.path(blob)) {
            tracing::warn!(blob, %error, "a blob that nothing names could not be removed; it will be swept at the next start");
        }
    }

    fn pins(&self) -> MutexGuard<'_, HashMap<u64, Pinned>> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Blobs that stay readable while this is held.
pub(super) struct Pin {
    blobs: Arc<Blobs>,
    pinned: Vec<u64>,
}

impl Pin {
    pub(super) fn blobs(&self) -> &Blobs {
        &self.blobs
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut pins = self.blobs.pins();
        for blob in &self.pinned {
            let Some(pinned) = pins.get_mut(blob) else { continue };
            pinned.readers = pinned.readers.saturating_sub(1);
            if pinned.readers == 0 {
                let doomed = pinned.doomed;
                pins.remove(blob);
                if doomed {
                    self.blobs.unlink(*blob);
                }
            }
        }
    }
}

/// A blob that is being written, and that nothing names yet.
pub(super) struct Writing {
    blobs: Arc<Blobs>,
    blob: u64,
    file: File,
    len: u64,
    /// How far the disk was told to begin.
    begun: u64,
    kept: bool,
}

impl Writing {
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.len = self.len.saturating_add(super::record::to_u64(bytes.len()));
        let waiting = self.len.saturating_sub(self.begun);
        if waiting >= EARLY {
            // The advice makes the disk begin; what it is still writing stays in memory all the same.
            let _only_advice = fadvise(&self.file, self.begun, NonZeroU64::new(waiting), Advice::DontNeed);
            self.begun = self.len;
        }
        Ok(())
    }

    /// Makes the bytes and the name durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()?;
        let path = self.blobs.path(self.blob);
        let folder = path.parent().unwrap_or(&self.blobs.folder);
        File::open(folder)?.sync_all()
    }

    /// Its name and length.
    pub(super) fn extent(&self) -> Extent {
        Extent { blob: self.blob, offset: 0, len: self.len }
    }

    /// Leaves the file where it is: the index names it now.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.kept {
            self.blobs.unlink(self.blob);
        }
    }
}

pub(super) fn path(folder: &Path, blob: u64) -> PathBuf {
    folder.join(format!("{:02x}", blob % 256)).join(format!("{blob:016x}"))
}

/// Every blob file there is.
pub(super) fn files(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut all = Vec::new();
    for within in fs::read_dir(folder)? {
        for file in fs::read_dir(within?.path())? {
            let path = file?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if let Ok(blob) = u64::from_str_radix(name, 16) {
                all.push((blob, path));
            }
        }
    }
    Ok(all)
}

fn sweep(folder: &Path, named: &HashSet<u64>) -> io::Result<u64> {
    let (mut greatest, mut swept) = (0, 0_u64);
    for (blob, path) in files(folder)? {
        greatest = greatest.max(blob);
        if !named.contains(&blob) {
            fs::remove_file(path)?;
            swept = swept.saturating_add(1);
        }
    }
    if swept > 0 {
        tracing::info!(swept, "removed blobs that nothing names");
    }
    Ok(greatest)
}
