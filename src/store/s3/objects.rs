//! `object_store`'s traits, by its own client of S3.

use super::fault::{self, Understood};
use super::place::{NULL, Place};
use super::versions::named;
use super::{S3Store, SILENCE, uploads};
use crate::envelope::HEAD;
use crate::store::{Version, WithoutEnds};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use object_store::list::{PaginatedListOptions, PaginatedListResult, PaginatedListStore};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, Extensions, GetOptions, GetRange, GetResult, ListResult, MultipartId, MultipartUpload,
    ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use std::future::Future;
use std::sync::Arc;

/// Deletions at a time.
const DELETES: usize = 10;

/// What became of a write.
pub(super) fn written(e_tag: Option<String>, version: Option<String>, place: &Place) -> PutResult {
    let version = version.filter(|version| place.own && version != NULL);
    PutResult { e_tag, version, extensions: Extensions::new() }
}

/// A listing of a place, in paths.
fn listed(place: &Place, list: ListResult) -> Result<ListResult> {
    let prefixes = list.common_prefixes.iter().map(|prefix| place.path(prefix.as_ref())).collect::<Result<_>>()?;
    let objects = list.objects.into_iter().map(|meta| place.back(meta)).collect::<Result<_>>()?;
    Ok(ListResult { common_prefixes: prefixes, objects, extensions: list.extensions })
}

impl S3Store {
    /// Where everything below a path lies, and in what there; none for all of a place.
    fn below(&self, prefix: Option<&Path>) -> Result<(Arc<Place>, Option<Path>)> {
        let prefix = prefix.filter(|prefix| !prefix.as_ref().is_empty());
        let all = prefix.map(|prefix| format!("{prefix}/")).unwrap_or_default();
        let place = self.0.places.of(&all)?;
        let name = Path::parse(place.name(&all))?;
        Ok((place, Some(name).filter(|name| !name.as_ref().is_empty())))
    }

    fn listed_from(&self, prefix: Option<&Path>, offset: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (place, below) = match self.below(prefix) {
            Ok(here) => here,
            Err(error) => return stream::iter([Err(error)]).boxed(),
        };
        let listed = match offset {
            Some(offset) => place.client.list_with_offset(below.as_ref(), &place.at(offset)),
            None => place.client.list(below.as_ref()),
        };
        listed.map(move |meta| place.back(meta.understood()?)).boxed()
    }

    async fn delete_one(self, path: Result<Path>) -> Result<Path> {
        let path = path?;
        let (place, at) = self.here(&path)?;
        place.client.delete(&at).await.understood()?;
        Ok(path)
    }

    /// What became of a write that was refused: it may be our own that stands in its way, whose answer was lost and
    /// which was then tried again. `end` are its last bytes.
    pub(super) async fn ours(&self, path: &Path, end: &Bytes, refused: Error) -> Result<PutResult> {
        // Whatever is at least so long ends with a Head, in which there is enough that was drawn at random.
        if end.len() < HEAD || !matches!(refused, Error::AlreadyExists { .. } | Error::Precondition { .. }) {
            return Err(refused);
        }
        let length = u64::try_from(end.len()).unwrap_or(u64::MAX);
        match end_of_object(self, path, length).await {
            Ok((meta, there)) if there == *end => {
                Ok(PutResult { e_tag: meta.e_tag, version: meta.version, extensions: Extensions::new() })
            }
            Ok(_) | Err(_) => Err(refused),
        }
    }
}

/// The last bytes of a payload: enough to know it again.
fn end_of(payload: &PutPayload) -> Bytes {
    let length = payload.content_length();
    let mut end = Vec::with_capacity(HEAD);
    let mut skip = length.saturating_sub(HEAD);
    for piece in payload {
        let from = skip.min(piece.len());
        skip -= from;
        end.extend_from_slice(piece.get(from..).unwrap_or_default());
    }
    end.into()
}

#[async_trait]
impl ObjectStore for S3Store {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let (end, unconditional) = (end_of(&payload), opts.mode == PutMode::Overwrite);
        let options = PutOptions { extensions: Extensions::new(), ..opts };
        let (place, at) = self.here(location)?;
        match place.client.put_opts(&at, payload, options).await.understood() {
            Ok(done) => Ok(written(done.e_tag, done.version, &place)),
            Err(error @ Error::AlreadyExists { .. }) if unconditional => {
                Err(fault::unavailable(format!("it cannot hold this name beside another that it has: {error}")))
            }
            Err(refused) => self.ours(location, &end, refused).await,
        }
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let (place, at) = self.here(location)?;
        place.client.put_multipart_opts(&at, opts).await.understood()
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let (place, at) = self.here(location)?;
        // A HEAD has no body that could tell a bucket that is gone from a key that is not there.
        let first = GetOptions { head: false, range: Some(GetRange::Bounded(0..1)), ..options.clone() };
        let options = if options.head && options.range.is_none() { first } else { options };
        let mut found = match place.client.get_opts(&at, options.clone()).await.understood() {
            Err(error) if options.range == Some(GetRange::Bounded(0..1)) && fault::is_nothing_in_range(&error) => {
                // An object of no bytes has no first one.
                place.client.get_opts(&at, GetOptions { head: true, range: None, ..options }).await.understood()?
            }
            found => found?,
        };
        found.meta = place.back(found.meta)?;
        Ok(found)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        locations.map(move |path| store.clone().delete_one(path)).buffered(DELETES).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listed_from(prefix, None)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listed_from(prefix, Some(offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let (place, below) = self.below(prefix)?;
        let found = place.client.list_with_delimiter(below.as_ref()).await.understood()?;
        listed(&place, found)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let ((place, at), (other, copy)) = (self.here(from)?, self.here(to)?);
        if options.mode == CopyMode::Overwrite && place.bucket == other.bucket {
            return place.client.copy_opts(&at, &copy, options).await.understood();
        }
        let found = place.client.get_opts(&at, GetOptions::default()).await.understood()?;
        let bytes = found.bytes().await.understood()?;
        let mode = if options.mode == CopyMode::Overwrite { PutMode::Overwrite } else { PutMode::Create };
        self.put_opts(to, bytes.into(), mode.into()).await?;
        Ok(())
    }
}

#[async_trait]
impl MultipartStore for S3Store {
    async fn create_multipart(&self, path: &Path) -> Result<MultipartId> {
        let (place, at) = self.here(path)?;
        place.client.create_multipart(&at).await.understood()
    }

