//! The directory: whose it is, what is in it, and how much room there is.

use super::fault;
use object_store::{Error, Result};
use rustix::fs::{Access, FlockOperation, access, flock};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const FORMAT: &str = "waxseal-store v1\n";

/// Room that is never filled: at most this much, in bytes.
const RESERVE_MAX: u64 = 64 << 20;

/// A directory that is ours until this is dropped.
pub(super) struct Folder {
    root: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes an empty store, also where making one was interrupted.
    pub(super) fn create(root: &Path) -> Result<Self> {
        let io = |error: io::Error| in_folder(root, &error);
        DirBuilder::new().recursive(true).mode(0o700).create(root).map_err(io)?;
        let folder = Self::lock(root)?;
        if folder.root.join("format").exists() {
            return Err(Error::AlreadyExists { path: root.display().to_string(), source: "there is a store".into() });
        }
        DirBuilder::new().recursive(true).mode(0o700).create(folder.blobs()).map_err(io)?;
        folder.clear().map_err(|error| error.map_or_else(|| folder.nameless(), |error| in_folder(root, &error)))?;
        Ok(folder)
    }

    /// Removes the index that an interrupted making left behind. `Err(None)` if it, or a blob, may hold an object: then
    /// the store was complete once, and has lost the file that says so.
    fn clear(&self) -> std::result::Result<(), Option<io::Error>> {
        let holds_blobs = !super::blobs::files(&self.blobs())?.is_empty();
        match fs::read(self.index()) {
            Ok(bytes) if holds_blobs || super::record::find(&bytes).next().is_some() => Err(None),
            Ok(_) => Ok(fs::remove_file(self.index())?),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !holds_blobs => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(None),
            Err(error) => Err(Some(error)),
        }
    }

    fn nameless(&self) -> Error {
        let root = self.root.display();
        fault::damaged(format!("{root}, which holds objects and no file `format`,"))
    }

    /// Says that the store is complete: the last step of making one.
    pub(super) fn seal(&self) -> Result<()> {
        let write = || {
            // Under its name it is whole or not there at all.
            let path = self.root.join("format.new");
            fs::write(&path, FORMAT)?;
            File::open(&path)?.sync_all()?;
            fs::rename(&path, self.root.join("format"))?;
            File::open(&self.root)?.sync_all()
        };
        write().map_err(|error| in_folder(&self.root, &error))
    }

    /// Takes a store that exists.
    pub(super) fn open(root: &Path) -> Result<Self> {
        Self::check_format(root)?;
        Self::lock(root)
    }

    /// Sees that a store is there and may be written, and takes nothing.
    pub(super) fn look(root: &Path) -> Result<()> {
        Self::check_format(root)?;
        for part in ["index", "blobs"] {
            match access(root.join(part), Access::READ_OK | Access::WRITE_OK) {
                Ok(()) => {}
                Err(rustix::io::Errno::NOENT) => return Err(fault::damaged(format!("{}: its {part}", root.display()))),
                Err(error) => return Err(in_folder(&root.join(part), &error.into())),
            }
        }
        access(root, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| in_folder(root, &error.into()))
    }

    /// Sees that there is a complete store, of this version.
    fn check_format(root: &Path) -> Result<()> {
        let format = match fs::read_to_string(root.join("format")) {
            Ok(format) => format,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let path = root.display().to_string();
                return Err(Error::NotFound { path, source: "there is no store: run `waxseal init`".into() });
            }
            Err(error) => return Err(in_folder(root, &error)),
        };
        if format != FORMAT {
            return Err(fault::unavailable(format!("{} is a store of another version", root.display())));
        }
        Ok(())
    }

    /// Takes a directory, whatever is in it.
    pub(super) fn lock(root: &Path) -> Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true).mode(0o600).open(root.join("lock"));
        let lock = file.map_err(|error| in_folder(root, &error))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { root: root.to_owned(), _lock: lock }),
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let why = format!("{} is in use by another process: stop it first", root.display());
                Err(fault::unavailable(why))
            }
            Err(error) => Err(in_folder(root, &error.into())),
        }
    }

    pub(super) fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    pub(super) fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    /// Whether so many more bytes leave the reserve untouched.
    pub(super) fn has_room(&self, more: u64) -> Result<bool> {
        let about = rustix::fs::statvfs(&self.root).map_err(|error| in_folder(&self.root, &error.into()))?;
        let (free, all) = (about.f_bavail.saturating_mul(about.f_frsize), about.f_blocks.saturating_mul(about.f_frsize));
        Ok(free >= more.saturating_add(RESERVE_MAX.min(all / 20)))
    }
}

fn in_folder(root: &Path, error: &io::Error) -> Error {
    match fault::io(error) {
        Error::Generic { .. } if error.kind() != io::ErrorKind::StorageFull => {
            fault::unavailable(format!("{}: {error}", root.display()))
        }
        other => other,
    }
}
