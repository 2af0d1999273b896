//! Finding a sealed object and proving it genuine, before any of it is used.

use super::acl::owner_in;
use super::encryption::{Customer, ServerSide, fitting};
use super::etag;
use super::gateway::{EtagKind, Gateway};
use super::lock::lock_of;
use super::operation::{About, Checksum, ChecksumScope, Span};
use super::outcome::{Described, PartRead};
use super::versions::{no_version_id, shown, stands, well_formed};
use super::{Error, Refusal, about, items, range};
use crate::envelope::{self, BodyKeys, ClearHead, Context, HEAD, Head, Kek, Kind, Metadata, Tail};
use crate::keyring::{Bucket, Keyring};
use crate::store::{Backend, Buffers, Fault, Millis, Names, Source, Stored, Version, layout};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};
use std::sync::Arc;

/// What is about to be taken of an object.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    /// What is told of it.
    Facts,
    /// Its content, or a span of it.
    Content(Option<Span>),
}

/// A Head that verified, and unless a customer's key is needed the tail: all it takes to open any byte of the body.
pub(super) struct Verified {
    pub(super) head: Arc<Head>,
    opened: Option<Arc<envelope::Opened>>,
    encryption: Option<ServerSide>,
    shown: EtagKind,
}

impl Verified {
    /// About how many bytes of memory it takes.
    pub(super) fn weight(&self) -> u32 {
        const USUAL: usize = 2_048;
        const ENTRY: usize = 192;
        let entries = self.opened.as_ref().map_or(0, |opened| opened.entries().len());
        let metadata = self.head.metadata().encode().map_or(USUAL, |row| row.len());
        let bytes = entries.saturating_mul(ENTRY).saturating_add(metadata.saturating_mul(2)).saturating_add(USUAL);
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }

    /// Where a customer's key is needed the ETag is opaque, for a listing has no such key and must show the same.
    fn etag(&self, meta: &ObjectMeta) -> String {
        let backend_etag = meta.e_tag.as_deref().unwrap_or_default();
        match &self.opened {
            Some(opened) if !self.head.needs_customer_key() => {
                etag::of(self.shown, opened.record(), opened.entries().len(), backend_etag)
            }
            Some(_) | None => etag::opaque(backend_etag),
        }
    }
}

/// A sealed object, pinned to one version and proved genuine: up to its tail, or up to its Head if that is all that
/// opens without a customer's key.
#[derive(Clone)]
pub struct Sealed {
    pub(super) path: Path,
    pub(super) stored: Arc<dyn Stored>,
    pub(super) end: Bytes,
    pub(super) verified: Arc<Verified>,
}

impl Sealed {
    /// What HEAD tells of it, for no range.
    ///
    /// # Errors
    /// `CustomerKeyMissing` until it is unlocked.
    pub(super) fn describe(&self) -> Result<Described, Error> {
        let metadata = self.verified.head.metadata();
        let opened = self.opened()?;
        let entries = opened.entries();
        let part_wise = entries.first().is_some_and(|entry| entry.part_no > 0);
        Ok(Described {
            size: opened.plain_len(),
            etag: self.etag(),
            modified: Millis(metadata.created),
            version: None,
            expires: None,
            about: About {
                lock: lock_of(metadata).map_err(|why| self.tampered(why))?,
                acl: items::acl(metadata).map_err(|why| self.tampered(why))?,
                ..about::from_metadata(metadata)
            },
            checksum: checksum_of(metadata, opened.record()).map_err(|why| self.tampered(why))?,
            parts: if part_wise { u32::try_from(entries.len()).ok() } else { None },
            range: None,
            part: None,
            encryption: self.verified.encryption.clone(),
        })
    }

    /// What opens the content.
    ///
    /// # Errors
    /// `CustomerKeyMissing` until it is unlocked.
    pub(super) fn opened(&self) -> Result<&Arc<envelope::Opened>, Error> {
        self.verified.opened.as_ref().ok_or_else(|| Refusal::CustomerKeyMissing.into())
    }

    /// The object for a request that came with this key, or with none. Nothing of it outlives the request.
    ///
    /// # Errors
    /// `CustomerKeyMissing`, `CustomerKeyUnasked` or `CustomerKeyWrong`.
    pub(super) async fn unlock(self, customer: Option<&Customer>, buffers: &Buffers) -> Result<Self, Error> {
        let head = &self.verified.head;
        fitting(head.needs_customer_key(), customer)?;
        let Some(customer) = customer else { return Ok(self) };
        let keys = head.open(Some(customer.key())).map_err(|why| match why.kind {
            Kind::WrongKey => Refusal::CustomerKeyWrong.into(),
            _ => self.tampered(why),
        })?;
        let opened = open_tail(keys, &self.stored, &self.end, buffers).await.map_err(|error| at(&self.path, error))?;
        let (head, encryption) = (Arc::clone(head), self.verified.encryption.clone());
        let verified = Verified { head, opened: Some(Arc::new(opened)), encryption, shown: self.verified.shown };
        Ok(Self { verified: Arc::new(verified), ..self })
    }

