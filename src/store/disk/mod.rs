//! The store on local disk: an embedded transactional index and blob files.
//!
//! ```text
//! DIR/format      what this is; the last thing that making a store writes
//! DIR/lock        held by the one process that owns the directory
//! DIR/index       path -> size, time, last 1,392 bytes, where the others lie; bodies of up to 64 KiB
//! DIR/blobs/xx/…  the bytes of larger objects and of parts, a file each, named by the index
//! ```
//!
//! One commit point: a blob is written and synced, with its folder; then the index is committed and synced, with all
//! other changes that wait; then the write is acknowledged. A blob without an entry is swept at the next start. Copying,
//! replacing a Head and completing an upload move no content: entries name stretches of blobs, and blobs are counted.
//!
//! The index is redb: a copy-on-write B-tree whose commit is one sync, without a log to replay or a thread that compacts.
//! It is read and checked whole when the store is opened. Every record names its key and carries a checksum, so
//! that damage is noticed where it is met and not taken for absence.
//!
//! Nothing here tells of plaintext more than its length: what is stored is sealed, and versions are numbered.

mod blobs;
mod change;
mod committer;
mod draft;
mod fault;
mod folder;
mod index;
mod keep;
mod objects;
mod record;
mod salvage;
mod seam;
mod stored;
mod versions;

pub use salvage::{Salvaged, salvage};

use crate::store::Clock;
use blobs::Blobs;
use committer::{Committer, Workshop};
use folder::Folder;
use index::Index;
use object_store::Result;
use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Objects up to this length are held in the index, in bytes as stored: those of 64 KiB of plaintext are.
const INLINE: usize = (64 << 10) + 2_048;

/// What an operator may choose of the store.
#[derive(Clone)]
pub struct Settings {
    /// Dates what is stored.
    pub clock: Clock,
    /// Memory for the index's pages, in bytes.
    pub cache: usize,
}

/// A store in a directory that is ours as long as this, or a clone of it, is held.
#[derive(Clone)]
pub struct DiskStore {
    root: PathBuf,
    inner: Arc<Inner>,
}

struct Inner {
    committer: Committer,
    workshop: Arc<Workshop>,
}

impl DiskStore {
    /// Makes an empty store.
    ///
    /// # Errors
    /// `AlreadyExists` if there is one in this directory.
    pub fn create(root: &Path, settings: Settings) -> Result<Self> {
        let folder = Folder::create(root)?;
        let index = Index::create(&folder.index(), settings.cache)?;
        folder.seal()?;
        Self::start(root, folder, index, settings)
    }

    /// Opens a store, and sweeps what a crash left behind.
    ///
    /// # Errors
    /// `NotFound` if and only if there is none. [`Fault::Unavailable`](crate::store::Fault) if another process has it,
    /// [`Fault::Damaged`](crate::store::Fault) if its index is not whole.
    pub fn open(root: &Path, settings: Settings) -> Result<Self> {
        let folder = Folder::open(root)?;
        let index = Index::open(&folder.index(), settings.cache)?;
        Self::start(root, folder, index, settings)
    }

    fn start(root: &Path, folder: Folder, index: Index, settings: Settings) -> Result<Self> {
        let named: HashSet<u64> = index.blobs()?;
        let blobs = Arc::new(Blobs::open(folder.blobs(), &named)?);
        let workshop = Arc::new(Workshop { folder, index, blobs, clock: settings.clock });
        let committer = Committer::start(Arc::clone(&workshop))?;
        Ok(Self { root: root.to_owned(), inner: Arc::new(Inner { committer, workshop }) })
    }
}

impl fmt::Display for DiskStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "disk {}", self.root.display())
    }
}

impl fmt::Debug for DiskStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DiskStore({})", self.root.display())
    }
}
