//! Listings of objects.

use super::about::limit;
use super::adapter::{Adapter, Asker};
use super::checksum;
use super::error::{failed, invalid_argument};
use super::objects::strong;
use super::time::timestamp;
use crate::gateway::{List, Listed, Page, Start};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::S3Result;
use s3s::dto::{
    CommonPrefix, EncodingType, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, Object,
    ObjectStorageClass,
};

/// The most keys of a page, as S3 has it.
const PAGE: usize = 1_000;

/// What S3 leaves as it is under `encoding-type=url`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/');

/// How names are shown.
#[derive(Clone, Copy)]
pub(super) struct Encoding {
    encoded: bool,
}

impl Encoding {
    /// # Errors
    /// `InvalidArgument` for an encoding that S3 has not.
    pub(super) fn asked(kind: Option<&EncodingType>) -> S3Result<Self> {
        match kind.map(EncodingType::as_str) {
            None => Ok(Self { encoded: false }),
            Some("url") => Ok(Self { encoded: true }),
            Some(_) => Err(invalid_argument("the encoding type must be url")),
        }
    }

    /// XML has no way to write some characters: a page that holds one is encoded whether or not that was asked for.
    pub(super) fn fitting<'n>(self, mut names: impl Iterator<Item = &'n str>) -> Self {
        Self { encoded: self.encoded || names.any(is_unfit) }
    }

    pub(super) fn show(self, name: &str) -> String {
        if self.encoded { utf8_percent_encode(name, ENCODED).to_string() } else { name.to_owned() }
    }

    pub(super) fn named(self) -> Option<EncodingType> {
        self.encoded.then(|| EncodingType::from_static(EncodingType::URL))
    }
}

/// Tab and line feed are carried as they are; a carriage return would be read as a line feed.
pub(super) fn is_unfit(name: &str) -> bool {
    name.chars().any(|c| (c < ' ' && !matches!(c, '\t' | '\n')) || matches!(c, '\u{fffe}' | '\u{ffff}'))
}

/// A name that an answer only repeats: left out where XML has no way to write it, for the work is done by then.
pub(super) fn echo(name: String) -> Option<String> {
    Some(name).filter(|name| !is_unfit(name))
}

struct Asked {
    bucket: String,
    prefix: Option<String>,
    delimiter: Option<String>,
    start: Start,
    limit: usize,
}

impl Adapter {
    async fn page(&self, asker: &Asker, asked: Asked) -> S3Result<Page> {
        let Asked { bucket, prefix, delimiter, start, limit } = asked;
        let operation = List { bucket, prefix: prefix.unwrap_or_default(), delimiter, start, limit };
        let permitted = self.permit(asker, operation).await?;
        self.gateway.list(permitted).await.map_err(failed)
    }

    pub(super) async fn list_v2(&self, asker: Asker, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
        let ListObjectsV2Input { bucket, continuation_token, delimiter, encoding_type, fetch_owner, .. } = input;
        let (max_keys, prefix, start_after) = (limit(input.max_keys, PAGE)?, input.prefix, input.start_after);
        let delimiter = delimiter.filter(|delimiter| !delimiter.is_empty());
        let encoding = Encoding::asked(encoding_type.as_ref())?;
        let start = match &continuation_token {
            Some(token) if !token.is_empty() => Start::Token(token.clone()),
            Some(_) | None => after(start_after.as_ref()),
        };
        let asked =
            Asked { bucket: bucket.clone(), prefix: prefix.clone(), delimiter: delimiter.clone(), start, limit: max_keys };
        let page = self.page(&asker, asked).await?;
        let encoding = fitting(encoding, &page, [&prefix, &delimiter, &start_after]);
        Ok(ListObjectsV2Output {
            name: Some(bucket),
            prefix: Some(encoding.show(&prefix.unwrap_or_default())),
            max_keys: i32::try_from(max_keys).ok(),
            key_count: i32::try_from(page.objects.len().saturating_add(page.prefixes.len())).ok(),
            continuation_token,
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.as_ref().map(|next| next.token.clone()),
            contents: Some(self.contents(&page.objects, encoding, fetch_owner == Some(true))),
            common_prefixes: Some(prefixes(&page.prefixes, encoding)),
            delimiter: delimiter.map(|delimiter| encoding.show(&delimiter)),
            encoding_type: encoding.named(),
            start_after: start_after.map(|after| encoding.show(&after)),
            ..ListObjectsV2Output::default()
        })
    }

