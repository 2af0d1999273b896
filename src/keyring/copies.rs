//! The two copies of the keyring in a backend.

use crate::envelope::{self, Kind};
use crate::store::{Backend, layout};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{GetOptions, PutMode, PutOptions, PutPayload, UpdateVersion};

/// No keyring is longer: room for some hundred thousand buckets.
const LENGTH_MAX: u64 = 256 * 1024 * 1024;

/// One copy as it was read.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    pub(super) version: UpdateVersion,
}

/// Where copy `index` lies.
pub(super) fn path(index: usize) -> Path {
    Path::from(layout::KEYRINGS.get(index).copied().unwrap_or(layout::KEYRINGS[0]))
}

/// A copy, against one that is known.
pub(super) enum Other {
    /// It is the one that is known.
    Same,
    /// It is there, and may be another.
    There(Held),
    /// The backend says that there is none.
    Absent,
}

/// Reads a copy. None if and only if the backend says that there is none.
pub(super) async fn read(backend: &dyn Backend, index: usize) -> Result<Option<Held>, super::Error> {
    match read_other(backend, index, None).await? {
        Other::There(found) => Ok(Some(found)),
        Other::Absent => Ok(None),
        Other::Same => Err(super::Error::Unavailable("it was not asked whether the keyring is the same".to_owned())),
    }
}

/// Reads a copy unless it is the one of this ETag.
pub(super) async fn read_other(backend: &dyn Backend, index: usize, than: Option<String>) -> Result<Other, super::Error> {
    let options = GetOptions { if_none_match: than, ..GetOptions::default() };
    let found = match backend.get_opts(&path(index), options).await {
        Ok(found) => found,
        Err(object_store::Error::NotModified { .. }) => return Ok(Other::Same),
        Err(object_store::Error::NotFound { .. }) => return Ok(Other::Absent),
        Err(error) => return Err(error.into()),
    };
    if found.meta.size > LENGTH_MAX {
        return Err(envelope::Error { kind: Kind::Malformed, why: "keyring: too long" }.into());
    }
    let version = UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
    Ok(Other::There(Held { bytes: found.bytes().await?, version }))
}

/// Writes a copy over the version that was read, or where there was none.
///
/// # Errors
/// `Precondition` or `AlreadyExists` if someone else wrote it since; see [`lost`].
pub(super) async fn write(
    backend: &dyn Backend,
    index: usize,
    bytes: Bytes,
    over: Option<UpdateVersion>,
) -> object_store::Result<UpdateVersion> {
    let mode = over.map_or(PutMode::Create, PutMode::Update);
    let options = PutOptions { mode, ..PutOptions::default() };
    let written = backend.put_opts(&path(index), PutPayload::from(bytes), options).await?;
    Ok(UpdateVersion { e_tag: written.e_tag, version: written.version })
}

/// Whether a write failed because someone else wrote first.
pub(super) fn lost(error: &object_store::Error) -> bool {
    use object_store::Error::{AlreadyExists, NotFound, Precondition};
    matches!(error, Precondition { .. } | AlreadyExists { .. } | NotFound { .. })
}
