//! What can be wrong with sealed bytes (FORMAT 13).

/// The kinds of error; for the operator, never for clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Not in this format, or a key holder wrote what no writer may.
    Malformed,
    /// A version, suite, wrap, flag, keyring or metadata tag this reader does not know.
    Unsupported,
    /// The KEK, root or customer key at hand is not the one.
    WrongKey,
    /// Genuine, but sealed for another key, bucket, upload or part.
    WrongContext,
    /// Genuine where it was read, but bytes are missing.
    Truncated,
    /// Altered, exchanged or damaged.
    Tampered,
}

/// Why sealed bytes did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind:?}: {why}")]
pub struct Error {
    /// What kind of error it is.
    pub kind: Kind,
    /// What was looked at.
    pub why: &'static str,
}
