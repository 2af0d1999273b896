//! What a browser is told once its file is stored.

use super::fields::Fields;
use crate::s3::front::{Answer, escape};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::Body;

/// What stands as it is in a query.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What the form wishes to be told.
pub(super) enum Wish {
    /// Go to this page.
    Redirect(String),
    /// This status; 204 unless 200 or 201.
    Status(StatusCode),
}

/// What was stored where.
pub(super) struct Stored {
    pub(super) bucket: String,
    pub(super) key: String,
    /// The object's URL.
    pub(super) location: String,
}

impl Wish {
    /// A page that cannot be gone to counts as none.
    pub(super) fn of(fields: &Fields) -> Self {
        let page = fields.get("success_action_redirect").or(fields.get("redirect"));
        let page = page.filter(|page| page.starts_with("http://") || page.starts_with("https://"));
        if let Some(page) = page.filter(|page| page.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Self::Redirect(page.to_owned());
        }
        Self::Status(match fields.get("success_action_status") {
            Some("200") => StatusCode::OK,
            Some("201") => StatusCode::CREATED,
            _ => StatusCode::NO_CONTENT,
        })
    }

    /// The answer to the PUT, made into the one that was wished for.
    pub(super) fn grant(self, mut answer: Answer, stored: &Stored) -> Answer {
        let etag = answer.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).unwrap_or_default().to_owned();
        *answer.body_mut() = Body::empty();
        answer.headers_mut().remove(CONTENT_LENGTH);
        set_location(answer.headers_mut(), &stored.location);
        *answer.status_mut() = match self {
            Self::Redirect(page) => {
                set_location(answer.headers_mut(), &with_query(&page, stored, &etag));
                StatusCode::SEE_OTHER
            }
            Self::Status(status) => {
                if status == StatusCode::CREATED {
                    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
                    *answer.body_mut() = Body::from(xml(stored, &etag));
                }
                status
            }
        };
        answer
    }
}

fn set_location(headers: &mut HeaderMap, location: &str) {
    if let Ok(location) = HeaderValue::from_str(location) {
        headers.insert(LOCATION, location);
    }
}

fn with_query(page: &str, stored: &Stored, etag: &str) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, QUERY).to_string();
    let query = format!("bucket={}&key={}&etag={}", encoded(&stored.bucket), encoded(&stored.key), encoded(etag));
    let (page, fragment) = page.split_once('#').map_or((page, String::new()), |(page, rest)| (page, format!("#{rest}")));
    let joint = if page.contains('?') { '&' } else { '?' };
    format!("{page}{joint}{query}{fragment}")
}

fn xml(stored: &Stored, etag: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse><Location>{}</Location><Bucket>{}</Bucket><Key>{}</Key><ETag>{}</ETag></PostResponse>",
        escape(&stored.location),
        escape(&stored.bucket),
        escape(&stored.key),
        escape(etag)
    )
}
