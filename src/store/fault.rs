//! What a backend says beyond "not found" and "precondition failed".

use super::Millis;
use std::error::Error as StdError;

/// A cause that [`object_store::Error`] has no variant for.
///
/// It travels as the source of [`object_store::Error::Generic`]; [`Fault::of`] finds it again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No room for the bytes or for their index entry. Deleting still works.
    #[error("the store is full: delete objects or give it more space")]
    Full,
    /// Stored bytes are not what was written. Names what is damaged, never its content.
    #[error("{0} is damaged: run `waxseal verify`, and `waxseal salvage` if the store does not open")]
    Damaged(String),
    /// The version that was asked for says that its object is deleted, since then.
    #[error("the version says that the object is deleted")]
    Marker(Millis),
    /// The store cannot answer now and may later.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

impl Fault {
    /// Wraps the fault as an error of the store of this name.
    #[must_use]
    pub fn in_store(self, store: &'static str) -> object_store::Error {
        object_store::Error::Generic { store, source: Box::new(self) }
    }

    /// Finds the fault behind an error, however deep it stands.
    #[must_use]
    pub fn of(error: &object_store::Error) -> Option<&Self> {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
        while let Some(at) = cause {
            if let Some(fault) = at.downcast_ref::<Self>() {
                return Some(fault);
            }
            cause = at.source();
        }
        None
    }
}
