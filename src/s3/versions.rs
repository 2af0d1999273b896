//! Versions: their ids, and their listing.

use super::about::limit;
use super::adapter::{Adapter, Asker};
use super::checksum;
use super::error::{failed, invalid_argument};
use super::listing::{Encoding, prefixes};
use super::objects::strong;
use super::time::timestamp;
use crate::gateway::{ListVersions, NULL, ShownVersion, Version};
use s3s::S3Result;
use s3s::dto::{
    DeleteMarkerEntry, ListObjectVersionsInput, ListObjectVersionsOutput, ObjectVersion, ObjectVersionStorageClass, Owner,
};

/// The most versions of a page, as S3 has it.
const PAGE: usize = 1_000;

/// The longest version id, in bytes.
const LONGEST: usize = 1_024;

/// A version id as clients name it. Whether there can be one of this form, who names versions knows.
///
/// # Errors
/// `InvalidArgument` for what is no version id of any S3.
pub(super) fn version(id: &str) -> S3Result<Version> {
    match id {
        NULL => Ok(Version::Null),
        "" => Err(invalid_argument("a version id cannot be the empty string")),
        id if id.len() <= LONGEST && id.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Version::Named(id.to_owned())),
        _ => Err(invalid_argument("invalid version id specified")),
    }
}

impl Adapter {
    pub(super) async fn list_versions(&self, asker: Asker, input: ListObjectVersionsInput) -> S3Result<ListObjectVersionsOutput> {
        let max_keys = limit(input.max_keys, PAGE)?;
        let encoding = Encoding::asked(input.encoding_type.as_ref())?;
        let (bucket, prefix) = (input.bucket, input.prefix.unwrap_or_default());
        let delimiter = input.delimiter.filter(|delimiter| !delimiter.is_empty());
        let (key_marker, id_marker) = (input.key_marker.unwrap_or_default(), input.version_id_marker.unwrap_or_default());
        let after = match (key_marker.as_str(), id_marker.as_str()) {
            ("", "") => None,
            ("", _) => return Err(invalid_argument("a version-id marker cannot be specified without a key marker")),
            (key, "") => Some((key.to_owned(), None)),
            (key, id) => Some((key.to_owned(), Some(version(id)?))),
        };
        let operation =
            ListVersions { bucket: bucket.clone(), prefix: prefix.clone(), delimiter: delimiter.clone(), after, limit: max_keys };
        let permitted = self.permit(&asker, operation).await?;
        let page = self.gateway.list_versions(permitted).await.map_err(failed)?;
        let names = page.versions.iter().map(|one| one.listed.key.as_str()).chain(page.prefixes.iter().map(String::as_str));
        let asked = [Some(&prefix), delimiter.as_ref(), Some(&key_marker)];
        let encoding = encoding.fitting(names.chain(asked.into_iter().flatten().map(String::as_str)));
        let (markers, versions): (Vec<_>, Vec<_>) = page.versions.iter().partition(|one| one.marker);
        let (next_key, next_id) = page.next.map_or((None, None), |(key, id)| (Some(encoding.show(&key)), id));
        Ok(ListObjectVersionsOutput {
            name: Some(bucket),
            prefix: Some(encoding.show(&prefix)),
            delimiter: delimiter.map(|delimiter| encoding.show(&delimiter)),
            key_marker: Some(encoding.show(&key_marker)),
            version_id_marker: Some(id_marker),
            max_keys: i32::try_from(max_keys).ok(),
            is_truncated: Some(next_key.is_some()),
            next_key_marker: next_key,
            next_version_id_marker: next_id,
            versions: Some(versions.iter().map(|one| object(one, encoding, self.owner(&one.listed.owner))).collect()),
            delete_markers: Some(markers.iter().map(|one| marker(one, encoding, self.owner(&one.listed.owner))).collect()),
            common_prefixes: Some(prefixes(&page.prefixes, encoding)),
            encoding_type: encoding.named(),
            ..ListObjectVersionsOutput::default()
        })
    }
}

fn object(shown: &ShownVersion, encoding: Encoding, owner: Owner) -> ObjectVersion {
    let listed = &shown.listed;
    ObjectVersion {
        key: Some(encoding.show(&listed.key)),
        version_id: Some(shown.version.clone()),
        is_latest: Some(shown.latest),
        size: i64::try_from(listed.size).ok(),
        e_tag: Some(strong(&listed.etag)),
        last_modified: Some(timestamp(listed.modified)),
        checksum_algorithm: listed.checksum.map(|kind| vec![checksum::algorithm(kind)]),
        storage_class: Some(ObjectVersionStorageClass::from_static(ObjectVersionStorageClass::STANDARD)),
        owner: Some(owner),
        ..ObjectVersion::default()
    }
}

fn marker(shown: &ShownVersion, encoding: Encoding, owner: Owner) -> DeleteMarkerEntry {
    DeleteMarkerEntry {
        key: Some(encoding.show(&shown.listed.key)),
        version_id: Some(shown.version.clone()),
        is_latest: Some(shown.latest),
        last_modified: Some(timestamp(shown.listed.modified)),
        owner: Some(owner),
    }
}
