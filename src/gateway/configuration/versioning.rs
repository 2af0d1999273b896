//! Whether overwritten objects are kept.

use serde::{Deserialize, Serialize};

/// The versioning state of a bucket. Once enabled, it is never `Never` again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Versioning {
    /// A write replaces what was there.
    #[default]
    Never,
    /// A write adds a version, a delete adds a marker.
    Enabled,
    /// A write replaces the null version and leaves the others.
    Suspended,
}
