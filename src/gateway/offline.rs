//! For who holds the root key: system records, and objects without a request. No listener reaches any of this.

use super::list::View;
use super::{Described, Error, Gateway, Opened, Refusal};
use crate::envelope::{EtagRecord, Metadata, NewBody, Record};
use crate::keyring::{Bucket, OsRandom};
use crate::store::layout;
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{ObjectStore, PutMode, PutOptions, PutPayload};

impl Gateway {
    /// Seals a system record, which is an ordinary sealed object of the system bucket.
    ///
    /// # Errors
    /// `PreconditionFailed` if there is one of this name.
    pub async fn put_record(&self, key: &str, text: &[u8]) -> Result<(), Error> {
        let bucket = self.keyring.system();
        let kek = self.keyring.active_kek(bucket.uuid).await?;
        let body = NewBody::draw(&mut OsRandom);
        let mut sealed = text.to_vec();
        let (tag, entry) = body.segment(0, &mut OsRandom).finish(&mut sealed).map_err(Error::sealing)?;
        let now = self.now().0;
        let record = Record { completed: now, etag: EtagRecord::Opaque, checksum: None };
        sealed.extend(tag);
        sealed.extend(body.seal_tail(&[entry], &record, &mut OsRandom).map_err(Error::sealing)?);
        let metadata = Metadata::new(key, now);
        let wrapped = body.wrap((&kek, bucket.uuid), &metadata, None, &mut OsRandom).map_err(Error::sealing)?;
        sealed.extend(wrapped.head);
        let path = layout::object(&bucket.name, key)?;
        let options = PutOptions::from(PutMode::Create);
        self.backend.put_opts(&path, PutPayload::from(sealed), options).await?;
        Ok(())
    }

    /// Opens a system record.
    ///
    /// # Errors
    /// An integrity error if it does not verify; none if there is none.
    pub async fn record_of(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let bucket = self.keyring.system();
        match self.find(&bucket, key).await {
            Ok(sealed) => {
                let described = sealed.describe();
                let opened = sealed.open(described, &self.buffers).await?;
                let pieces: Vec<Bytes> = opened.chunks.try_collect().await?;
                Ok(Some(pieces.concat()))
            }
            Err(Error::Refused(Refusal::NoSuchKey)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// An object's content, verified piece by piece.
    ///
    /// # Errors
    /// As [`Gateway::get`].
    pub async fn plain(&self, bucket: &Bucket, key: &str) -> Result<Opened, Error> {
        let sealed = self.find(bucket, key).await?;
        let described = sealed.describe();
        sealed.open(described, &self.buffers).await
    }

    /// An object as it is stored, not verified: its path, and the bytes that `open` takes.
    ///
    /// # Errors
    /// `NoSuchKey`, or what the backend says.
    pub async fn stored(&self, bucket: &Bucket, key: &str) -> Result<super::Chunks, Error> {
        use futures::StreamExt;
        let path = layout::object(&bucket.name, key)?;
        let found = match self.backend.get_opts(&path, object_store::GetOptions::default()).await {
            Err(object_store::Error::NotFound { .. }) => return Err(Refusal::NoSuchKey.into()),
            found => found?,
        };
        Ok(found.into_stream().map_err(Error::from).boxed())
    }

    /// Reads and authenticates all of an object; gives what HEAD tells of it.
    ///
    /// # Errors
    /// An integrity error where anything does not verify.
    pub async fn verify(&self, bucket: &Bucket, key: &str) -> Result<Described, Error> {
        let Opened { described, mut chunks, .. } = self.plain(bucket, key).await?;
        while chunks.try_next().await?.is_some() {}
        Ok(described)
    }

    /// Keys of a bucket in order, a page at a time: pass the last of a page as `after`.
    pub async fn keys(&self, bucket: &Bucket, prefix: &str, after: Option<&str>) -> Result<Vec<String>, Error> {
        let view = View { bucket, prefix, delimiter: None };
        let at = after.map(|after| view.past(after, false));
        let (page, _more) = self.page(&view, at, 1_000).await?;
        Ok(page.into_iter().map(|(key, ..)| key).collect())
    }
}
