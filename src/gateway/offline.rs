//! For who holds the root key: system records, and objects without a request. No listener reaches any of this.

use super::list::View;
use super::operation::Place;
use super::{Customer, Described, Error, Gateway, Opened, Refusal};
use crate::envelope::{self, CHUNK, Entry, EtagRecord, Metadata, NewBody, Record, SegmentSealer};
use crate::keyring::{Bucket, OsRandom};
use crate::store::{After, ListedVersion, Version, decode_key, layout};
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{ObjectStoreExt, PutMode, PutOptions, PutPayload};

impl Gateway {
    /// Seals a system record, which is an ordinary sealed object of the system bucket.
    ///
    /// # Errors
    /// `PreconditionFailed` if `mode` does not hold.
    pub async fn put_record(&self, key: &str, text: &[u8], mode: PutMode) -> Result<(), Error> {
        let bucket = self.keyring.system();
        let kek = self.keyring.active_kek(bucket.uuid).await?;
        let body = NewBody::draw(&mut OsRandom);
        let (mut sealed, entry) = seal_whole(body.segment(0, &mut OsRandom), text).map_err(Error::sealing)?;
        let now = self.now().0;
        let record = Record { completed: now, etag: EtagRecord::Opaque, checksum: None };
        sealed.extend(body.seal_tail(&[entry], &record, &mut OsRandom).map_err(Error::sealing)?);
        let metadata = Metadata::new(key, now);
        let wrapped = body.wrap((&kek, bucket.uuid), &metadata, None, &mut OsRandom).map_err(Error::sealing)?;
        sealed.extend(wrapped.head);
        let path = layout::object(&bucket.name, key)?;
        self.backend.put_opts(&path, PutPayload::from(sealed), PutOptions::from(mode)).await?;
        Ok(())
    }

    /// Opens a system record; gives its text and the backend's ETag of this version of it.
    ///
    /// # Errors
    /// An integrity error if it does not verify; none if there is none.
    pub async fn record_of(&self, key: &str) -> Result<Option<(Vec<u8>, String)>, Error> {
        let bucket = self.keyring.system();
        match self.find(&bucket, key).await {
            Ok(sealed) => {
                let (described, e_tag) = (sealed.describe()?, sealed.source()?.e_tag);
                let opened = sealed.open(described, &self.buffers).await?;
                let pieces: Vec<Bytes> = opened.chunks.try_collect().await?;
                Ok(Some((pieces.concat(), e_tag)))
            }
            Err(Error::Refused(Refusal::NoSuchKey)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes a system record; one that is not there counts as removed.
    pub(super) async fn drop_record(&self, key: &str) -> Result<(), Error> {
        let path = layout::object(&self.keyring.system().name, key)?;
        match self.backend.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// An object's content, verified piece by piece; with the customer's key if it is sealed under one.
    ///
    /// # Errors
    /// As [`Gateway::get`].
    pub async fn plain(&self, bucket: &Bucket, key: &str, customer: Option<&Customer>) -> Result<Opened, Error> {
        let sealed = self.find(bucket, key).await?.unlock(customer, &self.buffers).await?;
        let described = sealed.describe()?;
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

    /// Reads and authenticates all of a version; gives what HEAD tells of it. None if it opens only with a key of a
    /// client: then its Head was authenticated, and nothing else could be.
    ///
    /// # Errors
    /// An integrity error where anything does not verify.
    pub async fn verify(&self, bucket: &Bucket, place: &Place) -> Result<Option<Described>, Error> {
        let sealed = self.find_version(bucket, &place.key, place.version.as_ref()).await?;
        if sealed.opened().is_err() {
            return Ok(None);
        }
        let described = sealed.describe()?;
        let Opened { described, mut chunks, .. } = sealed.open(described, &self.buffers).await?;
        while chunks.try_next().await?.is_some() {}
        Ok(Some(described))
    }

    /// Keys of a bucket in order, each with its versions, a page at a time: pass the last of a page as `after`.
    pub async fn all(&self, bucket: &Bucket, prefix: &str, after: Option<&Place>) -> Result<Vec<Place>, Error> {
        let view = View { bucket, prefix, delimiter: None };
        let after = after.map(|after| After { path: view.past(&after.key, false), version: after.version.clone() });
        let page = self.versions()?.list_versions(&layout::prefix(&bucket.name, prefix), after.as_ref(), 1_000).await?;
        let place = |listed: ListedVersion| {
            let name = listed.meta.location.as_ref().get(bucket.name.len() + 1..).unwrap_or_default();
            let key = decode_key(name).ok_or_else(|| Error::Internal(format!("no key has the name {}", listed.meta.location)))?;
            Ok(Place { bucket: bucket.name.clone(), key, version: Some(Version::of(listed.meta.version.as_deref())) })
        };
        page.into_iter().map(place).collect()
    }
}

/// Seals a text that is whole in memory, as one segment.
fn seal_whole(mut sealer: SegmentSealer, text: &[u8]) -> envelope::Result<(Vec<u8>, Entry)> {
    let mut sealed = Vec::with_capacity(text.len().saturating_add(4_096));
    let mut chunks = text.chunks_exact(CHUNK);
    for chunk in chunks.by_ref() {
        let mut chunk = chunk.to_vec();
        let tag = sealer.seal_chunk(&mut chunk)?;
        sealed.extend(chunk);
        sealed.extend(tag);
    }
    let mut last = chunks.remainder().to_vec();
    let (tag, entry) = sealer.finish(&mut last)?;
    sealed.extend(last);
    sealed.extend(tag);
    Ok((sealed, entry))
}
