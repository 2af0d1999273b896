//! A client's part on its way to the backend: it streams through, as one request.

use super::draft::prepared;
use super::fault::{self, Understood};
use super::{S3Store, objects, uploads};
use crate::store::Terms;
use crate::store::backend::{Draft, Prepare, Upload};
use async_trait::async_trait;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use object_store::{Error, PutResult, Result};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Pieces that wait to be sent, of up to 256 KiB each.
const WAITING: usize = 2;

/// A part whose length is known.
pub(super) struct Streamed {
    pieces: Option<mpsc::Sender<Bytes>>,
    sending: Option<JoinHandle<Result<PutResult>>>,
}

impl Streamed {
    /// Begins to send a part of so many bytes.
    pub(super) fn begin(store: &S3Store, upload: &Upload, number: u32, length: u64) -> Self {
        let (pieces, waiting) = mpsc::channel(WAITING);
        let (store, upload) = (store.clone(), upload.clone());
        let sending = tokio::spawn(async move { send(&store, &upload, number, (length, waiting)).await });
        Self { pieces: Some(pieces), sending: Some(sending) }
    }

    async fn sent(&mut self) -> Result<PutResult> {
        self.pieces = None;
        let stopping = || fault::unavailable("the program is stopping");
        self.sending.take().ok_or_else(stopping)?.await.map_err(|_| stopping())?
    }
}

#[async_trait]
impl Draft for Streamed {
    async fn write(&mut self, prepare: Prepare) -> Result<()> {
        let bytes = prepared(prepare).await?;
        let sent = match &self.pieces {
            Some(pieces) => pieces.send(bytes).await.is_ok(),
            None => false,
        };
        if sent {
            return Ok(());
        }
        // It ended before it had all: it knows why.
        self.sent().await?;
        Err(fault::unavailable("it took less than it was sent"))
    }

    async fn finish(mut self: Box<Self>, _no_end: Bytes, _part: Terms) -> Result<PutResult> {
        self.sent().await
    }
}

impl Drop for Streamed {
    fn drop(&mut self) {
        // Without all its bytes the request does not end well, and nothing is stored.
        if let Some(sending) = self.sending.take() {
            sending.abort();
        }
    }
}

async fn send(
    store: &S3Store,
    upload: &Upload,
    number: u32,
    (length, pieces): (u64, mpsc::Receiver<Bytes>),
) -> Result<PutResult> {
    let body = Pieces { pieces, left: length };
    let (place, at) = store.here(&upload.path)?;
    let request = store.0.sdk.upload_part().bucket(&place.bucket).key(at.as_ref()).upload_id(&upload.id);
    let request = request.part_number(i32::try_from(number).unwrap_or(i32::MAX));
    let request = request.content_length(i64::try_from(length).unwrap_or(i64::MAX));
    let request = request.body(ByteStream::new(SdkBody::from_body_1_x(body)));
    let sent = request.customize().disable_payload_signing().send().await;
    let sent = sent.map_err(|error| fault::sdk(&upload.path, error))?;
    let e_tag = sent.e_tag.ok_or_else(|| fault::unavailable("a part without an ETag"))?;
    Ok(objects::written(Some(uploads::content_id(number, &e_tag).content_id), None, &place))
}

/// Pieces as the body of a request, which fails if they end early.
struct Pieces {
    pieces: mpsc::Receiver<Bytes>,
    left: u64,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Poll::Ready(piece) = self.pieces.poll_recv(context) else { return Poll::Pending };
        let length = piece.as_ref().map_or(0, |piece| u64::try_from(piece.len()).unwrap_or(u64::MAX));
        let left = self.left.checked_sub(length);
        match (piece, left) {
            (Some(piece), Some(left)) => {
                self.left = left;
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            (None, Some(0)) => Poll::Ready(None),
            (None | Some(_), _) => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// A part of a length that nobody said.
pub(super) fn unknown() -> Error {
    Error::NotSupported { source: "a part of unknown length: send Content-Length or x-amz-decoded-content-length".into() }
}

/// The bytes of an object that is small and lies there whole, pinned.
pub(super) async fn whole(
    store: &S3Store,
    path: &object_store::path::Path,
    range: std::ops::Range<u64>,
    (e_tag, version): (&str, Option<&str>),
) -> Result<Bytes> {
    use object_store::{GetOptions, GetRange, ObjectStore};
    let wanted = range.end.saturating_sub(range.start);
    if wanted == 0 {
        return Ok(Bytes::new());
    }
    let options = GetOptions {
        if_match: Some(e_tag.to_owned()),
        range: Some(GetRange::Bounded(range)),
        version: version.map(str::to_owned),
        ..GetOptions::default()
    };
    let (place, at) = store.here(path)?;
    let found = place.client.get_opts(&at, options).await.understood()?;
    let bytes = found.bytes().await.understood()?;
    if u64::try_from(bytes.len()) != Ok(wanted) {
        return Err(fault::unavailable("it answered with fewer bytes than it was asked for"));
    }
    Ok(bytes)
}
