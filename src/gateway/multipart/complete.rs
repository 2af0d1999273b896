//! CompleteMultipartUpload: a tail and a Head after parts that stay where they are.

use super::list::{checksum_of, etag_of};
use super::part::no_upload;
use super::sums;
use super::upload::Open;
use crate::access::Permitted;
use crate::envelope::{self, Entry, EtagRecord, PartRecord, Record, UNIT, segment_length};
use crate::gateway::configuration::Subject;
use crate::gateway::encryption::Customer;
use crate::gateway::gateway::{EtagKind, Gateway, bucket_of};
use crate::gateway::operation::{Checksum, ChecksumKind, ChecksumScope, Complete, Expected, NamedPart};
use crate::gateway::outcome::Written;
use crate::gateway::put::field;
use crate::gateway::tags::tags_of;
use crate::gateway::versions::New;
use crate::gateway::{Error, Refusal, etag};
use crate::keyring::{Bucket, OsRandom};
use crate::store::{Millis, Upload, layout};
use bytes::Bytes;
use object_store::multipart::PartId;
use object_store::{GetOptions, ObjectStore, PutMode};
use std::collections::HashMap;
use std::sync::Arc;

impl Gateway {
    /// Makes an object of the parts that are named, in O(parts): no content is read or moved. Asked again, it answers as
    /// it did, for as long as the object is what this upload made it.
    ///
    /// # Errors
    /// `NoSuchUpload`, `InvalidPart`, `InvalidPartOrder`, `EntityTooSmall`, `BadDigest`, `InvalidRequest` for what else
    /// was expected of the object, the preconditions'; the upload stays open then.
    pub async fn complete(&self, operation: Permitted<Complete>) -> Result<Written, Error> {
        let bucket = bucket_of(&operation)?;
        let asked = operation.into_operation();
        let refusal = match self.complete_open(&bucket, &asked).await {
            Err(Error::Refused(refusal)) => refusal,
            result => return result,
        };
        let upload = Upload { path: layout::object(&bucket.name, &asked.key)?, id: asked.upload_id.clone() };
        if refusal != Refusal::NoSuchUpload && self.is_open(&upload).await? {
            return Err(refusal.into());
        }
        self.completed_before(&bucket, &asked).await?.ok_or_else(|| Refusal::NoSuchUpload.into())
    }

    async fn complete_open(&self, bucket: &Arc<Bucket>, asked: &Complete) -> Result<Written, Error> {
        let open = self.open_upload(bucket, &asked.key, &asked.upload_id).await?;
        let mode = self.write_mode(bucket, &asked.key, &asked.conditions).await?;
        let parts = choose(self.attempts_there(&open).await?, &asked.parts)?;
        open.check_customer(asked.customer.as_ref(), &parts)?;
        let (record, checksum) = self.final_record(&open, &parts, &asked.expected)?;
        let (backend_etag, version) = self.finish(&open, &parts, &record, mode).await?;
        if let Err(error) = self.forget_upload(&open.name).await {
            tracing::warn!(%error, "records of a completed upload are left to be swept");
        }
        let etag = etag::of(self.settings.etag, &record, parts.len(), &backend_etag.unwrap_or_default());
        let (encryption, modified) = (open.encryption()?, Millis(open.head.metadata().created));
        let tags = tags_of(open.head.metadata());
        let size = parts.iter().map(|part| part.entry.plain_len).sum();
        let expires = self.expires(bucket, Subject { key: &asked.key, size, tags: &tags }, modified).await;
        let parts = u32::try_from(parts.len()).ok();
        Ok(Written { etag, modified, checksum, parts, encryption, expires, version, source_version: None })
    }

    /// The attempts that an object can be made of.
    async fn attempts_there(&self, open: &Open) -> Result<Vec<PartRecord>, Error> {
        let mut attempts = self.attempts(open).await?;
        let sent_again = attempts.windows(2).any(|two| matches!(two, [one, next] if one.entry.part_no == next.entry.part_no));
        if sent_again && let Some(held) = self.backend.held(&open.upload).await.map_err(no_upload)? {
            attempts.retain(|part| part.staged || held.contains(&part.backend_etag));
        }
        Ok(attempts)
    }

    fn final_record(&self, open: &Open, parts: &[PartRecord], expected: &Expected) -> Result<(Record, Option<Sum>), Error> {
        let (kind, scope) = sums::kept(open.head.metadata());
        let sum = sums::whole(parts, kind, scope);
        expected.check((kind, scope), sum.as_ref(), parts.iter().map(|part| part.entry.plain_len).sum())?;
        let etag = match open.etag(self.settings.etag) {
            EtagKind::Md5 => sums::etag(parts),
            EtagKind::Opaque => EtagRecord::Opaque,
        };
        let checksum = sum.as_ref().map(|sum| Ok::<_, Error>((field(sum)?, scope))).transpose()?;
        Ok((Record { completed: self.now().0, etag, checksum }, sum.map(|sum| (sum, scope))))
    }

