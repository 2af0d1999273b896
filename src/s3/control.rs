//! Bodies that s3s reads whole, held against what is declared of them: the gateway, which verifies the content of
//! objects, never sees the XML of DeleteObjects, and s3s compares it with nothing.

use super::error::plain;
use super::{checksum, credentials, resources};
use crate::gateway::{Checksum, ChecksumKind, Digest};
use bytes::Bytes;
use http::{Method, Request};
use http_body::{Body as HttpBody, Frame, SizeHint};
use s3s::{Body, S3Error, S3ErrorCode, S3Result};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

/// Whether a body turned out not to be what was declared.
#[derive(Clone, Default)]
pub(super) struct Wrong(Arc<AtomicBool>);

impl Wrong {
    /// What is answered then, in place of anything else.
    pub(super) fn refusal(&self) -> Option<S3Error> {
        let wrong = self.0.load(Ordering::Acquire);
        wrong.then(|| plain(S3ErrorCode::BadDigest, "the Content-MD5 or checksum you specified did not match what we received"))
    }
}

/// Compares the body of a POST, or of a PUT that configures, with the digests in its head as it goes by; and any body with
/// the SHA-256 that nobody signed.
///
/// # Errors
/// `InvalidDigest` for a Content-MD5 that is none; `InvalidRequest` for such a checksum.
pub(super) fn compared(request: Request<Body>) -> S3Result<(Request<Body>, Wrong)> {
    let wrong = Wrong::default();
    let (query, headers) = (request.uri().query().unwrap_or_default(), request.headers());
    let control = match *request.method() {
        // Of a Complete, a checksum header is the object's.
        Method::POST => !query.split('&').any(|pair| pair.starts_with("uploadId=")),
        Method::PUT => resources::configures(query),
        _ => false,
    };
    let mut declared: Vec<Checksum> = unsigned(&request).into_iter().collect();
    for (name, value) in headers.iter().filter(|_| control) {
        let text = value.to_str().unwrap_or_default();
        if name == "content-md5" {
            let md5 = checksum::parse(ChecksumKind::Md5, text);
            declared.push(md5.ok_or_else(|| plain(S3ErrorCode::InvalidDigest, "the Content-MD5 is not valid"))?);
        } else if let Some(kind) = checksum::of_header(name.as_str()) {
            let sum = checksum::parse(kind, text);
            declared.push(sum.ok_or_else(|| plain(S3ErrorCode::InvalidRequest, "the value of a checksum header is not valid"))?);
        }
    }
    if declared.is_empty() {
        return Ok((request, wrong));
    }
    let sums = declared.into_iter().map(|sum| (sum.kind.digest(), sum.value)).collect();
    let told = wrong.clone();
    Ok((request.map(|inner| Body::http_body_unsync(Compared { inner, sums, wrong: told })), wrong))
}

/// The SHA-256 that a request without a signature declares: s3s verifies only what was signed.
fn unsigned(request: &Request<Body>) -> Option<Checksum> {
    let text = request.headers().get("x-amz-content-sha256")?.to_str().ok()?;
    let value = hex_simd::decode_to_vec(text).ok().filter(|value| value.len() == ChecksumKind::Sha256.len())?;
    let signed = credentials::any(request.uri(), request.headers());
    (!signed).then_some(Checksum { kind: ChecksumKind::Sha256, value })
}

struct Compared {
    inner: Body,
    sums: Vec<(Digest, Vec<u8>)>,
    wrong: Wrong,
}

impl HttpBody for Compared {
    type Data = Bytes;
    type Error = s3s::StdError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().cloned().unwrap_or_default();
                for (digest, _) in &mut self.sums {
                    digest.update(&bytes);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(None) if !self.sums.drain(..).all(|(digest, expected)| digest.finish() == expected) => {
                self.wrong.0.store(true, Ordering::Release);
                Poll::Ready(Some(Err("the body is not what was declared of it".into())))
            }
            other => other,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.sums.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
