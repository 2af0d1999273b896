//! CORS around every request: preflights are answered here, since browsers ask before they sign, and answers get the
//! headers that let a page read them.

use super::error::{custom, failed};
use super::front::Answer;
use super::host::Domains;
use crate::gateway::{CorsAllowed, CorsAsked, CorsVerdict, Gateway};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::{HeaderMap, Request, Response, StatusCode};
use s3s::{Body, S3Error, S3Result};
use std::sync::Arc;

/// What tells pages of each bucket apart.
pub(super) struct Origins {
    gateway: Arc<Gateway>,
    domains: Domains,
}

/// A request of a page.
pub(super) struct Page {
    bucket: String,
    asked: CorsAsked,
}

const VARIES: HeaderValue = HeaderValue::from_static("Origin, Access-Control-Request-Headers, Access-Control-Request-Method");

impl Origins {
    pub(super) fn new(gateway: Arc<Gateway>, domains: Domains) -> Self {
        Self { gateway, domains }
    }

    /// What a request tells of the page behind it; none if it has no `Origin`.
    pub(super) fn page(&self, request: &Request<Body>) -> Option<Page> {
        let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        let origin = text(ORIGIN)?.to_owned();
        let method = text(ACCESS_CONTROL_REQUEST_METHOD).unwrap_or(request.method().as_str()).to_owned();
        let headers = text(ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default().split(',').map(str::trim);
        let headers = headers.filter(|header| !header.is_empty()).map(str::to_owned).collect();
        let (bucket, _) = self.domains.place(request.uri(), request.headers());
        Some(Page { bucket, asked: CorsAsked { origin, method, headers } })
    }

    /// The bucket that a request is about, and whether it is about an object in it.
    pub(super) fn place(&self, request: &Request<Body>) -> (String, bool) {
        self.domains.place(request.uri(), request.headers())
    }

    /// Answers a preflight.
    ///
    /// # Errors
    /// `BadRequest` where it does not say what it is about, `AccessForbidden` where no rule fits.
    pub(super) async fn preflight(&self, page: Option<&Page>, headers: &HeaderMap) -> S3Result<Answer> {
        let page = page.ok_or_else(|| bad("Insufficient information. Origin request header needed."))?;
        if !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return Err(bad("Invalid Access-Control-Request-Method: null"));
        }
        let verdict = self.gateway.cors_verdict(&page.bucket, &page.asked).await.map_err(failed)?;
        Err(forbidden(match verdict {
            CorsVerdict::Allowed(_) => return Ok(Response::new(Body::empty())),
            CorsVerdict::NoSuchBucket => "CORSResponse: Bucket not found",
            CorsVerdict::Unconfigured => "CORSResponse: CORS is not enabled for this bucket.",
            CorsVerdict::Refused => {
                "CORSResponse: This CORS request is not allowed. This is usually because the evaluation of Origin, request \
                 method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the \
                 resource's CORS spec."
            }
        }))
    }

    /// Tells the browser what the page may do with an answer, an error too.
    pub(super) async fn tell(&self, page: &Page, headers: &mut HeaderMap) {
        match self.gateway.cors_verdict(&page.bucket, &page.asked).await {
            Ok(CorsVerdict::Allowed(allowed)) => {
                headers.append(VARY, VARIES);
                announce(&allowed, headers);
            }
            Ok(CorsVerdict::Refused) => {
                headers.append(VARY, VARIES);
            }
            Ok(CorsVerdict::NoSuchBucket | CorsVerdict::Unconfigured) => {}
            Err(error) => drop(failed(error)),
        }
    }
}

fn announce(allowed: &CorsAllowed, headers: &mut HeaderMap) {
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(ACCESS_CONTROL_ALLOW_ORIGIN, &allowed.origin);
    set(ACCESS_CONTROL_ALLOW_METHODS, &allowed.methods.join(", "));
    if allowed.origin != "*" {
        set(ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    }
    if !allowed.headers.is_empty() {
        set(ACCESS_CONTROL_ALLOW_HEADERS, &allowed.headers.join(", "));
    }
    if !allowed.expose.is_empty() {
        set(ACCESS_CONTROL_EXPOSE_HEADERS, &allowed.expose.join(", "));
    }
    if let Some(seconds) = allowed.max_age {
        set(ACCESS_CONTROL_MAX_AGE, &seconds.to_string());
    }
}

fn bad(why: &str) -> S3Error {
    custom("BadRequest", StatusCode::BAD_REQUEST, why)
}

fn forbidden(why: &str) -> S3Error {
    custom("AccessForbidden", StatusCode::FORBIDDEN, why)
}
