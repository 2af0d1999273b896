//! redb: a copy-on-write B-tree in one file.

use crate::candidate::{CACHE, Candidate, Result, Write};
use redb::{Database, Durability, ReadableDatabase, TableDefinition};
use std::ops::Bound;
use std::path::Path;

const ENTRIES: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("entries");
const BODIES: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("bodies");

pub struct Index(Database);

impl Index {
    pub fn open(folder: &Path, whole: bool) -> Result<Self> {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE).set_check_integrity_on_open(whole);
        Ok(Self(builder.create(folder.join("index"))?))
    }
}

impl Candidate for Index {
    fn commit(&self, writes: &[Write]) -> Result<()> {
        let mut transaction = self.0.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        {
            let (mut entries, mut bodies) = (transaction.open_table(ENTRIES)?, transaction.open_table(BODIES)?);
            for write in writes {
                entries.insert(write.path.as_str(), write.entry.as_slice())?;
                if let Some(body) = &write.body {
                    bodies.insert(write.sequence, body.as_slice())?;
                }
                if let Some(replaced) = write.replaced {
                    bodies.remove(replaced)?;
                }
            }
        }
        Ok(transaction.commit()?)
    }

    fn page(&self, after: &str, limit: usize) -> Result<usize> {
        let entries = self.0.begin_read()?.open_table(ENTRIES)?;
        let mut length = 0;
        for item in entries.range::<&str>((Bound::Excluded(after), Bound::Unbounded))?.take(limit) {
            let (path, entry) = item?;
            length += path.value().len() + entry.value().len();
        }
        Ok(length)
    }

    fn holds(&self, path: &str, sequence: u64) -> Result<bool> {
        let transaction = self.0.begin_read()?;
        let (entries, bodies) = (transaction.open_table(ENTRIES)?, transaction.open_table(BODIES)?);
        Ok(entries.get(path)?.is_some() && bodies.get(sequence)?.is_some())
    }
}
