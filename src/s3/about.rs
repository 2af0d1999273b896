//! What requests say about objects and under which conditions, whatever operation they belong to.

use super::error::{invalid_argument, invalid_request, not_implemented};
use super::time::millis;
use crate::gateway::{Conditions, ETags, Headers, Span};
use s3s::S3Result;
use s3s::dto::{ETagCondition, Range, Timestamp};

/// What an operation was given that is not there yet.
///
/// # Errors
/// `NotImplemented`, naming the first.
pub(super) fn refuse(given: &[(bool, &str)]) -> S3Result<()> {
    match given.iter().find(|(given, _)| *given) {
        Some((_, what)) => Err(not_implemented(what)),
        None => Ok(()),
    }
}

/// What is stored about an object, from an input that has its headers.
macro_rules! about {
    ($input:expr) => {
        $crate::gateway::About {
            headers: $crate::gateway::Headers {
                content_type: $input.content_type.clone(),
                content_encoding: $crate::s3::about::without_framing($input.content_encoding.as_deref()),
                content_language: $input.content_language.clone(),
                content_disposition: $input.content_disposition.clone(),
                cache_control: $input.cache_control.clone(),
                expires: $input.expires.clone(),
                website_redirect: $input.website_redirect_location.clone(),
                storage_class: $input.storage_class.as_ref().map(|class| class.as_str().to_owned()),
            },
            user: $input.metadata.clone().unwrap_or_default().into_iter().collect(),
            tags: $crate::s3::tags::of_header($input.tagging.as_deref())?,
            lock: $crate::s3::lock::of_headers(
                $input.object_lock_mode.as_ref().map(s3s::dto::ObjectLockMode::as_str),
                $input.object_lock_retain_until_date.as_ref(),
                $input.object_lock_legal_hold_status.as_ref().map(s3s::dto::ObjectLockLegalHoldStatus::as_str),
            )?,
            acl: {
                $crate::s3::acl::no_grants!($input)?;
                let acl = $input.acl.as_ref().map(s3s::dto::ObjectCannedACL::as_str);
                $crate::s3::acl::canned(acl)?.unwrap_or_default()
            },
        }
    };
}
pub(super) use about;

/// `aws-chunked` is how the request was sent, and no encoding of the object.
pub(super) fn without_framing(encoding: Option<&str>) -> Option<String> {
    let given: Vec<&str> = encoding?.split(',').map(str::trim).collect();
    let kept: Vec<&str> = given.iter().copied().filter(|one| !one.eq_ignore_ascii_case("aws-chunked")).collect();
    match kept.len() {
        0 => None,
        count if count == given.len() => encoding.map(str::to_owned),
        _ => Some(kept.join(", ")),
    }
}

pub(super) fn etags(condition: Option<&ETagCondition>) -> Option<ETags> {
    Some(match condition? {
        ETagCondition::Any => ETags::Any,
        // s3s takes a list for one tag, with the quotes between.
        ETagCondition::ETag(etag) => {
            let bare = |tag: &str| tag.trim().trim_start_matches("W/").trim_matches('"').to_owned();
            ETags::OneOf(etag.value().split(',').map(bare).collect())
        }
    })
}

pub(super) fn conditions(
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
    modified: (Option<&Timestamp>, Option<&Timestamp>),
) -> Conditions {
    Conditions {
        if_match: etags(if_match),
        if_none_match: etags(if_none_match),
        if_modified_since: modified.0.map(millis),
        if_unmodified_since: modified.1.map(millis),
    }
}

/// Which bytes a read is of: a range, a part, or all.
///
/// # Errors
/// `InvalidRequest` for both, `InvalidArgument` for what is no number of a part.
pub(super) fn span(range: Option<&Range>, part: Option<i32>) -> S3Result<Option<Span>> {
    let range = range.map(|range| match range {
        Range::Int { first, last } => Span::From(*first, *last),
        Range::Suffix { length } => Span::Last(*length),
    });
    match (range, part) {
        (Some(_), Some(_)) => Err(invalid_request("cannot specify both Range header and partNumber query parameter")),
        (range, None) => Ok(range),
        (None, Some(number)) => part_number(number).map(|number| Some(Span::Part(number))),
    }
}

/// # Errors
/// `InvalidArgument` for what is no number of a part.
pub(super) fn part_number(number: i32) -> S3Result<u32> {
    let number = u32::try_from(number).ok().filter(|number| (1..=10_000).contains(number));
    number.ok_or_else(|| invalid_argument("the part number must be an integer from 1 to 10000"))
}

/// A count that a client asks for: at most `most`, which is also the default.
///
/// # Errors
/// `InvalidArgument` below zero.
pub(super) fn limit(asked: Option<i32>, most: usize) -> S3Result<usize> {
    match asked {
        None => Ok(most),
        Some(count) => match usize::try_from(count) {
            Ok(count) => Ok(count.min(most)),
            Err(_) => Err(invalid_argument("a limit must not be negative")),
        },
    }
}

/// Whether any header of an object is set.
pub(super) fn is_plain(headers: &Headers) -> bool {
    *headers == Headers::default()
}
