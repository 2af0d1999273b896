//! What can be wrong with sealed bytes (FORMAT 13).

use std::fmt;

/// The kinds of error, for the operator.
///
/// A client is told one integrity error for all but a wrong customer key, or it could learn from the difference. None
/// is transient: reading again until it works is no remedy.
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

impl Kind {
    /// The kind's name in FORMAT 13 and in the vectors.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
            Self::WrongKey => "wrong_key",
            Self::WrongContext => "wrong_context",
            Self::Truncated => "truncated",
            Self::Tampered => "tampered",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why sealed bytes did not open.
///
/// Says what was looked at in words that stand in the program: never a key, a name or a byte of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {why}")]
pub struct Error {
    /// What kind of error it is.
    pub kind: Kind,
    /// What was looked at.
    pub why: &'static str,
}

/// What reading and writing sealed bytes comes to.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! kinds {
    ($($name:ident: $kind:ident),* $(,)?) => {
        impl Error {$(
            #[doc = concat!("A [`Kind::", stringify!($kind), "`].")]
            #[must_use]
            pub const fn $name(why: &'static str) -> Self {
                Self { kind: Kind::$kind, why }
            }
        )*}
    };
}

kinds! {
    malformed: Malformed,
    unsupported: Unsupported,
    wrong_key: WrongKey,
    wrong_context: WrongContext,
    truncated: Truncated,
    tampered: Tampered,
}