    pub(super) fn tampered(&self, why: envelope::Error) -> Error {
        Error::Tampered { path: self.path.to_string(), why }
    }

    /// The checksum that a listing tells of. None where it is sealed under a customer's key.
    pub(super) fn checksum(&self) -> Option<Checksum> {
        let opened = self.verified.opened.as_ref()?;
        checksum_of(self.metadata(), opened.record()).ok()?.map(|(checksum, _)| checksum)
    }

    /// What is told of a part besides its bytes, if a part was asked for.
    ///
    /// # Errors
    /// `InvalidPart` if there is no such part.
    pub(super) fn part_read(&self, span: Span) -> Result<Option<PartRead>, Error> {
        let Span::Part(number) = span else { return Ok(None) };
        let Described { parts: count, checksum: whole, .. } = self.describe()?;
        let (_, entry) = range::part(number, self.opened()?.entries())?;
        let own = match count {
            Some(_) => entry.checksum.as_ref().and_then(checksum_in),
            None => whole.clone().map(|(checksum, _)| checksum),
        };
        let checksum = own.filter(|own| whole.is_some_and(|(whole, _)| whole.kind == own.kind));
        Ok(Some(PartRead { count, checksum }))
    }

    /// Names this version in the backend.
    pub(super) fn source(&self) -> Result<Source, Error> {
        let e_tag = self.stored.meta().e_tag.clone();
        let e_tag = e_tag.ok_or_else(|| Error::Internal("the backend gave no ETag".to_owned()))?;
        let version = Version::of(self.stored.meta().version.as_deref());
        Ok(Source { path: self.path.clone(), version, e_tag })
    }

    /// What preconditions are held against.
    pub(super) fn etag(&self) -> String {
        self.verified.etag(self.stored.meta())
    }

    /// Its name among the versions of its key, as the backend has it and its Head proves.
    pub(super) fn name(&self) -> Option<&str> {
        self.stored.meta().version.as_deref()
    }

    pub(super) fn metadata(&self) -> &Metadata {
        self.verified.head.metadata()
    }

    /// What a listing shows of it.
    pub(super) fn glimpse(&self) -> Glimpse {
        let checksum = self.checksum().map(|checksum| checksum.kind);
        Glimpse { etag: self.etag(), modified: self.modified(), checksum, owner: owner_in(self.metadata()) }
    }

    pub(super) fn modified(&self) -> Millis {
        Millis(self.verified.head.metadata().created)
    }
}

/// The checksum of an object: one that its Head tells, or else that of its final record.
fn checksum_of(metadata: &Metadata, record: &envelope::Record) -> envelope::Result<Option<(Checksum, ChecksumScope)>> {
    if let Some(told) = items::checksum(metadata)? {
        return Ok(Some((told, ChecksumScope::FullObject)));
    }
    let recorded = record.checksum.as_ref();
    Ok(recorded.and_then(|(field, scope)| Some((checksum_in(field)?, *scope))))
}

/// A checksum as it is stored, if its kind is one we know.
pub(super) fn checksum_in(field: &envelope::ChecksumField) -> Option<Checksum> {
    Some(Checksum { kind: field.kind()?, value: field.value().to_vec() })
}

impl Gateway {
    /// Finds an object and verifies its Head, and its tail unless that takes a customer's key. What is then remembered
    /// opens nothing that a customer's key seals: whoever reads content calls [`Sealed::unlock`] with the key of the
    /// request.
    ///
    /// # Errors
    /// `NoSuchKey` if and only if the backend has nothing there.
    pub(super) async fn find(&self, bucket: &Bucket, key: &str) -> Result<Sealed, Error> {
        self.find_version(bucket, key, None).await
    }

    /// As [`Gateway::find`], for one who will read its content, or a span of it.
    pub(super) async fn find_content(&self, bucket: &Bucket, key: &str, span: Option<Span>) -> Result<Sealed, Error> {
        let path = layout::object(&bucket.name, key)?;
        let wanted = |meta: &ObjectMeta| {
            let known = self.verified.get(&(path.clone(), meta.e_tag.clone()?))?;
            stretch(known.opened.as_ref()?, span, meta.size)
        };
        let stored = self.backend.open_at(&path, &wanted).await;
        self.verified((bucket, key), path, stored).await
    }

