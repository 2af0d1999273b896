//! The last bytes of what was listed: where an object's Head says what a listing shows of it.

use super::S3Store;
use super::objects::end_of_object;
use crate::envelope::END;
use crate::store::Ends;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{Error, ObjectMeta, Result};

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
        let length = u64::try_from(END).unwrap_or(u64::MAX);
        let (now, end) = match end_of_object(self, &meta.location, length).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        if let Some(e_tag) = now.e_tag.clone() {
            self.0.ends.insert((now.location.to_string(), e_tag), end.clone());
        }
        Ok(Some((now, end)))
    }
}
