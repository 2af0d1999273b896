//! CopyObject: a new Head before the same body, in O(1).

use super::about;
use super::conditions::Current;
use super::etag;
use super::gateway::{Gateway, bucket_of};
use super::operation::Copy;
use super::outcome::Written;
use super::{Error, Refusal};
use crate::access::Permitted;
use crate::envelope::{EtagRecord, HEAD};
use crate::keyring::OsRandom;
use crate::store::layout;
use std::sync::Arc;

impl Gateway {
    /// Copies an object within what one owner has: the body stays where it is, and both Heads open it.
    ///
    /// # Errors
    /// `NoSuchKey` of the source, the preconditions' of either side, an integrity error if the source does not verify.
    pub async fn copy(&self, operation: Permitted<Copy>) -> Result<Written, Error> {
        let bucket = bucket_of(&operation)?;
        let from = operation.source().cloned().ok_or(Refusal::NoSuchBucket)?;
        let owner = Arc::clone(&operation.principal().id.0);
        let Copy { key, source, about: replaced, conditions, source_conditions, .. } = operation.into_operation();
        let found = self.find(&from, &source.key).await?;
        let described = found.describe();
        source_conditions.check_source(Current { etag: &described.etag, modified: described.modified })?;
        let mode = self.write_mode(&bucket, &key, &conditions).await?;
        let modified = self.now();
        let about = replaced.unwrap_or(described.about);
        let metadata = about::to_metadata(&key, modified.0, &owner, &about)?;
        let kek = self.keyring.active_kek(bucket.uuid).await?;
        let head = &found.verified.head;
        let wrapped = head.rewrap(&kek, bucket.uuid, &metadata, &mut OsRandom).map_err(Error::sealing)?;
        let keep = found.stored.meta().size.saturating_sub(u64::try_from(HEAD).unwrap_or(0));
        let end = bytes::Bytes::copy_from_slice(&wrapped.head);
        let to = layout::object(&bucket.name, &key)?;
        let _gate = self.enter(&bucket).await?;
        self.put_overflow(&wrapped).await?;
        let result = self.backend.splice(&found.source()?, keep, end, &to, mode.into()).await;
        let result = self.settle(&wrapped, result).await?;
        let etag = match found.verified.opened.record().etag {
            EtagRecord::Opaque => etag::opaque(&result.e_tag.unwrap_or_default()),
            EtagRecord::Md5(_) | EtagRecord::Composite(_) => described.etag,
        };
        Ok(Written { etag, modified, checksum: described.checksum })
    }
}
