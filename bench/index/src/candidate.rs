//! What the store asks of an index, and who may be it.

use std::error::Error;
use std::path::Path;

pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Memory for pages, as the store's default.
pub const CACHE: usize = 256 << 20;

/// A small object, as the store keeps it: an entry under its path, and a body under its sequence.
pub struct Write {
    pub path: String,
    pub entry: Vec<u8>,
    pub sequence: u64,
    /// None where only entries are measured.
    pub body: Option<Vec<u8>>,
    /// The body that this one takes the place of.
    pub replaced: Option<u64>,
}

pub trait Candidate: Send + Sync {
    /// Does all of it or nothing; synced when this returns.
    fn commit(&self, writes: &[Write]) -> Result<()>;

    /// Reads so many entries after a path; gives their length in bytes.
    fn page(&self, after: &str, limit: usize) -> Result<usize>;

    /// Whether entry and body are there.
    fn holds(&self, path: &str, sequence: u64) -> Result<bool>;
}

#[derive(Clone, Copy)]
pub enum Kind {
    Redb,
    Fjall,
    Heed,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Redb, Self::Fjall, Self::Heed];

    pub fn name(self) -> &'static str {
        match self {
            Self::Redb => "redb",
            Self::Fjall => "fjall",
            Self::Heed => "heed",
        }
    }

    pub fn named(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| "no such candidate".into())
    }

    /// Opens or makes an index; `whole` also reads all of it, which verifies what the candidate has checksums for.
    pub fn open(self, folder: &Path, whole: bool) -> Result<Box<dyn Candidate>> {
        std::fs::create_dir_all(folder)?;
        Ok(match self {
            Self::Redb => Box::new(crate::with_redb::Index::open(folder, whole)?),
            Self::Fjall => Box::new(crate::with_fjall::Index::open(folder, whole)?),
            Self::Heed => Box::new(crate::with_heed::Index::open(folder, whole)?),
        })
    }
}
