//! UploadPartCopy: a part from what is stored already.

use super::part::{Attempt, check_number};
use crate::access::Permitted;
use crate::gateway::conditions::Current;
use crate::gateway::copy::of_source;
use crate::gateway::gateway::{Gateway, bucket_of};
use crate::gateway::operation::{CopyPart, Declared};
use crate::gateway::outcome::Written;
use crate::gateway::{Error, Refusal, range};

impl Gateway {
    /// Opens an object, or a range of its plaintext, and seals it anew as one part, in constant memory: two bodies never
    /// share a DEK (FORMAT 11.3), and where their chunks begin differs.
    ///
    /// # Errors
    /// `NoSuchUpload`; `NoSuchKey` of the source, either customer key's, the preconditions' on it, `InvalidRange` outside it, `InvalidRequest`
    /// for more than a part may hold; an integrity error if any of it does not verify. No part is recorded then.
    pub async fn copy_part(&self, operation: Permitted<CopyPart>) -> Result<Written, Error> {
        let bucket = bucket_of(&operation)?;
        let from = operation.source().cloned().ok_or(Refusal::NoSuchBucket)?;
        check_number(operation.operation().number)?;
        let found = self.find_source(&operation).await.map_err(of_source)?;
        let asked = operation.into_operation();
        let CopyPart { key, upload_id, number, range, source_conditions, customer, source_customer, .. } = asked;
        let open = self.open_upload(&bucket, &key, &upload_id).await?;
        let attempt = Attempt { open: &open, number, customer: customer.as_ref() };
        let found = found.unlock(source_customer.as_ref(), &self.buffers).await?;
        let source_version = self.version_shown(&from, &found).await?;
        let mut described = found.describe()?;
        source_conditions.check_source(Current { etag: &described.etag, modified: described.modified })?;
        described.range = range.map(|range| range::within(range, described.size)).transpose()?;
        if described.length() > self.settings.max_upload {
            let most = self.settings.max_upload;
            return Err(Refusal::InvalidRequest(format!("a part is copied from at most {most} bytes: name a range")).into());
        }
        let opened = found.open(described, &self.buffers).await?;
        let declared = Declared { length: Some(opened.length), ..Declared::default() };
        let written = self.take_part(attempt, &declared, opened.into()).await?;
        Ok(Written { source_version, ..written })
    }
}
