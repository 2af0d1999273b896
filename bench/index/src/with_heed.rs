//! heed: LMDB, a copy-on-write B-tree in one memory-mapped file, in C.

use crate::candidate::{Candidate, Result, Write};
use heed::types::{Bytes, Str, U64};
use heed::{Database, Env, EnvOpenOptions, byteorder::BigEndian};
use std::ops::Bound;
use std::path::Path;

/// The most that the file may become: address space, not memory.
const MAP: usize = 64 << 30;

pub struct Index {
    environment: Env,
    entries: Database<Str, Bytes>,
    bodies: Database<U64<BigEndian>, Bytes>,
}

impl Index {
    pub fn open(folder: &Path, whole: bool) -> Result<Self> {
        // SAFETY: nobody else writes to the directory, which is a temporary one of this program.
        let environment = unsafe { EnvOpenOptions::new().map_size(MAP).max_dbs(2).open(folder)? };
        let mut transaction = environment.write_txn()?;
        let entries: Database<Str, Bytes> = environment.create_database(&mut transaction, Some("entries"))?;
        let bodies: Database<U64<BigEndian>, Bytes> = environment.create_database(&mut transaction, Some("bodies"))?;
        transaction.commit()?;
        if whole {
            let transaction = environment.read_txn()?;
            let mut sum = 0_usize;
            for item in entries.iter(&transaction)? {
                sum += item?.1.iter().map(|byte| usize::from(*byte)).sum::<usize>();
            }
            for item in bodies.iter(&transaction)? {
                sum += item?.1.iter().map(|byte| usize::from(*byte)).sum::<usize>();
            }
            std::hint::black_box(sum);
        }
        Ok(Self { environment, entries, bodies })
    }
}

impl Candidate for Index {
    fn commit(&self, writes: &[Write]) -> Result<()> {
        let mut transaction = self.environment.write_txn()?;
        for write in writes {
            self.entries.put(&mut transaction, &write.path, &write.entry)?;
            if let Some(body) = &write.body {
                self.bodies.put(&mut transaction, &write.sequence, body)?;
            }
            if let Some(replaced) = &write.replaced {
                self.bodies.delete(&mut transaction, replaced)?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn page(&self, after: &str, limit: usize) -> Result<usize> {
        let transaction = self.environment.read_txn()?;
        let mut length = 0;
        for item in self.entries.range(&transaction, &(Bound::Excluded(after), Bound::Unbounded))?.take(limit) {
            let (path, entry) = item?;
            length += path.len() + entry.iter().step_by(64).filter(|byte| **byte < 255).count();
        }
        Ok(length)
    }

    fn holds(&self, path: &str, sequence: u64) -> Result<bool> {
        let transaction = self.environment.read_txn()?;
        Ok(self.entries.get(&transaction, path)?.is_some() && self.bodies.get(&transaction, &sequence)?.is_some())
    }
}
