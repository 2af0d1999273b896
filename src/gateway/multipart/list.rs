//! ListParts.

use super::upload::Open;
use crate::access::Permitted;
use crate::envelope::{self, PartRecord};
use crate::gateway::gateway::{Gateway, bucket_of};
use crate::gateway::operation::{Checksum, ListParts};
use crate::gateway::outcome::{ListedPart, Parts, UploadAbout};
use crate::gateway::read::checksum_in;
use crate::gateway::{Error, Refusal, etag};
use crate::keyring::Bucket;
use crate::store::{Ends, Millis, decode_key, layout};
use bytes::Bytes;
use object_store::list::PaginatedListOptions;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};
use std::collections::BTreeMap;

impl Gateway {
    /// The parts that were sent, the newest attempt of each number.
    ///
    /// # Errors
    /// `NoSuchUpload`.
    pub async fn list_parts(&self, operation: Permitted<ListParts>) -> Result<Parts, Error> {
        let bucket = bucket_of(&operation)?;
        let ListParts { key, upload_id, after, limit, .. } = operation.into_operation();
        let open = self.open_upload(&bucket, &key, &upload_id).await?;
        let attempts = self.attempts_after(&open, after, limit).await?;
        // Asked last: what was listed was there while the upload was open.
        if !self.is_open(&open.upload).await? {
            return Err(Refusal::NoSuchUpload.into());
        }
        let mut newest: BTreeMap<u32, PartRecord> = BTreeMap::new();
        for part in attempts {
            let number = part.entry.part_no;
            if newest.get(&number).is_none_or(|other| other.created <= part.created) {
                newest.insert(number, part);
            }
        }
        let mut parts: Vec<_> = newest.into_values().collect();
        let more = parts.len() > limit;
        parts.truncate(limit);
        let parts: Vec<ListedPart> = parts.iter().map(listed).collect();
        let next = if more { parts.last().map(|part| part.number) } else { None };
        let metadata = open.head.metadata();
        let upload = UploadAbout::of(metadata);
        Ok(Parts { parts, next, upload })
    }

    /// Every attempt at every part, in order of number.
    pub(super) async fn attempts(&self, open: &Open) -> Result<Vec<PartRecord>, Error> {
        self.attempts_after(open, 0, usize::MAX).await
    }

    /// Every attempt at the parts with numbers above `after`, in order of number: at so many of them, and at some more.
    async fn attempts_after(&self, open: &Open, after: u32, numbers: usize) -> Result<Vec<PartRecord>, Error> {
        let under = format!("{}/", layout::upload(&open.name, "part"));
        // Behind every record of that number: they go on with a dot.
        let offset = Some(format!("{under}{after:05}/"));
        let (mut attempts, mut seen, mut token): (Vec<PartRecord>, usize, _) = (Vec::new(), 0, None);
        loop {
            let options = PaginatedListOptions {
                offset: offset.clone(),
                max_keys: Some(1_000),
                page_token: token,
                ..PaginatedListOptions::default()
            };
            let page = self.backend.list_paginated(Some(&under), options).await?;
            let ends = page.result.extensions.get::<Ends>().map(|ends| ends.0.clone()).unwrap_or_default();
            let mut ends = ends.into_iter();
            for meta in page.result.objects {
                let end = ends.next().unwrap_or_default();
                let attempt = self.attempt(open, &under, &meta, end).await?;
                let same = attempts.last().is_some_and(|last| last.entry.part_no == attempt.entry.part_no);
                seen = seen.saturating_add(usize::from(!same));
                attempts.push(attempt);
            }
            token = page.page_token;
            if token.is_none() || seen > numbers {
                return Ok(attempts);
            }
        }
    }

    /// Opens one part record; it lies in the last bytes if the listing brought them.
    async fn attempt(&self, open: &Open, under: &str, meta: &ObjectMeta, end: Bytes) -> Result<PartRecord, Error> {
        let tampered = |why| Error::Tampered { path: meta.location.to_string(), why };
        let whole = u64::try_from(end.len()) == Ok(meta.size);
        let record = if whole { end } else { self.backend.get(&meta.location).await?.bytes().await? };
        let name = meta.location.as_ref().strip_prefix(under).unwrap_or_default();
        let number = name.split('.').next().and_then(|number| number.parse().ok());
        let malformed = envelope::Error { kind: envelope::Kind::Malformed, why: "name of a part record" };
        let number = number.ok_or_else(|| tampered(malformed))?;
        open.head.records().open(&record, number).map_err(tampered)
    }
}

/// The key of a path in a bucket.
pub(super) fn key_of(bucket: &Bucket, path: &Path) -> Result<String, Error> {
    let name = path.as_ref().strip_prefix(bucket.name.as_str()).and_then(|rest| rest.strip_prefix('/'));
    name.and_then(decode_key).ok_or_else(|| Error::Internal(format!("no key has the name {path}")))
}

/// The ETag of a part: what UploadPart answered.
pub(super) fn etag_of(part: &PartRecord) -> String {
    part.md5.map_or_else(|| part.entry.opaque_etag(), |md5| etag::hex(&md5))
}

fn listed(part: &PartRecord) -> ListedPart {
    ListedPart {
        number: part.entry.part_no,
        size: part.entry.plain_len,
        etag: etag_of(part),
        modified: Millis(part.created),
        checksum: checksum_of(part),
    }
}

/// The checksum of a part that UploadPart answered, if its kind is one we know.
pub(super) fn checksum_of(part: &PartRecord) -> Option<Checksum> {
    part.checksum.as_ref().or(part.entry.checksum.as_ref()).and_then(checksum_in)
}
