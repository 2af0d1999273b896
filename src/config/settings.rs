//! The settings the program runs by.

use super::reader::Reader;
use super::{Fault, KmsKey, Storage, backend, kms, users};
use crate::access::Users;
use crate::gateway::{Day, EtagKind};
use crate::server::{Tls, TlsFault};
use crate::{gateway, s3, server};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Table;

/// Every key there is, as `config/waxseal.toml` documents them.
pub const KEYS: [&str; 46] = [
    "data",
    "root_key",
    "listen",
    "admin_listen",
    "region",
    "domains",
    "etag",
    "max_upload",
    "log_format",
    "danger_allow_sse_c_over_http",
    "limits.connections",
    "limits.header_timeout",
    "limits.body_timeout",
    "limits.drain",
    "limits.body_memory",
    "tls.certificate",
    "tls.key",
    "cache.keys",
    "cache.heads",
    "cache.index",
    "cache.settings_ttl",
    "backend.kind",
    "backend.endpoint",
    "backend.region",
    "backend.bucket",
    "backend.prefix",
    "backend.path_style",
    "backend.credentials",
    "backend.access_key_id",
    "backend.secret_access_key_file",
    "backend.secret_access_key_env",
    "backend.ca_file",
    "backend.max_connections",
    "backend.own_buckets",
    "backend.danger_allow_http",
    "lifecycle.debug_day",
    "multipart.expire",
    "kms_key.id",
    "kms_key.root_key",
    "user.name",
    "user.id",
    "user.display_name",
    "user.email",
    "user.access_key",
    "user.secret_file",
    "user.secret_env",
];

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// What the command line says, which counts more than the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--root-key`.
    pub root_key: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<SocketAddr>,
    /// `--admin-listen`.
    pub admin_listen: Option<SocketAddr>,
    /// `--log-format`.
    pub log_format: Option<LogFormat>,
    /// `--tls-certificate`.
    pub tls_certificate: Option<PathBuf>,
    /// `--tls-key`.
    pub tls_key: Option<PathBuf>,
}

/// Settings without a fault.
pub struct Settings {
    /// The store's directory; empty where there is none.
    pub data: PathBuf,
    /// Where sealed objects lie.
    pub backend: Storage,
    /// The root key's file.
    pub root_key: PathBuf,
    /// Where S3 is spoken.
    pub listen: SocketAddr,
    /// Where health and metrics are.
    pub admin_listen: SocketAddr,
    /// How the log is written.
    pub log_format: LogFormat,
    /// Of the gateway.
    pub gateway: gateway::Settings,
    /// Of the protocol.
    pub s3: s3::Settings,
    /// Of the listener.
    pub server: server::Settings,
    /// How long an unwrapped bucket key is kept.
    pub keys: Duration,
    /// Memory for the index, in bytes.
    pub index: usize,
    /// Keys that clients may name.
    pub kms_keys: Vec<KmsKey>,
    /// The users of the file.
    pub users: Users,
    /// Their names, for showing.
    pub names: Vec<String>,
}

/// Reads the file, if there is one, and what the command line says.
///
/// # Errors
/// Every fault, each with its remedy.
pub fn load(file: Option<&Path>, overrides: Overrides) -> Result<Settings, Vec<Fault>> {
    let (settings, faults) = examine(file, overrides);
    if faults.is_empty() { Ok(settings) } else { Err(faults) }
}

/// The same, for who looks further: with faults too, and then only as far as it could be read. What is missing is empty.
#[must_use]
pub fn examine(file: Option<&Path>, overrides: Overrides) -> (Settings, Vec<Fault>) {
    let mut faults = Vec::new();
    let table = file.map_or_else(Table::new, |file| read(file, &mut faults));
    let settings = settings(table, overrides, &mut faults);
    for fault in settings.s3.faults() {
        faults.push(Fault { key: fault.key().to_owned(), what: fault.to_string() });
    }
    (settings, faults)
}

fn read(file: &Path, faults: &mut Vec<Fault>) -> Table {
    let key = file.display().to_string();
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            faults.push(Fault { key, what: format!("cannot be read: {error}") });
            return Table::new();
        }
    };
    text.parse().unwrap_or_else(|error: toml::de::Error| {
        faults.push(Fault { key, what: format!("is not TOML: {}", error.message()) });
        Table::new()
    })
}

