//! The index: the one file that says which bytes are which object, behind transactions.
//!
//! The only file that names the library. Readers see the state after a commit, whole; writers are the committer alone.

use super::fault;
use super::record::{Entry, Part, decode_body};
use object_store::Result;
use redb::{
    Database, Durability, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction,
};
use std::collections::HashSet;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// Path to entry.
pub(super) const ENTRIES: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("entries");
/// Path and the complement of an order to a version that is not current, or a marker: the newest comes first.
pub(super) const VERSIONS: TableDefinition<'static, (&str, u64), &[u8]> = TableDefinition::new("versions");
/// Path and name to the order of such a version.
pub(super) const NAMES: TableDefinition<'static, (&str, &str), u64> = TableDefinition::new("names");
/// Sequence to the body of a small object.
pub(super) const BODIES: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("bodies");
/// Blob to how many entries and parts name it.
pub(super) const BLOBS: TableDefinition<'static, u64, u64> = TableDefinition::new("blobs");
/// Path, NUL and upload to when it was begun, in milliseconds since 1970.
pub(super) const UPLOADS: TableDefinition<'static, &str, u64> = TableDefinition::new("uploads");
/// Upload and content id to part.
pub(super) const PARTS: TableDefinition<'static, (&str, &str), &[u8]> = TableDefinition::new("parts");
/// Counters.
pub(super) const COUNTERS: TableDefinition<'static, &str, u64> = TableDefinition::new("counters");

/// The index of an open store.
pub(super) struct Index {
    path: PathBuf,
    cache: usize,
    /// How many commits there were.
    commits: AtomicU64,
    /// What was opened since the last of them; dropped before the database.
    view: Mutex<Option<Arc<View>>>,
    /// None while it is being opened again after a failed write.
    database: RwLock<Option<Database>>,
}

/// The tables that every read of an object needs, opened once after a commit and not for each read.
struct View {
    /// The commits there were when they were opened: they show these and perhaps later ones.
    commits: u64,
    entries: ReadOnlyTable<&'static str, &'static [u8]>,
    bodies: ReadOnlyTable<u64, &'static [u8]>,
}

/// A page of entries and common prefixes.
pub(super) struct Page {
    pub(super) entries: Vec<Entry>,
    pub(super) prefixes: Vec<String>,
    /// The path to go on after, if there is more.
    pub(super) next: Option<String>,
}

/// What a page is of.
pub(super) struct Wanted<'a> {
    pub(super) prefix: &'a str,
    pub(super) after: Option<&'a str>,
    pub(super) delimiter: Option<&'a str>,
    pub(super) limit: usize,
}

impl Index {
    /// Makes an empty index.
    pub(super) fn create(path: &Path, cache: usize) -> Result<Self> {
        let database = Database::builder().set_cache_size(cache).create(path).map_err(fault::index)?;
        let index = Self::over(path, cache, database);
        index.write(|_| Ok(()))?;
        Ok(index)
    }

    /// Opens an index, and reads all of it to see that it is whole.
    pub(super) fn open(path: &Path, cache: usize) -> Result<Self> {
        Ok(Self::over(path, cache, open(path, cache)?))
    }

    fn over(path: &Path, cache: usize, database: Database) -> Self {
        let (database, commits, view) = (RwLock::new(Some(database)), AtomicU64::new(0), Mutex::default());
        Self { path: path.to_owned(), cache, database, commits, view }
    }

