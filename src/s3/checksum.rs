//! `x-amz-checksum-*`, wherever S3 has it.

use super::error::{invalid_argument, invalid_request};
use crate::gateway::{Checksum, ChecksumKind, ChecksumScope};
use s3s::S3Result;
use s3s::dto::{ChecksumAlgorithm, ChecksumMode, ChecksumType};

/// Algorithms by the name S3 gives them.
const NAMES: [(ChecksumKind, &str); 10] = [
    (ChecksumKind::Crc32, "CRC32"),
    (ChecksumKind::Crc32c, "CRC32C"),
    (ChecksumKind::Crc64Nvme, "CRC64NVME"),
    (ChecksumKind::Sha1, "SHA1"),
    (ChecksumKind::Sha256, "SHA256"),
    (ChecksumKind::Md5, "MD5"),
    (ChecksumKind::XxHash64, "XXHASH64"),
    (ChecksumKind::XxHash3, "XXHASH3"),
    (ChecksumKind::XxHash128, "XXHASH128"),
    (ChecksumKind::Sha512, "SHA512"),
];

pub(super) fn name(kind: ChecksumKind) -> &'static str {
    NAMES.iter().find(|(of, _)| *of == kind).map_or("", |(_, name)| name)
}

pub(super) fn algorithm(kind: ChecksumKind) -> ChecksumAlgorithm {
    ChecksumAlgorithm::from_static(name(kind))
}

pub(super) fn scope(scope: ChecksumScope) -> ChecksumType {
    ChecksumType::from_static(match scope {
        ChecksumScope::FullObject => ChecksumType::FULL_OBJECT,
        ChecksumScope::Composite => ChecksumType::COMPOSITE,
    })
}

/// Whether an answer is to say checksums.
pub(super) fn wanted(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}

/// The algorithm of a header's name in lower case.
pub(super) fn of_header(header: &str) -> Option<ChecksumKind> {
    let name = header.strip_prefix("x-amz-checksum-")?;
    NAMES.iter().find(|(_, of)| of.eq_ignore_ascii_case(name)).map(|(kind, _)| *kind)
}

/// # Errors
/// `InvalidRequest` for an algorithm that S3 has not.
pub(super) fn of_algorithm(algorithm: &ChecksumAlgorithm) -> S3Result<ChecksumKind> {
    let found = NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(algorithm.as_str()));
    found.map(|(kind, _)| *kind).ok_or_else(|| invalid_request("the checksum algorithm is not known"))
}

/// # Errors
/// `InvalidArgument` for a type that S3 has not.
pub(super) fn of_type(kind: &ChecksumType) -> S3Result<ChecksumScope> {
    match kind.as_str() {
        ChecksumType::FULL_OBJECT => Ok(ChecksumScope::FullObject),
        ChecksumType::COMPOSITE => Ok(ChecksumScope::Composite),
        _ => Err(invalid_argument("the checksum type is not known")),
    }
}

/// A value in base64, of its algorithm's length.
pub(super) fn parse(kind: ChecksumKind, text: &str) -> Option<Checksum> {
    let value = base64_simd::STANDARD.decode_to_vec(text).ok()?;
    (value.len() == kind.len()).then_some(Checksum { kind, value })
}

pub(super) fn text(checksum: &Checksum) -> String {
    base64_simd::STANDARD.encode_to_string(&checksum.value)
}

/// The one checksum of those that may be given.
///
/// # Errors
/// `InvalidRequest` for more than one, or one that is no value of its algorithm.
pub(super) fn one(given: [(ChecksumKind, Option<&String>); 10]) -> S3Result<Option<Checksum>> {
    let mut found = None;
    for (kind, text) in given {
        let Some(text) = text else { continue };
        // A composite value is repeated with its number of parts, which the parts themselves say.
        let value = text.split('-').next().unwrap_or_default();
        let checksum = parse(kind, value)
            .ok_or_else(|| invalid_request(format!("the value of x-amz-checksum-{} is not valid", name(kind).to_lowercase())))?;
        if found.replace(checksum).is_some() {
            return Err(invalid_request("expecting a single x-amz-checksum- header"));
        }
    }
    Ok(found)
}

/// The checksum fields of an input, for [`one`].
macro_rules! given {
    ($input:expr) => {
        $crate::s3::checksum::one([
            ($crate::gateway::ChecksumKind::Crc32, $input.checksum_crc32.as_ref()),
            ($crate::gateway::ChecksumKind::Crc32c, $input.checksum_crc32c.as_ref()),
            ($crate::gateway::ChecksumKind::Crc64Nvme, $input.checksum_crc64nvme.as_ref()),
            ($crate::gateway::ChecksumKind::Sha1, $input.checksum_sha1.as_ref()),
            ($crate::gateway::ChecksumKind::Sha256, $input.checksum_sha256.as_ref()),
            ($crate::gateway::ChecksumKind::Md5, $input.checksum_md5.as_ref()),
            ($crate::gateway::ChecksumKind::XxHash64, $input.checksum_xxhash64.as_ref()),
            ($crate::gateway::ChecksumKind::XxHash3, $input.checksum_xxhash3.as_ref()),
            ($crate::gateway::ChecksumKind::XxHash128, $input.checksum_xxhash128.as_ref()),
            ($crate::gateway::ChecksumKind::Sha512, $input.checksum_sha512.as_ref()),
        ])
    };
}
pub(super) use given;

/// Sets the checksum field of an output to a text.
macro_rules! answer {
    ($output:expr, $kind:expr, $text:expr) => {{
        let text = Some($text);
        match $kind {
            $crate::gateway::ChecksumKind::Crc32 => $output.checksum_crc32 = text,
            $crate::gateway::ChecksumKind::Crc32c => $output.checksum_crc32c = text,
            $crate::gateway::ChecksumKind::Crc64Nvme => $output.checksum_crc64nvme = text,
            $crate::gateway::ChecksumKind::Sha1 => $output.checksum_sha1 = text,
            $crate::gateway::ChecksumKind::Sha256 => $output.checksum_sha256 = text,
            $crate::gateway::ChecksumKind::Md5 => $output.checksum_md5 = text,
            $crate::gateway::ChecksumKind::XxHash64 => $output.checksum_xxhash64 = text,
            $crate::gateway::ChecksumKind::XxHash3 => $output.checksum_xxhash3 = text,
            $crate::gateway::ChecksumKind::XxHash128 => $output.checksum_xxhash128 = text,
            $crate::gateway::ChecksumKind::Sha512 => $output.checksum_sha512 = text,
        }
    }};
}
pub(super) use answer;
