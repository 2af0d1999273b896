//! What becomes of versions when others come and go.
//!
//! The current version of a path lies among the entries; the others, and markers, lie among the versions. A path whose
//! newest version is a marker has no entry, so that listings of what is there pass over nothing.

use super::change::{Content, Done, From, Tables, spliced};
use super::fault;
use super::index::decode;
use super::record::Entry;
use crate::store::{Keep, Terms};
use bytes::Bytes;
use object_store::Result;
use redb::ReadableTable;

/// What stands where a new version is to come, all of it read and found whole.
pub(super) struct Before {
    /// The name of the new version; empty for the null version.
    pub(super) name: String,
    /// The current version, which steps back among the others.
    steps_back: Option<Entry>,
    /// The version that goes: the current one, or the null version among the others.
    goes: Option<Entry>,
    /// Whether the one that goes lies among the others.
    among_others: bool,
}

impl Tables<'_> {
    /// What a write on these terms will find. Nothing is changed yet.
    pub(super) fn before(&self, path: &str, terms: &Terms) -> Result<Before> {
        let current = self.admit(path, terms)?;
        self.before_keeping(path, current, &terms.keep)
    }

    fn before_keeping(&self, path: &str, current: Option<Entry>, keep: &Keep) -> Result<Before> {
        let name = match keep {
            Keep::All(name) => name.clone(),
            Keep::Nothing | Keep::Named => String::new(),
        };
        let taken = current.as_ref().is_some_and(|current| current.version == name) || self.other(path, &name)?.is_some();
        if matches!(keep, Keep::All(_)) && taken {
            return Err(fault::unavailable("a version of this name is there"));
        }
        let (steps_back, goes) = match (keep, current) {
            (Keep::Nothing, current) => (None, current),
            (Keep::All(_), current) => (current, None),
            (Keep::Named, Some(current)) if current.version.is_empty() => (None, Some(current)),
            (Keep::Named, current) => {
                let null = self.other(path, "")?;
                return Ok(Before { name, steps_back: current, among_others: null.is_some(), goes: null });
            }
        };
        Ok(Before { name, steps_back, goes, among_others: false })
    }

    /// Makes room for a new version; gives the end of the one that is gone.
    pub(super) fn step_back(&mut self, before: Before) -> Result<Option<Bytes>> {
        if let Some(current) = before.steps_back {
            self.put_other(&current)?;
        }
        let Some(gone) = before.goes else { return Ok(None) };
        if before.among_others {
            self.remove_other(&gone)?;
        }
        self.let_go(&gone)?;
        Ok(Some(Bytes::from(gone.end)))
    }

    /// A version that must be there.
    pub(super) fn find(&self, from: &From) -> Result<Entry> {
        let name = from.version.as_ref().map(|version| version.name().unwrap_or_default());
        let current = self.current(&from.path)?.filter(|entry| name.is_none_or(|name| entry.version == name));
        let found = match (current, name) {
            (None, Some(name)) => self.other(&from.path, name)?,
            (current, _) => current,
        };
        let found = found.ok_or_else(|| fault::not_found(&from.path))?;
        match &from.e_tag {
            Some(e_tag) if *e_tag != found.e_tag() => Err(fault::precondition(&from.path)),
            Some(_) | None => Ok(found),
        }
    }

    /// A version that is not current, by name.
    fn other(&self, path: &str, name: &str) -> Result<Option<Entry>> {
        let Some(order) = self.names.get((path, name)).map_err(fault::index)?.map(|order| order.value()) else {
            return Ok(None);
        };
        let found = self.versions.get((path, !order)).map_err(fault::index)?;
        let record = found.ok_or_else(|| fault::damaged(path))?;
        decode(path, record.value()).map(Some)
    }

    fn put_other(&mut self, entry: &Entry) -> Result<()> {
        let path = entry.path.as_str();
        self.versions.insert((path, !entry.order), entry.encode().as_slice()).map_err(fault::index)?;
        self.names.insert((path, entry.version.as_str()), entry.order).map_err(fault::index)?;
        Ok(())
    }

    fn remove_other(&mut self, entry: &Entry) -> Result<()> {
        let path = entry.path.as_str();
        self.versions.remove((path, !entry.order)).map_err(fault::index)?;
        self.names.remove((path, entry.version.as_str())).map_err(fault::index)?;
        Ok(())
    }

    /// The newest of the versions that are not current.
    fn newest_other(&self, path: &str) -> Result<Option<Entry>> {
        let mut range = self.versions.range((path, 0)..=(path, u64::MAX)).map_err(fault::index)?;
        let Some(found) = range.next() else { return Ok(None) };
        let (_, record) = found.map_err(fault::index)?;
        decode(path, record.value()).map(Some)
    }

    pub(super) fn mark(&mut self, path: &str, content: Content, keep: &Keep) -> Result<Done> {
        let current = self.current(path)?;
        let before = self.before_keeping(path, current, keep)?;
        let mut marker = self.new_entry(path, content)?;
        marker.marker = true;
        marker.version.clone_from(&before.name);
        let replaced = self.step_back(before)?;
        self.entries.remove(path).map_err(fault::index)?;
        self.put_other(&marker)?;
        Ok(Done { name: marker.e_tag(), replaced })
    }

    pub(super) fn remove(&mut self, of: &From) -> Result<Done> {
        let path = of.path.as_str();
        let gone = self.find(of)?;
        let current = self.current(path)?.is_some_and(|current| current.order == gone.order);
        let next = if current { self.newest_other(path)? } else { self.next_after_marker(&gone)? };
        if current {
            self.entries.remove(path).map_err(fault::index)?;
        } else {
            self.remove_other(&gone)?;
        }
        self.let_go(&gone)?;
        if let Some(next) = next.filter(|next| !next.marker) {
            self.remove_other(&next)?;
            self.entries.insert(path, next.encode().as_slice()).map_err(fault::index)?;
        }
        Ok(Done { name: String::new(), replaced: Some(Bytes::from(gone.end)) })
    }

    /// What becomes current when a version goes that is not: the one behind it, if it is the newest, a marker.
    fn next_after_marker(&self, gone: &Entry) -> Result<Option<Entry>> {
        let path = gone.path.as_str();
        if self.current(path)?.is_some() || self.newest_other(path)?.is_none_or(|newest| newest.order != gone.order) {
            return Ok(None);
        }
        let behind = (!gone.order).saturating_add(1);
        let mut range = self.versions.range((path, behind)..=(path, u64::MAX)).map_err(fault::index)?;
        let Some(found) = range.next() else { return Ok(None) };
        let (_, record) = found.map_err(fault::index)?;
        decode(path, record.value()).map(Some)
    }

    pub(super) fn amend(&mut self, of: &From, keep: u64, end: &[u8]) -> Result<Done> {
        let path = of.path.as_str();
        let old = self.find(of)?;
        let current = self.current(path)?.is_some_and(|current| current.order == old.order);
        let new_end = spliced(&old, keep, end)?;
        let sequence = self.sequence()?;
        self.copy_body(&old, sequence)?;
        self.let_go(&old)?;
        let new = Entry { sequence, end: new_end, ..old.clone() };
        if current {
            self.entries.insert(path, new.encode().as_slice()).map_err(fault::index)?;
        } else {
            self.put_other(&new)?;
        }
        Ok(Done { name: new.e_tag(), replaced: Some(Bytes::from(old.end)) })
    }
}