    /// As [`Gateway::find`], for the version that is named, if one is; it may be a marker.
    pub(super) async fn find_version(&self, bucket: &Bucket, key: &str, version: Option<&Version>) -> Result<Sealed, Error> {
        well_formed(version, self.names())?;
        let path = layout::object(&bucket.name, key)?;
        let stored = match (version, self.backend.versions()) {
            (None, _) | (Some(Version::Null), None) => self.backend.open(&path).await,
            (Some(version), Some(versions)) => versions.open_version(&path, version).await,
            (Some(Version::Named(_)), None) => return Err(Refusal::NoSuchKey.into()),
        };
        if let (Err(object_store::Error::NotSupported { .. }), Some(_)) = (&stored, version) {
            return Err(no_version_id());
        }
        if let Some(Fault::Marker(since)) = stored.as_ref().err().and_then(Fault::of) {
            let version = shown(version.and_then(Version::name));
            return Err(Refusal::MarkerNotAllowed { version, last_modified: *since }.into());
        }
        self.verified((bucket, key), path, stored).await
    }

    async fn verified(
        &self,
        (bucket, key): (&Bucket, &str),
        path: Path,
        stored: object_store::Result<Box<dyn Stored>>,
    ) -> Result<Sealed, Error> {
        let stored: Arc<dyn Stored> = match stored {
            Ok(stored) => Arc::from(stored),
            Err(object_store::Error::NotFound { .. }) => return Err(Refusal::NoSuchKey.into()),
            Err(error) => return Err(error.into()),
        };
        let name = stored.meta().e_tag.clone().map(|e_tag| (path.clone(), e_tag));
        if let Some(verified) = name.as_ref().and_then(|name| self.verified.get(name)) {
            return Ok(Sealed { path, end: stored.end(), stored, verified });
        }
        let place =
            Place { backend: &*self.backend, keyring: &self.keyring, bucket, key, show: (self.settings.etag, self.names()) };
        let verified = Arc::new(place.verify(&path, &stored, &self.buffers).await?);
        if let Some(name) = name {
            self.verified.insert(name, Arc::clone(&verified));
        }
        Ok(Sealed { path, end: stored.end(), stored, verified })
    }
}

/// Where the tail of a stored object begins.
pub(super) fn before_tail(opened: &envelope::Opened, size: u64) -> u64 {
    size.saturating_sub(u64::try_from(opened.tail_len()).unwrap_or(u64::MAX))
}

/// The stored bytes that hold a span of the content, or all of it; none for a span without bytes.
fn stretch(opened: &envelope::Opened, span: Option<Span>, size: u64) -> Option<std::ops::Range<u64>> {
    let Some(span) = span else { return Some(0..before_tail(opened, size)) };
    let (first, last) = range::resolve(span, opened.plain_len(), opened.entries()).ok()??;
    if first > last {
        return None;
    }
    let (from, to) = (opened.runs(first, first, 1).next()?, opened.runs(last, last, 1).last()?);
    Some(from.sealed.start..to.sealed.end)
}

/// A genuine version of the key stands where another is meant (FORMAT 15).
const OTHER_VERSION: envelope::Error =
    envelope::Error { kind: envelope::Kind::WrongContext, why: "another version stands in its place" };

/// Where an object is looked for, and with what.
struct Place<'a> {
    backend: &'a dyn Backend,
    keyring: &'a Keyring,
    bucket: &'a Bucket,
    key: &'a str,
    show: (EtagKind, Names),
}

impl Place<'_> {
    async fn verify(&self, path: &Path, stored: &Arc<dyn Stored>, buffers: &Buffers) -> Result<Verified, Error> {
        let size = stored.meta().size;
        let end = stored.end();
        let tampered = |why| Error::Tampered { path: path.to_string(), why };
        let head = self.head(path, size, &end).await?;
        if !stands(&head, stored.meta().version.as_deref(), self.show.1) {
            return Err(Error::Tampered { path: path.to_string(), why: OTHER_VERSION });
        }
        let encryption = items::encryption(head.metadata()).map_err(tampered)?;
        let opened = if head.needs_customer_key() {
            None
        } else {
            let keys = head.open(None).map_err(tampered)?;
            Some(Arc::new(open_tail(keys, stored, &end, buffers).await.map_err(|error| at(path, error))?))
        };
        Ok(Verified { head: Arc::new(head), opened, encryption, shown: self.show.0 })
    }

    async fn head(&self, path: &Path, size: u64, end: &Bytes) -> Result<Head, Error> {
        let tampered = |why| Error::Tampered { path: path.to_string(), why };
        let clear = ClearHead::find(size, end).map_err(tampered)?;
        let kek = self.keyring.kek(self.bucket.uuid, clear.kek_id()).await.map_err(|error| at(path, error.into()))?;
        let overflow = overflow_record(self.backend, &clear).await?;
        let context = Context { bucket: self.bucket.uuid, key: self.key };
        clear.unwrap(&kek, &context, overflow.as_deref()).map_err(tampered)
    }
}

