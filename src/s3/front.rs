//! The strict layer: what s3s lets through and S3 does not, refused before anything is parsed; and what every answer has.

use super::control::compared;
use super::counted;
use super::credentials;
use super::error::{CONDITION, invalid_request, plain};
use super::form::{Forms, is_form};
use super::framing::{Ended, Watched};
use super::known::{self, Expected};
use super::origins::Origins;
use super::resources;
use crate::observe::{Observe, RequestId};
use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use http::{HeaderMap, Method, Request, Response, Uri};
use s3s::service::S3Service;
use s3s::{Body, S3ErrorCode, S3Result};
use std::sync::Arc;
use tracing::Instrument;

/// What answers requests: s3s behind the strict layer.
#[derive(Clone)]
pub struct Service {
    inner: S3Service,
    observe: Arc<Observe>,
    origins: Arc<Origins>,
    forms: Arc<Forms>,
    region: Arc<str>,
}

/// An answer, whose body breaks off where content stops verifying.
pub type Answer = Response<Body>;

/// The client sent nothing for too long.
#[derive(Debug, thiserror::Error)]
#[error("the client was too slow")]
pub struct Slow;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");

/// Headers of which there may be one.
const SINGLE: [&str; 8] =
    ["host", "authorization", "content-md5", "content-type", "range", "if-match", "if-none-match", "content-length"];

/// The most bytes of headers: presigned URLs and metadata fit four times.
const HEADERS_MAX: usize = 32 << 10;

impl Service {
    pub(super) fn new(inner: S3Service, observe: Arc<Observe>, origins: Origins, forms: Forms) -> Self {
        let region = Arc::from(forms.region.as_str());
        Self { inner, observe, origins: Arc::new(origins), forms: Arc::new(forms), region }
    }

    /// Answers a request.
    pub async fn answer(&self, mut request: Request<Body>) -> Answer {
        let id = RequestId::next();
        let (path, method) = (request.uri().path().to_owned(), request.method().clone());
        let mut exchange = self.observe.begin(id, method_name(&method), path.clone());
        let page = self.origins.page(&request);
        let (bucket, of_object) = self.origins.place(&request);
        let expected = Expected::of(&bucket, request.headers(), request.uri().query().unwrap_or_default());
        if !expected.is_empty() {
            request.extensions_mut().insert(expected);
        }
        let request = counted::incoming(request, exchange.learnt());
        let answer = match check(&method, (request.uri(), of_object), request.headers()) {
            _ if method == Method::OPTIONS => self.origins.preflight(page.as_ref(), request.headers()).await,
            Ok(()) => self.pass(request, id).await,
            Err((error, close)) => error.to_http_response().map(|mut answer| {
                if close {
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                answer
            }),
        };
        let answer = answer.or_else(s3s::S3Error::to_http_response).unwrap_or_else(|_| {
            let mut answer = Response::new(Body::empty());
            *answer.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            answer
        });
        let (mut answer, code) = finish(answer, (id, &self.region), &path, method == Method::HEAD);
        if let Some(page) = &page {
            self.origins.tell(page, answer.headers_mut()).await;
        }
        exchange.answered(answer.status().as_u16(), code);
        counted::outgoing(answer, exchange, &method)
    }
}

/// Watches a framed body for its last frame.
fn watched(mut request: Request<Body>) -> Request<Body> {
    let payload = request.headers().get("x-amz-content-sha256");
    if !payload.is_some_and(|payload| payload.as_bytes().starts_with(b"STREAMING-")) {
        return request;
    }
    let ended = Ended::default();
    request.extensions_mut().insert(ended.clone());
    request.map(|body| Body::http_body_unsync(Watched::new(body, ended)))
}

impl Service {
    /// Hands a request on to s3s. Every line that is logged on the way names it.
    async fn pass(&self, request: Request<Body>, id: RequestId) -> S3Result<Answer> {
        if is_form(request.method(), request.headers()) {
            let (put, posted) = Box::pin(self.forms.put(request)).await?;
            return posted.answer(self.hand_on(put, id).await?, &self.observe);
        }
        self.hand_on(request, id).await
    }

    async fn hand_on(&self, request: Request<Body>, id: RequestId) -> S3Result<Answer> {
        let (mut request, wrong) = compared(watched(request))?;
        credentials::dated(request.headers_mut());
        let span = tracing::error_span!("exchange", request = %id);
        let answer = self.inner.call(request).instrument(span).await;
        if let Some(refusal) = wrong.refusal() {
            return Err(refusal);
        }
        answer.map_err(|error| {
            tracing::error!(request = %id, error = %error.into_std_error(), "no answer");
            plain(S3ErrorCode::InternalError, "internal error")
        })
    }
}

fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::PUT => "PUT",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// What is refused before s3s sees it, and whether the connection goes with it.
fn check(method: &Method, (uri, of_object): (&Uri, bool), headers: &HeaderMap) -> Result<(), (s3s::S3Error, bool)> {
    if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
        return Err((invalid_request("a request has a length or a transfer encoding, not both"), true));
    }
    credentials::check(uri, headers)
        .and_then(|()| check_headers(method, headers))
        .and_then(|()| known::check_headers(headers, uri.query().unwrap_or_default()))
        .and_then(|()| resources::check(method, uri.query().unwrap_or_default(), of_object))
        .map_err(|error| (error, false))
}

