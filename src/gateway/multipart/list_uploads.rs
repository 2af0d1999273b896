//! ListMultipartUploads.

use super::list::key_of;
use super::sums;
use crate::access::Permitted;
use crate::envelope::Metadata;
use crate::gateway::gateway::{Gateway, bucket_of};
use crate::gateway::list::View;
use crate::gateway::operation::ListUploads;
use crate::gateway::outcome::{ListedUpload, UploadAbout, Uploads};
use crate::gateway::{Error, Refusal};
use crate::keyring::Bucket;
use crate::store::{Upload, layout};
use object_store::path::Path;
use std::sync::Arc;

impl Gateway {
    /// The open uploads of a bucket, in order of key, then of beginning.
    ///
    /// One whose record does not verify is listed all the same, for its owner must see it to give it up.
    pub async fn list_uploads(&self, operation: Permitted<ListUploads>) -> Result<Uploads, Error> {
        let bucket = bucket_of(&operation)?;
        let ListUploads { prefix, delimiter, after, limit, .. } = operation.into_operation();
        let view = View { bucket: &bucket, prefix: &prefix, delimiter: delimiter.as_deref() };
        let mut page = self.collect_uploads(&view, after, limit).await?;
        let mut uploads = Vec::with_capacity(page.uploads.len());
        for upload in page.uploads {
            uploads.extend(self.look_at_upload(&bucket, upload).await?);
        }
        page.uploads = uploads;
        Ok(page)
    }

    /// Walks the backend's pages until the limit is reached; a common prefix is passed over in one step.
    async fn collect_uploads(&self, view: &View<'_>, after: Option<After>, limit: usize) -> Result<Uploads, Error> {
        let under = layout::prefix(&view.bucket.name, view.prefix);
        let mut page = Uploads { uploads: Vec::new(), prefixes: Vec::new(), next: None };
        let mut at = after.map(|after| view.marker(after)).transpose()?;
        let mut last = None;
        'pages: loop {
            let shown = page.uploads.len().saturating_add(page.prefixes.len());
            let some = self.backend.uploads(&under, at.as_ref(), limit.saturating_add(1).saturating_sub(shown)).await?;
            if some.is_empty() {
                return Ok(page);
            }
            for open in some {
                if page.uploads.len().saturating_add(page.prefixes.len()) == limit {
                    page.next = last;
                    return Ok(page);
                }
                let key = key_of(view.bucket, &open.upload.path)?;
                if let Some(group) = view.group(&key) {
                    page.prefixes.push(group.to_owned());
                    at = Some(view.marker((group.to_owned(), None))?);
                    last = Some((group.to_owned(), None));
                    continue 'pages;
                }
                last = Some((key.clone(), Some(open.upload.id.clone())));
                at = Some(open.upload.clone());
                let (upload_id, created) = (open.upload.id, open.created);
                page.uploads.push(ListedUpload { key, upload_id, created, about: UploadAbout::default() });
            }
        }
    }

    /// What an upload's record says of it. None if it ended meanwhile.
    async fn look_at_upload(&self, bucket: &Arc<Bucket>, listed: ListedUpload) -> Result<Option<ListedUpload>, Error> {
        // A page of records is milliseconds of work, and none of it waits.
        tokio::task::yield_now().await;
        match self.open_upload(bucket, &listed.key, &listed.upload_id).await {
            Ok(open) => Ok(Some(ListedUpload { about: UploadAbout::of(open.head.metadata()), ..listed })),
            Err(Error::Refused(Refusal::NoSuchUpload)) => Ok(None),
            Err(error @ Error::Tampered { .. }) => {
                tracing::error!(%error, "an upload in a listing does not verify");
                Ok(Some(listed))
            }
            Err(error) => Err(error),
        }
    }
}

/// A key or common prefix, and perhaps an upload of the key.
type After = (String, Option<String>);

impl View<'_> {
    /// Where a page of uploads begins: behind one upload of a key, behind all of them, or behind a common prefix.
    fn marker(&self, (key, id): After) -> Result<Upload, Error> {
        let group = id.is_none() && self.group(&key) == Some(key.as_str());
        let path = Path::parse(self.past(&key, group))?;
        Ok(Upload { path, id: id.unwrap_or_else(|| char::MAX.to_string()) })
    }
}

impl UploadAbout {
    /// What the record of an upload says of it.
    pub(super) fn of(metadata: &Metadata) -> Self {
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        Self {
            owner: metadata.owner.as_ref().map(text),
            storage_class: metadata.storage_class.as_ref().map(text),
            checksum: sums::declared(metadata),
        }
    }
}
