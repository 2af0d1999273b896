//! Changes to the index, each applied whole or refused before anything of it is.

use super::fault;
use super::index::{BLOBS, BODIES, COUNTERS, ENTRIES, PARTS, UPLOADS, checked_body, decode, decode_part};
use super::record::{self, Body, Entry, Extent, Part, encode_body, to_u64};
use crate::store::Millis;
use bytes::Bytes;
use object_store::{PutMode, Result};
use redb::{ReadableTable, Table, WriteTransaction};

/// How many of an object's last bytes stand in its entry.
pub(super) const END: usize = crate::envelope::END;

/// What is to be changed.
pub(super) enum Change {
    /// An object becomes this content.
    Put { path: String, content: Content, mode: PutMode },
    /// An object becomes the first bytes of another's version, and a new end. No mode of its own ETag: the version's.
    Splice { from: String, e_tag: Option<String>, keep: Option<u64>, end: Bytes, to: String, mode: PutMode },
    /// An object goes.
    Delete { path: String },
    /// An upload is begun.
    Begin { path: String },
    /// An attempt at a part of an upload is there.
    Part { upload: String, part: Part },
    /// An upload becomes an object: these parts, then this content.
    Complete { path: String, upload: String, parts: Vec<String>, content: Content, mode: PutMode },
    /// An upload is given up.
    Abort { upload: String },
    /// Nothing: answered when what came before is durable.
    Nothing,
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
            Self::Splice { .. } | Self::Begin { .. } | Self::Part { .. } => 64 << 10,
            Self::Delete { .. } | Self::Abort { .. } | Self::Nothing => 0,
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
    entries: Table<'t, &'static str, &'static [u8]>,
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
            Change::Put { path, content, mode } => self.put(&path, content, &mode),
            Change::Splice { from, e_tag, keep, end, to, mode } => self.splice((&from, e_tag, keep), &end, &to, &mode),
            Change::Delete { path } => self.delete(&path),
            Change::Begin { path } => self.begin(&path),
            Change::Part { upload, part } => self.part(&upload, &part),
            Change::Complete { path, upload, parts, content, mode } => self.complete((&path, &upload), &parts, content, &mode),
            Change::Abort { upload } => self.abort(&upload),
            Change::Nothing => Ok(Done::default()),
        }
    }

    fn current(&self, path: &str) -> Result<Option<Entry>> {
        let found = self.entries.get(path).map_err(fault::index)?;
        found.map(|record| decode(path, record.value())).transpose()
    }

    /// The current entry, if the mode admits it. An entry that cannot be read may be overwritten, and matches nothing.
    fn admit(&self, path: &str, mode: &PutMode) -> Result<Option<Entry>> {
        let current = match (self.current(path), mode) {
            (Err(_damaged), PutMode::Overwrite) => return Ok(None),
            (current, _) => current?,
        };
        match (mode, &current) {
            (PutMode::Create, Some(_)) => Err(fault::already_exists(path)),
            (PutMode::Update(_), None) => Err(fault::precondition(path)),
            (PutMode::Update(version), Some(entry)) if version.e_tag.as_ref() != Some(&entry.e_tag()) => {
                Err(fault::precondition(path))
            }
            _ => Ok(current),
        }
    }

    fn put(&mut self, path: &str, content: Content, mode: &PutMode) -> Result<Done> {
        let replaced = self.admit(path, mode)?;
        let Content { end, body } = content;
        match body {
            NewBody::Inline(bytes) => {
                let sequence = self.sequence()?;
                self.put_body(sequence, &bytes)?;
                self.put_entry(path, (sequence, end.to_vec(), Body::Inline(to_u64(bytes.len()))), replaced)
            }
            NewBody::Extents(extents) => {
                let sequence = self.sequence()?;
                self.refer(&extents)?;
                self.put_entry(path, (sequence, end.to_vec(), Body::Extents(extents)), replaced)
            }
        }
    }

    fn put_body(&mut self, sequence: u64, bytes: &[u8]) -> Result<()> {
        if !bytes.is_empty() {
            self.bodies.insert(sequence, encode_body(sequence, bytes).as_slice()).map_err(fault::index)?;
        }
        Ok(())
    }

    /// Names the new version, and lets go of the one it replaces.
    fn put_entry(&mut self, path: &str, new: (u64, Vec<u8>, Body), replaced: Option<Entry>) -> Result<Done> {
        let (sequence, end, body) = new;
        let entry = Entry { path: path.to_owned(), sequence, modified: self.now.0, end, body };
        self.entries.insert(path, entry.encode().as_slice()).map_err(fault::index)?;
        if let Some(replaced) = &replaced {
            self.let_go(replaced)?;
        }
        let replaced = replaced.map(|replaced| Bytes::from(replaced.end));
        Ok(Done { name: record::e_tag(sequence), replaced })
    }

    fn let_go(&mut self, entry: &Entry) -> Result<()> {
        if matches!(entry.body, Body::Inline(1..)) {
            self.bodies.remove(entry.sequence).map_err(fault::index)?;
        }
        self.unrefer(entry.extents())
    }

    fn splice(&mut self, from: (&str, Option<String>, Option<u64>), end: &[u8], to: &str, mode: &PutMode) -> Result<Done> {
        let (from, e_tag, keep) = from;
        let source = self.current(from)?.ok_or_else(|| fault::not_found(from))?;
        if e_tag.is_some_and(|e_tag| e_tag != source.e_tag()) {
            return Err(fault::precondition(from));
        }
        let replaced = self.admit(to, mode)?;
        let keep = keep.unwrap_or(source.size());
        let in_end = keep.checked_sub(source.size().saturating_sub(to_u64(source.end.len())));
        let kept = in_end.and_then(|kept| source.end.get(..usize::try_from(kept).ok()?));
        let kept = kept.ok_or_else(|| fault::unavailable("only the end of an object can be replaced"))?;
        let new_end = [kept, end].concat();
        let sequence = self.sequence()?;
        match &source.body {
            Body::Inline(0) => {}
            Body::Inline(_) => {
                let record = self.bodies.get(source.sequence).map_err(fault::index)?;
                let record = record.ok_or_else(|| fault::damaged(from))?.value().to_vec();
                let body = checked_body(source.sequence, &record).ok_or_else(|| fault::damaged(from))?;
                self.put_body(sequence, body)?;
            }
            Body::Extents(extents) => self.refer(extents)?,
        }
        self.put_entry(to, (sequence, new_end, source.body), replaced)
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
        let name = format!("{:032x}", self.sequence()?);
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

    fn complete(&mut self, of: (&str, &str), parts: &[String], content: Content, mode: &PutMode) -> Result<Done> {
        let (path, upload) = of;
        self.is_open(upload)?;
        let mut extents = Vec::with_capacity(parts.len().saturating_add(1));
        for name in parts {
            let part = self.parts.get((upload, name.as_str())).map_err(fault::index)?;
            let part = part.ok_or_else(|| fault::not_found(path))?;
            extents.push(decode_part(part.value())?.extent);
        }
        let replaced = self.admit(path, mode)?;
        if let NewBody::Extents(more) = content.body {
            extents.extend(more);
        }
        let sequence = self.sequence()?;
        self.refer(&extents)?;
        self.forget(upload)?;
        self.put_entry(path, (sequence, content.end.to_vec(), Body::Extents(extents)), replaced)
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

    fn sequence(&mut self) -> Result<u64> {
        let last = self.counters.get("sequence").map_err(fault::index)?.map_or(0, |last| last.value());
        let next = last.saturating_add(1);
        self.counters.insert("sequence", next).map_err(fault::index)?;
        Ok(next)
    }
}

fn distinct(extents: &[Extent]) -> Vec<u64> {
    let mut blobs: Vec<u64> = extents.iter().map(|extent| extent.blob).collect();
    blobs.sort_unstable();
    blobs.dedup();
    blobs
}
