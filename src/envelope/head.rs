//! The Head: the DEK and the metadata, sealed under a KEK for one bucket and one key (FORMAT 5).

use super::body::BodyKeys;
use super::derive::Triple;
use super::fields::{Room, is_zero};
use super::length::{HEAD, SEALED_MIN};
use super::metadata::{self, ROW, Row};
use super::names::hex;
use super::overflow::{self, Overflow};
use super::random::draw;
use super::{BucketUuid, Context, CustomerKey, Draw, Error, Kek, KekId, Metadata, ObjectId, Random, Result, SUITE, VERSION};
use crate::crypto::{self, Secret};

/// What a Head begins with.
const MAGIC: [u8; 8] = *b"\x89WAXH\r\n\x1a";

/// The clear part that is an input to the Head's key.
const CLEAR: usize = 128;

/// Slot and row.
const SEALED: usize = SLOT + ROW;

/// Length of a slot.
pub(super) const SLOT: usize = 80;

const OVERFLOWS: u8 = 1;
const UPLOAD: u8 = 2;

/// The keys that must come together to open the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrap {
    Kek = 1,
    Customer = 2,
}

impl Wrap {
    fn number(self) -> u8 {
        match self {
            Self::Kek => 1,
            Self::Customer => 2,
        }
    }
}

/// A Head that looks like one. Nothing in it is verified yet.
pub struct ClearHead {
    bytes: [u8; HEAD],
    wrap: Wrap,
}

impl ClearHead {
    /// Looks at the last 1,024 bytes of an object.
    ///
    /// # Errors
    /// `truncated`, `malformed` or `unsupported`, as FORMAT 5.2 step 1 has it.
    pub fn parse(head: &[u8]) -> Result<Self> {
        Self::read(head, false)
    }

    /// Looks at an object of `sealed_len` bytes, of which `end` are the last.
    ///
    /// # Errors
    /// `truncated` if it is shorter than any object; then as [`ClearHead::parse`].
    pub fn find(sealed_len: u64, end: &[u8]) -> Result<Self> {
        if sealed_len < SEALED_MIN {
            return Err(Error::truncated("shorter than the shortest sealed object"));
        }
        Self::parse(end.get(end.len().saturating_sub(HEAD)..).unwrap_or_default())
    }

    pub(super) fn read(head: &[u8], upload: bool) -> Result<Self> {
        let bytes: [u8; HEAD] = head.try_into().map_err(|_| Error::truncated("no room for a Head"))?;
        let [a, b, c, d, e, f, g, h, version, suite, wrap, flags, ..] = bytes;
        if [a, b, c, d, e, f, g, h] != MAGIC {
            return Err(Error::malformed("no Head at the end: not a sealed object"));
        }
        if (version, suite) != (VERSION, SUITE) {
            return Err(Error::unsupported("Head: version or suite"));
        }
        let wrap = match wrap {
            1 => Wrap::Kek,
            2 => Wrap::Customer,
            _ => return Err(Error::unsupported("Head: wrap")),
        };
        if flags & !(OVERFLOWS | UPLOAD) != 0 {
            return Err(Error::unsupported("Head: flag"));
        }
        if (flags & UPLOAD != 0) != upload {
            return Err(Error::malformed("an upload's Head where an object's belongs, or the reverse"));
        }
        Ok(Self { bytes, wrap })
    }

    /// The KEK that opens it.
    #[must_use]
    pub fn kek_id(&self) -> KekId {
        KekId(self.field::<48, 16>())
    }

    /// The body it belongs to.
    #[must_use]
    pub fn object_id(&self) -> ObjectId {
        ObjectId(self.field::<16, 32>())
    }

    /// The overflow record it needs, under a prefix that clients cannot reach.
    #[must_use]
    pub fn overflow_name(&self) -> Option<String> {
        let salt = self.field::<64, 16>();
        self.overflows().then(|| format!("{}.{}", self.object_id(), hex(&salt)))
    }

    /// Proves the Head genuine and in its place (FORMAT 5.2).
    ///
    /// # Errors
    /// `wrong_key` if the KEK is not the one it names, `tampered`, `wrong_context`, `malformed`; `truncated` if the
    /// overflow record is missing.
    pub fn unwrap(self, kek: &Kek, context: &Context<'_>, overflow: Option<&[u8]>) -> Result<Head> {
        let (slot, row) = self.open(kek, context.bucket, Some(context.key), overflow)?;
        Ok(Head { metadata: row.into_object()?, core: self.core(slot) })
    }

    /// As [`ClearHead::unwrap`] for a reader that knows no key: the one it was sealed for is found in the metadata.
    ///
    /// # Errors
    /// `wrong_context` if it was sealed for another bucket.
    pub fn recover(self, kek: &Kek, bucket: BucketUuid, overflow: Option<&[u8]>) -> Result<Head> {
        let (slot, row) = self.open(kek, bucket, None, overflow)?;
        Ok(Head { metadata: row.into_object()?, core: self.core(slot) })
    }

