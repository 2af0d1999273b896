//! Uploads: finished with gaps in their numbers and on terms, made of what lies there already, and listed.

use super::fault::{self, Understood};
use super::{S3Store, objects, part};
use crate::envelope::UNIT;
use crate::store::backend::{Backend, OpenUpload, Source, Upload};
use crate::store::{Lack, Millis, Terms};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{Error, ObjectStore, PutMode, PutPayload, PutResult, Result};
use std::collections::HashSet;
use std::ops::Range;

/// The most that one request copies.
const COPY: u64 = 1 << 30;

/// Copies of one object at a time.
const AT_ONCE: usize = 8;

/// A part by its number and its ETag.
pub(super) fn content_id(number: u32, e_tag: &str) -> PartId {
    PartId { content_id: format!("{number}:{}", e_tag.trim_matches('"')) }
}

fn number_and_etag(part: &PartId) -> Result<(u32, &str)> {
    let pair = part.content_id.split_once(':').and_then(|(number, e_tag)| Some((number.parse().ok()?, e_tag)));
    pair.ok_or_else(|| fault::unavailable("a part that it did not name"))
}

impl S3Store {
    /// Finishes an upload of which all parts are there. `end` are the last bytes of what it becomes.
    pub(super) async fn finish_upload(
        &self,
        (path, id): (&Path, &str),
        parts: Vec<PartId>,
        end: &Bytes,
        mode: PutMode,
    ) -> Result<PutResult> {
        let mut named = Vec::with_capacity(parts.len());
        for part in &parts {
            let (number, e_tag) = number_and_etag(part)?;
            let number = i32::try_from(number).unwrap_or(i32::MAX);
            named.push(CompletedPart::builder().part_number(number).e_tag(e_tag).build());
        }
        let named = CompletedMultipartUpload::builder().set_parts(Some(named)).build();
        let (place, at) = self.here(path)?;
        let request = self.0.sdk.complete_multipart_upload().bucket(&place.bucket).key(at.as_ref());
        let request = request.upload_id(id).multipart_upload(named);
        let (request, creates) = match mode {
            PutMode::Overwrite => (request, false),
            PutMode::Create => (request.if_none_match("*"), true),
            PutMode::Update(version) => (request.if_match(version.e_tag.unwrap_or_default()), false),
        };
        let refused = match request.send().await {
            Ok(done) => {
                let e_tag = done.e_tag.ok_or_else(|| fault::unavailable("a completed upload without an ETag"))?;
                return Ok(objects::written(Some(e_tag), done.version_id, &place));
            }
            Err(error) => fault::sdk(path, error),
        };
        match refused {
            Error::Precondition { path: at, source } if creates => {
                self.ours(path, end, Error::AlreadyExists { path: at, source }).await
            }
            refused @ Error::Precondition { .. } => self.ours(path, end, refused).await,
            // It may have been finished, and the answer lost.
            Error::NotFound { path: at, source } => {
                let conflict = Error::Precondition { path: at.clone(), source: "the upload is over".into() };
                self.ours(path, end, conflict).await.map_err(|_| Error::NotFound { path: at, source })
            }
            other => Err(other),
        }
    }

    /// Adds the end to an upload as the part after its last, and finishes it.
    pub(super) async fn end_upload(
        &self,
        upload: &Upload,
        mut parts: Vec<PartId>,
        end: Bytes,
        mode: PutMode,
    ) -> Result<PutResult> {
        let last = parts.last().map(number_and_etag).transpose()?.map_or(0, |(number, _)| number);
        if !end.is_empty() {
            let index = usize::try_from(last).unwrap_or(usize::MAX);
            parts.push(self.put_part(&upload.path, &upload.id, index, PutPayload::from(end.clone())).await?);
        }
        self.finish_upload((&upload.path, &upload.id), parts, &end, mode).await
    }

    /// A new object of so many first bytes of another and a new end.
    pub(super) async fn spliced(&self, from: (&Source, u64), end: Bytes, to: &Path, terms: Terms) -> Result<PutResult> {
        let (from, keep) = from;
        if keep < UNIT {
            let bytes = part::whole(self, &from.path, 0..keep, (&from.e_tag, from.version.name())).await?;
            return self.put_opts(to, PutPayload::from_iter([bytes, end]), terms.into()).await;
        }
        let upload = Upload { path: to.clone(), id: self.create_multipart(to).await? };
        match self.copied(from, keep, &upload).await {
            Ok(parts) => match self.end_upload(&upload, parts, end, terms.mode).await {
                Ok(done) => Ok(done),
                Err(error) => Err(self.given_up(&upload, error).await),
            },
            Err(error) => {
                let error = self.given_up(&upload, error).await;
                Err(self.is_still(from).await.err().unwrap_or(error))
            }
        }
    }

    /// Whether a source still is what was meant: of one that became shorter some backends refuse the range first.
    async fn is_still(&self, from: &Source) -> Result<()> {
        if self.same(from).await? {
            return Ok(());
        }
        Err(Error::Precondition { path: from.path.to_string(), source: "another is there".into() })
    }

    async fn given_up(&self, upload: &Upload, error: Error) -> Error {
        if let Err(left) = self.abort_multipart(&upload.path, &upload.id).await {
            tracing::warn!(path = %upload.path, error = %left, "an upload that was given up is left at the backend");
        }
        error
    }

    /// The first bytes of a source as parts of an upload, copied by the backend.
    async fn copied(&self, from: &Source, keep: u64, upload: &Upload) -> Result<Vec<PartId>> {
        let copies =
            stream::iter((1_u32..).zip(stretches(keep))).map(|(number, range)| self.copy_part(from, range, upload, number));
        copies.buffered(AT_ONCE).try_collect().await
    }

