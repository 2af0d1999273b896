//! An upload is begun, found again by any replica, and given up.

use crate::access::Permitted;
use crate::envelope::{ClearUpload, Context, Metadata, NewBody, UploadHead, upload_name};
use crate::gateway::gateway::{Gateway, bucket_of};
use crate::gateway::operation::{Abort, CreateUpload};
use crate::gateway::outcome::Begun;
use crate::gateway::{Error, Refusal, about, etag, items};
use crate::keyring::{Bucket, OsRandom};
use crate::store::{Millis, Upload, layout};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode, PutOptions, PutPayload};
use std::sync::Arc;

/// How many records are removed at the same time.
const AT_ONCE: usize = 512;

/// An open upload whose record verified.
pub(super) struct Open {
    pub(super) bucket: Arc<Bucket>,
    pub(super) upload: Upload,
    /// The upload name in hexadecimal: where its records lie.
    pub(super) name: String,
    pub(super) head: UploadHead,
}

impl Gateway {
    /// Begins an upload. Its DEK is drawn now, and everything about the object is sealed now.
    pub async fn create_upload(&self, operation: Permitted<CreateUpload>) -> Result<Begun, Error> {
        let bucket = bucket_of(&operation)?;
        let owner = Arc::clone(&operation.principal().id.0);
        let CreateUpload { key, about, checksum, encryption, .. } = operation.into_operation();
        self.check_lock(&bucket, about.lock).await?;
        let mut metadata = about::to_metadata(&key, self.now().0, &owner, &about)?;
        metadata.declared_checksum = checksum.map(|(kind, scope)| (kind.number(), scope.number()));
        let chosen = self.choose(&bucket, encryption).await?;
        items::set_encryption(&mut metadata, chosen.server.as_ref());
        let path = layout::object(&bucket.name, &key)?;
        let kek = self.kek_for(&bucket, chosen.server.as_ref()).await?;
        let _gate = self.enter(&bucket).await?;
        let id = self.backend.create_multipart(&path).await?;
        let name = upload_name(bucket.uuid, &key, id.as_bytes());
        items::set_upload(&mut metadata, &name);
        let record = NewBody::draw(&mut OsRandom)
            .wrap_upload((&kek, bucket.uuid), (&metadata, id.as_bytes()), chosen.key(), &mut OsRandom)
            .map_err(Error::sealing)?;
        let stored = self
            .backend
            .put_opts(&layout::upload(&etag::hex(&name), "upload"), PutPayload::from(record), PutOptions::from(PutMode::Create))
            .await;
        if let Err(error) = stored {
            if let Err(left) = self.backend.abort_multipart(&path, &id).await {
                tracing::warn!(%path, %left, "an upload that could not begin is left to be swept");
            }
            return Err(error.into());
        }
        Ok(Begun { upload_id: id, encryption: chosen.server })
    }

