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
//! that damage is noticed where it is met and not taken for absence. What stands between the records, the branches of the
//! tree, has checksums that are compared at opening alone: altered under a running store, it is noticed at the next start.
//!
//! It was chosen among three by `make spike` (bench/index): an index of 10^6 entries as this store writes them, every
//! commit synced before it is acknowledged, on ext4 and two cores that were also busy otherwise:
//!
//! | | redb 4.6 | fjall 3.1 | heed 0.22 (LMDB) |
//! |---|---:|---:|---:|
//! | 64 committers of 4 KiB, objects a second | 6,333 | 13,193 | 3,723 |
//! | the slowest of a hundred of them | 18.1 ms | 44.6 ms | 32.5 ms |
//! | a page of 1,000 entries out of 10^6; of a hundred, the slowest | 2.0; 6.5 ms | 1.9; 17.3 ms | 0.6; 1.8 ms |
//! | opening after kill -9 | 23.1 s | 0.7 s | 0.0 s |
//! | the same, with all of it read and what has checksums verified | 23.3 s | 15.2 s | 4.1 s |
//! | acknowledged objects lost by six kills | 0 of 54,344 | 0 of 96,642 | 0 of 45,323 |
//! | disk for 10^6 entries written in random order | 2,514 MiB | 1,474 MiB | 2,184 MiB |
//! | disk for objects overwritten ten times, in their own size | 1.96 | 2.42 | 1.91 |
//!
//! fjall commits twice as much and loads three times as fast; LMDB reads pages fastest and opens at once. redb stays for
//! what the table does not show: no C and no memory map, where a damaged page ends the process, or, without checksums
//! as in LMDB, goes unnoticed; keys longer than the 511 bytes that LMDB has by default; one file, in which values
//! lie as they were written, so that a salvage finds records by their magic (fjall spreads them over journals and
//! compressed segments); transactions that readers see whole; commits that no compaction delays, hence the best of the
//! slowest. The price is an opening that reads the whole index, after a kill or not: some ten seconds a GiB when the
//! machine is busy.
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
mod removal;
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
use removal::Removal;
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
        let workshop =
            Arc::new(Workshop { removal: Removal::start(Arc::clone(&blobs))?, folder, index, blobs, clock: settings.clock });
        let committer = Committer::start(Arc::clone(&workshop))?;
        Ok(Self { root: root.to_owned(), inner: Arc::new(Inner { committer, workshop }) })
    }
}

/// Looks whether there is a store that could be opened, without taking it.
///
/// # Errors
/// `NotFound` if and only if there is none; [`Fault::Damaged`](crate::store::Fault) if a part of it is missing,
/// [`Fault::Unavailable`](crate::store::Fault) if it is of another version, or not ours to write.
pub fn look(root: &Path) -> Result<()> {
    Folder::look(root)
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
