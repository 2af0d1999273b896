//! Bodies of requests, which must go on coming.

use crate::s3::Slow;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// What has to come of a body before the time that was waited for it is forgotten, in bytes.
const PROGRESS: usize = 16 << 10;

/// A body that fails when too little comes in too long a time of waiting for the client.
///
/// Only waiting counts: while the gateway is busy with what came, the client owes nothing.
pub(super) struct Timed {
    inner: Incoming,
    patience: Duration,
    alarm: Pin<Box<Sleep>>,
    since: Option<Instant>,
    waited: Duration,
    came: usize,
}

impl Timed {
    pub(super) fn new(inner: Incoming, patience: Duration) -> Self {
        Self { inner, patience, alarm: Box::pin(sleep(patience)), since: None, waited: Duration::ZERO, came: 0 }
    }

    /// So many bytes came: the wait is over, and forgotten once enough came.
    fn credit(&mut self, bytes: usize) {
        if let Some(since) = self.since.take() {
            self.waited = self.waited.saturating_add(since.elapsed());
        }
        self.came = self.came.saturating_add(bytes);
        if self.came >= PROGRESS {
            (self.came, self.waited) = (0, Duration::ZERO);
        }
    }
}

impl Body for Timed {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(frame) => {
                let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref().map(Bytes::len));
                self.credit(data.unwrap_or(0));
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                if self.since.is_none() {
                    let now = Instant::now();
                    self.since = Some(now);
                    let until = now + self.patience.saturating_sub(self.waited);
                    self.alarm.as_mut().reset(until);
                }
                match self.alarm.as_mut().poll(context) {
                    Poll::Ready(()) => Poll::Ready(Some(Err(Box::new(Slow)))),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
