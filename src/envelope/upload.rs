//! Open multipart uploads: the upload record and part records (FORMAT 11).

use super::body::BodyKeys;
use super::checksum::ChecksumField;
use super::derive::Triple;
use super::fields::{Fields, Room, is_zero};
use super::head::{ClearHead, Core, Wrap, WrappedHead, Wrapping};
use super::length::HEAD;
use super::metadata::UploadItems;
use super::names::hex;
use super::random::draw;
use super::tail::{self, Entry, Record};
use super::{BucketUuid, Context, CustomerKey, Draw, Error, Kek, KekId, Metadata, ObjectId, Random, Result, SUITE, VERSION};
use crate::crypto::{self, Secret};

const MAGIC: [u8; 8] = *b"\x89WAXP\r\n\x1a";

/// Length of a part record.
pub(super) const PART_RECORD: usize = 384;

/// Its clear part that is an input to its key.
const CLEAR: usize = 48;

/// Its sealed part.
const SEALED: usize = 288;

/// The longest backend ETag.
const ETAG_MAX: usize = 80;

const HAS_MD5: u8 = 1;
const STAGED: u8 = 2;

/// What an upload's records are found under.
#[must_use]
pub fn upload_name(bucket: BucketUuid, key: &str, upload_id: &[u8]) -> [u8; 32] {
    let length = u32::try_from(key.len()).unwrap_or(u32::MAX).to_be_bytes();
    let label = [b"waxseal/v1/upload-name".as_slice(), &[0, SUITE]];
    crypto::sha256(&[label[0], label[1], &bucket.0, &length, key.as_bytes(), upload_id])
}

/// An upload record that looks like one. Nothing in it is verified yet.
pub struct ClearUpload<'a> {
    head: ClearHead,
    overflow: &'a [u8],
}

impl<'a> ClearUpload<'a> {
    /// Looks at an upload record.
    ///
    /// # Errors
    /// As [`ClearHead::parse`].
    pub fn parse(record: &'a [u8]) -> Result<Self> {
        let (head, overflow) = record.split_at_checked(HEAD).unwrap_or((record, &[]));
        Ok(Self { head: ClearHead::read(head, true)?, overflow })
    }

    /// The KEK that opens it.
    #[must_use]
    pub fn kek_id(&self) -> KekId {
        self.head.kek_id()
    }

    /// Proves the record genuine, in its place and of this upload.
    ///
    /// # Errors
    /// As [`ClearHead::unwrap`]; `wrong_context` if it is another upload's.
    pub fn unwrap(self, kek: &Kek, context: &Context<'_>, upload_id: &[u8]) -> Result<UploadHead> {
        let overflow = if self.overflow.is_empty() { None } else { Some(self.overflow) };
        let (slot, row) = self.head.open(kek, context.bucket, Some(context.key), overflow)?;
        let (metadata, items) = row.into_upload()?;
        if !self.head.overflows() && overflow.is_some() {
            return Err(Error::malformed("bytes after the upload record"));
        }
        if !crypto::equal(&items.name, &upload_name(context.bucket, context.key, upload_id)) {
            return Err(Error::wrong_context("record of another upload"));
        }
        Ok(UploadHead { metadata, core: self.head.core(slot), items })
    }
}

/// An upload record that was proved genuine and in its place.
pub struct UploadHead {
    metadata: Metadata,
    core: Core,
    items: UploadItems,
}

impl UploadHead {
    /// What will be known of the object besides its content.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The body to be.
    #[must_use]
    pub fn object_id(&self) -> ObjectId {
        self.core.object_id
    }

    /// The row as it was sealed, the upload's own items included; for comparing with another reader's.
    ///
    /// # Errors
    /// None: the row was decoded from one.
    pub fn row(&self) -> Result<Vec<u8>> {
        self.metadata.row(Some(&self.items))
    }

    /// Whether parts are sealed, and the content opens, only with a key of the client.
    #[must_use]
    pub fn needs_customer_key(&self) -> bool {
        self.core.wrap == Wrap::Customer
    }

    /// The keys of the content, to seal parts with.
    ///
    /// # Errors
    /// `wrong_key` if the customer key is missing, another, or not asked for.
    pub fn open(&self, customer: Option<&CustomerKey>) -> Result<BodyKeys> {
        self.core.body_keys(customer)
    }

    /// What seals part records and the tail.
    #[must_use]
    pub fn records(&self) -> PartKey<'_> {
        PartKey(&self.items.tail_prk)
    }

    /// The tail and Head that finish the upload: under the metadata it was begun with, to which the items of a version
    /// may have come. Needs no customer key.
    ///
    /// # Errors
    /// `malformed` if the Entries are not as FORMAT 8.1 has them.
    pub fn complete(
        &self,
        place: (&Kek, BucketUuid, &Metadata),
        entries: &[Entry],
        record: &Record,
        rng: &mut dyn Random,
    ) -> Result<(Vec<u8>, WrappedHead)> {
        let tail = tail::seal(&self.items.tail_prk, self.core.object_id, entries, record, rng)?;
        let mut slot = Secret::zeroed();
        slot.expose_mut().copy_from_slice(self.core.slot.expose());
        let core = Core { wrap: self.core.wrap, epoch: 0, object_id: self.core.object_id, slot };
        let (kek, bucket, metadata) = place;
        let wrapping = Wrapping { key: &metadata.key, row: metadata.encode()?, upload: false };
        Ok((tail, core.wrap(kek, bucket, wrapping, rng)))
    }
}

