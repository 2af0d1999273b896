//! Changes to the index, each applied whole or refused before anything of it is.

use super::fault;
use super::index::{BLOBS, BODIES, COUNTERS, ENTRIES, NAMES, PARTS, UPLOADS, VERSIONS, checked_body, decode, decode_part};
use super::keep::Before;
use super::record::{self, Body, Entry, Extent, Part, encode_body, to_u64};
use crate::store::{Keep, Millis, Terms, Version};
use bytes::Bytes;
use object_store::{PutMode, Result};
use redb::{ReadableTable, Table, WriteTransaction};

/// How many of an object's last bytes stand in its entry.
pub(super) const END: usize = crate::envelope::END;

/// What is to be changed.
pub(super) enum Change {
    /// An object becomes this content.
    Put { path: String, content: Content, terms: Terms },
    /// An object becomes the first bytes of another's version, and a new end. No mode of its own ETag: the version's.
    Splice { from: From, keep: Option<u64>, end: Bytes, to: String, terms: Terms },
    /// An object goes.
    Delete { path: String },
    /// An upload is begun.
    Begin { path: String },
    /// An attempt at a part of an upload is there.
    Part { upload: String, part: Part },
    /// An upload becomes an object: these parts, then this content.
    Complete { path: String, upload: String, parts: Vec<String>, content: Content, terms: Terms },
    /// An upload is given up.
    Abort { upload: String },
    /// An object counts as deleted: this marker is its newest version.
    Mark { path: String, content: Content, keep: Keep },
    /// A version goes.
    Remove { of: From },
    /// A version's end is replaced where it is.
    Amend { of: From, keep: u64, end: Bytes },
    /// Nothing: answered when what came before is durable.
    Nothing,
}

/// A version that must be there.
pub(super) struct From {
    pub(super) path: String,
    /// Whichever is current, if none.
    pub(super) version: Option<Version>,
    /// As what it must be there, if that matters.
    pub(super) e_tag: Option<String>,
}

/// Content whose blobs are durable.
pub(super) struct Content {
    /// The last bytes.
    pub(super) end: Bytes,
    pub(super) body: NewBody,
}

pub(super) enum NewBody {
    Inline(Bytes),
    Extents(Vec<Extent>),
}

impl Change {
    /// How much room it takes; 0 for what must work on a full disk.
    pub(super) fn room(&self) -> u64 {
        match self {
            Self::Put { content, .. } | Self::Complete { content, .. } => content.room(),
            Self::Splice { .. } | Self::Begin { .. } | Self::Part { .. } | Self::Amend { .. } => 64 << 10,
            Self::Delete { .. } | Self::Remove { .. } | Self::Mark { .. } | Self::Abort { .. } | Self::Nothing => 0,
        }
    }
}

impl Content {
    fn room(&self) -> u64 {
        let body = match &self.body {
            NewBody::Inline(bytes) => to_u64(bytes.len()),
            NewBody::Extents(_) => 0,
        };
        body.saturating_add(64 << 10)
    }
}

/// What came of a change.
#[derive(Default)]
pub(super) struct Done {
    /// The version, upload or part that was made.
    pub(super) name: String,
    /// The last bytes of the version it replaced.
    pub(super) replaced: Option<Bytes>,
}

/// The key of an upload.
pub(super) fn upload_key(path: &str, upload: &str) -> String {
    format!("{path}\0{upload}")
}