fn settings(table: Table, over: Overrides, faults: &mut Vec<Fault>) -> Settings {
    let mut reader = Reader::new(table, "", faults);
    let path = |text: String| PathBuf::from(text);
    let address = "write an address and port like \"127.0.0.1:9000\"";
    let data = reader.text("data").map(path);
    let root_key = reader.text("root_key").map(path);
    let listen = reader.parsed("listen", address, |text| text.parse().ok());
    let admin_listen = reader.parsed("admin_listen", address, |text| text.parse().ok());
    let region = reader.text("region").unwrap_or_else(|| "us-east-1".to_owned());
    let domains = reader.texts("domains").unwrap_or_default();
    let etag = reader.parsed("etag", "write \"md5\" or \"opaque\"", etag).unwrap_or(EtagKind::Md5);
    let max_upload = reader.size("max_upload").unwrap_or(5 << 30);
    let log_format = reader.parsed("log_format", "write \"text\" or \"json\"", log_format);
    let keys_over_http = reader.flag("danger_allow_sse_c_over_http").unwrap_or(false);
    let (limits, cache, users) = (reader.section("limits"), reader.section("cache"), reader.sections("user"));
    let (tls, kms_keys) = (reader.section("tls"), reader.sections("kms_key"));
    let (lifecycle, multipart) = (reader.section("lifecycle"), reader.section("multipart"));
    let (data, root_key) = (over.data.or(data), over.root_key.or(root_key));
    let backend_table = reader.section("backend");
    let on_disk = backend_table.get("kind").is_none_or(|kind| kind.as_str() == Some("disk"));
    if data.is_none() && on_disk {
        reader.fault("data", "is missing: say where the store is, here or with --data");
    }
    if root_key.is_none() {
        reader.fault("root_key", "is missing: say where the root key's file is, here or with --root-key");
    }
    if max_upload > 5 << 30 {
        reader.fault("max_upload", "is above 5 GiB, the most of one request in S3: write at most \"5 GiB\"");
    }
    reader.end();
    let tls = tls_of(tls, (over.tls_certificate, over.tls_key), faults);
    let (limits, memory) = limits_of(limits, faults);
    let Cache { keys, heads, index, settings_ttl } = cache_of(cache, faults);
    let server = server::Settings { tls, ..limits };
    let backend = backend::read(backend_table, (memory, heads), faults);
    let kms_keys = kms::read(kms_keys, faults);
    let (users, names) = users::read(users, faults);
    let (day, expire) = (day_of(lifecycle, faults), expire_of(multipart, faults));
    let usual = gateway::Settings::default();
    let gateway = gateway::Settings { etag, max_upload, verified: heads, day, expire, keep_configuration: settings_ttl, ..usual };
    Settings {
        data: data.unwrap_or_default(),
        backend,
        root_key: root_key.unwrap_or_default(),
        listen: over.listen.or(listen).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 9_000))),
        admin_listen: over.admin_listen.or(admin_listen).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 9_001))),
        log_format: over.log_format.or(log_format).unwrap_or(LogFormat::Text),
        gateway,
        s3: s3::Settings { region, domains, max_upload, keys_over_http },
        server,
        keys,
        index,
        kms_keys,
        users,
        names,
    }
}

fn etag(text: &str) -> Option<EtagKind> {
    match text {
        "md5" => Some(EtagKind::Md5),
        "opaque" => Some(EtagKind::Opaque),
        _ => None,
    }
}

fn log_format(text: &str) -> Option<LogFormat> {
    match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    }
}

/// Those of the listener, and memory for transfers in bytes.
fn limits_of(table: Table, faults: &mut Vec<Fault>) -> (server::Settings, u64) {
    let mut reader = Reader::new(table, "limits", faults);
    let usual = server::Settings::default();
    let connections = reader.count("connections").and_then(|count| usize::try_from(count).ok());
    let settings = server::Settings {
        connections: connections.unwrap_or(usual.connections),
        header_timeout: reader.duration("header_timeout").unwrap_or(usual.header_timeout),
        body_timeout: reader.duration("body_timeout").unwrap_or(usual.body_timeout),
        drain: reader.duration("drain").unwrap_or(usual.drain),
        tls: None,
    };
    let memory = reader.size("body_memory").unwrap_or(backend::MEMORY);
    reader.end();
    (settings, memory)
}

/// Certificate and key, of which there are both or neither.
fn tls_of(table: Table, over: (Option<PathBuf>, Option<PathBuf>), faults: &mut Vec<Fault>) -> Option<Tls> {
    let mut reader = Reader::new(table, "tls", faults);
    let certificate = over.0.or(reader.text("certificate").map(PathBuf::from));
    let key = over.1.or(reader.text("key").map(PathBuf::from));
    let tls = match (certificate, key) {
        (None, None) => None,
        (Some(_), None) => {
            reader.fault("key", "is missing: say where the key of the certificate is, here or with --tls-key");
            None
        }
        (None, Some(_)) => {
            reader.fault("certificate", "is missing: say where the certificate of the key is, here or with --tls-certificate");
            None
        }
        (Some(certificate), Some(key)) => match Tls::read(&certificate, &key) {
            Ok(tls) => Some(tls),
            Err(faults) => {
                for fault in faults {
                    match fault {
                        TlsFault::Certificate(why) => reader.fault("certificate", why),
                        TlsFault::Key(why) => reader.fault("key", why),
                    }
                }
                None
            }
        },
    };
    reader.end();
    tls
}

struct Cache {
    keys: Duration,
    heads: u64,
    index: usize,
    settings_ttl: Duration,
}

fn cache_of(table: Table, faults: &mut Vec<Fault>) -> Cache {
    let mut reader = Reader::new(table, "cache", faults);
    let keys = reader.duration("keys").unwrap_or(Duration::from_mins(5));
    let heads = reader.size("heads").unwrap_or(gateway::Settings::default().verified);
    let index = reader.size("index").unwrap_or(256 << 20);
    let settings_ttl = reader.duration("settings_ttl").unwrap_or(gateway::Settings::default().keep_configuration);
    reader.end();
    Cache { keys, heads, index: usize::try_from(index).unwrap_or(usize::MAX), settings_ttl }
}

fn expire_of(table: Table, faults: &mut Vec<Fault>) -> Duration {
    let mut reader = Reader::new(table, "multipart", faults);
    let expire = reader.duration("expire").unwrap_or(gateway::Settings::default().expire);
    reader.end();
    expire
}

fn day_of(table: Table, faults: &mut Vec<Fault>) -> Day {
    let mut reader = Reader::new(table, "lifecycle", faults);
    let length = reader.duration("debug_day").map(|length| u64::try_from(length.as_millis()).unwrap_or(u64::MAX));
    reader.end();
    length.map_or(Day::Real, Day::Of)
}