    pub(super) async fn list_v1(&self, asker: Asker, input: ListObjectsInput) -> S3Result<ListObjectsOutput> {
        let ListObjectsInput { bucket, delimiter, encoding_type, marker, prefix, .. } = input;
        let max_keys = limit(input.max_keys, PAGE)?;
        let delimiter = delimiter.filter(|delimiter| !delimiter.is_empty());
        let encoding = Encoding::asked(encoding_type.as_ref())?;
        let start = after(marker.as_ref());
        let asked =
            Asked { bucket: bucket.clone(), prefix: prefix.clone(), delimiter: delimiter.clone(), start, limit: max_keys };
        let page = self.page(&asker, asked).await?;
        let encoding = fitting(encoding, &page, [&prefix, &delimiter, &marker]);
        Ok(ListObjectsOutput {
            name: Some(bucket),
            prefix: Some(unencoded(prefix.unwrap_or_default(), encoding)),
            marker: Some(encoding.show(&marker.unwrap_or_default())),
            max_keys: i32::try_from(max_keys).ok(),
            is_truncated: Some(page.next.is_some()),
            contents: Some(self.contents(&page.objects, encoding, true)),
            common_prefixes: Some(prefixes(&page.prefixes, encoding)),
            next_marker: page.next.as_ref().map(|next| encoding.show(&next.after)),
            delimiter: delimiter.map(|delimiter| encoding.show(&delimiter)),
            encoding_type: encoding.named(),
            ..ListObjectsOutput::default()
        })
    }
}

/// The prefix of version 1, which the SDKs show as it comes, unlike that of version 2: encoded only where XML could not
/// carry it otherwise.
fn unencoded(prefix: String, encoding: Encoding) -> String {
    if is_unfit(&prefix) { encoding.show(&prefix) } else { prefix }
}

/// `asked` are the texts of the request that the answer repeats.
fn fitting(encoding: Encoding, page: &Page, asked: [&Option<String>; 3]) -> Encoding {
    let keys = page.objects.iter().map(|object| object.key.as_str());
    let asked = asked.into_iter().filter_map(|text| text.as_deref());
    encoding.fitting(keys.chain(page.prefixes.iter().map(String::as_str)).chain(asked))
}

impl Adapter {
    fn contents(&self, objects: &[Listed], encoding: Encoding, with_owner: bool) -> Vec<Object> {
        let object = |listed: &Listed| Object {
            key: Some(encoding.show(&listed.key)),
            size: i64::try_from(listed.size).ok(),
            e_tag: Some(strong(&listed.etag)),
            last_modified: Some(timestamp(listed.modified)),
            checksum_algorithm: listed.checksum.map(|kind| vec![checksum::algorithm(kind)]),
            storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
            owner: with_owner.then(|| self.owner(&listed.owner)),
            ..Object::default()
        };
        objects.iter().map(object).collect()
    }
}

pub(super) fn prefixes(prefixes: &[String], encoding: Encoding) -> Vec<CommonPrefix> {
    prefixes.iter().map(|prefix| CommonPrefix { prefix: Some(encoding.show(prefix)) }).collect()
}

/// S3 takes an empty marker for none.
fn after(place: Option<&String>) -> Start {
    match place {
        Some(place) if !place.is_empty() => Start::After(place.clone()),
        _ => Start::First,
    }
}
