//! `x-amz-checksum-*`, wherever S3 has it.

use super::error::{invalid_argument, invalid_request, plain};
use crate::gateway::{Checksum, ChecksumKind, ChecksumScope};
use http::HeaderMap;
use s3s::dto::{ChecksumAlgorithm, ChecksumMode, ChecksumType};
use s3s::{S3ErrorCode, S3Result};

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

/// What the parts of an upload are to have, and what becomes of it.
///
/// # Errors
/// `InvalidRequest` for a type without an algorithm, and for what S3 does not combine so.
pub(super) fn of_upload(
    algorithm: Option<&ChecksumAlgorithm>,
    kind: Option<&ChecksumType>,
) -> S3Result<Option<(ChecksumKind, ChecksumScope)>> {
    let scope = kind.map(of_type).transpose()?;
    let Some(algorithm) = algorithm else {
        return match scope {
            None => Ok(None),
            Some(_) => Err(invalid_request("x-amz-checksum-type can only be used with x-amz-checksum-algorithm")),
        };
    };
    let kind = of_algorithm(algorithm)?;
    let usual = if kind == ChecksumKind::Crc64Nvme { ChecksumScope::FullObject } else { ChecksumScope::Composite };
    let scope = scope.unwrap_or(usual);
    let summable = matches!(kind, ChecksumKind::Crc32 | ChecksumKind::Crc32c | ChecksumKind::Crc64Nvme);
    let fits = match scope {
        ChecksumScope::FullObject => summable,
        ChecksumScope::Composite => kind != ChecksumKind::Crc64Nvme,
    };
    if !fits {
        let (name, scope) = (name(kind), self::scope(scope));
        let why = format!("the {} checksum type cannot be used with the {name} checksum algorithm", scope.as_str());
        return Err(invalid_request(why));
    }
    Ok(Some((kind, scope)))
}

/// Holds the algorithm that a client says it used against what it sent.
///
/// # Errors
/// `BadDigest` for a checksum of another algorithm; `InvalidRequest` if none was sent, nor is to come as a trailer.
pub(super) fn check_said(headers: &HeaderMap, sent: Option<&Checksum>) -> S3Result<()> {
    let header =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(|value| value.trim().to_ascii_lowercase());
    let Some(said) = header("x-amz-sdk-checksum-algorithm") else { return Ok(()) };
    let said = of_algorithm(&said.into())?;
    let trailer = header("x-amz-trailer");
    match (sent, trailer) {
        (Some(sent), _) if sent.kind == said => Ok(()),
        (None, Some(trailer)) if of_header(&trailer) == Some(said) => Ok(()),
        (Some(_), _) | (None, Some(_)) => {
            Err(plain(S3ErrorCode::BadDigest, "the checksum is not of the algorithm that x-amz-sdk-checksum-algorithm says"))
        }
        (None, None) => Err(invalid_request(
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found",
        )),
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

/// The one checksum of those that may be given. One of `parts` checksums may say how many they are, as `…-N`.
///
/// # Errors
/// `InvalidRequest` for more than one, `BadDigest` for one that nothing has: no value of its algorithm, or of another
/// number of parts.
pub(super) fn one(given: [(ChecksumKind, Option<&String>); 10], parts: Option<usize>) -> S3Result<Option<Checksum>> {
    let mut found = None;
    for (kind, text) in given {
        let Some(text) = text else { continue };
        let of_parts = parts.map(|parts| format!("-{parts}"));
        let value = of_parts.and_then(|count| text.strip_suffix(&count)).unwrap_or(text);
        let checksum = parse(kind, value).ok_or_else(|| {
            let name = name(kind).to_lowercase();
            plain(S3ErrorCode::BadDigest, format!("the x-amz-checksum-{name} you specified is none of what was received"))
        })?;
        if found.replace(checksum).is_some() {
            return Err(invalid_request("expecting a single x-amz-checksum- header"));
        }
    }
    Ok(found)
}

/// The checksum fields of an input, for [`one`].
macro_rules! given {
    ($input:expr) => {
        $crate::s3::checksum::given!($input, None)
    };
    ($input:expr, $parts:expr) => {
        $crate::s3::checksum::one(
            [
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
            ],
            $parts,
        )
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
