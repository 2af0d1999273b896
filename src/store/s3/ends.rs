//! The last bytes of what was listed: where an object's Head says what a listing shows of it.

use super::S3Store;
use super::fault::Understood;
use crate::store::Ends;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{Error, GetOptions, GetRange, ObjectMeta, ObjectStore, Result};

/// Bytes of an end: those that a Head, a Footer and one Entry take.
const END: u64 = 1_392;

/// Ends that are read at a time.
const AT_ONCE: usize = 64;

impl S3Store {
    /// Objects as they are now, with their ends; those that went since they were listed are left out.
    ///
    /// One that was listed with an ETag whose end is known is not asked for again.
    pub(super) async fn with_ends(&self, listed: Vec<ObjectMeta>) -> Result<(Vec<ObjectMeta>, Ends)> {
        let read = stream::iter(listed).map(|meta| self.with_end(meta)).buffered(AT_ONCE);
        let found: Vec<Option<(ObjectMeta, Bytes)>> = read.try_collect().await?;
        let (metas, ends) = found.into_iter().flatten().unzip();
        Ok((metas, Ends(ends)))
    }

    async fn with_end(&self, meta: ObjectMeta) -> Result<Option<(ObjectMeta, Bytes)>> {
        let named = meta.e_tag.clone().map(|e_tag| (meta.location.to_string(), e_tag));
        if let Some(end) = named.as_ref().and_then(|name| self.0.ends.get(name)) {
            return Ok(Some((meta, end)));
        }
        if meta.size == 0 {
            return Ok(Some((meta, Bytes::new())));
        }
        let options = GetOptions { range: Some(GetRange::Suffix(END)), ..GetOptions::default() };
        let found = match self.0.client.get_opts(&self.at(&meta.location), options).await.understood() {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let now = ObjectMeta { location: meta.location, ..found.meta.clone() };
        let end = found.bytes().await.understood()?;
        if let Some(e_tag) = now.e_tag.clone() {
            self.0.ends.insert((now.location.to_string(), e_tag), end.clone());
        }
        Ok(Some((now, end)))
    }
}
