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

/// Connections to a backend, if nothing is said.
const CONNECTIONS: u64 = 256;
const LEAST_CONNECTIONS: u64 = 8;

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
    let own_buckets = reader.text("own_buckets");
    if own_buckets.as_deref().is_some_and(|own| !is_beginning(own)) {
        reader
            .fault("own_buckets", "write the beginning of a bucket's name, like \"example-sealed-\": up to 40 of a-z, 0-9 and -");
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
    let connections = reader.count("max_connections").unwrap_or(CONNECTIONS);
    if connections < LEAST_CONNECTIONS {
        reader.fault("max_connections", "is too few: write 8 or more");
    }
    let credentials = credentials(&mut reader);
    reader.end();
    Storage::S3(Box::new(s3::Settings {
        endpoint,
        region,
        bucket: bucket.unwrap_or_default(),
        prefix,
        own_buckets,
        path_style,
        credentials,
        authority,
        memory: usize::try_from(memory).unwrap_or(usize::MAX),
        heads,
        connections: usize::try_from(connections).unwrap_or(usize::MAX),
    }))
}

/// Whether names of buckets can begin so.
fn is_beginning(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(fits)
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

/// Where the access key comes from: the file, the environment, or who gives such keys to this process.
fn credentials(reader: &mut Reader<'_>) -> s3::Credentials {
    let written = reader.text("access_key_id");
    // The environment has a session's key with its token.
    let token = if written.is_none() { environment("AWS_SESSION_TOKEN") } else { None };
    let id = written.or_else(|| environment("AWS_ACCESS_KEY_ID"));
    let (file, variable) = (reader.text("secret_access_key_file"), reader.text("secret_access_key_env"));
    let what = "write \"keys\", \"web_identity\", \"container\" or \"instance\"";
    let from = reader.parsed("credentials", what, from).unwrap_or_else(|| usual(id.is_some() || file.is_some()));
    match from {
        From::Keys => s3::Credentials::Keys(keys(reader, (id, token), (file, variable))),
        From::WebIdentity => web_identity(reader),
        From::Container => container(reader),
        From::Instance => s3::Credentials::Instance { endpoint: environment("AWS_EC2_METADATA_SERVICE_ENDPOINT") },
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Keys,
    WebIdentity,
    Container,
    Instance,
}

fn from(text: &str) -> Option<From> {
    match text {
        "keys" => Some(From::Keys),
        "web_identity" => Some(From::WebIdentity),
        "container" => Some(From::Container),
        "instance" => Some(From::Instance),
        _ => None,
    }
}

/// As other programs have it: keys that are given count, then what the platform puts into the environment.
fn usual(given: bool) -> From {
    let is_there = |name| environment(name).is_some();
    if given {
        From::Keys
    } else if is_there(TOKEN_FILE) {
        From::WebIdentity
    } else if is_there(AGENT_PATH) || is_there(AGENT_URL) {
        From::Container
    } else {
        From::Keys
    }
}

const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const AGENT_PATH: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const AGENT_URL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// What the platform should have put into the environment.
fn given(reader: &mut Reader<'_>, name: &str) -> String {
    environment(name).unwrap_or_else(|| {
        reader.fault("credentials", format!("the environment has no {name}, which the platform should have put there"));
        String::new()
    })
}

fn web_identity(reader: &mut Reader<'_>) -> s3::Credentials {
    let endpoint = environment("AWS_ENDPOINT_URL_STS");
    if endpoint.as_ref().is_some_and(|url| !url.starts_with("https://")) {
        reader.fault("credentials", "AWS_ENDPOINT_URL_STS is not https: the token would be read on its way");
    }
    let (token_file, role) = (given(reader, TOKEN_FILE), given(reader, "AWS_ROLE_ARN"));
    s3::Credentials::WebIdentity { token_file, role, session: environment("AWS_ROLE_SESSION_NAME"), endpoint }
}

fn container(reader: &mut Reader<'_>) -> s3::Credentials {
    if let Some(path) = environment(AGENT_PATH) {
        return s3::Credentials::Container(s3::Agent::Path(path));
    }
    let (url, token_file) = (given(reader, AGENT_URL), given(reader, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"));
    s3::Credentials::Container(s3::Agent::Url { url, token_file })
}

/// Access key and secret: of the file, or the two variables that every S3 client reads.
fn keys(
    reader: &mut Reader<'_>,
    (id, token): (Option<String>, Option<String>),
    (file, variable): (Option<String>, Option<String>),
) -> s3::Keys {
    let variable = variable.unwrap_or_else(|| "AWS_SECRET_ACCESS_KEY".to_owned());
    let secret = match file {
        Some(file) => users::from_file(&file).map_err(|what| ("secret_access_key_file", what)),
        None => environment(&variable).ok_or_else(|| {
            let what = format!("is missing, and the environment has no {variable}: name a file that holds the secret");
            ("secret_access_key_file", what)
        }),
    };
    if id.is_none() {
        let what = "is missing, and the environment has no AWS_ACCESS_KEY_ID; for the role of a machine write credentials = \"instance\"";
        reader.fault("access_key_id", what);
    }
    let secret = secret.map_err(|(key, what)| reader.fault(key, what)).unwrap_or_default();
    s3::Keys::new(id.unwrap_or_default(), secret, token)
}
