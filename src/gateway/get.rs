//! GET and HEAD: nothing leaves before it verified, and a body that fails later is broken off, never ended.

use super::body::Chunks;
use super::conditions::Current;
use super::configuration::Subject;
use super::encryption::Customer;
use super::gateway::{Gateway, bucket_of};
use super::operation::{Conditions, Get, Head, Span};
use super::outcome::{Described, Opened};
use super::read::{Sealed, Takes, before_tail, read_all};
use super::{Error, Refusal, range};
use crate::access::{Object, Operation, Permitted};
use crate::envelope::{self, Kind, Run, SEALED_CHUNK, claimed_segments};
use crate::store::{BUFFER_CHUNKS, Buffer, Buffers, Stored};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use std::sync::Arc;
use tokio::sync::oneshot;

impl Gateway {
    /// What is known of an object.
    ///
    /// # Errors
    /// `NoSuchKey`, the customer key's, the preconditions', `InvalidRange`, `InvalidPart`, or an integrity error.
    pub async fn head(&self, operation: Permitted<Head>) -> Result<Described, Error> {
        let Head { range, conditions, customer, .. } = operation.operation();
        Ok(self.describe(&operation, customer.as_ref(), (*range, conditions), Takes::Facts).await?.1)
    }

    /// An object's content, of which the first chunk has been verified when this returns.
    ///
    /// # Errors
    /// As [`Gateway::head`].
    pub async fn get(&self, operation: Permitted<Get>) -> Result<Opened, Error> {
        let Get { range, conditions, customer, .. } = operation.operation();
        let asked = (*range, conditions);
        let (sealed, described) = self.describe(&operation, customer.as_ref(), asked, Takes::Content(*range)).await?;
        sealed.open(described, &self.buffers).await
    }

    pub(super) async fn describe<O: Operation>(
        &self,
        operation: &Permitted<O>,
        customer: Option<&Customer>,
        (span, conditions): (Option<Span>, &Conditions),
        takes: Takes,
    ) -> Result<(Sealed, Described), Error> {
        let sealed = self.find_permitted(operation, takes).await?;
        if let (Some(Span::Part(number)), None) = (span, customer)
            && claimed_segments(&sealed.end).is_some_and(|count| number > count.max(1) && sealed.opened().is_err())
        {
            return Err(Refusal::InvalidPart { number }.into());
        }
        let sealed = sealed.unlock(customer, &self.buffers).await?;
        let mut described = sealed.describe()?;
        let bucket = bucket_of(operation)?;
        if self.locks().is_some() {
            described.about.lock = self.lock_on(&bucket, &sealed).await?;
        }
        described.version = self.version_shown(&bucket, &sealed).await?;
        if let Some(Object { key, version: None, .. }) = operation.operation().object() {
            let subject = Subject { key, size: described.size, tags: &described.about.tags };
            described.expires = self.expires(&bucket, subject, described.modified).await;
        }
        conditions.check_read(Current { etag: &described.etag, modified: described.modified })?;
        if let Some(span) = span {
            described.range = range::resolve(span, described.size, sealed.opened()?.entries())?;
            described.part = sealed.part_read(span)?;
        }
        Ok((sealed, described))
    }
}

impl Sealed {
    /// The content that was described, in pieces, the first of them verified already.
    pub(super) async fn open(self, described: Described, buffers: &Buffers) -> Result<Opened, Error> {
        let opened = Arc::clone(self.opened()?);
        let runs = match described.range {
            Some((first, last)) => opened.runs(first, last, RUN),
            None => opened.whole(RUN),
        };
        let length = described.length();
        if length == 0 && described.range.is_some() {
            return Ok(Opened { described, length, chunks: stream::empty().boxed() });
        }
        let whole = described.range.is_none();
        let until = described.range.and_then(|(_, last)| opened.runs(last, last, RUN).last()).map(|run| run.sealed.end);
        self.stored.expect(until.unwrap_or_else(|| before_tail(&opened, self.stored.meta().size)));
        let fetcher =
            Arc::new(Fetcher { stored: self.stored, end: self.end, opened, path: self.path, buffers: buffers.clone(), whole });
        let mut runs = runs.peekable();
        let mut runs = std::iter::from_fn(move || {
            let run = runs.next()?;
            Some((run, runs.peek().is_none()))
        });
        let Some((first, last)) = runs.next() else {
            return Err(Error::Internal("an object without chunks".to_owned()));
        };
        let first = fetcher.fetch(first, last).await?;
        if last {
            return Ok(Opened { described, length, chunks: stream::iter(first.into_iter().map(Ok)).boxed() });
        }
        let rest = stream::iter(runs)
            .map(move |(run, last)| {
                let fetcher = Arc::clone(&fetcher);
                async move { fetcher.fetch(run, last).await }
            })
            .buffered(1);
        let chunks: Chunks =
            stream::iter([Ok(first)]).chain(rest).map_ok(|pieces| stream::iter(pieces.into_iter().map(Ok))).try_flatten().boxed();
        Ok(Opened { described, length, chunks })
    }
}

