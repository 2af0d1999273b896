//! From a form to a PUT, and back.

use super::answer::{Stored, Wish};
use super::fields::{self, Fields, File};
use super::policy::Policy;
use crate::access::{FormFault, FormSignature, Users};
use crate::gateway::{Gateway, Millis};
use crate::observe::Observe;
use crate::s3::Secure;
use crate::s3::error::{invalid_argument, not_implemented, plain};
use crate::s3::front::Answer;
use crate::s3::host::Domains;
use crate::s3::tags;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::{Body, S3Error, S3ErrorCode, S3Result, StdError};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

/// What stands as it is in a key's path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Fields that become the header of their name.
const HEADERS: [&str; 9] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-md5",
    "content-type",
    "expires",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
];

/// Beginnings of fields that become the header of their name.
const FAMILIES: [&str; 4] = ["x-amz-meta-", "x-amz-checksum-", "x-amz-server-side-encryption", "x-amz-object-lock-"];

/// Fields of version 4's signature.
const SIGNING: [&str; 4] = ["x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"];

/// How long before now, and after, a signature of version 4 may have been made: a week, and 15 minutes.
const AGE: (u64, u64) = (7 * 24 * 60 * 60 * 1_000, 15 * 60 * 1_000);

/// Among the extensions of a request: whose signature was verified already, by their access key.
#[derive(Clone)]
pub(in crate::s3) struct Vouched(pub(in crate::s3) String);

/// What reads forms.
pub(in crate::s3) struct Forms {
    pub(in crate::s3) gateway: Arc<Gateway>,
    pub(in crate::s3) users: Arc<Users>,
    pub(in crate::s3) domains: Domains,
    pub(in crate::s3) region: String,
    /// The largest file, in bytes.
    pub(in crate::s3) max_upload: u64,
}

/// What is to be done once the PUT of a form is answered.
pub(in crate::s3) struct Posted {
    wish: Wish,
    stored: Stored,
    told: Arc<Told>,
}

/// Whether a request is a form.
pub(in crate::s3) fn is_form(method: &Method, headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    *method == Method::POST && kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data")
}

impl Forms {
    /// The PUT that a form describes.
    ///
    /// # Errors
    /// What is wrong with the form, its signature or its policy.
    pub(in crate::s3) async fn put(&self, request: Request<Body>) -> S3Result<(Request<Body>, Posted)> {
        let (bucket, of_object) = self.domains.place(request.uri(), request.headers());
        if of_object || bucket.is_empty() || request.uri().query().is_some() {
            return Err(plain(S3ErrorCode::MethodNotAllowed, "the specified method is not allowed against this resource"));
        }
        self.check_length(request.headers())?;
        let (parts, body) = request.into_parts();
        let (mut fields, file) = fields::read(body, &boundary(&parts.headers)?).await?;
        let signer = self.signer(&fields)?;
        let key = fields.get("key").filter(|key| !key.is_empty()).ok_or_else(|| missing("key"))?.to_owned();
        let mut range = (0, self.max_upload);
        if let Some(policy) = fields.get("policy").map(Policy::read).transpose()? {
            match fields.get("bucket") {
                Some(other) if other != bucket => return Err(plain(S3ErrorCode::AccessDenied, "the form is for another bucket")),
                Some(_) => {}
                None => fields.add("bucket", bucket.clone())?,
            }
            policy.check(&fields, self.gateway.now())?;
            let (least, most) = policy.length.unwrap_or(range);
            range = (least, most.min(self.max_upload));
        }
        let path = format!("{}/{}", parts.uri.path().trim_end_matches('/'), utf8_percent_encode(&key, PATH));
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.or(parts.uri.authority().map(http::uri::Authority::as_str)).unwrap_or_default();
        let scheme = if parts.extensions.get::<Secure>().is_some() { "https" } else { "http" };
        let stored = Stored { bucket, key, location: format!("{scheme}://{host}{path}") };
        let told = Arc::new(Told::default());
        let file = Sized { file, seen: 0, range, told: Arc::clone(&told) };
        let mut put = Request::new(Body::http_body_unsync(StreamBody::new(file.map(|piece| piece.map(Frame::data)))));
        *put.method_mut() = Method::PUT;
        *put.uri_mut() = path.parse().map_err(|_| invalid_argument("the key is not valid"))?;
        *put.headers_mut() = headers(&fields)?;
        put.headers_mut().insert(HOST, HeaderValue::from_str(host).map_err(|_| invalid_argument("the host is not valid"))?);
        *put.extensions_mut() = parts.extensions;
        if let Some(signer) = signer {
            put.extensions_mut().insert(Vouched(signer));
        }
        Ok((put, Posted { wish: Wish::of(&fields), stored, told }))
    }