    /// Opens it again after a write that failed, which ends the library's use of the file.
    pub(super) fn reopen(&self) -> Result<()> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        self.forget_view();
        drop(database.take());
        *database = Some(open(&self.path, self.cache)?);
        Ok(())
    }

    pub(super) fn read<T>(&self, read: impl FnOnce(&ReadTransaction) -> Result<T>) -> Result<T> {
        self.with(|database| read(&database.begin_read().map_err(fault::index)?))
    }

    fn with<T>(&self, job: impl FnOnce(&Database) -> Result<T>) -> Result<T> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or_else(|| fault::unavailable("the index is being opened again"))?;
        catch_unwind(AssertUnwindSafe(|| job(database))).unwrap_or_else(|panic| Err(fault::unwound(panic)))
    }

    /// The tables as they are after every commit that was answered.
    fn view(&self, database: &Database) -> Result<Arc<View>> {
        let commits = self.commits.load(Ordering::Acquire);
        let kept = self.kept_view().clone();
        if let Some(view) = kept.filter(|view| view.commits == commits) {
            return Ok(view);
        }
        let transaction = database.begin_read().map_err(fault::index)?;
        let entries = transaction.open_table(ENTRIES).map_err(fault::index)?;
        let bodies = transaction.open_table(BODIES).map_err(fault::index)?;
        let view = Arc::new(View { commits, entries, bodies });
        let mut kept = self.kept_view();
        // One that a commit made old is not kept: pages that only it needs could not be used again.
        if self.commits.load(Ordering::Acquire) == commits {
            *kept = Some(Arc::clone(&view));
        }
        Ok(view)
    }

    fn kept_view(&self) -> MutexGuard<'_, Option<Arc<View>>> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget_view(&self) {
        self.commits.fetch_add(1, Ordering::Release);
        drop(self.kept_view().take());
    }

    /// Does all of `change` or none of it; durable when this returns.
    pub(super) fn write<T>(&self, change: impl FnOnce(&WriteTransaction) -> Result<T>) -> Result<T> {
        self.with(|database| {
            let mut transaction = database.begin_write().map_err(fault::index)?;
            transaction.set_durability(Durability::Immediate).map_err(|error| fault::unavailable(error.to_string()))?;
            create_tables(&transaction)?;
            let changed = change(&transaction)?;
            transaction.commit().map_err(fault::index)?;
            self.forget_view();
            Ok(changed)
        })
    }

    /// The current version of an object.
    pub(super) fn entry(&self, path: &str) -> Result<Option<Entry>> {
        self.with(|database| {
            let view = self.view(database)?;
            let found = view.entries.get(path).map_err(fault::index)?;
            found.map(|record| decode(path, record.value())).transpose()
        })
    }

    /// The current version of an object, with its body if that is small.
    pub(super) fn object(&self, path: &str) -> Result<Option<(Entry, Vec<u8>)>> {
        self.with(|database| {
            let view = self.view(database)?;
            let Some(record) = view.entries.get(path).map_err(fault::index)? else { return Ok(None) };
            let entry = decode(path, record.value())?;
            let body = inline_body(&view.bodies, &entry)?;
            Ok(Some((entry, body)))
        })
    }

    /// A page of entries in order of path.
    pub(super) fn page(&self, wanted: &Wanted<'_>) -> Result<Page> {
        self.read(|transaction| {
            let entries = transaction.open_table(ENTRIES).map_err(fault::index)?;
            collect(&entries, wanted)
        })
    }

    /// Open uploads from after a key, in order: path, upload, and when it was begun.
    pub(super) fn uploads(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<(String, String, u64)>> {
        self.read(|transaction| {
            let uploads = transaction.open_table(UPLOADS).map_err(fault::index)?;
            let start = after.filter(|after| *after >= prefix).map_or(Bound::Included(prefix), Bound::Excluded);
            let mut found = Vec::new();
            for item in uploads.range::<&str>((start, Bound::Unbounded)).map_err(fault::index)? {
                let (key, created) = item.map_err(fault::index)?;
                if found.len() == limit || !key.value().starts_with(prefix) {
                    break;
                }
                let (path, upload) = key.value().split_once('\0').ok_or_else(|| fault::damaged("the index"))?;
                found.push((path.to_owned(), upload.to_owned(), created.value()));
            }
            Ok(found)
        })
    }

    /// Whether an upload is open.
    pub(super) fn is_open(&self, upload: &str) -> Result<bool> {
        self.read(|transaction| {
            let uploads = transaction.open_table(UPLOADS).map_err(fault::index)?;
            Ok(uploads.get(upload).map_err(fault::index)?.is_some())
        })
    }

    /// Every blob that anything names.
    pub(super) fn blobs(&self) -> Result<HashSet<u64>> {
        self.read(|transaction| {
            let blobs = transaction.open_table(BLOBS).map_err(fault::index)?;
            let all = blobs.iter().map_err(fault::index)?;
            all.map(|item| Ok(item.map_err(fault::index)?.0.value())).collect()
        })
    }
}

