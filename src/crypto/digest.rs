//! The checksums of S3, fed piece by piece.

use super::crc::{CRC32, CRC32C, CRC64_NVME};
use super::md5::Md5;
use super::provider;
use crc_fast::CrcAlgorithm;
use xxhash_rust::{xxh3::Xxh3, xxh64::Xxh64};

/// The algorithms S3 knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the algorithms'")]
pub enum DigestKind {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
    Md5,
    XxHash64,
    XxHash3,
    XxHash128,
    Sha512,
}

/// A digest that is being computed.
///
/// CRCs and xxHash come out big-endian, as S3 shows them; xxHash is seeded with zero. Boxed where the state is large,
/// so that a request without them does not carry their size.
pub struct Digest(State);

enum State {
    Crc32(crc_fast::Digest),
    Crc64(crc_fast::Digest),
    Sha(provider::Sha),
    Md5(Md5),
    XxHash64(Xxh64),
    XxHash3(Box<Xxh3>),
    XxHash128(Box<Xxh3>),
}

impl Digest {
    /// The digest of nothing yet.
    #[must_use]
    pub fn new(kind: DigestKind) -> Self {
        Self(match kind {
            DigestKind::Crc32 => State::Crc32(crc_fast::Digest::new(CrcAlgorithm::Crc32IsoHdlc)),
            DigestKind::Crc32c => State::Crc32(crc_fast::Digest::new(CrcAlgorithm::Crc32Iscsi)),
            DigestKind::Crc64Nvme => State::Crc64(crc_fast::Digest::new(CrcAlgorithm::Crc64Nvme)),
            DigestKind::Sha1 => State::Sha(provider::Sha::sha1()),
            DigestKind::Sha256 => State::Sha(provider::Sha::sha256()),
            DigestKind::Sha512 => State::Sha(provider::Sha::sha512()),
            DigestKind::Md5 => State::Md5(Md5::new()),
            DigestKind::XxHash64 => State::XxHash64(Xxh64::new(0)),
            DigestKind::XxHash3 => State::XxHash3(Box::default()),
            DigestKind::XxHash128 => State::XxHash128(Box::default()),
        })
    }

    /// Takes in the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        match &mut self.0 {
            State::Crc32(state) | State::Crc64(state) => state.update(piece),
            State::Sha(state) => state.update(piece),
            State::Md5(state) => state.update(piece),
            State::XxHash64(state) => state.update(piece),
            State::XxHash3(state) | State::XxHash128(state) => state.update(piece),
        }
    }

    /// The value, of the length the algorithm has.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Crc32(state) => low_half(state.finalize()).to_vec(),
            State::Crc64(state) => state.finalize().to_be_bytes().to_vec(),
            State::Sha(state) => state.finish(),
            State::Md5(state) => state.finish().to_vec(),
            State::XxHash64(state) => state.digest().to_be_bytes().to_vec(),
            State::XxHash3(state) => state.digest().to_be_bytes().to_vec(),
            State::XxHash128(state) => state.digest128().to_be_bytes().to_vec(),
        }
    }
}

/// The low 32 bits, big-endian: where a 64-bit register holds a CRC of 32.
fn low_half(register: u64) -> [u8; 4] {
    let [_, _, _, _, a, b, c, d] = register.to_be_bytes();
    [a, b, c, d]
}

/// The CRC of two contents, one after the other, from theirs and the length of the second in bytes. None for what is no
/// CRC, or not of its length.
#[must_use]
pub fn combine(kind: DigestKind, first: &[u8], second: &[u8], length: u64) -> Option<Vec<u8>> {
    let four = |bytes: &[u8]| Some(u64::from(u32::from_be_bytes(bytes.try_into().ok()?)));
    let eight = |bytes: &[u8]| Some(u64::from_be_bytes(bytes.try_into().ok()?));
    match kind {
        DigestKind::Crc32 => Some(low_half(CRC32.combine(four(first)?, four(second)?, length)).to_vec()),
        DigestKind::Crc32c => Some(low_half(CRC32C.combine(four(first)?, four(second)?, length)).to_vec()),
        DigestKind::Crc64Nvme => Some(CRC64_NVME.combine(eight(first)?, eight(second)?, length).to_be_bytes().to_vec()),
        DigestKind::Sha1
        | DigestKind::Sha256
        | DigestKind::Sha512
        | DigestKind::Md5
        | DigestKind::XxHash64
        | DigestKind::XxHash3
        | DigestKind::XxHash128 => None,
    }
}
