//! Keys that clients may name for SSE-KMS.

use super::Fault;
use super::reader::Reader;
use crate::gateway::DEFAULT_KMS_KEY;
use std::path::PathBuf;
use toml::Table;

/// A key that clients may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsKey {
    /// What clients call it.
    pub id: String,
    /// The file of the root behind it.
    pub root_key: PathBuf,
}

/// The longest id: it stands in headers.
const ID_MAX: usize = 256;

pub(super) fn read(tables: Vec<Table>, faults: &mut Vec<Fault>) -> Vec<KmsKey> {
    let mut keys: Vec<KmsKey> = Vec::new();
    for (index, table) in tables.into_iter().enumerate() {
        let mut reader = Reader::new(table, &format!("kms_key[{index}]"), faults);
        let (id, root_key) = (reader.text("id"), reader.text("root_key"));
        match (id, root_key) {
            (Some(id), Some(root_key)) => match fault(&id, &keys) {
                Some(what) => reader.fault("id", what),
                None => keys.push(KmsKey { id, root_key: root_key.into() }),
            },
            (None, _) => reader.fault("id", "is missing: write what clients call the key"),
            (Some(_), None) => reader.fault("root_key", "is missing: say where the key's file is"),
        }
        reader.end();
    }
    keys
}

fn fault(id: &str, keys: &[KmsKey]) -> Option<String> {
    if !(1..=ID_MAX).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some(format!("{id:?} is not valid: write 1 to {ID_MAX} visible ASCII characters"));
    }
    if id == DEFAULT_KMS_KEY || id == "alias/aws/s3" {
        return Some(format!("{id:?} is what a bucket's own key is called: give another id"));
    }
    keys.iter().any(|key| key.id == id).then(|| format!("{id:?} is another key's already"))
}