    /// Gives an upload up: what was sent for it is gone, and the DEK was wrapped nowhere else.
    ///
    /// # Errors
    /// `NoSuchUpload`.
    pub async fn abort(&self, operation: Permitted<Abort>) -> Result<(), Error> {
        let bucket = bucket_of(&operation)?;
        let Abort { key, upload_id, .. } = operation.into_operation();
        // By name alone: an upload whose record does not verify must be given up all the same.
        let name = etag::hex(&upload_name(bucket.uuid, &key, upload_id.as_bytes()));
        match self.backend.head(&layout::upload(&name, "upload")).await {
            Err(object_store::Error::NotFound { .. }) => return Err(Refusal::NoSuchUpload.into()),
            found => drop(found?),
        }
        let path = layout::object(&bucket.name, &key)?;
        match self.backend.abort_multipart(&path, &upload_id).await {
            Ok(()) => self.forget_upload(&name).await,
            Err(object_store::Error::NotFound { .. }) => {
                // It ended, and what was to remove its records was interrupted.
                self.forget_upload(&name).await?;
                Err(Refusal::NoSuchUpload.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the backend has the upload still: its record outlives it where its end was interrupted.
    pub(super) async fn is_open(&self, upload: &Upload) -> Result<bool, Error> {
        // Just before it: no id is below what it begins with.
        let before = upload.id.char_indices().last().and_then(|(last, _)| upload.id.get(..last)).unwrap_or_default();
        let mut after = Some(Upload { path: upload.path.clone(), id: before.to_owned() });
        loop {
            let some = self.backend.uploads(upload.path.as_ref(), after.as_ref(), 100).await?;
            if some.iter().any(|open| open.upload == *upload) {
                return Ok(true);
            }
            after = some.last().map(|last| last.upload.clone()).filter(|last| last.path == upload.path);
            if after.is_none() {
                return Ok(false);
            }
        }
    }

    /// Gives up every upload of a bucket.
    pub(in crate::gateway) async fn abort_all(&self, bucket: &Bucket) -> Result<(), Error> {
        self.abort_where(bucket, |_key, _begun| true).await?;
        Ok(())
    }

    /// Gives up the uploads of a bucket that `goes` says of, by key and time; gives how many.
    pub(in crate::gateway) async fn abort_where(
        &self,
        bucket: &Bucket,
        goes: impl Fn(&str, Millis) -> bool,
    ) -> Result<u64, Error> {
        let (prefix, mut after, mut gone) = (layout::prefix(&bucket.name, ""), None, 0_u64);
        loop {
            let some = self.backend.uploads(&prefix, after.as_ref(), 100).await?;
            let Some(last) = some.last() else { return Ok(gone) };
            after = Some(last.upload.clone());
            for open in some {
                let Upload { path, id } = open.upload;
                let key = super::list::key_of(bucket, &path)?;
                if !goes(&key, open.created) {
                    continue;
                }
                let name = etag::hex(&upload_name(bucket.uuid, &key, id.as_bytes()));
                match self.backend.abort_multipart(&path, &id).await {
                    Ok(()) | Err(object_store::Error::NotFound { .. }) => self.forget_upload(&name).await?,
                    Err(error) => return Err(error.into()),
                }
                gone = gone.saturating_add(1);
            }
        }
    }

    /// Finds an upload by what the client says of it, and verifies its record.
    ///
    /// # Errors
    /// `NoSuchUpload` if there is no record of it.
    pub(super) async fn open_upload(&self, bucket: &Arc<Bucket>, key: &str, upload_id: &str) -> Result<Open, Error> {
        let name = etag::hex(&upload_name(bucket.uuid, key, upload_id.as_bytes()));
        let path = layout::upload(&name, "upload");
        let record = match self.backend.get(&path).await {
            Ok(found) => found.bytes().await?,
            Err(object_store::Error::NotFound { .. }) => return Err(Refusal::NoSuchUpload.into()),
            Err(error) => return Err(error.into()),
        };
        let tampered = |why| Error::Tampered { path: path.to_string(), why };
        let clear = ClearUpload::parse(&record).map_err(tampered)?;
        let kek = self.keyring.kek(bucket.uuid, clear.kek_id()).await?;
        let context = Context { bucket: bucket.uuid, key };
        let head = clear.unwrap(&kek, &context, upload_id.as_bytes()).map_err(tampered)?;
        let upload = Upload { path: layout::object(&bucket.name, key)?, id: upload_id.to_owned() };
        Ok(Open { bucket: Arc::clone(bucket), upload, name, head })
    }

    /// What is sealed of the object that an upload is to become.
    ///
    /// # Errors
    /// As [`Self::open_upload`].
    pub(in crate::gateway) async fn metadata_of_upload(
        &self,
        bucket: &Arc<Bucket>,
        key: &str,
        upload_id: &str,
    ) -> Result<Metadata, Error> {
        Ok(self.open_upload(bucket, key, upload_id).await?.head.metadata().clone())
    }

    /// Removes all records of an upload that is over, its own before the last look for others: whoever adds one later
    /// finds that it is gone.
    pub(in crate::gateway) async fn forget_upload(&self, name: &str) -> Result<(), Error> {
        self.forget_parts(name).await?;
        self.remove_record(layout::upload(name, "upload")).await?;
        self.forget_parts(name).await
    }

    async fn forget_parts(&self, name: &str) -> Result<(), Error> {
        if self.backend.stages() {
            self.forget_all(name, "staged").await?;
        }
        self.forget_all(name, "part").await
    }

    async fn forget_all(&self, name: &str, records: &str) -> Result<(), Error> {
        // Names alone: a page would bring what the records end with.
        let named = self.backend.list(Some(&layout::upload(name, records))).map_err(Error::from);
        named.try_for_each_concurrent(AT_ONCE, |meta| self.remove_record(meta.location)).await
    }

    pub(super) async fn remove_record(&self, path: Path) -> Result<(), Error> {
        match self.backend.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
