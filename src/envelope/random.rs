//! Randomness, as an argument.

/// What random bytes are for.
///
/// Tells a source that replays fixed values, as the vectors need it, which one is asked for. A real source may ignore it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Draw {
    /// The DEK of an object or upload.
    Dek,
    /// What names a body and salts its keys; drawn together with its DEK.
    ObjectId,
    /// The salt of a segment.
    SegSalt,
    /// The salt of a tail.
    TailSalt,
    /// The salt of a Head.
    WrapSalt,
    /// The salt of a part record.
    RecordSalt,
    /// A key that a root generates: a KEK, or a keyring's own secret.
    Kek,
    /// The secret of a new local root.
    RootSecret,
    /// The salt of a key wrapped by a local root.
    RootSalt,
    /// The id of a keyring.
    KeyringId,
    /// The secret that a keyring's MAC is keyed by.
    KeyringSecret,
    /// The uuid of a bucket.
    BucketUuid,
}

/// A source of random bytes.
///
/// The envelope has none of its own, so that every byte it writes follows from its arguments. In the program there is
/// one source, the operating system's. Every security claim of the format rests on what `fill` gives being
/// unpredictable and never given twice.
pub trait Random {
    /// Overwrites all of `out`. There is no partial success and no error to ignore: a source that has nothing to give
    /// ends the process.
    fn fill(&mut self, what: Draw, out: &mut [u8]);
}

/// Draws an array.
pub(super) fn draw<const N: usize>(rng: &mut dyn Random, what: Draw) -> [u8; N] {
    let mut out = [0; N];
    rng.fill(what, &mut out);
    out
}