    /// A form says how long it is, so that what is too long is refused before it is sent.
    fn check_length(&self, headers: &HeaderMap) -> S3Result<()> {
        let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let length =
            length.ok_or_else(|| plain(S3ErrorCode::MissingContentLength, "You must provide the Content-Length HTTP header."))?;
        // The fields, heads and boundaries of a form fit in this.
        let most = self.max_upload.saturating_add(64 << 10);
        if length > most { Err(too_large()) } else { Ok(()) }
    }

    /// Whose signature a form has; none if it has no policy either.
    fn signer(&self, fields: &Fields) -> S3Result<Option<String>> {
        if fields.get("x-amz-security-token").is_some() {
            return Err(plain(S3ErrorCode::InvalidToken, "there are no session tokens here"));
        }
        let (two, four) = (fields.get("signature"), fields.get("x-amz-signature"));
        let Some(policy) = fields.get("policy") else {
            let signed = two.or(four).or(fields.get("awsaccesskeyid")).or(fields.get("x-amz-credential")).is_some();
            return if signed { Err(missing("policy")) } else { Ok(None) };
        };
        let signature = match (two, four) {
            (Some(_), Some(_)) => return Err(invalid_argument("a form has one signature")),
            (None, None) => return Err(missing("signature")),
            (Some(signature), None) => {
                let access_key = fields.get("awsaccesskeyid").ok_or_else(|| missing("AWSAccessKeyId"))?;
                FormSignature::Two { access_key, signature }
            }
            (None, Some(signature)) => self.version_four(fields, signature)?,
        };
        let (FormSignature::Two { access_key, .. } | FormSignature::Four { access_key, .. }) = signature;
        match self.users.verify_form(policy, &signature) {
            Ok(()) => Ok(Some(access_key.to_owned())),
            Err(FormFault::UnknownKey) => Err(plain(S3ErrorCode::InvalidAccessKeyId, "the access key is not known here")),
            Err(FormFault::Mismatch) => Err(plain(
                S3ErrorCode::SignatureDoesNotMatch,
                "the signature of the policy does not match the one you provided: check your secret access key and the signing method",
            )),
        }
    }

    fn version_four<'f>(&self, fields: &'f Fields, signature: &'f str) -> S3Result<FormSignature<'f>> {
        if fields.get("x-amz-algorithm").ok_or_else(|| missing("x-amz-algorithm"))? != "AWS4-HMAC-SHA256" {
            return Err(invalid_argument("x-amz-algorithm must be AWS4-HMAC-SHA256"));
        }
        let credential = fields.get("x-amz-credential").ok_or_else(|| missing("x-amz-credential"))?;
        let date = fields.get("x-amz-date").ok_or_else(|| missing("x-amz-date"))?;
        let words: Vec<&str> = credential.split('/').collect();
        let [access_key, day, region, "s3", "aws4_request"] = words.as_slice() else {
            return Err(invalid_argument("x-amz-credential must be like KEY/20300131/us-east-1/s3/aws4_request"));
        };
        if *region != self.region {
            return Err(invalid_argument(format!("the region here is {}", self.region)));
        }
        let made = chrono::NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").ok();
        let made = made.and_then(|made| u64::try_from(made.and_utc().timestamp_millis()).ok());
        let made = made.filter(|_| date.get(..8) == Some(*day)).ok_or_else(|| invalid_argument("x-amz-date is not valid"))?;
        let Millis(now) = self.gateway.now();
        if made > now.saturating_add(AGE.1) || made < now.saturating_sub(AGE.0) {
            return Err(plain(S3ErrorCode::AccessDenied, "the signature of the form is older than a week, or not valid yet"));
        }
        Ok(FormSignature::Four { access_key, day, region, signature })
    }
}

