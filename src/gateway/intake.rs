//! Plaintext comes in, sealed chunks go out: one copy, then digests and sealing in place.

use super::digests::{Digests, Sums};
use super::operation::Checksum;
use super::outcome::Opened;
use super::{Body, BodyError, Error, Refusal};
use crate::envelope::{self, CHUNK, Entry, SEALED_CHUNK, SegmentSealer, TAG};
use crate::store::{BUFFER_CHUNKS, Buffer};
use bytes::{Buf, Bytes};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};

/// Takes plaintext into a pooled buffer, each chunk where it will be sealed, with room for its tag.
pub(super) struct Filling {
    buffer: Buffer,
    plain: usize,
}

impl Filling {
    pub(super) fn new(buffer: Buffer) -> Self {
        Self { buffer, plain: 0 }
    }

    pub(super) fn is_full(&self) -> bool {
        self.plain == BUFFER_CHUNKS * CHUNK
    }

    /// How many bytes of plaintext it holds.
    pub(super) fn plain(&self) -> usize {
        self.plain
    }

    /// Takes as much of the piece as fits.
    pub(super) fn push(&mut self, piece: &mut Bytes) {
        while !piece.is_empty() && !self.is_full() {
            let (chunk, offset) = (self.plain / CHUNK, self.plain % CHUNK);
            let take = piece.len().min(CHUNK - offset);
            let at = chunk * SEALED_CHUNK + offset;
            let (Some(to), Some(from)) = (self.buffer.whole_mut().get_mut(at..at + take), piece.get(..take)) else {
                return;
            };
            to.copy_from_slice(from);
            piece.advance(take);
            self.plain += take;
        }
    }
}

/// One segment on its way: its sealer and its digests, moved from job to job.
pub(super) struct Intake {
    sealer: SegmentSealer,
    digests: Digests,
}

impl Intake {
    pub(super) fn new(sealer: SegmentSealer, digests: Digests) -> Self {
        Self { sealer, digests }
    }

    /// Seals a full buffer in place.
    pub(super) fn seal(&mut self, filling: Filling) -> envelope::Result<Buffer> {
        let Filling { mut buffer, .. } = filling;
        for sealed in buffer.whole_mut().chunks_exact_mut(SEALED_CHUNK).take(BUFFER_CHUNKS) {
            self.seal_full(sealed)?;
        }
        buffer.set_len(BUFFER_CHUNKS * SEALED_CHUNK);
        Ok(buffer)
    }

    /// Seals what came last: full chunks, then the one that is not full, which may be empty.
    pub(super) fn seal_last(mut self, filling: Filling) -> envelope::Result<(Buffer, Entry, Sums)> {
        let Filling { mut buffer, plain } = filling;
        let (full, rest) = (plain / CHUNK, plain % CHUNK);
        let (whole, last) = buffer.whole_mut().split_at_mut(full * SEALED_CHUNK);
        for sealed in whole.chunks_exact_mut(SEALED_CHUNK) {
            self.seal_full(sealed)?;
        }
        let (text, room) = last.split_at_mut(rest);
        self.digests.update(text);
        let (tag, entry) = self.sealer.finish(text)?;
        room.iter_mut().zip(tag).for_each(|(to, from)| *to = from);
        buffer.set_len(full * SEALED_CHUNK + rest + TAG);
        Ok((buffer, entry, self.digests.finish()))
    }

    fn seal_full(&mut self, sealed: &mut [u8]) -> envelope::Result<()> {
        let (text, room) = sealed.split_at_mut(CHUNK);
        self.digests.update(text);
        room.copy_from_slice(&self.sealer.seal_chunk(text)?);
        Ok(())
    }
}

/// Content to be sealed, wherever it comes from, and what is said of it once it has ended.
pub(super) struct Content {
    pub(super) pieces: BoxStream<'static, Result<Bytes, Error>>,
    pub(super) trailer: Option<Trailer>,
}

/// Asked once the content has ended.
type Trailer = Box<dyn FnOnce() -> Result<Checksum, BodyError> + Send>;

/// As a client sends it.
impl From<Body> for Content {
    fn from(body: Body) -> Self {
        let Body { pieces, trailer } = body;
        Self { pieces: pieces.map_err(|fault| Refusal::from(fault).into()).boxed(), trailer }
    }
}

/// As it is opened elsewhere: every piece has been verified.
impl From<Opened> for Content {
    fn from(opened: Opened) -> Self {
        Self { pieces: opened.chunks, trailer: None }
    }
}

/// Content on its way in, held to its declared length and to the limit.
pub(super) struct Pieces {
    body: BoxStream<'static, Result<Bytes, Error>>,
    rest: Bytes,
    declared: Option<u64>,
    limit: u64,
    seen: u64,
}

impl Pieces {
    /// # Errors
    /// `EntityTooLarge` before a byte is read, if the declared length is.
    pub(super) fn new(body: BoxStream<'static, Result<Bytes, Error>>, declared: Option<u64>, limit: u64) -> Result<Self, Error> {
        if declared.is_some_and(|length| length > limit) {
            return Err(Refusal::EntityTooLarge.into());
        }
        Ok(Self { body, rest: Bytes::new(), declared, limit, seen: 0 })
    }

    /// Fills until the buffer is full or the content ends; true if it ended.
    ///
    /// # Errors
    /// Those of the content; `EntityTooLarge` past the limit; `Incomplete` if less came than was declared.
    pub(super) async fn fill(&mut self, filling: &mut Filling) -> Result<bool, Error> {
        loop {
            filling.push(&mut self.rest);
            if filling.is_full() {
                return Ok(false);
            }
            let Some(piece) = self.body.next().await else { break };
            self.rest = piece?;
            self.seen = self.seen.saturating_add(u64::try_from(self.rest.len()).unwrap_or(u64::MAX));
            if self.seen > self.limit {
                return Err(Refusal::EntityTooLarge.into());
            }
        }
        if self.declared.is_some_and(|declared| declared != self.seen) {
            return Err(Refusal::from(BodyError::Incomplete).into());
        }
        Ok(true)
    }
}
