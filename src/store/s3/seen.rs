//! What was seen last of each object: its ETag and its last bytes. They are used for the version of that ETag alone, and
//! so never stale, only useless.

use super::S3Store;
use super::objects::{end_of_object, in_time};
use super::stored::Version;
use crate::envelope::END;
use crate::store::Ends;
use crate::store::backend::Wanted;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use moka::sync::Cache;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, Result};

/// Ends that are read at a time.
const AT_ONCE: usize = 64;

/// What an entry takes besides its end and its name, in bytes.
const ENTRY: usize = 512;

/// An object as it was when it was last listed or opened.
#[derive(Clone)]
pub(super) struct Seen {
    meta: ObjectMeta,
    end: Bytes,
}

/// By path, bounded in bytes.
pub(super) type All = Cache<Path, Seen>;

/// A memory for so many bytes.
pub(super) fn memory(bytes: u64) -> All {
    let weigh = |path: &Path, seen: &Seen| {
        let length = seen.end.len().saturating_add(path.as_ref().len().saturating_mul(2)).saturating_add(ENTRY);
        u32::try_from(length).unwrap_or(u32::MAX)
    };
    Cache::builder().max_capacity(bytes).weigher(weigh).build()
}

impl S3Store {
    /// Remembers an object, of whose last bytes `end` holds enough.
    pub(super) fn saw(&self, meta: &ObjectMeta, end: &Bytes) {
        // Copied, so that no more is kept than is counted.
        let end = Bytes::copy_from_slice(end.get(end.len().saturating_sub(END)..).unwrap_or_default());
        self.0.seen.insert(meta.location.clone(), Seen { meta: meta.clone(), end });
    }

    /// The current version of an object, if it is the one that was seen last, with the answer to what is wanted of it.
    pub(super) async fn current_at(&self, path: &Path, wanted: Wanted<'_>) -> Result<Option<Version>> {
        let Some(Seen { meta, end }) = self.0.seen.get(path) else { return Ok(None) };
        // What is small comes with its end, whichever version it is.
        let Some(range) = wanted(&meta).filter(|_| meta.size > super::seam::FIRST) else { return Ok(None) };
        let current = in_time(Version::current(self.clone(), meta, end, range)).await?;
        if current.is_none() {
            self.0.seen.invalidate(path);
        }
        Ok(current)
    }

    /// Objects as they are now, with their ends; those that went since they were listed are left out.
    ///
    /// One that was listed with an ETag whose end is known is not asked for again.
    pub(super) async fn with_ends(&self, listed: Vec<ObjectMeta>) -> Result<(Vec<ObjectMeta>, Ends)> {
        let read = stream::iter(listed).map(|meta| self.with_end(meta)).buffered(AT_ONCE);
        let found: Vec<Option<(ObjectMeta, Bytes)>> = read.try_collect().await?;
        let (metas, ends) = found.into_iter().flatten().unzip();
        Ok((metas, Ends(ends)))
    }

    /// The end of what was listed, if it is known.
    pub(super) fn end_seen(&self, meta: &ObjectMeta) -> Option<Bytes> {
        let seen = self.0.seen.get(&meta.location)?;
        (meta.e_tag.is_some() && seen.meta.e_tag == meta.e_tag).then_some(seen.end)
    }

    async fn with_end(&self, meta: ObjectMeta) -> Result<Option<(ObjectMeta, Bytes)>> {
        if let Some(end) = self.end_seen(&meta) {
            return Ok(Some((meta, end)));
        }
        if meta.size == 0 {
            return Ok(Some((meta, Bytes::new())));
        }
        let length = u64::try_from(END).unwrap_or(u64::MAX);
        match end_of_object(self, &meta.location, length).await {
            Ok((now, end)) => {
                self.saw(&now, &end);
                Ok(Some((now, end)))
            }
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