impl Posted {
    /// The browser's answer, once the PUT has its own. What came in is counted here: a PUT counts what it declares.
    ///
    /// # Errors
    /// `EntityTooLarge` or `EntityTooSmall`, in place of what came of a file that was broken off for it.
    pub(in crate::s3) fn answer(self, answer: Answer, observe: &Observe) -> S3Result<Answer> {
        match self.told.refused.get() {
            Some(S3ErrorCode::EntityTooLarge) => return Err(too_large()),
            Some(_) => {
                let why = "Your proposed upload is smaller than the minimum allowed size";
                return Err(plain(S3ErrorCode::EntityTooSmall, why));
            }
            None => {}
        }
        if answer.status() != StatusCode::OK {
            return Ok(answer);
        }
        observe.received(self.told.seen.load(Ordering::Relaxed));
        Ok(self.wish.grant(answer, &self.stored))
    }
}

fn boundary(headers: &HeaderMap) -> S3Result<String> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let named = kind.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let boundary = named.map(|(name, value)| (name.trim(), value.trim())).find(|(name, _)| name.eq_ignore_ascii_case("boundary"));
    let boundary = boundary.map(|(_, value)| value.trim_matches('"').to_owned());
    boundary.ok_or_else(|| plain(S3ErrorCode::MalformedPOSTRequest, "the Content-Type names no boundary"))
}

/// The headers of the PUT.
fn headers(fields: &Fields) -> S3Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields.all().filter(|(_, value)| !value.is_empty()) {
        let known = HEADERS.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family));
        let (name, value) = match name {
            "acl" => ("x-amz-acl", value.to_owned()),
            "tagging" => ("x-amz-tagging", tags::header_of_xml(value)?),
            _ if known => (name, value.to_owned()),
            _ if name.starts_with("x-amz-") && !SIGNING.contains(&name) => {
                return Err(not_implemented(&format!("the form field {}", name.escape_default())));
            }
            _ => continue,
        };
        let header = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_bytes(value.as_bytes()).ok());
        let (name, value) =
            header.ok_or_else(|| invalid_argument(format!("the form field {} is not valid", name.escape_default())))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn missing(name: &str) -> S3Error {
    invalid_argument(format!(
        "Bucket POST must contain a field named '{name}'. If it is specified, please check the order of the fields."
    ))
}

fn too_large() -> S3Error {
    plain(S3ErrorCode::EntityTooLarge, "Your proposed upload exceeds the maximum allowed size")
}

/// What became of a file on its way in.
#[derive(Default)]
struct Told {
    /// Why it was broken off, if it was.
    refused: OnceLock<S3ErrorCode>,
    /// Its length, once it ended.
    seen: AtomicU64,
}

/// A file that is broken off where it is longer than it may be, and at its end if it is shorter.
struct Sized {
    file: File,
    seen: u64,
    range: (u64, u64),
    told: Arc<Told>,
}

impl Sized {
    fn refuse(&self, code: S3ErrorCode) -> Poll<Option<Result<Bytes, StdError>>> {
        let _told_before = self.told.refused.set(code);
        Poll::Ready(Some(Err("the file has not the length that its policy allows".into())))
    }
}

impl Stream for Sized {
    type Item = Result<Bytes, StdError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.file).poll_next(context);
        match polled {
            Poll::Ready(Some(Ok(piece))) => {
                self.seen = self.seen.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
                if self.seen > self.range.1 { self.refuse(S3ErrorCode::EntityTooLarge) } else { Poll::Ready(Some(Ok(piece))) }
            }
            Poll::Ready(None) if self.seen < self.range.0 => self.refuse(S3ErrorCode::EntityTooSmall),
            Poll::Ready(None) => {
                self.told.seen.store(self.seen, Ordering::Relaxed);
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Pending => Poll::Pending,
        }
    }
}
