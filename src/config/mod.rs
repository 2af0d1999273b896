//! What an operator may write, and what the program may rely on.
//!
//! The file is read whole and every fault in it is told at once, each with its remedy. `config/waxseal.toml` of the
//! repository documents every key. The environment is read here and nowhere else.

mod backend;
mod kms;
mod reader;
mod settings;
mod units;
mod users;

pub use backend::Storage;
pub use kms::KmsKey;
pub use settings::{KEYS, LogFormat, Overrides, Settings, examine, load};

/// One thing that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {what}")]
pub struct Fault {
    /// Where.
    pub key: String,
    /// What is wrong, and what to do.
    pub what: String,
}

/// The value of an environment variable, if it is set and UTF-8.
#[must_use]
pub fn environment(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let value = std::env::var(name);
    value.ok()
}
