//! PUT: content flows through once, and nothing is visible before everything that was declared of it holds.

use super::about;
use super::body::Body;
use super::configuration::Subject;
use super::digests::{Digests, Sums};
use super::encryption::Chosen;
use super::etag;
use super::gateway::{EtagKind, Gateway, bucket_of};
use super::intake::{Content, Filling, Intake, Pieces};
use super::operation::{Checksum, ChecksumScope, Conditions, Declared, Put};
use super::outcome::Written;
use super::read::head_bytes;
use super::versions::New;
use super::{Error, Refusal, items};
use crate::access::Permitted;
use crate::envelope::{ChecksumField, ChecksumKind, ClearHead, Entry, EtagRecord, Metadata, NewBody, Record, WrappedHead};
use crate::keyring::{Bucket, OsRandom};
use crate::store::{Buffer, Draft, Millis, Replaced, layout};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode, PutOptions, PutPayload, PutResult, UpdateVersion};
use std::sync::{Arc, Mutex, PoisonError};

/// Content up to this length, in bytes, is sealed where it arrived; more is worth a change of threads.
const SEALED_HERE: usize = 64 << 10;

/// Where the sealed chunks of one body go.
pub(super) enum Target {
    /// Nowhere yet: nobody knows whether it is small.
    Undecided,
    /// Into a draft that has been begun.
    Draft(Box<dyn Draft>),
}

/// A body that has been taken in and verified, all but its last bytes written.
pub(super) struct Taken {
    pub(super) target: Target,
    pub(super) last: Buffer,
    pub(super) entry: Entry,
    pub(super) sums: Sums,
}

impl Gateway {
    /// Seals an object in one request.
    ///
    /// # Errors
    /// What the body's verification, the preconditions or the backend refuse; nothing is stored then.
    pub async fn put(&self, operation: Permitted<Put>, body: Body) -> Result<Written, Error> {
        let bucket = bucket_of(&operation)?;
        let owner = Arc::clone(&operation.principal().id.0);
        let Put { key, about, declared, conditions, encryption, .. } = operation.into_operation();
        let modified = self.now();
        self.check_lock(&bucket, about.lock).await?;
        let mut metadata = about::to_metadata(&key, modified.0, &owner, &about)?;
        let chosen = self.choose(&bucket, encryption).await?;
        items::set_encryption(&mut metadata, chosen.server.as_ref());
        let path = layout::object(&bucket.name, &key)?;
        let mode = self.write_mode(&bucket, &key, &conditions).await?;
        let fresh = NewBody::draw(&mut OsRandom);
        let intake = Intake::new(
            fresh.segment(0, &mut OsRandom),
            Digests::new(chosen.etag(self.settings.etag), &declared, Some(ChecksumKind::Crc64Nvme)),
        );
        let begin = async || Ok(self.backend.begin(&path).await?);
        let taken = self.take_in(body, &declared, intake, begin).await?;
        let record = record(modified.0, chosen.etag(self.settings.etag), &taken.sums)?;
        let (encryption, size) = (chosen.server.clone(), taken.entry.plain_len);
        let sealed = Whole { path, bucket: Arc::clone(&bucket), metadata, record, fresh, chosen };
        let result = self.commit(sealed, taken, mode).await?;
        let subject = Subject { key: &key, size, tags: &about.tags };
        Ok(Written {
            expires: self.expires(&bucket, subject, result.modified).await,
            etag: result.etag,
            modified: result.modified,
            checksum: result.checksum.map(|checksum| (checksum, ChecksumScope::FullObject)),
            parts: None,
            encryption,
            version: result.version,
            source_version: None,
        })
    }

