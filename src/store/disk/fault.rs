//! What goes wrong on a disk, in the words of the seam.

use crate::store::Fault;
use object_store::Error;
use std::io;

/// The store's name in errors.
pub(super) const NAME: &str = "disk";

pub(super) fn full() -> Error {
    Fault::Full.in_store(NAME)
}

pub(super) fn damaged(what: impl Into<String>) -> Error {
    Fault::Damaged(what.into()).in_store(NAME)
}

pub(super) fn unavailable(why: impl Into<String>) -> Error {
    Fault::Unavailable(why.into()).in_store(NAME)
}

pub(super) fn io(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => full(),
        _ => unavailable(error.to_string()),
    }
}

/// Whatever the index library says.
pub(super) fn index(error: impl Into<redb::Error>) -> Error {
    match error.into() {
        redb::Error::Io(error) => io(&error),
        redb::Error::Corrupted(_) | redb::Error::TableTypeMismatch { .. } | redb::Error::TableDoesNotExist(_) => {
            damaged("the index")
        }
        other => unavailable(other.to_string()),
    }
}

/// The index library ends a thread on bytes it cannot make sense of: that is damage too.
pub(super) fn unwound(_panic: Box<dyn std::any::Any + Send>) -> Error {
    damaged("the index")
}

pub(super) fn not_found(path: &str) -> Error {
    Error::NotFound { path: path.to_owned(), source: "no such object".into() }
}

pub(super) fn precondition(path: &str) -> Error {
    Error::Precondition { path: path.to_owned(), source: "another version is current".into() }
}

pub(super) fn already_exists(path: &str) -> Error {
    Error::AlreadyExists { path: path.to_owned(), source: "there is an object".into() }
}