/// Verifies the tail, of which `end` holds all or the last part.
async fn open_tail(keys: BodyKeys, stored: &Arc<dyn Stored>, end: &Bytes, buffers: &Buffers) -> Result<envelope::Opened, Error> {
    let size = stored.meta().size;
    let tampered = |why| Error::Tampered { path: String::new(), why };
    let (mut keys, mut end) = (keys, end.clone());
    loop {
        match keys.tail(size, &end).map_err(tampered)? {
            Tail::Opened(opened) => return Ok(opened),
            Tail::NeedMore(same, length) => {
                keys = same;
                end = read_all(stored, size.saturating_sub(length)..size, buffers).await?;
            }
        }
    }
}

/// The last 1,024 bytes, or all there are.
pub(super) fn head_bytes(end: &Bytes) -> &[u8] {
    end.get(end.len().saturating_sub(HEAD)..).unwrap_or_default()
}

/// The overflow record of a Head that has one. One that is missing is left for the Head to refuse.
pub(super) async fn overflow_record(backend: &dyn Backend, clear: &ClearHead) -> Result<Option<Bytes>, Error> {
    let Some(name) = clear.overflow_name() else { return Ok(None) };
    match backend.get(&layout::overflow(&name)).await {
        Ok(found) => Ok(Some(found.bytes().await?)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Reads any stretch of a stored object into memory, a buffer at a time.
pub(super) async fn read_all(stored: &Arc<dyn Stored>, range: std::ops::Range<u64>, buffers: &Buffers) -> Result<Bytes, Error> {
    let mut bytes = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let buffer = buffers.take();
        let step = u64::try_from(buffer.capacity()).unwrap_or(u64::MAX).min(range.end - at);
        let filled = stored.fill(at..at + step, buffer).await?;
        bytes.extend_from_slice(filled.as_ref());
        at += step;
    }
    Ok(bytes.into())
}

/// Names the path in an integrity error that was found without one.
pub(super) fn at(path: &Path, error: Error) -> Error {
    match error {
        Error::Tampered { why, .. } => Error::Tampered { path: path.to_string(), why },
        Error::Refused(_) | Error::Unavailable(_) | Error::Full | Error::Internal(_) => error,
    }
}

/// What a listing shows of an object whose last bytes are at hand.
pub(super) struct Glimpse {
    pub(super) etag: String,
    pub(super) modified: Millis,
    pub(super) checksum: Option<envelope::ChecksumKind>,
    /// The owner that is sealed with it.
    pub(super) owner: Option<String>,
}

/// Opens Head and tail from the last bytes alone. None if they are not enough, which costs a read of its own.
pub(super) fn glimpse(
    (meta, end): (&ObjectMeta, &Bytes),
    kek: &Kek,
    context: &Context<'_>,
    (shown, names): (EtagKind, Names),
) -> envelope::Result<Option<Glimpse>> {
    let clear = ClearHead::find(meta.size, end)?;
    if clear.overflow_name().is_some() {
        return Ok(None);
    }
    let head = clear.unwrap(kek, context, None)?;
    if !stands(&head, meta.version.as_deref(), names) {
        return Err(OTHER_VERSION);
    }
    let owner = owner_in(head.metadata());
    let (modified, backend_etag) = (Millis(head.metadata().created), meta.e_tag.as_deref().unwrap_or_default());
    if head.needs_customer_key() {
        return Ok(Some(Glimpse { etag: etag::opaque(backend_etag), modified, checksum: None, owner }));
    }
    match head.open(None)?.tail(meta.size, end)? {
        Tail::NeedMore(..) => Ok(None),
        Tail::Opened(opened) => Ok(Some(Glimpse {
            etag: etag::of(shown, opened.record(), opened.entries().len(), backend_etag),
            modified,
            checksum: checksum_of(head.metadata(), opened.record())?.map(|(checksum, _)| checksum.kind),
            owner,
        })),
    }
}