    async fn copy_part(&self, from: &Source, range: Range<u64>, upload: &Upload, number: u32) -> Result<PartId> {
        let ((source, its), (place, at)) = (self.here(&from.path)?, self.here(&upload.path)?);
        let name = percent_encoding::utf8_percent_encode(its.as_ref(), KEY).to_string();
        let request = self.0.sdk.upload_part_copy().bucket(&place.bucket).key(at.as_ref());
        let request = request.upload_id(&upload.id).part_number(i32::try_from(number).unwrap_or(i32::MAX));
        let version = from
            .version
            .name()
            .map(|version| format!("?versionId={}", percent_encoding::utf8_percent_encode(version, KEY)))
            .unwrap_or_default();
        let request = request.copy_source(format!("{}/{name}{version}", source.bucket)).copy_source_if_match(&from.e_tag);
        let request = request.copy_source_range(format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
        let done = request.send().await.map_err(|error| fault::sdk(&from.path, error))?;
        let e_tag = done.copy_part_result.and_then(|result| result.e_tag);
        Ok(content_id(number, &e_tag.ok_or_else(|| fault::unavailable("a copied part without an ETag"))?))
    }

    /// Open uploads from after one, in order of path, then id.
    pub(super) async fn open_uploads(&self, prefix: &str, after: Option<&Upload>, limit: usize) -> Result<Vec<OpenUpload>> {
        let place = self.0.places.of(prefix)?;
        let (from, mut found) = (place.name(prefix), Vec::new());
        // Where they are not listed below a prefix, those of a bucket of its own are, all of them.
        let asked = if place.own && self.lacks().contains(&Lack::Uploads) { "" } else { from.as_str() };
        // From the beginning each time: they are few, and some backends take no marker that is not the id of an upload.
        let (mut key, mut id) = (None, None);
        loop {
            let request = self.0.sdk.list_multipart_uploads().bucket(&place.bucket).prefix(asked);
            let request = request.set_key_marker(key.take()).set_upload_id_marker(id.take());
            let page = request.send().await.map_err(|error| fault::sdk(&Path::from(prefix), error))?;
            for upload in page.uploads() {
                let Some((at, id)) = upload.key().zip(upload.upload_id()).filter(|(at, _)| at.starts_with(&from)) else {
                    continue;
                };
                let created = upload.initiated().and_then(|time| time.to_millis().ok());
                let created = Millis(created.and_then(|time| u64::try_from(time).ok()).unwrap_or(0));
                let open = OpenUpload { upload: Upload { path: place.path(at)?, id: id.to_owned() }, created };
                if after.is_none_or(|after| order(&open.upload) > order(after)) {
                    found.push(open);
                }
            }
            // Within a path they may come in another order than ours: all of the last one are needed.
            let enough = found.len() > limit && found.last().map(path_of) != found.get(limit).map(path_of);
            if enough || page.is_truncated() != Some(true) {
                break;
            }
            (key, id) = (page.next_key_marker, page.next_upload_id_marker);
        }
        found.sort_by(|one, next| order(&one.upload).cmp(&order(&next.upload)));
        found.truncate(limit);
        Ok(found)
    }

    /// The parts that an upload has: of each number the last that was sent.
    pub(super) async fn held_parts(&self, upload: &Upload) -> Result<HashSet<String>> {
        let (place, at) = self.here(&upload.path)?;
        let (mut held, mut marker) = (HashSet::new(), None);
        loop {
            let request = self.0.sdk.list_parts().bucket(&place.bucket).key(at.as_ref());
            let request = request.upload_id(&upload.id).set_part_number_marker(marker.take());
            let page = request.send().await.map_err(|error| fault::sdk(&upload.path, error))?;
            for part in page.parts() {
                let number = part.part_number().and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
                held.insert(content_id(number, part.e_tag().unwrap_or_default()).content_id);
            }
            if page.is_truncated() != Some(true) {
                return Ok(held);
            }
            marker = page.next_part_number_marker;
        }
    }

    /// Removes an object, if it is still this one.
    pub(super) async fn remove_if(&self, path: &Path, e_tag: Option<&str>) -> Result<()> {
        if let Some(e_tag) = e_tag {
            let (path, version) = (path.clone(), crate::store::Version::Null);
            self.is_still(&Source { path, version, e_tag: e_tag.to_owned() }).await?;
        }
        let (place, at) = self.here(path)?;
        let request = self.0.sdk.delete_object().bucket(&place.bucket).key(at.as_ref());
        request.send().await.map_err(|error| fault::sdk(path, error))?;
        Ok(())
    }

    /// Whether the bucket is there, and ours to read.
    pub(super) async fn look(&self) -> Result<()> {
        let (place, system) = self.here(&Path::from(crate::store::layout::SYSTEM))?;
        let first = place.client.list(Some(&system)).next().await;
        first.transpose().understood().map(drop)
    }
}

fn path_of(open: &OpenUpload) -> &Path {
    &open.upload.path
}

/// In which order uploads are listed.
fn order(upload: &Upload) -> (&str, &str) {
    (upload.path.as_ref(), &upload.id)
}

/// What is encoded of a key in a header.
const KEY: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// What is copied in one request each: none below the least part, and none above the most.
fn stretches(keep: u64) -> impl Iterator<Item = Range<u64>> {
    let count = keep.div_ceil(COPY).max(1);
    let each = keep.div_ceil(count);
    (0..count).map(move |index| {
        let start = index.saturating_mul(each);
        start..start.saturating_add(each).min(keep)
    })
}
