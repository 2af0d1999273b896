//! The keys of one body, and a body in the making.

use super::derive::{Triple, expand};
use super::head::{Core, WrappedHead, Wrapping};
use super::metadata::UploadItems;
use super::random::draw;
use super::tail::{self, Entry, Record};
use super::upload::upload_name;
use super::{BucketUuid, CustomerKey, Draw, Kek, Metadata, ObjectId, Random, Result, SegmentOpener, SegmentSealer};
use crate::crypto::{self, Secret};

/// What content is sealed and opened under: derived from the DEK, which is gone.
pub struct BodyKeys {
    pub(super) object_id: ObjectId,
    prk: Secret<32>,
}

impl BodyKeys {
    pub(super) fn new(object_id: ObjectId, dek: &Secret<32>) -> Self {
        Self { object_id, prk: crypto::extract(&object_id.0, dek.expose()) }
    }

    /// Seals a segment of this body under a fresh salt: 0 for content in one request, the part's number otherwise.
    pub fn segment(&self, part_no: u32, rng: &mut dyn Random) -> SegmentSealer {
        let salt = draw(rng, Draw::SegSalt);
        SegmentSealer::new(part_no, salt, self.segment_triple(part_no, &salt))
    }

    /// Opens chunks of a segment, if the Entry's commitment is that of this body.
    pub(super) fn segment_opener(&self, entry: &Entry) -> Result<SegmentOpener> {
        SegmentOpener::new(self.segment_triple(entry.part_no, &entry.seg_salt), entry)
    }

    fn segment_triple(&self, part_no: u32, salt: &[u8; 32]) -> Triple {
        Triple::derive(&self.prk, "segment", &[&part_no.to_be_bytes(), salt])
    }

    pub(super) fn tail_prk(&self) -> Secret<32> {
        let mut tail_prk = Secret::zeroed();
        expand(&self.prk, "tail-prk", &[], tail_prk.expose_mut());
        tail_prk
    }
}

/// A body in the making: DEK and object id, drawn together, to seal nothing else.
pub struct NewBody {
    dek: Secret<32>,
    keys: BodyKeys,
}

impl NewBody {
    /// Draws DEK and object id.
    pub fn draw(rng: &mut dyn Random) -> Self {
        let mut dek = Secret::zeroed();
        rng.fill(Draw::Dek, dek.expose_mut());
        let object_id = ObjectId(draw(rng, Draw::ObjectId));
        let keys = BodyKeys::new(object_id, &dek);
        Self { dek, keys }
    }

    /// Its id.
    #[must_use]
    pub fn object_id(&self) -> ObjectId {
        self.keys.object_id
    }

    /// As [`BodyKeys::segment`].
    pub fn segment(&self, part_no: u32, rng: &mut dyn Random) -> SegmentSealer {
        self.keys.segment(part_no, rng)
    }

    /// What follows the last segment, up to the Head: padding, Entries, Footer.
    ///
    /// # Errors
    /// `malformed` if the Entries are not as FORMAT 8.1 has them.
    pub fn seal_tail(&self, entries: &[Entry], record: &Record, rng: &mut dyn Random) -> Result<Vec<u8>> {
        tail::seal(&self.keys.tail_prk(), self.keys.object_id, entries, record, rng)
    }

    /// The Head, and with it the end of the object.
    ///
    /// # Errors
    /// `malformed` if the metadata does not encode.
    pub fn wrap(
        self,
        place: (&Kek, BucketUuid),
        metadata: &Metadata,
        customer: Option<&CustomerKey>,
        rng: &mut dyn Random,
    ) -> Result<WrappedHead> {
        let core = Core::new(self.keys.object_id, &self.dek, customer);
        let wrapping = Wrapping { key: &metadata.key, row: metadata.encode()?, upload: false };
        Ok(core.wrap(place.0, place.1, wrapping, rng))
    }

    /// The upload record of a body that will come in parts (FORMAT 11.1).
    ///
    /// # Errors
    /// `malformed` if the metadata does not encode.
    pub fn wrap_upload(
        self,
        place: (&Kek, BucketUuid),
        upload: (&Metadata, &[u8]),
        customer: Option<&CustomerKey>,
        rng: &mut dyn Random,
    ) -> Result<Vec<u8>> {
        let ((kek, bucket), (metadata, upload_id)) = (place, upload);
        let name = upload_name(bucket, &metadata.key, upload_id);
        let items = UploadItems { name, tail_prk: self.keys.tail_prk() };
        let core = Core::new(self.keys.object_id, &self.dek, customer);
        let wrapping = Wrapping { key: &metadata.key, row: metadata.row(Some(&items))?, upload: true };
        let WrappedHead { head, overflow } = core.wrap(kek, bucket, wrapping, rng);
        let mut record = head.to_vec();
        if let Some(overflow) = overflow {
            record.extend(overflow.record);
        }
        Ok(record)
    }
}