    /// The commit point. Answers the backend's ETag, and the version that was made.
    async fn finish(
        &self,
        open: &Open,
        parts: &[PartRecord],
        record: &Record,
        mode: PutMode,
    ) -> Result<(Option<String>, Option<String>), Error> {
        let kek = self.kek_for(&open.bucket, open.encryption()?.as_ref()).await?;
        let staged = match parts.last().filter(|part| part.staged) {
            Some(part) => self.staged_segment(open, part).await?,
            None => Bytes::new(),
        };
        let entries: Vec<Entry> = parts.iter().map(|part| part.entry.clone()).collect();
        let mut metadata = open.head.metadata().clone();
        let _gate = self.enter(&open.bucket).await?;
        let (path, object_id) = (&open.upload.path, open.head.object_id());
        let new = New { bucket: &open.bucket, path, object_id, metadata: &mut metadata, dated: true };
        let granted = self.grant(new, mode).await?;
        let place = (&*kek, open.bucket.uuid, &metadata);
        let (mut end, wrapped) = open.head.complete(place, &entries, record, &mut OsRandom).map_err(Error::sealing)?;
        end.extend_from_slice(&wrapped.head);
        let end = [staged, Bytes::from(end)].concat();
        let ids = parts.iter().filter(|part| !part.staged).map(|part| PartId { content_id: part.backend_etag.clone() }).collect();
        self.put_overflow(&wrapped).await?;
        let result = match self.backend.complete_if(&open.upload, ids, end.into(), granted.terms.clone()).await {
            Err(object_store::Error::NotFound { .. }) => return Err(Refusal::NoSuchUpload.into()),
            result => self.settle(&wrapped, result).await?,
        };
        let version = self.made(path, granted, &result).await?;
        Ok((result.e_tag, version))
    }
}

impl Gateway {
    /// The sealed bytes of a part that the backend could not take as one.
    async fn staged_segment(&self, open: &Open, part: &PartRecord) -> Result<Bytes, Error> {
        let Entry { part_no, plain_len, seg_salt, .. } = &part.entry;
        let name = etag::hex(seg_salt.first_chunk::<16>().unwrap_or(&[0; 16]));
        let path = super::part::staged(&open.name, *part_no, &name);
        let options = GetOptions { if_match: Some(part.backend_etag.clone()), ..GetOptions::default() };
        let found = match self.backend.get_opts(&path, options).await {
            Ok(found) => found.bytes().await?,
            Err(object_store::Error::NotFound { .. } | object_store::Error::Precondition { .. }) => {
                return Err(Refusal::InvalidPart { number: *part_no }.into());
            }
            Err(error) => return Err(error.into()),
        };
        if u64::try_from(found.len()) != Ok(segment_length(*plain_len)) {
            let why = envelope::Error { kind: envelope::Kind::Truncated, why: "a staged segment has another length" };
            return Err(Error::Tampered { path: path.to_string(), why });
        }
        Ok(found)
    }
}

/// A checksum, and what it is of.
type Sum = (Checksum, ChecksumScope);

impl Expected {
    /// Holds what the client expects against what its parts come to.
    fn check(&self, of: (ChecksumKind, ChecksumScope), sum: Option<&Checksum>, size: u64) -> Result<(), Error> {
        let refused = |why: &str| Err(Refusal::InvalidRequest(why.to_owned()).into());
        let (kind, scope) = of;
        if self.scope.is_some_and(|asked| asked != scope) {
            return refused("the upload was created using another checksum type: a Complete must use the same");
        }
        if self.checksum.as_ref().is_some_and(|asked| asked.kind != kind) {
            return refused("the upload was created using another checksum algorithm: a Complete must use the same");
        }
        if self.size.is_some_and(|asked| asked != size) {
            return refused(&format!("the value of x-amz-mp-object-size does not match what was computed: {size}"));
        }
        if self.checksum.is_some() && self.checksum.as_ref() != sum {
            return Err(Refusal::BadDigest("checksum").into());
        }
        Ok(())
    }
}

impl Open {
    /// Holds the customer key of a Complete to the upload's.
    ///
    /// Nothing here needs it, and old clients do not send it. As in S3 it must come where a checksum was given of the
    /// upload or of a part; one that comes must be the right one.
    fn check_customer(&self, customer: Option<&Customer>, parts: &[PartRecord]) -> Result<(), Error> {
        let summed = self.head.metadata().declared_checksum.is_some() || parts.iter().any(|part| part.checksum.is_some());
        if customer.is_none() && !summed {
            return Ok(());
        }
        self.body_keys(customer).map(drop)
    }
}

/// For each part that is named, the record with its number and ETag.
///
/// # Errors
/// `InvalidPartOrder` unless the numbers ascend; `InvalidPart` for one that was not sent so; `EntityTooSmall` for one
/// below 5 MiB before the last.
fn choose(attempts: Vec<PartRecord>, named: &[NamedPart]) -> Result<Vec<PartRecord>, Error> {
    if named.is_empty() {
        return Err(Refusal::InvalidRequest("at least one part must be named".to_owned()).into());
    }
    if !named.is_sorted_by(|one, next| one.number < next.number) {
        return Err(Refusal::InvalidPartOrder.into());
    }
    let mut sent: HashMap<(u32, String), PartRecord> = HashMap::new();
    for part in attempts {
        sent.insert((part.entry.part_no, etag_of(&part)), part);
    }
    let mut chosen = Vec::with_capacity(named.len());
    for NamedPart { number, etag, checksum } in named {
        let part = sent.remove(&(*number, etag.clone())).ok_or(Refusal::InvalidPart { number: *number })?;
        if checksum.is_some() && checksum.as_ref() != checksum_of(&part).as_ref() {
            return Err(Refusal::InvalidPart { number: *number }.into());
        }
        chosen.push(part);
    }
    let before_last = chosen.len().saturating_sub(1);
    match chosen.iter().take(before_last).find(|part| part.entry.plain_len < UNIT) {
        Some(part) => Err(Refusal::EntityTooSmall { number: part.entry.part_no }.into()),
        None => Ok(chosen),
    }
}