fn open(path: &Path, cache: usize) -> Result<Database> {
    // The library makes an empty file anew; ours that is empty is damaged.
    let length = std::fs::metadata(path).map_err(|_missing| fault::damaged("the index"))?.len();
    if length == 0 {
        return Err(fault::damaged("the index"));
    }
    let job = || Database::builder().set_cache_size(cache).set_check_integrity_on_open(true).open(path);
    match catch_unwind(AssertUnwindSafe(job)) {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(redb::DatabaseError::Storage(redb::StorageError::Io(error))))
            if error.kind() == std::io::ErrorKind::InvalidData =>
        {
            Err(fault::damaged("the index"))
        }
        Ok(Err(error)) => Err(fault::index(error)),
        Err(panic) => Err(fault::unwound(panic)),
    }
}

fn create_tables(transaction: &WriteTransaction) -> Result<()> {
    transaction.open_table(ENTRIES).map_err(fault::index)?;
    transaction.open_table(VERSIONS).map_err(fault::index)?;
    transaction.open_table(NAMES).map_err(fault::index)?;
    transaction.open_table(BODIES).map_err(fault::index)?;
    transaction.open_table(BLOBS).map_err(fault::index)?;
    transaction.open_table(UPLOADS).map_err(fault::index)?;
    transaction.open_table(PARTS).map_err(fault::index)?;
    transaction.open_table(COUNTERS).map_err(fault::index)?;
    Ok(())
}

/// Reads an entry and sees that it is the one that was asked for.
pub(super) fn decode(path: &str, record: &[u8]) -> Result<Entry> {
    let entry = Entry::decode(record).map(|(entry, _)| entry).filter(|entry| entry.path == path);
    entry.ok_or_else(|| fault::damaged(path))
}

/// Reads a body and sees that it is the one that was asked for.
pub(super) fn checked_body(sequence: u64, record: &[u8]) -> Option<&[u8]> {
    decode_body(record).filter(|(found, ..)| *found == sequence).map(|(_, body, _)| body)
}

/// Reads a part.
pub(super) fn decode_part(record: &[u8]) -> Result<Part> {
    Part::decode(record).ok_or_else(|| fault::damaged("a part of an upload"))
}

/// The body of a small object; nothing for one whose body lies in blobs.
pub(super) fn inline_body(bodies: &impl ReadableTable<u64, &'static [u8]>, entry: &Entry) -> Result<Vec<u8>> {
    if !matches!(entry.body, super::record::Body::Inline(1..)) {
        return Ok(Vec::new());
    }
    let path = entry.path.as_str();
    let body = bodies.get(entry.sequence).map_err(fault::index)?.ok_or_else(|| fault::damaged(path))?;
    Ok(checked_body(entry.sequence, body.value()).ok_or_else(|| fault::damaged(path))?.to_vec())
}

fn collect(entries: &impl ReadableTable<&'static str, &'static [u8]>, wanted: &Wanted<'_>) -> Result<Page> {
    let Wanted { prefix, after, delimiter, limit } = *wanted;
    let mut page = Page { entries: Vec::new(), prefixes: Vec::new(), next: None };
    let mut start = match after.filter(|after| *after >= prefix) {
        Some(after) => Bound::Excluded(after.to_owned()),
        None => Bound::Included(prefix.to_owned()),
    };
    let mut last = None;
    loop {
        let bound = start.as_ref().map(String::as_str);
        let mut jump = None;
        for item in entries.range::<&str>((bound, Bound::Unbounded)).map_err(fault::index)? {
            let (path, record) = item.map_err(fault::index)?;
            let path = path.value();
            if !path.starts_with(prefix) {
                return Ok(page);
            }
            if page.entries.len().saturating_add(page.prefixes.len()) == limit {
                page.next = last;
                return Ok(page);
            }
            if let Some(group) = delimiter.and_then(|delimiter| group(path, prefix, delimiter)) {
                let behind = format!("{group}{}", char::MAX);
                page.prefixes.push(group.to_owned());
                last = Some(behind.clone());
                jump = Some(behind);
                break;
            }
            page.entries.push(decode(path, record.value())?);
            last = Some(path.to_owned());
        }
        match jump {
            Some(behind) => start = Bound::Excluded(behind),
            None => return Ok(page),
        }
    }
}

fn group<'p>(path: &'p str, prefix: &str, delimiter: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(prefix)?;
    path.get(..prefix.len().checked_add(rest.find(delimiter)?)?.checked_add(delimiter.len())?)
}
