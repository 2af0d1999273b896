//! What an object's metadata has beyond the items of FORMAT 6.1: tags that every reader carries, and ours understands.

use super::encryption::{Kms, ServerSide};
use super::operation::Checksum;
use crate::access::CannedAcl;
use crate::envelope::{ChecksumKind, Error, Kind, Metadata, Result};

/// Kind(1), flags(1), id of the KMS key; announced encryption.
const ENCRYPTION: u8 = 0x80;

/// One of [`ACLS`]; private if there is none.
const ACL: u8 = 0x85;

/// Canned ACLs by their number.
const ACLS: [(u8, CannedAcl); 5] = [
    (1, CannedAcl::PublicRead),
    (2, CannedAcl::PublicReadWrite),
    (3, CannedAcl::AuthenticatedRead),
    (4, CannedAcl::BucketOwnerRead),
    (5, CannedAcl::BucketOwnerFullControl),
];

/// The encryption context of SSE-KMS, as it was sent.
const CONTEXT: u8 = 0x86;

/// Name of the upload (FORMAT 11) that became this object.
const UPLOAD: u8 = 0x87;

/// Kind(1), value: a checksum of the content that counts more than the one in the final record.
const CHECKSUM: u8 = 0x88;

const S3: u8 = 1;
const KMS: u8 = 2;

/// A flag of [`KMS`].
const BUCKET_KEY: u8 = 1;

/// Encryption as it is told of the object.
///
/// # Errors
/// `malformed` if the items are not ones that a writer makes: never taken for "none".
pub(super) fn encryption(metadata: &Metadata) -> Result<Option<ServerSide>> {
    const BAD: Error = Error { kind: Kind::Malformed, why: "metadata: encryption" };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| BAD);
    let context = metadata.unknown.get(&CONTEXT).map(|bytes| text(bytes)).transpose()?;
    match (metadata.unknown.get(&ENCRYPTION).map(Vec::as_slice), context) {
        (None, None) => Ok(None),
        (Some([S3, 0]), None) => Ok(Some(ServerSide::S3)),
        (Some([KMS, flags @ (0 | BUCKET_KEY), id @ ..]), context) => {
            let key = if id.is_empty() { None } else { Some(text(id)?) };
            Ok(Some(ServerSide::Kms(Kms { key, bucket_key: *flags == BUCKET_KEY, context })))
        }
        _ => Err(BAD),
    }
}

/// Replaces what is told of encryption.
pub(super) fn set_encryption(metadata: &mut Metadata, encryption: Option<&ServerSide>) {
    let mut set = |tag, value: Option<Vec<u8>>| match value {
        Some(value) => drop(metadata.unknown.insert(tag, value)),
        None => drop(metadata.unknown.remove(&tag)),
    };
    match encryption {
        None => {
            set(ENCRYPTION, None);
            set(CONTEXT, None);
        }
        Some(ServerSide::S3) => {
            set(ENCRYPTION, Some(vec![S3, 0]));
            set(CONTEXT, None);
        }
        Some(ServerSide::Kms(Kms { key, bucket_key, context })) => {
            let id = key.as_deref().unwrap_or_default();
            let flags = if *bucket_key { BUCKET_KEY } else { 0 };
            set(ENCRYPTION, Some([&[KMS, flags], id.as_bytes()].concat()));
            set(CONTEXT, context.clone().map(String::into_bytes));
        }
    }
}

/// Says which upload becomes this object. It is not carried to copies.
pub(super) fn set_upload(metadata: &mut Metadata, name: &[u8; 32]) {
    metadata.unknown.insert(UPLOAD, name.to_vec());
}

/// Whether the object is what became of the upload with this name.
pub(super) fn is_of_upload(metadata: &Metadata, name: &[u8; 32]) -> bool {
    metadata.unknown.get(&UPLOAD).is_some_and(|found| found == name)
}

/// The checksum of the content that was computed when it was copied.
///
/// # Errors
/// `malformed` if it is not one that a writer makes: never taken for "none".
pub(super) fn checksum(metadata: &Metadata) -> Result<Option<Checksum>> {
    const BAD: Error = Error { kind: Kind::Malformed, why: "metadata: checksum" };
    let Some(item) = metadata.unknown.get(&CHECKSUM) else { return Ok(None) };
    let (number, value) = item.split_first().ok_or(BAD)?;
    let kind = ChecksumKind::try_from(*number).map_err(|_| BAD)?;
    if value.len() != kind.len() {
        return Err(BAD);
    }
    Ok(Some(Checksum { kind, value: value.to_vec() }))
}

