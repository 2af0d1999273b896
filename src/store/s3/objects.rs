//! `object_store`'s traits, by its own client of S3.

use super::fault::{self, Understood};
use super::{S3Store, SILENCE, uploads};
use crate::envelope::HEAD;
use crate::store::WithoutEnds;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::list::{PaginatedListOptions, PaginatedListResult, PaginatedListStore};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, Extensions, GetOptions, GetRange, GetResult, ListResult, MultipartId, MultipartUpload,
    ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What became of a write.
pub(super) fn written(e_tag: Option<String>) -> PutResult {
    PutResult { e_tag, version: None, extensions: Extensions::new() }
}

impl S3Store {
    fn back(&self, meta: ObjectMeta) -> Result<ObjectMeta> {
        Ok(ObjectMeta { location: self.path(meta.location.as_ref())?, ..meta })
    }

    fn listed(&self, list: ListResult) -> Result<ListResult> {
        let prefixes = list.common_prefixes.iter().map(|prefix| self.path(prefix.as_ref())).collect::<Result<_>>()?;
        let objects = list.objects.into_iter().map(|meta| self.back(meta)).collect::<Result<_>>()?;
        Ok(ListResult { common_prefixes: prefixes, objects, extensions: list.extensions })
    }

    fn below(&self, prefix: Option<&Path>) -> Option<Path> {
        match prefix {
            Some(prefix) => Some(self.at(prefix)),
            None if self.0.prefix.is_empty() => None,
            None => Some(Path::from(self.0.prefix.as_str())),
        }
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
            Ok((meta, there)) if there == *end => Ok(written(meta.e_tag)),
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
        match self.0.client.put_opts(&self.at(location), payload, options).await.understood() {
            Ok(done) => Ok(done),
            Err(error @ Error::AlreadyExists { .. }) if unconditional => {
                Err(fault::unavailable(format!("it cannot hold this name beside another that it has: {error}")))
            }
            Err(refused) => self.ours(location, &end, refused).await,
        }
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.0.client.put_multipart_opts(&self.at(location), opts).await.understood()
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let at = self.at(location);
        // A HEAD has no body that could tell a bucket that is gone from a key that is not there.
        let first = GetOptions { head: false, range: Some(GetRange::Bounded(0..1)), ..options.clone() };
        let options = if options.head && options.range.is_none() { first } else { options };
        let mut found = match self.0.client.get_opts(&at, options.clone()).await.understood() {
            Err(error) if options.range == Some(GetRange::Bounded(0..1)) && fault::is_nothing_in_range(&error) => {
                // An object of no bytes has no first one.
                self.0.client.get_opts(&at, GetOptions { head: true, range: None, ..options }).await.understood()?
            }
            found => found?,
        };
        found.meta = self.back(found.meta)?;
        Ok(found)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (there, back) = (self.clone(), self.clone());
        let at = locations.map_ok(move |path| there.at(&path)).boxed();
        let gone = self.0.client.delete_stream(at);
        gone.map(move |path| back.path(path.understood()?.as_ref())).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let store = self.clone();
        let listed = self.0.client.list(self.below(prefix).as_ref());
        listed.map(move |meta| store.back(meta.understood()?)).boxed()
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        let store = self.clone();
        let listed = self.0.client.list_with_offset(self.below(prefix).as_ref(), &self.at(offset));
        listed.map(move |meta| store.back(meta.understood()?)).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let listed = self.0.client.list_with_delimiter(self.below(prefix).as_ref()).await;
        self.listed(listed.understood()?)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        if options.mode == CopyMode::Overwrite {
            return self.0.client.copy_opts(&self.at(from), &self.at(to), options).await.understood();
        }
        let found = self.0.client.get_opts(&self.at(from), GetOptions::default()).await.understood()?;
        let bytes = found.bytes().await.understood()?;
        self.put_opts(to, bytes.into(), PutMode::Create.into()).await?;
        Ok(())
    }
}

#[async_trait]
impl MultipartStore for S3Store {
    async fn create_multipart(&self, path: &Path) -> Result<MultipartId> {
        self.0.client.create_multipart(&self.at(path)).await.understood()
    }

    async fn put_part(&self, path: &Path, id: &MultipartId, part_idx: usize, data: PutPayload) -> Result<PartId> {
        let part = self.0.client.put_part(&self.at(path), id, part_idx, data).await.understood()?;
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
        self.0.client.abort_multipart(&self.at(path), id).await.understood()
    }
}

#[async_trait]
impl PaginatedListStore for S3Store {
    async fn list_paginated(&self, prefix: Option<&str>, opts: PaginatedListOptions) -> Result<PaginatedListResult> {
        let bare = opts.extensions.get::<WithoutEnds>().is_some();
        let opts = PaginatedListOptions { offset: opts.offset.map(|offset| self.name(&offset)), ..opts };
        let from = self.name(prefix.unwrap_or_default());
        let page = self.0.client.list_paginated(Some(&from), opts).await.understood()?;
        let list = self.listed(page.result)?;
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
    let asked = tokio::time::timeout(SILENCE, asked_end(store, path, length)).await;
    asked.map_err(|_| fault::unavailable("it is too slow"))?
}

async fn asked_end(store: &S3Store, path: &Path, length: u64) -> Result<(ObjectMeta, Bytes)> {
    let options = GetOptions { range: Some(GetRange::Suffix(length)), ..GetOptions::default() };
    let found = store.0.client.get_opts(&store.at(path), options).await;
    let found = match found.understood() {
        Ok(found) => found,
        Err(error) if fault::is_nothing_in_range(&error) => {
            let options = GetOptions { head: true, ..GetOptions::default() };
            let empty = store.0.client.get_opts(&store.at(path), options).await.understood()?;
            if empty.meta.size > 0 {
                return Err(error);
            }
            return Ok((store.back(empty.meta)?, Bytes::new()));
        }
        Err(error) => return Err(error),
    };
    let meta = store.back(found.meta.clone())?;
    let range = found.range.clone();
    let end = found.bytes().await.understood()?;
    let whole = range.end == meta.size && u64::try_from(end.len()) == Ok(range.end.saturating_sub(range.start));
    if !whole || meta.e_tag.is_none() {
        return Err(fault::unavailable("it answered with other bytes than it was asked for, or without an ETag"));
    }
    Ok((meta, end))
}
