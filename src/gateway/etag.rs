//! What clients see as ETag, derived from what was sealed.

use super::gateway::EtagKind;
use crate::envelope::{ChecksumKind, EtagRecord, Record};

/// The ETag of an object, without quotes: a function of its final record and, if that or the operator wants it opaque,
/// of the backend's ETag, so that LIST, HEAD and GET agree without sharing anything.
pub(super) fn of(shown: EtagKind, record: &Record, segments: usize, backend_etag: &str) -> String {
    match (shown, &record.etag) {
        (EtagKind::Md5, EtagRecord::Md5(md5)) => hex(md5),
        (EtagKind::Md5, EtagRecord::Composite(md5)) => format!("{}-{segments}", hex(md5)),
        (EtagKind::Md5, EtagRecord::Opaque) | (EtagKind::Opaque, _) => opaque(backend_etag),
    }
}

/// `<32 hex>-0`: no client takes it for an MD5. It tells the backend's versions apart and nothing else.
pub(super) fn opaque(backend_etag: &str) -> String {
    let mut digest = ChecksumKind::Md5.digest();
    digest.update(backend_etag.as_bytes());
    format!("{}-0", hex(&digest.finish()))
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    hex_simd::encode_to_string(bytes, hex_simd::AsciiCase::Lower)
}
