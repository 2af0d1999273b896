//! Digests of content as it streams by, and what they are compared with.

use super::operation::{Checksum, Declared};
use super::{BodyError, Error, EtagKind, Refusal};
use crate::envelope::{ChecksumKind, Digest};

/// The digests a body needs, and no others: each byte is passed over once for each.
pub(super) struct Digests {
    md5: Option<Digest>,
    checksum: Option<(ChecksumKind, Digest)>,
    kept: Option<(ChecksumKind, Digest)>,
}

/// What the digests came to.
pub(super) struct Sums {
    pub(super) md5: Option<[u8; 16]>,
    /// What the client declared or asked for, or else the fallback.
    pub(super) checksum: Option<Checksum>,
    /// One of another kind, to be kept beside it.
    kept: Option<Checksum>,
}

impl Digests {
    /// MD5 where it is the ETag or was declared; the checksum that was declared or asked for, or else `fallback`.
    pub(super) fn new(etag: EtagKind, declared: &Declared, fallback: Option<ChecksumKind>) -> Self {
        let md5 = etag == EtagKind::Md5 || declared.md5.is_some();
        let kind = declared.checksum.as_ref().map(|checksum| checksum.kind).or(declared.algorithm).or(fallback);
        Self { md5: md5.then(|| ChecksumKind::Md5.digest()), checksum: kind.map(begin), kept: None }
    }

    /// Computes one of this kind, whatever was declared.
    pub(super) fn keeping(self, kind: ChecksumKind) -> Self {
        let there = self.checksum.as_ref().is_some_and(|(of, _)| *of == kind);
        Self { kept: (!there).then(|| begin(kind)), ..self }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        for (_, digest) in self.checksum.iter_mut().chain(&mut self.kept) {
            digest.update(bytes);
        }
    }

    pub(super) fn finish(self) -> Sums {
        let md5 = self.md5.and_then(|md5| md5.finish().try_into().ok());
        let end = |(kind, digest): (ChecksumKind, Digest)| Checksum { kind, value: digest.finish() };
        Sums { md5, checksum: self.checksum.map(end), kept: self.kept.map(end) }
    }
}

fn begin(kind: ChecksumKind) -> (ChecksumKind, Digest) {
    (kind, kind.digest())
}

impl Sums {
    /// The checksum that [`Digests::keeping`] asked for.
    pub(super) fn kept(&self) -> Option<&Checksum> {
        self.kept.as_ref().or(self.checksum.as_ref())
    }

    /// Compares with what the client declared, in headers and in the trailer.
    ///
    /// # Errors
    /// `BadDigest` if anything differs; `Malformed` if a trailer was declared and is of another algorithm.
    pub(super) fn verify(&self, declared: &Declared, trailer: Option<&Checksum>) -> Result<(), Error> {
        if declared.md5.is_some() && declared.md5 != self.md5 {
            return Err(Refusal::BadDigest("Content-MD5").into());
        }
        for expected in declared.checksum.iter().chain(trailer) {
            let Some(computed) = &self.checksum else { return Err(Refusal::BadDigest("checksum").into()) };
            if expected.kind != computed.kind {
                return Err(Refusal::from(BodyError::Malformed("the trailer is of another algorithm")).into());
            }
            if expected.value != computed.value {
                return Err(Refusal::BadDigest("checksum").into());
            }
        }
        Ok(())
    }
}
