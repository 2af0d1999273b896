//! Content on its way through s3s, in and out.

use super::checksum;
use super::error::invalid_request;
use super::framing::Ended;
use crate::gateway::{Body, BodyError, Checksum, Chunks, Declared};
use crate::observe::Observe;
use bytes::Bytes;
use futures::{Stream, StreamExt, future, stream};
use http::HeaderMap;
use s3s::TrailingHeaders;
use s3s::dto::StreamingBlob;
use s3s::stream::aws_chunked_stream::AwsChunkedStreamError;
use s3s::stream::upload_stream::UploadStreamError;
use s3s::stream::{ByteStream, RemainingLength};
use s3s::{S3Result, StdError};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

/// The content of a request, with what comes after it.
///
/// # Errors
/// `InvalidRequest` for a trailer that is no checksum.
pub(super) fn incoming(
    blob: Option<StreamingBlob>,
    headers: &HeaderMap,
    (trailing, ended): (Option<TrailingHeaders>, Option<Ended>),
    declared: &mut Declared,
) -> S3Result<Body> {
    let trailer = match headers.get("x-amz-trailer") {
        None => None,
        Some(name) => {
            let name = name.to_str().unwrap_or_default().trim().to_ascii_lowercase();
            let kind = checksum::of_header(&name).ok_or_else(|| invalid_request("x-amz-trailer names no checksum"))?;
            declared.algorithm = Some(kind);
            let read = move || {
                let headers = trailing.and_then(|trailing| trailing.take());
                let headers = headers.ok_or(BodyError::Malformed("the trailer is missing"))?;
                let value = headers.get(&name).and_then(|value| value.to_str().ok());
                let value = value.ok_or(BodyError::Malformed("the trailer is missing"))?;
                checksum::parse(kind, value.trim()).ok_or(BodyError::Malformed("the trailer is no checksum"))
            };
            let read: Box<dyn FnOnce() -> Result<Checksum, BodyError> + Send> = Box::new(read);
            Some(read)
        }
    };
    let pieces = match blob {
        Some(blob) => {
            let pieces = blob.map(|piece| piece.map_err(|error| fault(&error)));
            pieces.chain(stream::once(async move { last_frame(ended.as_ref()) }).filter_map(future::ready)).boxed()
        }
        None => stream::empty().boxed(),
    };
    Ok(Body { pieces, trailer })
}

/// An error where a framed body ended without its last frame.
fn last_frame(ended: Option<&Ended>) -> Option<Result<Bytes, BodyError>> {
    ended.is_some_and(|ended| !ended.is_set()).then_some(Err(BodyError::Incomplete))
}

/// What ended a body early.
fn fault(error: &StdError) -> BodyError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&**error);
    while let Some(at) = cause {
        if let Some(error) = at.downcast_ref::<AwsChunkedStreamError>() {
            match error {
                AwsChunkedStreamError::SignatureMismatch => return BodyError::Signature,
                AwsChunkedStreamError::Incomplete | AwsChunkedStreamError::LengthMismatch => return BodyError::Incomplete,
                AwsChunkedStreamError::Underlying(_) => {}
                _ => return BodyError::Malformed("the frames of the stream"),
            }
        }
        if let Some(error) = at.downcast_ref::<UploadStreamError>() {
            match error {
                UploadStreamError::Sha256Mismatch => return BodyError::ContentSha256,
                UploadStreamError::LengthMismatch | UploadStreamError::Incomplete => return BodyError::Incomplete,
                UploadStreamError::Underlying(_) => {}
            }
        }
        if at.downcast_ref::<super::front::Slow>().is_some() {
            return BodyError::Timeout;
        }
        cause = at.source();
    }
    BodyError::Incomplete
}

/// The content of an answer, of a known length.
pub(super) fn outgoing(chunks: Chunks, length: u64, observe: Arc<Observe>) -> StreamingBlob {
    StreamingBlob::new(Outgoing { chunks: Mutex::new(chunks), left: length, observe, span: tracing::Span::current() })
}

/// Verified pieces on their way out. An error breaks the connection, since the length was promised.
struct Outgoing {
    /// Never locked by two: it makes a stream that is only sent into one that s3s may share.
    chunks: Mutex<Chunks>,
    left: u64,
    observe: Arc<Observe>,
    /// Names the request in what is logged late.
    span: tracing::Span,
}

impl Stream for Outgoing {
    type Item = Result<Bytes, StdError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.chunks.get_mut().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(context);
        match polled {
            Poll::Ready(Some(Ok(piece))) => {
                let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
                self.left = self.left.saturating_sub(length);
                self.observe.sent(length);
                Poll::Ready(Some(Ok(piece)))
            }
            Poll::Ready(Some(Err(error))) => {
                if matches!(error, crate::gateway::Error::Tampered { .. }) {
                    self.observe.tampered();
                }
                self.span.in_scope(|| tracing::error!(%error, "an answer was broken off"));
                Poll::Ready(Some(Err("the answer was broken off".into())))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl ByteStream for Outgoing {
    fn remaining_length(&self) -> RemainingLength {
        RemainingLength::new_exact(usize::try_from(self.left).unwrap_or(usize::MAX))
    }
}
