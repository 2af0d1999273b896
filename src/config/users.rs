//! Users besides the administrator, and the secrets that they sign with.

use super::reader::Reader;
use super::{Fault, environment};
use crate::access::{CanonicalId, Principal, UserFault, Users, check_access_key, check_id, check_secret, erase};
use std::fs;
use std::sync::Arc;
use toml::Table;

/// The users of the file, and their names.
pub(super) fn read(tables: Vec<Table>, faults: &mut Vec<Fault>) -> (Users, Vec<String>) {
    let (mut users, mut names) = (Users::new(), Vec::new());
    for (index, table) in tables.into_iter().enumerate() {
        let mut reader = Reader::new(table, &format!("user[{index}]"), faults);
        let name = reader.text("name");
        let (id, display_name, email) = (reader.text("id"), reader.text("display_name"), reader.text("email"));
        let access_key = reader.text("access_key");
        for (key, missing) in [("name", name.is_none()), ("id", id.is_none()), ("access_key", access_key.is_none())] {
            if missing && !reader.is_faulty(key) {
                reader.fault(key, "is missing");
            }
        }
        // Each is looked at by itself: whoever mends one wants to know of the others.
        let id = checked(&mut reader, "id", id, check_id);
        let access_key = checked(&mut reader, "access_key", access_key, check_access_key);
        let secret = secret_of(&mut reader);
        if let (Some(name), Some(id), Some(access_key_id), Some(mut secret)) = (name, id, access_key, secret) {
            let display_name = display_name.unwrap_or_else(|| name.clone());
            let principal = Principal { id: CanonicalId(Arc::from(id)), display_name, email, access_key_id };
            if let Err(fault) = users.add(principal, &secret) {
                reader.fault("access_key", fault.to_string());
            }
            erase(&mut secret);
            names.push(name);
        }
        reader.end();
    }
    (users, names)
}

/// A value that holds, or none and a fault.
fn checked(
    reader: &mut Reader<'_>,
    key: &'static str,
    value: Option<String>,
    check: fn(&str) -> Result<(), UserFault>,
) -> Option<String> {
    let verdict = value.as_deref().map_or(Ok(()), check);
    verdict.map_err(|fault| reader.fault(key, fault.to_string())).ok().and(value)
}

/// The secret, from one of the two places that it may be in.
fn secret_of(reader: &mut Reader<'_>) -> Option<String> {
    let (file, variable) = (reader.text("secret_file"), reader.text("secret_env"));
    let (key, found) = match (file, variable) {
        (Some(file), None) => ("secret_file", from_file(&file)),
        (None, Some(variable)) => {
            ("secret_env", environment(&variable).ok_or_else(|| format!("the environment has no {variable}")))
        }
        _ => ("secret_file", Err("give either secret_file or secret_env".to_owned())),
    };
    let checked = found.and_then(|mut secret| match check_secret(&secret) {
        Ok(()) => Ok(secret),
        Err(fault) => {
            erase(&mut secret);
            Err(fault.to_string())
        }
    });
    checked.map_err(|what| reader.fault(key, what)).ok()
}

/// A secret from a file that only its owner can read.
pub(super) fn from_file(file: &str) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("{file} cannot be read: {error}");
    let about = fs::metadata(file).map_err(unreadable)?;
    if !crate::access::is_private(&about) {
        return Err(format!("{file} can be read by group or others: run `chmod 600 {file}`"));
    }
    let mut text = fs::read_to_string(file).map_err(unreadable)?;
    let secret = text.trim_end().to_owned();
    erase(&mut text);
    Ok(secret)
}