/// The index within one transaction.
pub(super) struct Tables<'t> {
    pub(super) entries: Table<'t, &'static str, &'static [u8]>,
    pub(super) versions: Table<'t, (&'static str, u64), &'static [u8]>,
    pub(super) names: Table<'t, (&'static str, &'static str), u64>,
    bodies: Table<'t, u64, &'static [u8]>,
    blobs: Table<'t, u64, u64>,
    uploads: Table<'t, &'static str, u64>,
    parts: Table<'t, (&'static str, &'static str), &'static [u8]>,
    counters: Table<'t, &'static str, u64>,
    now: Millis,
    /// Blobs that nothing names any more, once this transaction is durable.
    pub(super) freed: Vec<u64>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction, now: Millis) -> Result<Self> {
        Ok(Self {
            entries: transaction.open_table(ENTRIES).map_err(fault::index)?,
            versions: transaction.open_table(VERSIONS).map_err(fault::index)?,
            names: transaction.open_table(NAMES).map_err(fault::index)?,
            bodies: transaction.open_table(BODIES).map_err(fault::index)?,
            blobs: transaction.open_table(BLOBS).map_err(fault::index)?,
            uploads: transaction.open_table(UPLOADS).map_err(fault::index)?,
            parts: transaction.open_table(PARTS).map_err(fault::index)?,
            counters: transaction.open_table(COUNTERS).map_err(fault::index)?,
            now,
            freed: Vec::new(),
        })
    }

    /// Applies a change, or refuses it and leaves everything as it was.
    pub(super) fn apply(&mut self, change: Change) -> Result<Done> {
        match change {
            Change::Put { path, content, terms } => self.put(&path, content, &terms),
            Change::Splice { from, keep, end, to, terms } => self.splice((&from, keep), &end, &to, &terms),
            Change::Delete { path } => self.delete(&path),
            Change::Begin { path } => self.begin(&path),
            Change::Part { upload, part } => self.part(&upload, &part),
            Change::Complete { path, upload, parts, content, terms } => self.complete((&path, &upload), &parts, content, &terms),
            Change::Mark { path, content, keep } => self.mark(&path, content, &keep),
            Change::Remove { of } => self.remove(&of),
            Change::Amend { of, keep, end } => self.amend(&of, keep, &end),
            Change::Abort { upload } => self.abort(&upload),
            Change::Nothing => Ok(Done::default()),
        }
    }

    pub(super) fn current(&self, path: &str) -> Result<Option<Entry>> {
        let found = self.entries.get(path).map_err(fault::index)?;
        found.map(|record| decode(path, record.value())).transpose()
    }

    /// The current entry, if the mode admits it. An entry that cannot be read may be overwritten, and matches nothing.
    /// Where versions are kept it may not, for it is one of them.
    pub(super) fn admit(&self, path: &str, terms: &Terms) -> Result<Option<Entry>> {
        let current = match (self.current(path), terms) {
            (Err(_damaged), Terms { mode: PutMode::Overwrite, keep: Keep::Nothing }) => return Ok(None),
            (current, _) => current?,
        };
        match (&terms.mode, &current) {
            (PutMode::Create, Some(_)) => Err(fault::already_exists(path)),
            (PutMode::Update(_), None) => Err(fault::precondition(path)),
            (PutMode::Update(version), Some(entry)) if version.e_tag.as_ref() != Some(&entry.e_tag()) => {
                Err(fault::precondition(path))
            }
            _ => Ok(current),
        }
    }

    fn put(&mut self, path: &str, content: Content, terms: &Terms) -> Result<Done> {
        let before = self.before(path, terms)?;
        let new = self.new_entry(path, content)?;
        self.put_entry(new, before)
    }

    /// An entry for content, which is referred to from here on.
    pub(super) fn new_entry(&mut self, path: &str, content: Content) -> Result<Entry> {
        let Content { end, body } = content;
        let sequence = self.sequence()?;
        let body = match body {
            NewBody::Inline(bytes) => {
                self.put_body(sequence, &bytes)?;
                Body::Inline(to_u64(bytes.len()))
            }
            NewBody::Extents(extents) => {
                self.refer(&extents)?;
                Body::Extents(extents)
            }
        };
        Ok(self.entry(path, sequence, end.to_vec(), body))
    }

    fn entry(&self, path: &str, sequence: u64, end: Vec<u8>, body: Body) -> Entry {
        let (path, version) = (path.to_owned(), String::new());
        Entry { path, sequence, order: sequence, version, marker: false, modified: self.now.0, end, body }
    }

    fn put_body(&mut self, sequence: u64, bytes: &[u8]) -> Result<()> {
        if !bytes.is_empty() {
            self.bodies.insert(sequence, encode_body(sequence, bytes).as_slice()).map_err(fault::index)?;
        }
        Ok(())
    }

    /// Makes the new version current; what was before it stays or goes as it was told.
    fn put_entry(&mut self, mut new: Entry, before: Before) -> Result<Done> {
        new.version.clone_from(&before.name);
        let replaced = self.step_back(before)?;
        self.entries.insert(new.path.as_str(), new.encode().as_slice()).map_err(fault::index)?;
        Ok(Done { name: new.e_tag(), replaced })
    }

    pub(super) fn let_go(&mut self, entry: &Entry) -> Result<()> {
        if matches!(entry.body, Body::Inline(1..)) {
            self.bodies.remove(entry.sequence).map_err(fault::index)?;
        }
        self.unrefer(entry.extents())
    }

    fn splice(&mut self, from: (&From, Option<u64>), end: &[u8], to: &str, terms: &Terms) -> Result<Done> {
        let (from, keep) = from;
        let source = self.find(from)?;
        let before = self.before(to, terms)?;
        let new_end = spliced(&source, keep.unwrap_or(source.size()), end)?;
        let sequence = self.sequence()?;
        self.copy_body(&source, sequence)?;
        let new = self.entry(to, sequence, new_end, source.body);
        self.put_entry(new, before)
    }

    /// One more version has the body of this one.
    pub(super) fn copy_body(&mut self, source: &Entry, sequence: u64) -> Result<()> {
        match &source.body {
            Body::Inline(0) => Ok(()),
            Body::Inline(_) => {
                let record = self.bodies.get(source.sequence).map_err(fault::index)?;
                let record = record.ok_or_else(|| fault::damaged(&source.path))?.value().to_vec();
                let body = checked_body(source.sequence, &record).ok_or_else(|| fault::damaged(&source.path))?;
                self.put_body(sequence, body)
            }
            Body::Extents(extents) => self.refer(extents),
        }
    }

    fn delete(&mut self, path: &str) -> Result<Done> {
        let record = self.entries.remove(path).map_err(fault::index)?;
        let Some(record) = record.map(|record| record.value().to_vec()) else { return Err(fault::not_found(path)) };
        // What a damaged entry named stays until a salvage: deleting it must work all the same.
        let replaced = match decode(path, &record) {
            Ok(entry) => {
                self.let_go(&entry)?;
                Some(Bytes::from(entry.end))
            }
            Err(error) => {
                tracing::warn!(path, %error, "a damaged entry was deleted");
                None
            }
        };
        Ok(Done { name: String::new(), replaced })
    }

    fn begin(&mut self, path: &str) -> Result<Done> {
        // Begins with a letter: some clients take what looks like a number for one.
        let name = format!("u{:031x}", self.sequence()?);
        self.uploads.insert(upload_key(path, &name).as_str(), self.now.0).map_err(fault::index)?;
        Ok(Done { name, replaced: None })
    }

    fn is_open(&self, upload: &str) -> Result<()> {
        let open = self.uploads.get(upload).map_err(fault::index)?.is_some();
        if open { Ok(()) } else { Err(fault::not_found(upload.split_once('\0').map_or(upload, |(path, _)| path))) }
    }

    fn part(&mut self, upload: &str, part: &Part) -> Result<Done> {
        self.is_open(upload)?;
        let name = record::e_tag(self.sequence()?);
        self.refer(&[part.extent])?;
        self.parts.insert((upload, name.as_str()), part.encode().as_slice()).map_err(fault::index)?;
        Ok(Done { name, replaced: None })
    }

    fn complete(&mut self, of: (&str, &str), parts: &[String], content: Content, terms: &Terms) -> Result<Done> {
        let (path, upload) = of;
        self.is_open(upload)?;
        let mut extents = Vec::with_capacity(parts.len().saturating_add(1));
        for name in parts {
            let part = self.parts.get((upload, name.as_str())).map_err(fault::index)?;
            let part = part.ok_or_else(|| fault::not_found(path))?;
            extents.push(decode_part(part.value())?.extent);
        }
        let before = self.before(path, terms)?;
        if let NewBody::Extents(more) = content.body {
            extents.extend(more);
        }
        let new = self.new_entry(path, Content { end: content.end, body: NewBody::Extents(extents) })?;
        self.forget(upload)?;
        self.put_entry(new, before)
    }

    fn abort(&mut self, upload: &str) -> Result<Done> {
        self.is_open(upload)?;
        self.forget(upload)?;
        Ok(Done::default())
    }

    /// Forgets an upload and all of its parts.
    fn forget(&mut self, upload: &str) -> Result<()> {
        self.uploads.remove(upload).map_err(fault::index)?;
        let mut parts = Vec::new();
        for item in self.parts.range((upload, "")..).map_err(fault::index)? {
            let (key, part) = item.map_err(fault::index)?;
            let (of, name) = key.value();
            if of != upload {
                break;
            }
            parts.push((name.to_owned(), decode_part(part.value())?.extent));
        }
        for (name, extent) in parts {
            self.parts.remove((upload, name.as_str())).map_err(fault::index)?;
            self.unrefer(&[extent])?;
        }
        Ok(())
    }

    /// Counts one more that names each of these blobs.
    fn refer(&mut self, extents: &[Extent]) -> Result<()> {
        for blob in distinct(extents) {
            let count = self.blobs.get(blob).map_err(fault::index)?.map_or(0, |count| count.value());
            self.blobs.insert(blob, count.saturating_add(1)).map_err(fault::index)?;
        }
        Ok(())
    }

    fn unrefer(&mut self, extents: &[Extent]) -> Result<()> {
        for blob in distinct(extents) {
            let count = self.blobs.get(blob).map_err(fault::index)?.map_or(0, |count| count.value());
            if count > 1 {
                self.blobs.insert(blob, count.saturating_sub(1)).map_err(fault::index)?;
            } else {
                self.blobs.remove(blob).map_err(fault::index)?;
                self.freed.push(blob);
            }
        }
        Ok(())
    }

    pub(super) fn sequence(&mut self) -> Result<u64> {
        let last = self.counters.get("sequence").map_err(fault::index)?.map_or(0, |last| last.value());
        let next = last.saturating_add(1);
        self.counters.insert("sequence", next).map_err(fault::index)?;
        Ok(next)
    }
}

/// The end of a version whose first `keep` bytes stay and that `end` follows.
pub(super) fn spliced(source: &Entry, keep: u64, end: &[u8]) -> Result<Vec<u8>> {
    let in_end = keep.checked_sub(source.size().saturating_sub(to_u64(source.end.len())));
    let kept = in_end.and_then(|kept| source.end.get(..usize::try_from(kept).ok()?));
    let kept = kept.ok_or_else(|| fault::unavailable("only the end of an object can be replaced"))?;
    Ok([kept, end].concat())
}

fn distinct(extents: &[Extent]) -> Vec<u64> {
    let mut blobs: Vec<u64> = extents.iter().map(|extent| extent.blob).collect();
    blobs.sort_unstable();
    blobs.dedup();
    blobs
}
