//! What an object's metadata has beyond the items of FORMAT 6.1: tags that every reader carries, and ours understands.

use super::encryption::{Kms, ServerSide};
use crate::envelope::{Error, Kind, Metadata, Result};

/// Kind(1), flags(1), id of the KMS key; announced encryption.
const ENCRYPTION: u8 = 0x80;

/// The encryption context of SSE-KMS, as it was sent.
const CONTEXT: u8 = 0x86;

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

#[cfg(test)]
mod tests {
    use super::*;

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
