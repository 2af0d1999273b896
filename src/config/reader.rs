//! Takes keys out of a table, and what is left is a fault.

use super::Fault;
use super::units;
use std::time::Duration;
use toml::{Table, Value};

/// A table of the file, of which keys are taken one by one.
pub(super) struct Reader<'f> {
    table: Table,
    within: String,
    known: Vec<&'static str>,
    faults: &'f mut Vec<Fault>,
}

impl<'f> Reader<'f> {
    pub(super) fn new(table: Table, within: &str, faults: &'f mut Vec<Fault>) -> Self {
        Self { table, within: within.to_owned(), known: Vec::new(), faults }
    }

    fn name(&self, key: &str) -> String {
        if self.within.is_empty() { key.to_owned() } else { format!("{}.{key}", self.within) }
    }

    pub(super) fn fault(&mut self, key: &str, what: impl Into<String>) {
        let key = self.name(key);
        self.faults.push(Fault { key, what: what.into() });
    }

    /// Whether something is wrong with a key already.
    pub(super) fn is_faulty(&self, key: &str) -> bool {
        let key = self.name(key);
        self.faults.iter().any(|fault| fault.key == key)
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.table.remove(key)
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            other => {
                self.fault(key, format!("is a {}: write a text in quotes", other.type_str()));
                None
            }
        }
    }

    /// A text that `read` understands; `how` says what it should look like.
    pub(super) fn parsed<T>(&mut self, key: &'static str, how: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.text(key)?;
        let parsed = read(&text);
        if parsed.is_none() {
            self.fault(key, format!("{text:?} is not valid: {how}"));
        }
        parsed
    }

    pub(super) fn size(&mut self, key: &'static str) -> Option<u64> {
        self.parsed(key, "write a size like \"5 GiB\"", units::size)
    }

    pub(super) fn duration(&mut self, key: &'static str) -> Option<Duration> {
        self.parsed(key, "write a duration like \"15s\"", units::duration)
    }

    pub(super) fn count(&mut self, key: &'static str) -> Option<u64> {
        match self.take(key)? {
            Value::Integer(count) if count > 0 => u64::try_from(count).ok(),
            _ => {
                self.fault(key, "is not a number above zero");
                None
            }
        }
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let flag = self.take(key)?.as_bool();
        if flag.is_none() {
            self.fault(key, "is neither true nor false");
        }
        flag
    }

    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        let found = match self.take(key)? {
            Value::Array(items) => items.into_iter().map(|item| item.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        if found.is_none() {
            self.fault(key, "is not a list of texts: write [\"one\", \"two\"]");
        }
        found
    }

    /// A table within this one.
    pub(super) fn section(&mut self, key: &'static str) -> Table {
        match self.take(key) {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(_) => {
                self.fault(key, format!("is not a section: write [{key}]"));
                Table::new()
            }
        }
    }

    /// The tables of a list.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Table> {
        let items = match self.take(key) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => Vec::from([Value::Boolean(false)]),
        };
        let tables: Option<Vec<Table>> = items.into_iter().map(|item| item.as_table().cloned()).collect();
        tables.unwrap_or_else(|| {
            self.fault(key, format!("is not a list of sections: write [[{key}]]"));
            Vec::new()
        })
    }

    /// Every key that nobody took is a fault.
    pub(super) fn end(mut self) {
        let left: Vec<String> = self.table.keys().cloned().collect();
        let known = self.known.join(", ");
        for key in left {
            self.fault(&key, format!("there is no such key: remove it, or write one of {known}"));
        }
    }
}
