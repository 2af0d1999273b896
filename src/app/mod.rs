//! Settings become a running, then a drained service.

mod administrator;
mod check;
mod chores;
mod copy_store;
mod customer;
mod offline;
mod open;
mod salvage;
mod serve;
mod stack;

pub use administrator::Credentials;
pub use check::check;
pub use copy_store::{CopiedStore, copy_store};
pub use offline::{Form, Verified, cat, keyring_text, verify};
pub use open::{OpenWith, open_file};
pub use salvage::salvage;
pub use serve::{Started, serve};
pub use stack::{Stack, init};

/// Keeps keys and plaintext in memory out of core dumps.
///
/// # Errors
/// What the system says.
pub fn forbid_core_dumps() -> std::io::Result<()> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Why a command did not do what it was told: a sentence for an operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

impl Failure {
    /// A failure of something, for a reason.
    pub(crate) fn of(what: &str, why: impl std::fmt::Display) -> Self {
        Self(format!("{what}: {why}"))
    }
}

/// What commands answer.
pub type Result<T> = std::result::Result<T, Failure>;