/// How many chunks are read at once: what a buffer holds.
const RUN: u32 = 4;
const _: () = assert!(BUFFER_CHUNKS == 4);

/// Fetches runs of chunks and opens them in the job that reads them.
struct Fetcher {
    stored: Arc<dyn Stored>,
    end: Bytes,
    opened: Arc<envelope::Opened>,
    path: Path,
    buffers: Buffers,
    /// Whether all of the object is read: then the padding is checked before the last run is released.
    whole: bool,
}

impl Fetcher {
    async fn fetch(&self, run: Run, last: bool) -> Result<Vec<Bytes>, Error> {
        if self.whole && last {
            self.check_padding().await?;
        }
        if let Some(sealed) = self.at_hand(&run) {
            let text = sealed.to_vec();
            return open_run(&self.opened, &run, text).map_err(|why| self.tampered(why));
        }
        let (done, answer) = oneshot::channel();
        let content = Arc::clone(&self.opened);
        let range = run.sealed.clone();
        let then = move |filled: object_store::Result<Buffer>| {
            let opened = filled.map(|buffer| open_run(&content, &run, buffer));
            drop(done.send(opened));
        };
        self.stored.read(range, self.buffers.take(), Box::new(then));
        let answer = answer.await.map_err(|_gone| Error::Unavailable("shutting down".to_owned()))?;
        answer?.map_err(|why| self.tampered(why))
    }

    /// The bytes of a run, if they came with the tail.
    fn at_hand(&self, run: &Run) -> Option<&[u8]> {
        let start = self.stored.meta().size.checked_sub(u64::try_from(self.end.len()).ok()?)?;
        let from = usize::try_from(run.sealed.start.checked_sub(start)?).ok()?;
        let to = usize::try_from(run.sealed.end.checked_sub(start)?).ok()?;
        self.end.get(from..to)
    }

    async fn check_padding(&self) -> Result<(), Error> {
        let padding = self.opened.padding();
        if padding.is_empty() {
            return Ok(());
        }
        let bytes = read_all(&self.stored, padding, &self.buffers).await?;
        if bytes.iter().any(|&byte| byte != 0) {
            return Err(self.tampered(envelope::Error { kind: Kind::Tampered, why: "padding is not zero" }));
        }
        Ok(())
    }

    fn tampered(&self, why: envelope::Error) -> Error {
        Error::Tampered { path: self.path.to_string(), why }
    }
}

/// Opens every chunk of a run in place, and yields what was asked for of each.
fn open_run<B>(opened: &envelope::Opened, run: &Run, mut buffer: B) -> envelope::Result<Vec<Bytes>>
where
    B: AsRef<[u8]> + AsMut<[u8]> + Send + 'static,
{
    let segment = opened.segment(run.segment)?;
    let mut lengths = Vec::with_capacity(BUFFER_CHUNKS);
    for (index, sealed) in (run.first_chunk..).zip(buffer.as_mut().chunks_mut(SEALED_CHUNK)) {
        lengths.push(segment.open_chunk(index, sealed)?);
    }
    let all = Bytes::from_owner(buffer);
    let (mut skip, mut take) = (run.skip, run.take);
    let mut pieces = Vec::with_capacity(lengths.len());
    for (chunk, length) in lengths.into_iter().enumerate() {
        let from = skip.min(length);
        let count = usize::try_from(take).unwrap_or(usize::MAX).min(length - from);
        skip -= from;
        take -= u64::try_from(count).unwrap_or(take);
        if count > 0 {
            let at = chunk * SEALED_CHUNK + from;
            pieces.push(all.slice(at..at + count));
        }
    }
    Ok(pieces)
}