    /// The backend's mode that makes the conditions hold at the moment of the commit.
    ///
    /// # Errors
    /// `PreconditionFailed` or `NoSuchKey` if they do not hold now.
    pub(super) async fn write_mode(&self, bucket: &Bucket, key: &str, conditions: &Conditions) -> Result<PutMode, Error> {
        if conditions.is_empty() {
            return Ok(PutMode::Overwrite);
        }
        if conditions.only_creates() {
            return Ok(PutMode::Create);
        }
        match self.find(bucket, key).await {
            Ok(found) => {
                let etag = found.etag();
                conditions.check_write(Some(super::conditions::Current { etag: &etag, modified: found.modified() }))?;
                let version = UpdateVersion { e_tag: Some(found.source()?.e_tag), version: None };
                Ok(PutMode::Update(version))
            }
            Err(Error::Refused(Refusal::NoSuchKey)) => {
                conditions.check_write(None)?;
                Ok(PutMode::Create)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes a body in: digests and sealing in the jobs that write, reading and writing at the same time. What the
    /// client declared of it is verified when this returns.
    pub(super) async fn take_in(
        &self,
        content: impl Into<Content>,
        declared: &Declared,
        intake: Intake,
        begin: impl AsyncFnOnce() -> Result<Box<dyn Draft>, Error>,
    ) -> Result<Taken, Error> {
        let Content { pieces, trailer } = content.into();
        let mut pieces = Pieces::new(pieces, declared.length, self.settings.max_upload)?;
        let mut filling = Filling::new(self.buffers.take());
        let mut target = Target::Undecided;
        let mut ended = pieces.fill(&mut filling).await?;
        let mut intake = intake;
        if !ended {
            let mut draft = begin().await?;
            while !ended {
                let full = std::mem::replace(&mut filling, Filling::new(self.buffers.take()));
                let (written, filled) = tokio::join!(write(&mut draft, intake, full), pieces.fill(&mut filling));
                intake = written?;
                ended = filled?;
            }
            target = Target::Draft(draft);
        }
        let (last, entry, sums) = if filling.plain() <= SEALED_HERE {
            intake.seal_last(filling)
        } else {
            tokio::task::spawn_blocking(move || intake.seal_last(filling)).await.map_err(Error::job)?
        }
        .map_err(Error::sealing)?;
        let trailer = match trailer {
            Some(trailer) => Some(trailer().map_err(Refusal::from)?),
            None => None,
        };
        sums.verify(declared, trailer.as_ref())?;
        Ok(Taken { target, last, entry, sums })
    }

    /// The commit point: tail and Head are made, and sent, only now.
    async fn commit(&self, sealed: Whole, taken: Taken, mode: PutMode) -> Result<Committed, Error> {
        let Whole { path, bucket, mut metadata, record, fresh, chosen } = sealed;
        let Taken { target, last, mut entry, sums } = taken;
        entry.checksum = part_field(sums.checksum.as_ref())?;
        let kek = self.kek_for(&bucket, chosen.server.as_ref()).await?;
        let _gate = self.enter(&bucket).await?;
        let (object_id, path_of) = (fresh.object_id(), &path);
        let new = New { bucket: &bucket, path: path_of, object_id, metadata: &mut metadata, dated: false };
        let granted = self.grant(new, mode).await?;
        let mut end = fresh.seal_tail(&[entry], &record, &mut OsRandom).map_err(Error::sealing)?;
        let wrapped = fresh.wrap((&kek, bucket.uuid), &metadata, chosen.key(), &mut OsRandom).map_err(Error::sealing)?;
        end.extend_from_slice(&wrapped.head);
        self.put_overflow(&wrapped).await?;
        let result = match target {
            Target::Undecided => {
                let payload = PutPayload::from_iter([last.into_bytes(), Bytes::from(end)]);
                self.backend.put_opts(&path, payload, PutOptions::from(granted.terms.clone())).await
            }
            Target::Draft(mut draft) => match draft.write(Box::new(move || last)).await {
                Ok(()) => draft.finish(end.into(), granted.terms.clone()).await,
                Err(error) => Err(error),
            },
        };
        let result = self.settle(&wrapped, result).await?;
        let version = self.made(&path, granted, &result).await?;
        let meta_etag = result.e_tag.unwrap_or_default();
        let etag = etag::of(self.settings.etag, &record, 1, &meta_etag);
        let modified = Millis(metadata.created);
        Ok(Committed { etag, modified, checksum: sums.checksum, version })
    }

    /// Stores the overflow record before the Head that needs it.
    pub(super) async fn put_overflow(&self, wrapped: &WrappedHead) -> Result<(), Error> {
        if let Some(overflow) = &wrapped.overflow {
            let payload = PutPayload::from(overflow.record.clone());
            self.backend.put(&layout::overflow(&overflow.name), payload).await?;
        }
        Ok(())
    }

    /// After a Head was put, or was not: removes the overflow record that nothing needs any more.
    pub(super) async fn settle(
        &self,
        wrapped: &WrappedHead,
        result: object_store::Result<PutResult>,
    ) -> Result<PutResult, Error> {
        match result {
            Ok(result) => {
                if let Some(Replaced(end)) = result.extensions.get::<Replaced>() {
                    self.drop_overflow(end).await;
                }
                Ok(result)
            }
            Err(error) => {
                let error = Error::from(error);
                if let (Error::Refused(_), Some(overflow)) = (&error, &wrapped.overflow) {
                    self.remove_leftover(&layout::overflow(&overflow.name)).await;
                }
                Err(error)
            }
        }
    }

    /// Removes the overflow record of a Head that is no more. One that stays is waste and harms nothing.
    pub(super) async fn drop_overflow(&self, end: &Bytes) {
        let name = ClearHead::parse(head_bytes(end)).ok().and_then(|clear| clear.overflow_name());
        if let Some(name) = name {
            self.remove_leftover(&layout::overflow(&name)).await;
        }
    }

    /// Removes what nothing refers to. The operation it belonged to has succeeded or failed already.
    pub(super) async fn remove_leftover(&self, path: &Path) {
        match self.backend.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => tracing::warn!(%path, %error, "a record that nothing needs could not be removed"),
        }
    }
}

/// What makes a whole object of a body.
struct Whole {
    path: Path,
    bucket: Arc<Bucket>,
    metadata: Metadata,
    record: Record,
    fresh: NewBody,
    chosen: Chosen,
}

/// What is known at the end of content that came whole.
fn record(completed: u64, etag: EtagKind, sums: &Sums) -> Result<Record, Error> {
    let etag = match (etag, sums.md5) {
        (EtagKind::Md5, Some(md5)) => EtagRecord::Md5(md5),
        (EtagKind::Md5, None) | (EtagKind::Opaque, _) => EtagRecord::Opaque,
    };
    let field = sums.checksum.as_ref().map(field).transpose()?;
    let checksum = field.map(|field| (field, ChecksumScope::FullObject));
    Ok(Record { completed, etag, checksum })
}

/// What a commit came to.
struct Committed {
    etag: String,
    modified: Millis,
    checksum: Option<Checksum>,
    version: Option<String>,
}

/// A checksum as the final record has it.
///
/// # Errors
/// `Internal` if it has not the length of its kind, which every computed one has.
pub(super) fn field(checksum: &Checksum) -> Result<ChecksumField, Error> {
    ChecksumField::new(checksum.kind, &checksum.value).map_err(Error::sealing)
}

/// A checksum as an Entry has it: SHA-512 does not fit and is not kept there (FORMAT 14).
pub(super) fn part_field(checksum: Option<&Checksum>) -> Result<Option<ChecksumField>, Error> {
    checksum.filter(|checksum| checksum.kind != ChecksumKind::Sha512).map(field).transpose()
}

/// Seals a full buffer and appends it, in one job. The intake travels into the job and back.
async fn write(draft: &mut Box<dyn Draft>, intake: Intake, full: Filling) -> Result<Intake, Error> {
    let slot = Arc::new(Mutex::new(None));
    let back = Arc::clone(&slot);
    let prepare = move || {
        let mut intake = intake;
        let sealed = intake.seal(full);
        let (buffer, failure) = match sealed {
            Ok(buffer) => (buffer, None),
            Err(error) => (Buffer::nothing(), Some(error)),
        };
        *back.lock().unwrap_or_else(PoisonError::into_inner) = Some((intake, failure));
        buffer
    };
    draft.write(Box::new(prepare)).await?;
    let returned = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    match returned {
        Some((intake, None)) => Ok(intake),
        Some((_, Some(error))) => Err(Error::sealing(error)),
        None => Err(Error::Internal("the backend did not write".to_owned())),
    }
}
