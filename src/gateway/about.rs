//! Headers and user metadata, to and from the sealed row.

use super::lock::set_lock;
use super::operation::{About, Headers};
use super::tags::{set_tags, tags_of};
use super::{Error, Refusal, items};
use crate::access::CannedAcl;
use crate::envelope::{Metadata, Text};
use crate::store::Lock;

/// S3's limit on names and values of user metadata together, in bytes.
const USER_MAX: usize = 2_048;

/// The row for an object that is `about` this.
///
/// # Errors
/// `MetadataTooLarge`, `KeyTooLong`, or `InvalidArgument` for what cannot become a header line.
pub(super) fn to_metadata(key: &str, created: u64, owner: &str, about: &About) -> Result<Metadata, Error> {
    if key.is_empty() {
        return Err(Refusal::InvalidArgument("the key is empty".to_owned()).into());
    }
    if key.len() > 1_024 {
        return Err(Refusal::KeyTooLong.into());
    }
    if about.user.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > USER_MAX {
        return Err(Refusal::MetadataTooLarge.into());
    }
    let mut metadata = Metadata::new(key, created);
    metadata.owner = Some(owner.as_bytes().to_vec());
    let headers = &about.headers;
    metadata.content_type = bytes(headers.content_type.as_ref());
    metadata.content_encoding = bytes(headers.content_encoding.as_ref());
    metadata.content_language = bytes(headers.content_language.as_ref());
    metadata.content_disposition = bytes(headers.content_disposition.as_ref());
    metadata.cache_control = bytes(headers.cache_control.as_ref());
    metadata.expires = bytes(headers.expires.as_ref());
    metadata.website_redirect = bytes(headers.website_redirect.as_ref());
    metadata.storage_class = bytes(headers.storage_class.as_ref());
    let pair = |(name, value): (&String, &String)| (name.clone().into_bytes(), value.clone().into_bytes());
    metadata.user = about.user.iter().map(pair).collect();
    set_tags(&mut metadata, &about.tags)?;
    set_lock(&mut metadata, about.lock);
    items::set_acl(&mut metadata, about.acl);
    metadata.encode().map_err(|error| Refusal::InvalidArgument(error.why.to_owned()))?;
    Ok(metadata)
}

/// What a verified row says, for an answer.
pub(super) fn from_metadata(metadata: &Metadata) -> About {
    About {
        headers: Headers {
            content_type: text(metadata.content_type.as_ref()),
            content_encoding: text(metadata.content_encoding.as_ref()),
            content_language: text(metadata.content_language.as_ref()),
            content_disposition: text(metadata.content_disposition.as_ref()),
            cache_control: text(metadata.cache_control.as_ref()),
            expires: text(metadata.expires.as_ref()),
            website_redirect: text(metadata.website_redirect.as_ref()),
            storage_class: text(metadata.storage_class.as_ref()),
        },
        user: metadata.user.iter().map(|(name, value)| (lossy(name), lossy(value))).collect(),
        tags: tags_of(metadata),
        lock: Lock::default(),
        acl: CannedAcl::default(),
    }
}

fn bytes(text: Option<&String>) -> Option<Text> {
    text.map(|text| text.clone().into_bytes())
}

fn text(bytes: Option<&Text>) -> Option<String> {
    bytes.map(|bytes| lossy(bytes))
}

/// What we sealed is UTF-8; another writer's bytes may not be.
fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
