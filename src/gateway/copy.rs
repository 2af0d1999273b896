//! CopyObject: a new Head before the same body, in O(1).

use super::about;
use super::conditions::Current;
use super::configuration::Subject;
use super::encryption::{Chosen, Customer};
use super::etag;
use super::gateway::{Gateway, bucket_of};
use super::operation::{About, Checksum, ChecksumKind, ChecksumScope, Copy};
use super::outcome::Written;
use super::read::Sealed;
use super::versions::New;
use super::{Error, Refusal, items};
use crate::access::Permitted;
use crate::envelope::{BucketUuid, HEAD, Kek, Metadata, WrappedHead};
use crate::keyring::OsRandom;
use crate::store::{BUFFER_CHUNKS, Millis, layout};
use bytes::Bytes;
use futures::StreamExt;
use std::sync::Arc;

impl Gateway {
    /// Copies an object within what one owner has, in O(1): the body stays where it is, and both Heads open it, each
    /// under the keys that were asked for it.
    ///
    /// # Errors
    /// `NoSuchKey` of the source, its customer key's, the preconditions' of either side, an integrity error if the
    /// source does not verify.
    pub async fn copy(&self, operation: Permitted<Copy>) -> Result<Written, Error> {
        let bucket = bucket_of(&operation)?;
        let from = operation.source().cloned().ok_or(Refusal::NoSuchBucket)?;
        let owner = Arc::clone(&operation.principal().id.0);
        let found = self.find_source(&operation).await.map_err(of_source)?;
        let asked = operation.into_operation();
        let Copy { key, about: replaced, conditions, source_conditions, encryption, source_customer, .. } = asked;
        let (tags, lock, acl, asked_sum) = (asked.tags, asked.lock, asked.acl, asked.checksum);
        self.check_lock(&bucket, lock).await?;
        let found = found.unlock(source_customer.as_ref(), &self.buffers).await?;
        let described = found.describe()?;
        source_conditions.check_source(Current { etag: &described.etag, modified: described.modified })?;
        let chosen = self.choose(&bucket, encryption).await?;
        let mode = self.write_mode(&bucket, &key, &conditions).await?;
        let now = self.now();
        let tags = tags.unwrap_or_else(|| described.about.tags.clone());
        let about = About { tags, lock, acl, ..replaced.unwrap_or(described.about) };
        let mut metadata = about::to_metadata(&key, now.0, &owner, &about)?;
        items::set_encryption(&mut metadata, chosen.server.as_ref());
        let computed = self.sum_for(&found, asked_sum).await?;
        if let Some(sum) = &computed {
            items::set_checksum(&mut metadata, sum);
        }
        let kek = self.kek_for(&bucket, chosen.server.as_ref()).await?;
        let source_version = self.version_shown(&from, &found).await?;
        let to = layout::object(&bucket.name, &key)?;
        let _gate = self.enter(&bucket).await?;
        let object_id = found.verified.head.object_id();
        let new = New { bucket: &bucket, path: &to, object_id, metadata: &mut metadata, dated: false };
        let granted = self.grant(new, mode).await?;
        let wrapped = found.rewrap((&kek, bucket.uuid, &metadata), source_customer.as_ref(), &chosen)?;
        let keep = found.stored.meta().size.saturating_sub(u64::try_from(HEAD).unwrap_or(0));
        let end = Bytes::copy_from_slice(&wrapped.head);
        self.put_overflow(&wrapped).await?;
        let result = self.backend.splice(&found.source()?, keep, end, &to, granted.terms.clone()).await;
        let result = self.settle(&wrapped, result).await?;
        let version = self.made(&to, granted, &result).await?;
        let (opened, backend_etag) = (found.opened()?, result.e_tag.unwrap_or_default());
        let etag = if chosen.customer.is_some() {
            etag::opaque(&backend_etag)
        } else {
            etag::of(self.settings.etag, opened.record(), opened.entries().len(), &backend_etag)
        };
        let modified = Millis(metadata.created);
        let checksum = computed.map(|sum| (sum, ChecksumScope::FullObject)).or(described.checksum);
        let (parts, encryption) = (described.parts, chosen.server);
        let subject = Subject { key: &key, size: described.size, tags: &about.tags };
        let expires = self.expires(&bucket, subject, modified).await;
        Ok(Written { etag, modified, checksum, parts, encryption, expires, version, source_version })
    }

    /// The checksum that the Head of a copy must tell, for the final record behind it does not: one that was asked for, which
    /// takes a read of the content, or one that the source's Head tells already.
    async fn sum_for(&self, found: &Sealed, asked: Option<ChecksumKind>) -> Result<Option<Checksum>, Error> {
        let there = found.describe()?.checksum;
        let fits = |(sum, scope): &(Checksum, ChecksumScope)| asked == Some(sum.kind) && *scope == ChecksumScope::FullObject;
        match asked {
            Some(kind) if !there.as_ref().is_some_and(fits) => Ok(Some(self.sum(found.clone(), kind).await?)),
            Some(_) | None => items::checksum(found.metadata()).map_err(|why| found.tampered(why)),
        }
    }

    /// Reads all of an object for a checksum of it.
    async fn sum(&self, sealed: Sealed, kind: ChecksumKind) -> Result<Checksum, Error> {
        let described = sealed.describe()?;
        let mut runs = sealed.open(described, &self.buffers).await?.chunks.ready_chunks(BUFFER_CHUNKS);
        let mut digest = kind.digest();
        while let Some(run) = runs.next().await {
            let run = run.into_iter().collect::<Result<Vec<Bytes>, Error>>()?;
            let job = move || {
                run.iter().for_each(|piece| digest.update(piece));
                digest
            };
            digest = tokio::task::spawn_blocking(job).await.map_err(Error::job)?;
        }
        Ok(Checksum { kind, value: digest.finish() })
    }
}

impl Sealed {
    /// A Head for this body in another place, from the customer key it is sealed under to the one that was chosen.
    fn rewrap(
        &self,
        place: (&Kek, BucketUuid, &Metadata),
        from: Option<&Customer>,
        chosen: &Chosen,
    ) -> Result<WrappedHead, Error> {
        let head = &self.verified.head;
        head.rewrap_customer(place, from.map(Customer::key), chosen.key(), &mut OsRandom).map_err(Error::sealing)
    }
}

/// What a source that is a delete marker is refused with.
pub(super) fn of_source(error: Error) -> Error {
    match error {
        Error::Refused(Refusal::MarkerNotAllowed { .. }) => {
            Refusal::InvalidRequest("the source of a copy must not be a delete marker".to_owned()).into()
        }
        other => other,
    }
}
