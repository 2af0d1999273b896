//! Where things lie in a backend.
//!
//! `<bucket>/<encoded key>` for objects, and system records under [`SYSTEM`], a name no bucket can have.

use super::names::{encode_key, encode_prefix};
use object_store::path::Path;

/// The prefix of all system records. No bucket name begins with a dot, so no client reaches it.
pub const SYSTEM: &str = ".waxseal";

/// Both copies of the keyring, in the order they are written.
pub const KEYRINGS: [&str; 2] = [".waxseal/keyring", ".waxseal/keyring.copy"];

/// Which buckets of the backend have been chosen for ours, where each has one of its own.
pub const OWN_BUCKETS: &str = ".waxseal/own-buckets";

/// Where a backend is tried out.
pub const PROBES: &str = ".waxseal/probe";

/// Where an object of a bucket lies.
///
/// # Errors
/// `InvalidPath` never for a key the codec made; it is passed on rather than hidden.
pub fn object(bucket: &str, key: &str) -> object_store::Result<Path> {
    Ok(Path::parse(format!("{bucket}/{}", encode_key(key)))?)
}

/// What the paths of a bucket's keys with this prefix begin with.
#[must_use]
pub fn prefix(bucket: &str, prefix: &str) -> String {
    format!("{bucket}/{}", encode_prefix(prefix))
}

/// Where the overflow record of a Head lies (FORMAT 6.3).
#[must_use]
pub fn overflow(name: &str) -> Path {
    Path::from(format!("{SYSTEM}/overflow/{name}"))
}

/// Where all records of open uploads lie.
#[must_use]
pub fn uploads() -> Path {
    Path::from(format!("{SYSTEM}/uploads"))
}

/// Where a record of an open upload lies (FORMAT 11): `U/upload`, `U/part/…`, `U/staged/…`.
#[must_use]
pub fn upload(upload_name: &str, record: &str) -> Path {
    Path::from(format!("{SYSTEM}/uploads/{upload_name}/{record}"))
}