/// Gives the object a checksum of its content besides the one in its final record.
pub(super) fn set_checksum(metadata: &mut Metadata, checksum: &Checksum) {
    metadata.unknown.insert(CHECKSUM, [&[checksum.kind.number()], checksum.value.as_slice()].concat());
}

/// What is granted to others.
///
/// # Errors
/// `malformed` if the item is none that a writer makes: never taken for an ACL that grants more.
pub(super) fn acl(metadata: &Metadata) -> Result<CannedAcl> {
    const BAD: Error = Error { kind: Kind::Malformed, why: "metadata: ACL" };
    match metadata.unknown.get(&ACL).map(Vec::as_slice) {
        None => Ok(CannedAcl::Private),
        Some([number]) => ACLS.iter().find(|(of, _)| of == number).map(|(_, acl)| *acl).ok_or(BAD),
        Some(_) => Err(BAD),
    }
}

/// Replaces what is granted to others.
pub(super) fn set_acl(metadata: &mut Metadata, acl: CannedAcl) {
    match ACLS.iter().find(|(_, of)| *of == acl) {
        Some((number, _)) => drop(metadata.unknown.insert(ACL, vec![*number])),
        None => drop(metadata.unknown.remove(&ACL)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_comes_back_as_it_was_set_or_is_malformed() {
        for kind in ChecksumKind::ALL {
            let mut metadata = Metadata::new("key", 1);
            assert_eq!(checksum(&metadata).unwrap(), None);
            let set = Checksum { kind, value: vec![7; kind.len()] };
            set_checksum(&mut metadata, &set);
            assert_eq!(checksum(&metadata).unwrap(), Some(set));
            for bytes in [&[][..], &[kind.number()], &[0, 1, 2, 3, 4], &[11; 5]] {
                metadata.unknown.insert(CHECKSUM, bytes.to_vec());
                assert_eq!(checksum(&metadata).unwrap_err().kind, Kind::Malformed, "{bytes:?}");
            }
        }
    }

    #[test]
    fn an_acl_comes_back_as_it_was_set_and_is_never_guessed() {
        let mut metadata = Metadata::new("key", 1);
        for before in CannedAcl::ALL {
            for set in CannedAcl::ALL {
                set_acl(&mut metadata, before);
                set_acl(&mut metadata, set);
                assert_eq!(acl(&metadata).unwrap(), set);
            }
        }
        for bytes in [&[][..], &[0], &[6], &[1, 0]] {
            metadata.unknown.insert(ACL, bytes.to_vec());
            assert_eq!(acl(&metadata).unwrap_err().kind, Kind::Malformed, "{bytes:?}");
        }
    }

    #[test]
    fn encryption_comes_back_as_it_was_set() {
        let kms = |key: Option<&str>, bucket_key, context: Option<&str>| {
            let (key, context) = (key.map(str::to_owned), context.map(str::to_owned));
            Some(ServerSide::Kms(Kms { key, bucket_key, context }))
        };
        let cases = [
            None,
            Some(ServerSide::S3),
            kms(None, false, None),
            kms(None, true, Some("e30=")),
            kms(Some("testkey-1"), true, None),
        ];
        let mut metadata = Metadata::new("key", 1);
        for set in &cases {
            for before in &cases {
                set_encryption(&mut metadata, before.as_ref());
                set_encryption(&mut metadata, set.as_ref());
                assert_eq!(encryption(&metadata).unwrap(), *set);
            }
        }
        assert!(metadata.unknown.keys().all(|tag| *tag >= 0x80));
    }

    #[test]
    fn encryption_that_no_writer_makes_is_never_taken_for_none() {
        for bytes in [&[][..], &[1], &[1, 1], &[1, 0, 7], &[2], &[2, 2], &[3, 0], &[2, 0, 0xff]] {
            let mut metadata = Metadata::new("key", 1);
            metadata.unknown.insert(ENCRYPTION, bytes.to_vec());
            assert_eq!(encryption(&metadata).unwrap_err().kind, Kind::Malformed, "{bytes:?}");
        }
        let mut metadata = Metadata::new("key", 1);
        metadata.unknown.insert(CONTEXT, b"e30=".to_vec());
        assert!(encryption(&metadata).is_err(), "a context of no encryption");
    }
}
