//! UploadPart: a segment of its own, sealed under the upload's DEK with a fresh salt for every attempt.

use super::sums;
use super::upload::Open;
use crate::access::Permitted;
use crate::envelope::{BodyKeys, Entry, Kind, PartRecord, UNIT, segment_length};
use crate::gateway::body::Body;
use crate::gateway::digests::{Digests, Sums};
use crate::gateway::encryption::{Customer, ServerSide, fitting};
use crate::gateway::gateway::{EtagKind, Gateway, bucket_of};
use crate::gateway::intake::{Content, Intake};
use crate::gateway::operation::{ChecksumScope, Declared, PutPart};
use crate::gateway::outcome::Written;
use crate::gateway::put::{Taken, Target, field, part_field};
use crate::gateway::{Error, Refusal, etag, items};
use crate::keyring::OsRandom;
use crate::store::{Draft, Millis, layout};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode, PutOptions, PutPayload};

/// The greatest part number there is.
const LAST: u32 = 10_000;

/// The most that is staged, in bytes of plaintext: completing the upload holds it in memory.
const STAGED_MAX: u64 = 64 << 20;

/// A segment that will be a part: its number, and what it is named by if it is staged.
struct Segment {
    number: u32,
    name: String,
}

/// Where a staged segment lies.
pub(super) fn staged(upload: &str, number: u32, name: &str) -> Path {
    layout::upload(upload, &format!("staged/{number:05}.{name}"))
}

impl Gateway {
    /// Takes one part in. Its record is written after its bytes are durable, and an earlier attempt is left alone.
    ///
    /// # Errors
    /// `NoSuchUpload`; what the body's verification refuses; nothing is stored then.
    pub async fn put_part(&self, operation: Permitted<PutPart>, body: Body) -> Result<Written, Error> {
        let bucket = bucket_of(&operation)?;
        let PutPart { key, upload_id, number, declared, customer, .. } = operation.into_operation();
        check_number(number)?;
        let open = self.open_upload(&bucket, &key, &upload_id).await?;
        let attempt = Attempt { open: &open, number, customer: customer.as_ref() };
        self.take_part(attempt, &declared, body.into()).await
    }

    /// Seals content as one attempt at a part.
    pub(super) async fn take_part(&self, attempt: Attempt<'_>, declared: &Declared, content: Content) -> Result<Written, Error> {
        let Attempt { open, number, customer } = attempt;
        let wanted = sums::declared(open.head.metadata()).map(|(kind, _)| kind);
        let given = declared.checksum.as_ref().map(|checksum| checksum.kind).or(declared.algorithm);
        if wanted.is_some() && given.is_some() && wanted != given {
            let why = "the checksum of the part is of another algorithm than its upload was created with";
            return Err(Refusal::InvalidRequest(why.to_owned()).into());
        }
        let sealer = open.body_keys(customer)?.segment(number, &mut OsRandom);
        let (kept, _) = sums::kept(open.head.metadata());
        let digests = Digests::new(open.etag(self.settings.etag), declared, wanted).keeping(kept);
        let segment = Segment { number, name: sealer.name() };
        let intake = Intake::new(sealer, digests);
        let begin = async || self.begin_part(open, &segment, declared.length).await;
        let taken = self.take_in(content, declared, intake, begin).await?;
        let Taken { target, last, mut entry, sums } = taken;
        entry.checksum = part_field(sums.kept())?;
        let mut draft = match target {
            Target::Draft(draft) => draft,
            Target::Undecided => self.begin_part(open, &segment, Some(entry.plain_len)).await?,
        };
        draft.write(Box::new(move || last)).await?;
        let stored = draft.finish(Bytes::new(), PutMode::Overwrite.into()).await.map_err(no_upload)?;
        let modified = self.later();
        let content_id = stored.e_tag.unwrap_or_default();
        let etag = part_etag(&entry, &sums);
        let staged = self.is_staged(number, Some(entry.plain_len));
        self.record_part(open, part_record(entry, &sums, (content_id, staged), modified)?).await?;
        let told = sums.checksum.as_ref().or(sums.kept()).cloned();
        let checksum = told.map(|checksum| (checksum, ChecksumScope::FullObject));
        let encryption = open.encryption()?;
        Ok(Written { etag, modified, checksum, parts: None, encryption, expires: None, version: None, source_version: None })
    }

