//! Tags of objects and of buckets.

use super::gateway::{Gateway, bucket_of};
use super::operation::{GetBucketTags, GetObjectTags, PutBucketTags, PutObjectTags, Tags};
use super::{Error, Refusal};
use crate::access::Permitted;
use crate::envelope::Metadata;

/// The most tags of an object, and of a bucket.
const OF_OBJECT: usize = 10;
const OF_BUCKET: usize = 50;

/// The longest key and value of a tag, in characters.
const KEY_MAX: usize = 128;
const VALUE_MAX: usize = 256;

/// Whether S3 takes these tags.
///
/// # Errors
/// `InvalidTag`.
fn check(tags: &Tags, most: usize) -> Result<(), Error> {
    let invalid = |why: &str| Err(Refusal::InvalidTag(why.to_owned()).into());
    if tags.len() > most {
        return invalid(&format!("there can be at most {most} tags"));
    }
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > KEY_MAX {
            return invalid("the key of a tag has 1 to 128 characters");
        }
        if value.chars().count() > VALUE_MAX {
            return invalid("the value of a tag has at most 256 characters");
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return invalid("keys of tags that begin with aws: are reserved");
        }
    }
    Ok(())
}

/// Seals tags with an object.
pub(super) fn set_tags(metadata: &mut Metadata, tags: &Tags) -> Result<(), Error> {
    check(tags, OF_OBJECT)?;
    let bytes = |(key, value): (&String, &String)| (key.clone().into_bytes(), value.clone().into_bytes());
    metadata.tags = tags.iter().map(bytes).collect();
    Ok(())
}

/// The tags that are sealed with an object.
pub(super) fn tags_of(metadata: &Metadata) -> Tags {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    metadata.tags.iter().map(|(key, value)| (text(key), text(value))).collect()
}

impl Gateway {
    /// An object's tags, and the version they are of.
    ///
    /// # Errors
    /// As [`Gateway::head`].
    pub async fn object_tags(&self, operation: Permitted<GetObjectTags>) -> Result<(Tags, Option<String>), Error> {
        let bucket = bucket_of(&operation)?;
        let GetObjectTags { key, version, .. } = operation.operation();
        let found = self.find_to_read(&bucket, key, version.as_ref()).await?;
        let tags = tags_of(found.metadata());
        Ok((tags, self.version_shown(&bucket, &found).await?))
    }

    /// Replaces an object's tags; its time stays.
    ///
    /// # Errors
    /// `InvalidTag`; as [`Gateway::head`].
    pub async fn put_object_tags(&self, operation: Permitted<PutObjectTags>) -> Result<Option<String>, Error> {
        let bucket = bucket_of(&operation)?;
        let PutObjectTags { key, version, tags, .. } = operation.operation();
        let found = self.amend(&bucket, (key, version.as_ref()), |metadata| set_tags(metadata, tags)).await?;
        self.version_shown(&bucket, &found).await
    }

    /// A bucket's tags; none if it never had any.
    pub async fn bucket_tags(&self, operation: &Permitted<GetBucketTags>) -> Result<Tags, Error> {
        Ok(self.configuration(operation).await?.tags.clone())
    }

    /// Replaces a bucket's tags.
    ///
    /// # Errors
    /// `InvalidTag`.
    pub async fn put_bucket_tags(&self, operation: Permitted<PutBucketTags>) -> Result<(), Error> {
        let bucket = bucket_of(&operation)?;
        let tags = &operation.operation().tags;
        check(tags, OF_BUCKET)?;
        self.configure(&bucket, |configuration| {
            configuration.tags.clone_from(tags);
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_held_to_the_limits_of_s3() {
        let of = |count: usize, key: usize, value: usize| -> Tags {
            (0..count).map(|i| (format!("{i:0>key$}"), "v".repeat(value))).collect()
        };
        assert!(check(&of(10, 128, 256), OF_OBJECT).is_ok());
        for tags in [of(11, 1, 1), of(1, 129, 1), of(1, 1, 257)] {
            assert!(check(&tags, OF_OBJECT).is_err());
        }
        assert!(check(&Tags::from([(String::new(), String::new())]), OF_OBJECT).is_err());
    }
}
