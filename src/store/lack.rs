//! What a backend may lack.

use std::fmt;

/// Something that is needed of a backend and that it has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lack {
    /// `If-None-Match: *` on a write is not heeded: of two that create one object both would win.
    Create,
    /// `If-Match` on a write is not heeded: a change that another made at the same time would be lost.
    Update,
    /// `If-None-Match: *` or `If-Match` on the completion of an upload is not heeded.
    CompleteIf,
    /// Open uploads are listed by the name of their object alone, or not at all.
    Uploads,
    /// Of a key and another below it (`a` and `a/b`) only one can be there, or is listed.
    Nested,
    /// Parts cannot be copied from a range of an object.
    CopyPart,
    /// A listing is not in order of bytes, or does not begin where it is told to.
    Order,
    /// What was written is not what is read or listed next.
    Consistency,
}

impl Lack {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Create,
        Self::Update,
        Self::CompleteIf,
        Self::Uploads,
        Self::Nested,
        Self::CopyPart,
        Self::Order,
        Self::Consistency,
    ];

    /// In one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::CompleteIf => "complete_if",
            Self::Uploads => "uploads",
            Self::Nested => "nested",
            Self::CopyPart => "copy_part",
            Self::Order => "order",
            Self::Consistency => "consistency",
        }
    }

    /// Whether something acknowledged could be lost, or something false told: then nothing is served.
    #[must_use]
    pub fn is_fatal(self) -> bool {
        match self {
            Self::Create | Self::Update | Self::CompleteIf | Self::Order | Self::Consistency => true,
            Self::Uploads | Self::CopyPart | Self::Nested => false,
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "conditional creation (If-None-Match on PutObject)",
            Self::Update => "conditional replacement (If-Match on PutObject)",
            Self::CompleteIf => "conditional completion (If-None-Match and If-Match on CompleteMultipartUpload)",
            Self::Uploads => {
                "listing open uploads below a prefix (ListMultipartUploads): clients see none, and those that nobody \
                 completes have to be removed by a lifecycle rule of the backend"
            }
            Self::Nested => {
                "keys below keys: of `a` and `a/b` it takes or lists one alone; use it only for applications that have no such keys"
            }
            Self::CopyPart => "copying ranges into parts (UploadPartCopy): copies of objects above 5 MiB fail",
            Self::Order => "listings in order of bytes",
            Self::Consistency => "reads and listings that show what was written before",
        })
    }
}
