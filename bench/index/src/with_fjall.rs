//! fjall: a log-structured merge tree in a directory, with a journal and threads that compact.

use crate::candidate::{CACHE, Candidate, Result, Write};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use std::ops::Bound;
use std::path::Path;

pub struct Index {
    database: Database,
    entries: Keyspace,
    bodies: Keyspace,
}

impl Index {
    pub fn open(folder: &Path, whole: bool) -> Result<Self> {
        let database = Database::builder(folder).cache_size(u64::try_from(CACHE)?).open()?;
        let keyspace = |name: &str| database.keyspace(name, KeyspaceCreateOptions::default);
        let (entries, bodies) = (keyspace("entries")?, keyspace("bodies")?);
        if whole {
            for item in entries.iter().chain(bodies.iter()) {
                item.value()?;
            }
        }
        Ok(Self { entries, bodies, database })
    }
}

impl Candidate for Index {
    fn commit(&self, writes: &[Write]) -> Result<()> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        for write in writes {
            batch.insert(&self.entries, write.path.as_str(), write.entry.as_slice());
            if let Some(body) = &write.body {
                batch.insert(&self.bodies, write.sequence.to_be_bytes(), body.as_slice());
            }
            if let Some(replaced) = write.replaced {
                batch.remove(&self.bodies, replaced.to_be_bytes());
            }
        }
        Ok(batch.commit()?)
    }

    fn page(&self, after: &str, limit: usize) -> Result<usize> {
        let mut length = 0;
        for item in self.entries.range::<&str, _>((Bound::Excluded(after), Bound::Unbounded)).take(limit) {
            let (path, entry) = item.into_inner()?;
            length += path.len() + entry.len();
        }
        Ok(length)
    }

    fn holds(&self, path: &str, sequence: u64) -> Result<bool> {
        Ok(self.entries.contains_key(path)? && self.bodies.contains_key(sequence.to_be_bytes())?)
    }
}
