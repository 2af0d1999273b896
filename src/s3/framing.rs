//! Whether a framed body has its last frame. s3s stops looking once the declared length came, so that a stream cut
//! before the frame that ends it, whose signature covers all, would pass.

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use s3s::Body;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

/// Set once the last frame of a body went by.
#[derive(Clone, Default)]
pub(super) struct Ended(Arc<AtomicBool>);

impl Ended {
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A body of `aws-chunked` frames, watched as it goes by.
pub(super) struct Watched {
    inner: Body,
    ended: Ended,
    at: At,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// The length of a frame, so far.
    Length(u64),
    /// What follows the length on its line.
    Line(u64),
    /// The frame, with its line end: so many bytes are left.
    Content(u64),
    /// Behind the last frame.
    End,
}

impl Watched {
    pub(super) fn new(inner: Body, ended: Ended) -> Self {
        Self { inner, ended, at: At::Length(0) }
    }

    /// Follows the frames. What is malformed is for s3s to refuse.
    fn watch(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            self.at = match self.at {
                At::Length(length) => match char::from(*first).to_digit(16) {
                    Some(digit) => At::Length(length.wrapping_mul(16).wrapping_add(u64::from(digit))),
                    None if *first == b'\n' => self.content(length),
                    None => At::Line(length),
                },
                At::Line(length) if *first == b'\n' => self.content(length),
                At::Line(length) => At::Line(length),
                At::Content(left) => {
                    let step = left.min(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                    bytes = bytes.get(usize::try_from(step).unwrap_or(usize::MAX)..).unwrap_or_default();
                    self.at = if step == left { At::Length(0) } else { At::Content(left.saturating_sub(step)) };
                    continue;
                }
                At::End => return,
            };
            bytes = rest;
        }
    }

    fn content(&self, length: u64) -> At {
        if length == 0 {
            self.ended.0.store(true, Ordering::Release);
            return At::End;
        }
        At::Content(length.saturating_add(2))
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = s3s::StdError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(bytes) = frame.data_ref()
        {
            self.watch(bytes);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
