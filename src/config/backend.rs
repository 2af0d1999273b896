//! Where sealed objects lie: the directory, or any S3.

use super::reader::Reader;
use super::{Fault, environment, users};
use crate::store::s3;
use std::fs;
use toml::Table;

/// Where sealed objects lie.
#[derive(Clone)]
pub enum Storage {
    /// In the directory of `data`.
    Disk,
    /// In a bucket of S3.
    S3(Box<s3::Settings>),
}

/// Memory for transfers, if nothing is said.
pub(super) const MEMORY: u64 = 512 << 20;

pub(super) fn read(table: Table, (memory, heads): (u64, u64), faults: &mut Vec<Fault>) -> Storage {
    let mut reader = Reader::new(table, "backend", faults);
    let kind = reader.parsed("kind", "write \"disk\" or \"s3\"", kind).unwrap_or(Kind::Disk);
    if kind == Kind::Disk {
        reader.end();
        return Storage::Disk;
    }
    let region = reader.text("region").unwrap_or_else(|| "us-east-1".to_owned());
    let endpoint = reader.text("endpoint").unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
    let bucket = reader.text("bucket");
    if bucket.as_ref().is_none_or(String::is_empty) {
        reader.fault("bucket", "is missing: write the name of the backend's bucket, which must be there");
    }
    let prefix = reader.text("prefix").unwrap_or_default();
    if object_store::path::Path::parse(&prefix).is_err() || prefix.starts_with('/') || prefix.ends_with('/') {
        reader.fault("prefix", "write a name like \"waxseal\", without a slash at either end");
    }
    let path_style = reader.flag("path_style").unwrap_or(true);
    let danger = reader.flag("danger_allow_http").unwrap_or(false);
    check_endpoint(&mut reader, &endpoint, danger);
    let authority = reader.text("ca_file").and_then(|file| match fs::read(&file) {
        Ok(pem) => Some(pem),
        Err(error) => {
            reader.fault("ca_file", format!("{file} cannot be read: {error}"));
            None
        }
    });
    let keys = keys(&mut reader);
    reader.end();
    Storage::S3(Box::new(s3::Settings {
        endpoint,
        region,
        bucket: bucket.unwrap_or_default(),
        prefix,
        path_style,
        keys,
        authority,
        memory: usize::try_from(memory).unwrap_or(usize::MAX),
        heads,
    }))
}

#[derive(PartialEq, Eq)]
enum Kind {
    Disk,
    S3,
}

fn kind(text: &str) -> Option<Kind> {
    match text {
        "disk" => Some(Kind::Disk),
        "s3" => Some(Kind::S3),
        _ => None,
    }
}

/// Sealed bytes need no TLS to stay secret; requests need it to stay ours, but within one machine.
fn check_endpoint(reader: &mut Reader<'_>, endpoint: &str, danger: bool) {
    let Some((scheme, host)) = endpoint.split_once("://").filter(|(_, host)| !host.is_empty() && !host.contains('@')) else {
        return reader.fault("endpoint", "write a URL like \"https://s3.example.org\"");
    };
    let near = ["127.", "localhost", "[::1]"].iter().any(|near| host.starts_with(near));
    match scheme {
        "https" => {}
        "http" if near || danger => {}
        "http" => reader.fault("endpoint", "is plain HTTP to another machine: write https, or set backend.danger_allow_http"),
        _ => reader.fault("endpoint", "write a URL that begins with https:// or http://"),
    }
}

/// Access key and secret: of the file, or the two variables that every S3 client reads.
fn keys(reader: &mut Reader<'_>) -> s3::Keys {
    let id = reader.text("access_key_id").or_else(|| environment("AWS_ACCESS_KEY_ID"));
    let (file, variable) = (reader.text("secret_access_key_file"), reader.text("secret_access_key_env"));
    let variable = variable.unwrap_or_else(|| "AWS_SECRET_ACCESS_KEY".to_owned());
    let secret = match file {
        Some(file) => users::from_file(&file).map_err(|what| ("secret_access_key_file", what)),
        None => environment(&variable).ok_or_else(|| {
            let what = format!("is missing, and the environment has no {variable}: name a file that holds the secret");
            ("secret_access_key_file", what)
        }),
    };
    if id.is_none() {
        reader.fault("access_key_id", "is missing, and the environment has no AWS_ACCESS_KEY_ID");
    }
    let secret = secret.map_err(|(key, what)| reader.fault(key, what)).unwrap_or_default();
    s3::Keys::new(id.unwrap_or_default(), secret)
}