    pub(super) fn open(
        &self,
        kek: &Kek,
        bucket: BucketUuid,
        key: Option<&str>,
        overflow: Option<&[u8]>,
    ) -> Result<(Secret<SLOT>, Row)> {
        if kek.id() != self.kek_id() {
            return Err(Error::wrong_key("no KEK of this id"));
        }
        let (clear, salt) = (self.field::<0, CLEAR>(), self.field::<64, 32>());
        let prk = kek.prk(&salt);
        let triple = Triple::derive(&prk, "head", &[&clear]);
        let committed = triple.check(&self.field::<128, 32>(), Error::tampered("Head: commitment"))?;
        let in_place = |key: &str| {
            let mac = kek.context_mac(&salt, bucket, key);
            crypto::equal(&mac, &self.field::<96, 32>())
        };
        if key.is_some_and(|key| !in_place(key)) {
            return Err(Error::wrong_context("sealed for another key or bucket"));
        }
        let mut inner = Secret::<SEALED>::new(self.field::<160, SEALED>());
        committed.open(inner.expose_mut(), &self.field::<1008, 16>(), "Head: the tag does not verify")?;
        let (sealed_slot, inline) = inner.expose().split_at(SLOT);
        let mut slot = Secret::zeroed();
        slot.expose_mut().copy_from_slice(sealed_slot);
        let row = if self.overflows() {
            if !is_zero(inline) {
                return Err(Error::malformed("inline metadata beside an overflow record"));
            }
            overflow::open(overflow, Triple::derive(&prk, "overflow", &[&clear]), metadata::decode)?
        } else {
            metadata::decode(inline)?
        };
        match key {
            None if !in_place(&row.metadata.key) => Err(Error::wrong_context("sealed for another bucket")),
            Some(key) if row.metadata.key != key => Err(Error::malformed("metadata names another key")),
            None | Some(_) => Ok((slot, row)),
        }
    }

    pub(super) fn core(&self, slot: Secret<SLOT>) -> Core {
        let epoch = u32::from_be_bytes(self.field::<12, 4>());
        Core { wrap: self.wrap, epoch, object_id: self.object_id(), slot }
    }

    pub(super) fn overflows(&self) -> bool {
        let [flags] = self.field::<11, 1>();
        flags & OVERFLOWS != 0
    }

    /// The `N` bytes from offset `AT`.
    fn field<const AT: usize, const N: usize>(&self) -> [u8; N] {
        let field = self.bytes.get(AT..).and_then(<[u8]>::first_chunk);
        let Some(field) = field else { unreachable!("the fields of a Head lie within it") };
        *field
    }
}

/// What a Head says of its body, whatever its place: carried over when a Head is made from another.
pub(super) struct Core {
    pub(super) wrap: Wrap,
    pub(super) epoch: u32,
    pub(super) object_id: ObjectId,
    pub(super) slot: Secret<SLOT>,
}

impl Core {
    /// For a new body.
    pub(super) fn new(object_id: ObjectId, dek: &Secret<32>, customer: Option<&CustomerKey>) -> Self {
        let wrap = if customer.is_some() { Wrap::Customer } else { Wrap::Kek };
        Self { wrap, epoch: 0, object_id, slot: make_slot(&object_id, dek, customer) }
    }

    /// The DEK, and what is derived from it.
    ///
    /// # Errors
    /// `wrong_key` if the customer key is missing, another, or not asked for.
    pub(super) fn body_keys(&self, customer: Option<&CustomerKey>) -> Result<BodyKeys> {
        Ok(BodyKeys::new(self.object_id, &self.dek(customer)?))
    }

    fn dek(&self, customer: Option<&CustomerKey>) -> Result<Secret<32>> {
        let (first, sealed) = self.slot.expose().split_at(32);
        let (text, tag) = sealed.split_at(32);
        let mut dek = Secret::zeroed();
        match (self.wrap, customer) {
            (Wrap::Kek, _) if !is_zero(sealed) => Err(Error::malformed("slot: padding is not zero")),
            (Wrap::Kek, Some(_)) => Err(Error::wrong_key("not sealed under a customer key, but one was given")),
            (Wrap::Kek, None) => {
                dek.expose_mut().copy_from_slice(first);
                Ok(dek)
            }
            (Wrap::Customer, None) => Err(Error::wrong_key("sealed under a customer key, and none was given")),
            (Wrap::Customer, Some(customer)) => {
                let wrong = Error::wrong_key("sealed under another customer key");
                let committed = customer.triple(&self.object_id.0).check(first, wrong)?;
                let tag = tag.try_into().map_err(|_| Error::malformed("slot"))?;
                dek.expose_mut().copy_from_slice(text);
                committed.open(dek.expose_mut(), tag, "slot: the tag does not verify")?;
                Ok(dek)
            }
        }
    }

