//! Tags of objects and of buckets: as XML, and as a header.

use super::adapter::{Adapter, Asker};
use super::error::{failed, invalid_argument, plain};
use super::versions::version;
use crate::gateway::{GetBucketTags, GetObjectTags, PutBucketTags, PutObjectTags, Tags};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use s3s::dto::{
    DeleteObjectTaggingInput, DeleteObjectTaggingOutput, GetBucketTaggingOutput, GetObjectTaggingInput, GetObjectTaggingOutput,
    PutBucketTaggingInput, PutObjectTaggingInput, PutObjectTaggingOutput, Tag, Tagging,
};
use s3s::xml::{Deserialize, Deserializer};
use s3s::{S3ErrorCode, S3Result};

/// The tags of an `x-amz-tagging` header: a query.
///
/// # Errors
/// `InvalidArgument` for what is none; `InvalidTag` for one that is repeated.
pub(super) fn of_header(header: Option<&str>) -> S3Result<Tags> {
    let mut tags = Tags::new();
    for pair in header.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        add(&mut tags, decoded(key)?, decoded(value)?)?;
    }
    Ok(tags)
}

/// The same tags as a header, of the XML that forms have.
///
/// # Errors
/// `MalformedXML` for what is no tag set.
pub(super) fn header_of_xml(xml: &str) -> S3Result<String> {
    let mut reader = Deserializer::new(xml.as_bytes());
    let tagging = Tagging::deserialize(&mut reader).and_then(|tagging| reader.expect_eof().map(|()| tagging));
    let tagging = tagging.map_err(|_| plain(S3ErrorCode::MalformedXML, "the tagging field is no tag set"))?;
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = of_set(tagging.tag_set)?.into_iter().map(|(key, value)| format!("{}={}", encoded(&key), encoded(&value)));
    Ok(pairs.collect::<Vec<_>>().join("&"))
}

fn decoded(text: &str) -> S3Result<String> {
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8();
    Ok(decoded.map_err(|_| invalid_argument("x-amz-tagging is not UTF-8"))?.into_owned())
}

fn add(tags: &mut Tags, key: String, value: String) -> S3Result<()> {
    match tags.insert(key, value) {
        None => Ok(()),
        Some(_) => Err(plain(S3ErrorCode::InvalidTag, "cannot provide multiple tags with the same key")),
    }
}

/// The tags of an XML tag set.
///
/// # Errors
/// `MalformedXML` for one without a key; `InvalidTag` for one that is repeated.
pub(super) fn of_set(set: Vec<Tag>) -> S3Result<Tags> {
    let mut tags = Tags::new();
    for Tag { key, value } in set {
        let key = key.ok_or_else(|| plain(S3ErrorCode::MalformedXML, "a tag has no key"))?;
        add(&mut tags, key, value.unwrap_or_default())?;
    }
    Ok(tags)
}

fn set_of(tags: Tags) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag { key: Some(key), value: Some(value) }).collect()
}

impl Adapter {
    pub(super) async fn object_tags(&self, asker: &Asker, input: GetObjectTaggingInput) -> S3Result<GetObjectTaggingOutput> {
        let version = input.version_id.as_deref().map(version).transpose()?;
        let operation = GetObjectTags { bucket: input.bucket, key: input.key, version };
        let permitted = self.permit(asker, operation).await?;
        let (tags, version_id) = self.gateway.object_tags(permitted).await.map_err(|error| self.integrity(error))?;
        Ok(GetObjectTaggingOutput { tag_set: set_of(tags), version_id })
    }

    pub(super) async fn tag_object(&self, asker: &Asker, input: PutObjectTaggingInput) -> S3Result<PutObjectTaggingOutput> {
        let version = input.version_id.as_deref().map(version).transpose()?;
        let tags = of_set(input.tagging.tag_set)?;
        let operation = PutObjectTags { bucket: input.bucket, key: input.key, version, tags };
        let version_id = self.replace_tags(asker, operation).await?;
        Ok(PutObjectTaggingOutput { version_id })
    }

    pub(super) async fn untag_object(
        &self,
        asker: &Asker,
        input: DeleteObjectTaggingInput,
    ) -> S3Result<DeleteObjectTaggingOutput> {
        let version = input.version_id.as_deref().map(version).transpose()?;
        let operation = PutObjectTags { bucket: input.bucket, key: input.key, version, tags: Tags::new() };
        let version_id = self.replace_tags(asker, operation).await?;
        Ok(DeleteObjectTaggingOutput { version_id })
    }

    async fn replace_tags(&self, asker: &Asker, operation: PutObjectTags) -> S3Result<Option<String>> {
        let permitted = self.permit(asker, operation).await?;
        self.gateway.put_object_tags(permitted).await.map_err(|error| self.integrity(error))
    }

    pub(super) async fn bucket_tags(&self, asker: &Asker, bucket: String) -> S3Result<GetBucketTaggingOutput> {
        let permitted = self.permit(asker, GetBucketTags { bucket }).await?;
        let tags = self.gateway.bucket_tags(&permitted).await.map_err(failed)?;
        if tags.is_empty() {
            return Err(plain(S3ErrorCode::NoSuchTagSet, "the tag set does not exist"));
        }
        Ok(GetBucketTaggingOutput { tag_set: set_of(tags) })
    }

    pub(super) async fn tag_bucket(&self, asker: &Asker, input: PutBucketTaggingInput) -> S3Result<()> {
        let tags = of_set(input.tagging.tag_set)?;
        self.replace_bucket_tags(asker, input.bucket, tags).await
    }

    pub(super) async fn replace_bucket_tags(&self, asker: &Asker, bucket: String, tags: Tags) -> S3Result<()> {
        let permitted = self.permit(asker, PutBucketTags { bucket, tags }).await?;
        self.gateway.put_bucket_tags(permitted).await.map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_tags_is_a_query() {
        let tags = of_header(Some("one=1&two=a%20b+c&three&=x")).unwrap();
        let pairs: Vec<_> = tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("", "x"), ("one", "1"), ("three", ""), ("two", "a b c")]);
        assert!(of_header(Some("a=1&a=2")).is_err());
        assert!(of_header(None).unwrap().is_empty());
    }
}