    /// Where a segment of so many bytes of plaintext is written: as a part, or staged.
    async fn begin_part(&self, open: &Open, segment: &Segment, plain: Option<u64>) -> Result<Box<dyn Draft>, Error> {
        let number = segment.number;
        if self.is_staged(number, plain) {
            if plain.is_some_and(|plain| plain > STAGED_MAX) {
                let why = "on this backend part 10000 has at most 64 MiB: use larger parts, or fewer";
                return Err(Refusal::InvalidRequest(why.to_owned()).into());
            }
            return Ok(self.backend.begin(&staged(&open.name, number, &segment.name)).await?);
        }
        let length = plain.map(segment_length);
        self.backend.begin_part(&open.upload, number, length).await.map_err(no_upload)
    }

    fn is_staged(&self, number: u32, plain: Option<u64>) -> bool {
        self.backend.stages() && (number == LAST || plain.is_some_and(|plain| plain < UNIT))
    }

    async fn record_part(&self, open: &Open, part: PartRecord) -> Result<(), Error> {
        let number = part.entry.part_no;
        let (name, record) = open.head.records().seal(&part, &mut OsRandom).map_err(Error::sealing)?;
        let path = layout::upload(&open.name, &format!("part/{number:05}.{name}"));
        let payload = PutPayload::from(record.to_vec());
        self.backend.put_opts(&path, payload, PutOptions::from(PutMode::Create)).await?;
        // Whoever ended the upload meanwhile may have looked for records before this one: its own goes before they look
        // for the last time.
        match self.backend.head(&layout::upload(&open.name, "upload")).await {
            Ok(_) => Ok(()),
            Err(object_store::Error::NotFound { .. }) => {
                self.remove_leftover(&path).await;
                Err(Refusal::NoSuchUpload.into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// An attempt at a part: of which upload, at which number, and with the key that the client sent.
pub(super) struct Attempt<'a> {
    pub(super) open: &'a Open,
    pub(super) number: u32,
    pub(super) customer: Option<&'a Customer>,
}

/// # Errors
/// `InvalidArgument` for a number that no part has.
pub(super) fn check_number(number: u32) -> Result<(), Error> {
    if (1..=LAST).contains(&number) {
        return Ok(());
    }
    Err(Refusal::InvalidArgument("the part number must be from 1 to 10000".to_owned()).into())
}

impl Open {
    /// What seals parts, for a request that came with this key, or with none.
    ///
    /// # Errors
    /// `CustomerKeyMissing`, `CustomerKeyUnasked` or `CustomerKeyWrong`.
    pub(super) fn body_keys(&self, customer: Option<&Customer>) -> Result<BodyKeys, Error> {
        fitting(self.head.needs_customer_key(), customer)?;
        self.head.open(customer.map(Customer::key)).map_err(|why| match why.kind {
            Kind::WrongKey => Refusal::CustomerKeyWrong.into(),
            _ => self.tampered(why),
        })
    }

    /// What the object will be told of its encryption.
    pub(super) fn encryption(&self) -> Result<Option<ServerSide>, Error> {
        items::encryption(self.head.metadata()).map_err(|why| self.tampered(why))
    }

    /// What ETags are, of the parts and of the object.
    pub(super) fn etag(&self, usual: EtagKind) -> EtagKind {
        if self.head.needs_customer_key() { EtagKind::Opaque } else { usual }
    }

    pub(super) fn tampered(&self, why: crate::envelope::Error) -> Error {
        Error::Tampered { path: format!("{}/{}", self.upload.path, self.name), why }
    }
}

/// The MD5, or else `<32 hex>-0` of the commitment, which clients do not take for an MD5 (FORMAT 11.3).
fn part_etag(entry: &Entry, sums: &Sums) -> String {
    match sums.md5 {
        Some(md5) => etag::hex(&md5),
        None => entry.opaque_etag(),
    }
}

fn part_record(entry: Entry, sums: &Sums, (content_id, staged): (String, bool), modified: Millis) -> Result<PartRecord, Error> {
    Ok(PartRecord {
        entry,
        md5: sums.md5,
        created: modified.0,
        staged,
        backend_etag: content_id,
        checksum: sums.checksum.as_ref().map(field).transpose()?,
    })
}

/// What a backend's "not found" means of a part: the upload is over.
pub(super) fn no_upload(error: object_store::Error) -> Error {
    match error {
        object_store::Error::NotFound { .. } => Refusal::NoSuchUpload.into(),
        other => other.into(),
    }
}