/// What is known of a part that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartRecord {
    /// Its Entry in the tail to be.
    pub entry: Entry,
    /// The MD5 of its plaintext, if it was computed.
    pub md5: Option<[u8; 16]>,
    /// Milliseconds since 1970.
    pub created: u64,
    /// Whether its segment lies in an object of its own.
    pub staged: bool,
    /// What the backend calls it; at most 80 bytes.
    pub backend_etag: String,
    /// Its checksum; here also a SHA-512.
    pub checksum: Option<ChecksumField>,
}

/// The key that part records of one upload are sealed under.
pub struct PartKey<'a>(&'a Secret<32>);

impl<'a> PartKey<'a> {
    /// From the TPRK of an upload.
    #[must_use]
    pub fn new(tail_prk: &'a Secret<32>) -> Self {
        Self(tail_prk)
    }

    /// Seals a record under a fresh salt; gives the part of its name that follows the number, and its bytes.
    ///
    /// # Errors
    /// `malformed` if the backend's ETag is too long.
    pub fn seal(&self, part: &PartRecord, rng: &mut dyn Random) -> Result<(String, [u8; PART_RECORD])> {
        let salt: [u8; 32] = draw(rng, Draw::RecordSalt);
        let mut clear = [0; CLEAR];
        Room::of(&mut clear).put(&MAGIC).put(&[VERSION, SUITE, 0, 0]).put(&part.entry.part_no.to_be_bytes()).put(&salt);
        let mut sealed = encode(part)?;
        let triple = Triple::derive(self.0, "part", &[&clear]);
        let commit = triple.commit();
        let tag = triple.seal(&mut sealed);
        let mut record = [0; PART_RECORD];
        Room::of(&mut record).put(&clear).put(&commit).put(&sealed).put(&tag);
        Ok((hex(salt.get(..16).unwrap_or_default()), record))
    }

    /// Opens the record of part `part_no`.
    ///
    /// # Errors
    /// As FORMAT 11.2 has them.
    pub fn open(&self, record: &[u8], part_no: u32) -> Result<PartRecord> {
        if record.len() < PART_RECORD {
            return Err(Error::truncated("part record: cut off"));
        }
        if record.len() > PART_RECORD || !record.starts_with(&MAGIC) {
            return Err(Error::malformed("not a part record"));
        }
        let mut fields = Fields::of(record);
        let clear: [u8; CLEAR] = fields.array()?;
        let (commit, mut sealed, tag): ([u8; 32], [u8; SEALED], _) = (fields.array()?, fields.array()?, fields.array()?);
        let mut fields = Fields::of(&clear);
        fields.take(MAGIC.len())?;
        if (fields.u8()?, fields.u8()?) != (VERSION, SUITE) {
            return Err(Error::unsupported("part record: version or suite"));
        }
        fields.zeros(2, "part record: reserved bytes")?;
        let triple = Triple::derive(self.0, "part", &[&clear]);
        let committed = triple.check(&commit, Error::tampered("part record: commitment"))?;
        if fields.u32()? != part_no {
            return Err(Error::wrong_context("record of another part"));
        }
        committed.open(&mut sealed, &tag, "part record: the tag does not verify")?;
        decode(&sealed, part_no)
    }
}

fn encode(part: &PartRecord) -> Result<[u8; SEALED]> {
    const TOO_LONG: Error = Error::malformed("part record: the backend's ETag is too long");
    let length = u8::try_from(part.backend_etag.len()).map_err(|_| TOO_LONG)?;
    let mut etag = [0; ETAG_MAX];
    etag.get_mut(..part.backend_etag.len()).ok_or(TOO_LONG)?.copy_from_slice(part.backend_etag.as_bytes());
    let (kind, checksum) = ChecksumField::encode::<64>(part.checksum.as_ref())?;
    let flags = if part.md5.is_some() { HAS_MD5 } else { 0 } | if part.staged { STAGED } else { 0 };
    let mut sealed = [0; SEALED];
    Room::of(&mut sealed)
        .put(&part.entry.encode()?)
        .put(&part.md5.unwrap_or_default())
        .put(&part.created.to_be_bytes())
        .put(&[flags, length, kind, 0, 0, 0, 0, 0])
        .put(&etag)
        .put(&checksum);
    Ok(sealed)
}

fn decode(sealed: &[u8], part_no: u32) -> Result<PartRecord> {
    const FIELDS: Error = Error::malformed("part record: fields");
    let mut fields = Fields::of(sealed);
    let entry = Entry::decode(fields.take(112)?)?;
    let (md5, created): ([u8; 16], _) = (fields.array()?, fields.u64()?);
    let (flags, length, kind) = (fields.u8()?, fields.u8()?, fields.u8()?);
    fields.zeros(5, "part record: reserved bytes")?;
    let etag = fields.take(ETAG_MAX)?;
    let checksum = ChecksumField::decode(kind, fields.take(64)?)?;
    let (etag, rest) = etag.split_at_checked(usize::from(length)).ok_or(FIELDS)?;
    let has_md5 = flags & HAS_MD5 != 0;
    if part_no == 0 || entry.part_no != part_no || flags & !(HAS_MD5 | STAGED) != 0 || !is_zero(rest) {
        return Err(FIELDS);
    }
    if !has_md5 && !is_zero(&md5) {
        return Err(Error::malformed("part record: MD5"));
    }
    let backend_etag = String::from_utf8(etag.to_vec()).map_err(|_| FIELDS)?;
    Ok(PartRecord { entry, md5: has_md5.then_some(md5), created, staged: flags & STAGED != 0, backend_etag, checksum })
}