fn check_headers(method: &Method, headers: &HeaderMap) -> S3Result<()> {
    let length = headers.iter().fold(0, |sum, (name, value)| name.as_str().len().saturating_add(value.len()).saturating_add(sum));
    if length > HEADERS_MAX {
        return Err(plain(S3ErrorCode::RequestHeaderSectionTooLarge, "your request header section exceeds 32 KiB"));
    }
    for name in headers.keys() {
        let single =
            SINGLE.contains(&name.as_str()) || (name.as_str().starts_with("x-amz-") && !name.as_str().starts_with("x-amz-meta-"));
        if single && headers.get_all(name).iter().count() > 1 {
            return Err(invalid_request(format!("the header {name} is repeated")));
        }
    }
    let authorization = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    if authorization.starts_with(b"AWS ") {
        return Err(invalid_request(
            "the authorization mechanism you have provided is not supported: please use AWS4-HMAC-SHA256",
        ));
    }
    if headers.get("content-md5").is_some_and(HeaderValue::is_empty) {
        return Err(plain(S3ErrorCode::InvalidDigest, "the Content-MD5 is not valid"));
    }
    if headers.contains_key("x-amz-security-token") {
        return Err(plain(S3ErrorCode::InvalidToken, "there are no session tokens here"));
    }
    if *method == Method::POST && !is_form(method, headers) {
        return check_control_body(headers);
    }
    Ok(())
}

/// What is sent by POST is read whole: its length is known before, and small.
fn check_control_body(headers: &HeaderMap) -> S3Result<()> {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    match length {
        None if headers.contains_key(TRANSFER_ENCODING) => {
            Err(plain(S3ErrorCode::MissingContentLength, "you must provide the Content-Length HTTP header"))
        }
        Some(length) if length > super::XML_MAX => Err(plain(S3ErrorCode::MaxMessageLengthExceeded, "your request was too big")),
        _ => Ok(()),
    }
}

/// Gives an answer its request id; an error also its body in full: s3s leaves Resource out, and sometimes Message.
fn finish(mut answer: Answer, of: (RequestId, &str), path: &str, head: bool) -> (Answer, Option<String>) {
    let (id, region) = of;
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        answer.headers_mut().insert(REQUEST_ID, value);
    }
    let status = answer.status();
    if !(status.is_client_error() || status.is_server_error()) {
        answer.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
        // s3s says so of GET alone.
        if answer.headers().contains_key(CONTENT_RANGE) {
            *answer.status_mut() = http::StatusCode::PARTIAL_CONTENT;
        }
        return (answer, None);
    }
    let condition = answer.headers_mut().remove(CONDITION);
    let text = answer.body().bytes().and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()).unwrap_or_default();
    let code = element(&text, "Code").unwrap_or_else(|| usual_code(status).to_owned());
    if head {
        return (answer, Some(code));
    }
    let message = element(&text, "Message").unwrap_or_else(|| escape(&usual_message(&code)));
    let resource = escape(path);
    // Clients that signed for another region read here which to sign for.
    let region =
        if code == "AuthorizationHeaderMalformed" { format!("<Region>{}</Region>", escape(region)) } else { String::new() };
    // Clients that create only what is not there tell that failure from others by this.
    let condition = condition.as_ref().and_then(|condition| condition.to_str().ok());
    let condition = condition.map_or_else(String::new, |which| format!("<Condition>{}</Condition>", escape(which)));
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>{condition}{region}<Resource>{resource}</Resource><RequestId>{id}</RequestId></Error>"
    );
    let (mut parts, _) = answer.into_parts();
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    parts.headers.remove(CONTENT_LENGTH);
    (Response::from_parts(parts, Body::from(Bytes::from(body))), Some(code))
}

/// What stands in an element, still escaped.
fn element(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (value, _) = rest.split_once("</")?;
    (!value.is_empty()).then(|| value.to_owned())
}

fn usual_code(status: http::StatusCode) -> &'static str {
    match status.as_u16() {
        403 => "AccessDenied",
        404 => "NoSuchKey",
        405 => "MethodNotAllowed",
        411 => "MissingContentLength",
        501 => "NotImplemented",
        400..=499 => "InvalidRequest",
        _ => "InternalError",
    }
}

fn usual_message(code: &str) -> String {
    match code {
        "AccessDenied" => "access denied".to_owned(),
        "SignatureDoesNotMatch" => {
            "the request signature we calculated does not match the signature you provided: check your secret access key and the signing method".to_owned()
        }
        "RequestTimeTooSkewed" => "the difference between the request time and the server's time is too large".to_owned(),
        "NotImplemented" => "this operation is not implemented".to_owned(),
        other => format!("the request was refused: {other}"),
    }
}

pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter if letter < ' ' => escaped.push('?'),
            letter => escaped.push(letter),
        }
    }
    escaped
}