    /// A Head for this body in a place, and the overflow record it needs.
    pub(super) fn wrap(&self, kek: &Kek, bucket: BucketUuid, what: Wrapping<'_>, rng: &mut dyn Random) -> WrappedHead {
        let Wrapping { key, row, upload } = what;
        let overflows = row.len() > ROW;
        let salt: [u8; 32] = draw(rng, Draw::WrapSalt);
        let flags = if overflows { OVERFLOWS } else { 0 } | if upload { UPLOAD } else { 0 };
        let mut clear = [0; CLEAR];
        Room::of(&mut clear)
            .put(&MAGIC)
            .put(&[VERSION, SUITE, self.wrap.number(), flags])
            .put(&self.epoch.to_be_bytes())
            .put(&self.object_id.0)
            .put(&kek.id().0)
            .put(&salt)
            .put(&kek.context_mac(&salt, bucket, key));
        let prk = kek.prk(&salt);
        let mut inner = Secret::<SEALED>::zeroed();
        let mut room = Room::of(inner.expose_mut());
        room.put(self.slot.expose());
        let overflow = if overflows {
            let name = format!("{}.{}", self.object_id, hex(salt.get(..16).unwrap_or_default()));
            Some(Overflow { name, record: overflow::seal(row, Triple::derive(&prk, "overflow", &[&clear])) })
        } else {
            let mut row = row;
            room.put(&row);
            crypto::erase(&mut row);
            None
        };
        let triple = Triple::derive(&prk, "head", &[&clear]);
        let commit = triple.commit();
        let tag = triple.seal(inner.expose_mut());
        let mut head = [0; HEAD];
        Room::of(&mut head).put(&clear).put(&commit).put(inner.expose()).put(&tag);
        WrappedHead { head, overflow }
    }
}

fn make_slot(object_id: &ObjectId, dek: &Secret<32>, customer: Option<&CustomerKey>) -> Secret<SLOT> {
    let mut slot = Secret::zeroed();
    let mut room = Room::of(slot.expose_mut());
    match customer {
        None => drop(room.put(dek.expose())),
        Some(customer) => {
            let triple = customer.triple(&object_id.0);
            let commit = triple.commit();
            let mut sealed = Secret::<32>::new(*dek.expose());
            let tag = triple.seal(sealed.expose_mut());
            room.put(&commit).put(sealed.expose()).put(&tag);
        }
    }
    slot
}

/// What goes into a Head besides the body's own.
pub(super) struct Wrapping<'a> {
    pub(super) key: &'a str,
    pub(super) row: Vec<u8>,
    pub(super) upload: bool,
}

/// A new Head, to be stored after the overflow record it needs.
pub struct WrappedHead {
    /// The last bytes of the object.
    pub head: [u8; HEAD],
    /// What must be stored before it, if anything.
    pub overflow: Option<Overflow>,
}

/// A Head that was proved genuine and in its place.
pub struct Head {
    metadata: Metadata,
    core: Core,
}

impl Head {
    /// What is known of the object besides its content.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The body it belongs to.
    #[must_use]
    pub fn object_id(&self) -> ObjectId {
        self.core.object_id
    }

    /// How many Heads of this body came before it, on its way here.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.core.epoch
    }

    /// Whether the content opens only with a key of the client.
    #[must_use]
    pub fn needs_customer_key(&self) -> bool {
        self.core.wrap == Wrap::Customer
    }

    /// The keys of the content.
    ///
    /// # Errors
    /// `wrong_key` if the customer key is missing, another, or not asked for.
    pub fn open(&self, customer: Option<&CustomerKey>) -> Result<BodyKeys> {
        self.core.body_keys(customer)
    }

    /// A Head for the same body in another place, with other metadata or under another KEK. Needs no customer key.
    ///
    /// # Errors
    /// `malformed` if the metadata does not encode or no epoch is left.
    pub fn rewrap(&self, kek: &Kek, bucket: BucketUuid, metadata: &Metadata, rng: &mut dyn Random) -> Result<WrappedHead> {
        let mut slot = Secret::zeroed();
        slot.expose_mut().copy_from_slice(self.core.slot.expose());
        let core = Core { wrap: self.core.wrap, epoch: self.next_epoch()?, object_id: self.core.object_id, slot };
        let wrapping = Wrapping { key: &metadata.key, row: metadata.encode()?, upload: false };
        Ok(core.wrap(kek, bucket, wrapping, rng))
    }

    /// As [`Head::rewrap`], `from` one customer key `to` another; either may be none.
    ///
    /// # Errors
    /// `wrong_key` if `from` is not the customer key it is sealed under.
    pub fn rewrap_customer(
        &self,
        place: (&Kek, BucketUuid, &Metadata),
        from: Option<&CustomerKey>,
        to: Option<&CustomerKey>,
        rng: &mut dyn Random,
    ) -> Result<WrappedHead> {
        let (kek, bucket, metadata) = place;
        let mut core = Core::new(self.core.object_id, &self.core.dek(from)?, to);
        core.epoch = self.next_epoch()?;
        let wrapping = Wrapping { key: &metadata.key, row: metadata.encode()?, upload: false };
        Ok(core.wrap(kek, bucket, wrapping, rng))
    }

    fn next_epoch(&self) -> Result<u32> {
        self.core.epoch.checked_add(1).ok_or(Error::malformed("no epochs are left"))
    }
}
