//! Finding objects in a store that does not open: every record and blob says what it is.

use super::blobs;
use super::fault;
use super::folder::Folder;
use super::record::{Body, Entry, Found, find};
use bytes::Bytes;
use object_store::Result;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// What a damaged store still holds. Nothing of it is verified: that is for who can open it.
pub struct Salvaged {
    _folder: Folder,
    blobs: PathBuf,
    /// Versions of each path, the newest first.
    entries: BTreeMap<String, Vec<Entry>>,
    bodies: HashMap<u64, Vec<u8>>,
    /// Blobs that no entry names.
    orphans: Vec<PathBuf>,
}

/// Reads a store without its index's order: record by record, wherever they lie.
///
/// # Errors
/// [`Fault::Unavailable`](crate::store::Fault) if another process has the directory or it cannot be read.
pub fn salvage(root: &Path) -> Result<Salvaged> {
    let folder = Folder::lock(root)?;
    let bytes = match fs::read(folder.index()) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(fault::io(&error)),
    };
    let (mut entries, mut bodies) = (BTreeMap::<String, Vec<Entry>>::new(), HashMap::new());
    for found in find(&bytes) {
        match found {
            Found::Entry(entry) => entries.entry(entry.path.clone()).or_default().push(entry),
            Found::Body(sequence, body) => drop(bodies.insert(sequence, body.to_vec())),
        }
    }
    for versions in entries.values_mut() {
        versions.sort_by_key(|entry| std::cmp::Reverse(entry.sequence));
        versions.dedup_by_key(|entry| entry.sequence);
    }
    let named: HashSet<u64> = entries.values().flatten().flat_map(Entry::extents).map(|extent| extent.blob).collect();
    let files = blobs::files(&folder.blobs()).map_err(|error| fault::io(&error))?;
    let orphans = files.into_iter().filter(|(blob, _)| !named.contains(blob)).map(|(_, path)| path).collect();
    Ok(Salvaged { blobs: folder.blobs(), _folder: folder, entries, bodies, orphans })
}

impl Salvaged {
    /// Every path that a record names, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// How many records of a path were found, the newest being 0.
    #[must_use]
    pub fn versions(&self, path: &str) -> usize {
        self.entries.get(path).map_or(0, Vec::len)
    }

    /// What was found of each of a path's versions, the oldest version first: its records, the newest first.
    #[must_use]
    pub fn by_name(&self, path: &str) -> Vec<Vec<usize>> {
        let mut names: Vec<(u64, &str, Vec<usize>)> = Vec::new();
        for (number, entry) in self.entries.get(path).into_iter().flatten().enumerate() {
            match names.iter_mut().find(|(_, name, _)| *name == entry.version) {
                Some((_, _, records)) => records.push(number),
                None => names.push((entry.order, &entry.version, vec![number])),
            }
        }
        names.sort_by_key(|(order, ..)| *order);
        names.into_iter().map(|(_, _, records)| records).collect()
    }

    /// The name of a version, if a record gives it one, and whether it says that the object is deleted.
    #[must_use]
    pub fn name(&self, path: &str, version: usize) -> Option<(Option<String>, bool)> {
        let entry = self.entries.get(path)?.get(version)?;
        Some((entry.name(), entry.marker))
    }

    /// The length of a version.
    #[must_use]
    pub fn size(&self, path: &str, version: usize) -> Option<u64> {
        Some(self.entries.get(path)?.get(version)?.size())
    }

    /// The last bytes of a version.
    #[must_use]
    pub fn end(&self, path: &str, version: usize) -> Option<Bytes> {
        Some(Bytes::from(self.entries.get(path)?.get(version)?.end.clone()))
    }

    /// Fills `buffer` with the bytes of a version from an offset. None if they are gone.
    #[must_use]
    pub fn read(&self, path: &str, version: usize, at: u64, buffer: &mut [u8]) -> Option<()> {
        let entry = self.entries.get(path)?.get(version)?;
        let mut done = 0_usize;
        while done < buffer.len() {
            let rest = buffer.get_mut(done..)?;
            let from = at.checked_add(super::record::to_u64(done))?;
            done = done.checked_add(self.read_some(entry, from, rest)?)?;
        }
        Some(())
    }

    fn read_some(&self, entry: &Entry, at: u64, buffer: &mut [u8]) -> Option<usize> {
        let mut start = 0_u64;
        match &entry.body {
            Body::Extents(extents) => {
                for extent in extents {
                    let within = at.checked_sub(start)?;
                    if within < extent.len {
                        let count = usize::try_from(extent.len.checked_sub(within)?).ok()?.min(buffer.len());
                        let file = File::open(blobs::path(&self.blobs, extent.blob)).ok()?;
                        file.read_exact_at(buffer.get_mut(..count)?, extent.offset.checked_add(within)?).ok()?;
                        return Some(count);
                    }
                    start = start.checked_add(extent.len)?;
                }
            }
            Body::Inline(len) => {
                if at < *len {
                    let body = self.bodies.get(&entry.sequence)?.get(usize::try_from(at).ok()?..)?;
                    return Some(copy(body, buffer));
                }
                start = *len;
            }
        }
        let end = entry.end.get(usize::try_from(at.checked_sub(start)?).ok()?..).filter(|end| !end.is_empty())?;
        Some(copy(end, buffer))
    }

    /// Files that no record names and that may be whole objects: their Heads tell whose.
    #[must_use]
    pub fn orphans(&self) -> &[PathBuf] {
        &self.orphans
    }
}

fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let count = from.len().min(to.len());
    if let (Some(to), Some(from)) = (to.get_mut(..count), from.get(..count)) {
        to.copy_from_slice(from);
    }
    count
}
