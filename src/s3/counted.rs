//! Bodies, counted as they go by: what came in, and what went out until the answer ended.

use crate::observe::{Exchange, Learnt};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use s3s::{Body, StdError};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A request that tells what is learnt of it, and how much came in.
pub(super) fn incoming(mut request: Request<Body>, learnt: &Arc<Learnt>) -> Request<Body> {
    request.extensions_mut().insert(Arc::clone(learnt));
    if request.body().is_end_stream() {
        return request;
    }
    let learnt = Arc::clone(learnt);
    request.map(|inner| Body::http_body_unsync(Incoming { inner, learnt }))
}

/// An answer that holds its exchange until it has ended.
pub(super) fn outgoing(answer: Response<Body>, mut exchange: Exchange, method: &Method) -> Response<Body> {
    let bare = *method == Method::HEAD || matches!(answer.status().as_u16(), 204 | 304);
    if bare || answer.body().is_end_stream() {
        exchange.complete();
    }
    answer.map(|inner| {
        let left = HttpBody::size_hint(&inner).exact();
        Body::http_body_unsync(Outgoing { inner, exchange, left })
    })
}

struct Incoming {
    inner: Body,
    learnt: Arc<Learnt>,
}

impl HttpBody for Incoming {
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.learnt.received(frame.data_ref().map_or(0, Bytes::len));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        HttpBody::size_hint(&self.inner)
    }
}

struct Outgoing {
    inner: Body,
    exchange: Exchange,
    /// How much is to come, if that is known: whoever sends it asks for nothing behind its last byte.
    left: Option<u64>,
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                self.exchange.sent(length);
                self.left = self.left.map(|left| left.saturating_sub(u64::try_from(length).unwrap_or(u64::MAX)));
                if self.left == Some(0) {
                    self.exchange.complete();
                }
            }
            Poll::Ready(None) => self.exchange.complete(),
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        HttpBody::size_hint(&self.inner)
    }
}
