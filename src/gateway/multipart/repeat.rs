//! A Complete that comes again, since its answer was lost.

use crate::envelope::{ChecksumKind, EtagRecord, Opened, upload_name};
use crate::gateway::configuration::Subject;
use crate::gateway::gateway::Gateway;
use crate::gateway::operation::{Complete, NamedPart};
use crate::gateway::outcome::{Described, Written};
use crate::gateway::read::Sealed;
use crate::gateway::{Error, Refusal, items};
use crate::keyring::Bucket;

impl Gateway {
    /// What a Complete answered, if the object is what it made of these parts.
    ///
    /// No record of an upload outlives it. The object says itself, sealed, which upload it was: once it is overwritten or
    /// deleted, nothing is known of the upload any more. Preconditions held when it was completed.
    pub(super) async fn completed_before(&self, bucket: &Bucket, asked: &Complete) -> Result<Option<Written>, Error> {
        let found = match self.find(bucket, &asked.key).await {
            Err(Error::Refused(Refusal::NoSuchKey)) => return Ok(None),
            found => found?,
        };
        let name = upload_name(bucket.uuid, &asked.key, asked.upload_id.as_bytes());
        if !items::is_of_upload(found.metadata(), &name) {
            return Ok(None);
        }
        let version = self.version_shown(bucket, &found).await?;
        if found.opened().is_err() && asked.customer.is_none() {
            return Ok(Some(found.written_blindly(version)));
        }
        let found = found.unlock(asked.customer.as_ref(), &self.buffers).await?;
        let described = found.describe()?;
        let expected = asked.expected.checksum.as_ref();
        let same_sum = expected.is_none() || expected == described.checksum.as_ref().map(|(sum, _)| sum);
        if !same_sum || !are_of(&asked.parts, found.opened()?) {
            return Ok(None);
        }
        let subject = Subject { key: &asked.key, size: described.size, tags: &described.about.tags };
        let expires = self.expires(bucket, subject, described.modified).await;
        let Described { etag, modified, checksum, parts, encryption, .. } = described;
        Ok(Some(Written { etag, modified, checksum, parts, encryption, expires, version, source_version: None }))
    }
}

impl Sealed {
    /// What can be told without the customer's key, which a Complete need not have.
    fn written_blindly(&self, version: Option<String>) -> Written {
        let (etag, modified) = (self.etag(), self.modified());
        let (checksum, parts, encryption) = (None, None, None);
        Written { etag, modified, checksum, parts, encryption, expires: None, version, source_version: None }
    }
}

/// Whether an object is made of the parts that are named, as far as it knows their ETags.
fn are_of(named: &[NamedPart], opened: &Opened) -> bool {
    let entries = opened.entries();
    let numbers = named.iter().map(|part| part.number).eq(entries.iter().map(|entry| entry.part_no));
    numbers
        && match opened.record().etag {
            EtagRecord::Composite(md5) => md5_of_md5s(named) == Some(md5),
            EtagRecord::Md5(_) | EtagRecord::Opaque => {
                let mut pairs = named.iter().zip(entries);
                pairs.all(|(part, entry)| !part.etag.ends_with("-0") || part.etag == entry.opaque_etag())
            }
        }
}

fn md5_of_md5s(named: &[NamedPart]) -> Option<[u8; 16]> {
    let mut digest = ChecksumKind::Md5.digest();
    for part in named {
        digest.update(&hex_simd::decode_to_vec(&part.etag).ok()?);
    }
    digest.finish().try_into().ok()
}