    async fn put_part(&self, path: &Path, id: &MultipartId, part_idx: usize, data: PutPayload) -> Result<PartId> {
        let (place, at) = self.here(path)?;
        let part = place.client.put_part(&at, id, part_idx, data).await.understood()?;
        let number = u32::try_from(part_idx).unwrap_or(u32::MAX).saturating_add(1);
        Ok(uploads::content_id(number, &part.content_id))
    }

    async fn complete_multipart(&self, path: &Path, id: &MultipartId, mut parts: Vec<PartId>) -> Result<PutResult> {
        if parts.is_empty() {
            // S3 completes no upload without a part.
            parts.push(self.put_part(path, id, 0, PutPayload::default()).await?);
        }
        self.finish_upload((path, id), parts, &Bytes::new(), PutMode::Overwrite).await
    }

    async fn abort_multipart(&self, path: &Path, id: &MultipartId) -> Result<()> {
        let (place, at) = self.here(path)?;
        place.client.abort_multipart(&at, id).await.understood()
    }
}

#[async_trait]
impl PaginatedListStore for S3Store {
    async fn list_paginated(&self, prefix: Option<&str>, opts: PaginatedListOptions) -> Result<PaginatedListResult> {
        let bare = opts.extensions.get::<WithoutEnds>().is_some();
        let place = self.0.places.of(prefix.unwrap_or_default())?;
        let opts = PaginatedListOptions { offset: opts.offset.map(|offset| place.name(&offset)), ..opts };
        let from = place.name(prefix.unwrap_or_default());
        let page = place.client.list_paginated(Some(&from), opts).await.understood()?;
        let list = listed(&place, page.result)?;
        if bare {
            return Ok(PaginatedListResult { result: list, page_token: page.page_token });
        }
        let (objects, ends) = self.with_ends(list.objects).await?;
        let mut extensions = list.extensions;
        extensions.insert(ends);
        let result = ListResult { common_prefixes: list.common_prefixes, objects, extensions };
        Ok(PaginatedListResult { result, page_token: page.page_token })
    }
}

/// The last bytes of an object, so many or all there are: whole, of one ETag, and within the time that a backend has.
pub(super) async fn end_of_object(store: &S3Store, path: &Path, length: u64) -> Result<(ObjectMeta, Bytes)> {
    in_time(asked_end(store, path, (length, None))).await
}

/// The same of a version.
pub(super) async fn end_of_version(store: &S3Store, path: &Path, version: &Version, length: u64) -> Result<(ObjectMeta, Bytes)> {
    in_time(asked_end(store, path, (length, Some(named(version).to_owned())))).await
}

/// Within the time that a backend has.
pub(super) async fn in_time<T>(asked: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(SILENCE, asked).await.map_err(|_| fault::unavailable("it is too slow"))?
}

async fn asked_end(store: &S3Store, path: &Path, (length, version): (u64, Option<String>)) -> Result<(ObjectMeta, Bytes)> {
    let options = GetOptions { range: Some(GetRange::Suffix(length)), version: version.clone(), ..GetOptions::default() };
    let (place, at) = store.here(path)?;
    let found = place.client.get_opts(&at, options).await;
    let found = match found.understood() {
        Ok(found) => found,
        Err(error) if fault::is_nothing_in_range(&error) => {
            let options = GetOptions { head: true, version, ..GetOptions::default() };
            let empty = place.client.get_opts(&at, options).await.understood()?;
            if empty.meta.size > 0 {
                return Err(error);
            }
            return Ok((place.back(empty.meta)?, Bytes::new()));
        }
        Err(error) => return Err(error),
    };
    let meta = place.back(found.meta.clone())?;
    let range = found.range.clone();
    let end = found.bytes().await.understood()?;
    let whole = range.end == meta.size && u64::try_from(end.len()) == Ok(range.end.saturating_sub(range.start));
    if !whole || meta.e_tag.is_none() {
        return Err(fault::unavailable("it answered with other bytes than it was asked for, or without an ETag"));
    }
    Ok((meta, end))
}
