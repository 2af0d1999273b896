//! What becomes of the parts' digests when the parts become an object.

use crate::envelope::{ChecksumKind, EtagRecord, Metadata, PartRecord};
use crate::gateway::operation::{Checksum, ChecksumScope};
use crate::gateway::read::checksum_in;

/// The checksum that was declared when the upload began.
pub(super) fn declared(metadata: &Metadata) -> Option<(ChecksumKind, ChecksumScope)> {
    let (kind, scope) = metadata.declared_checksum?;
    Some((ChecksumKind::try_from(kind).ok()?, ChecksumScope::try_from(scope).ok()?))
}

/// The checksum that the object will have: the declared one, or what S3 gives where none was declared.
pub(super) fn kept(metadata: &Metadata) -> (ChecksumKind, ChecksumScope) {
    declared(metadata).unwrap_or((ChecksumKind::Crc64Nvme, ChecksumScope::FullObject))
}

/// The checksum of a part that is of this kind.
fn of_part(part: &PartRecord, kind: ChecksumKind) -> Option<Checksum> {
    [&part.entry.checksum, &part.checksum].into_iter().flatten().filter_map(checksum_in).find(|sum| sum.kind == kind)
}

/// The MD5 of the parts' MD5s, if all have one.
pub(super) fn etag(parts: &[PartRecord]) -> EtagRecord {
    let mut digest = ChecksumKind::Md5.digest();
    for part in parts {
        let Some(md5) = part.md5 else { return EtagRecord::Opaque };
        digest.update(&md5);
    }
    digest.finish().try_into().map_or(EtagRecord::Opaque, EtagRecord::Composite)
}

/// The checksum of the object from those of its parts, if all have one of this kind.
pub(super) fn whole(parts: &[PartRecord], kind: ChecksumKind, scope: ChecksumScope) -> Option<Checksum> {
    let sums: Vec<Checksum> = parts.iter().map(|part| of_part(part, kind)).collect::<Option<_>>()?;
    match scope {
        ChecksumScope::Composite => {
            let mut digest = kind.digest();
            sums.iter().for_each(|sum| digest.update(&sum.value));
            Some(Checksum { kind, value: digest.finish() })
        }
        ChecksumScope::FullObject => {
            let lengths = parts.iter().map(|part| part.entry.plain_len);
            let pairs = sums.iter().map(|sum| sum.value.as_slice()).zip(lengths);
            kind.combine(pairs).map(|value| Checksum { kind, value })
        }
    }
}
