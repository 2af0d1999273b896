//! The keyring file, bytes to entries and back (FORMAT 12.2).
//!
//! Nothing but the first four lines is looked at before the MAC over every byte has verified, and what is read is
//! written again and compared, so that a keyring has one encoding. No I/O and no clock; only [`Ring::open`] and
//! [`Ring::kek`] wait, for the root.

use super::named;
use super::root::{Root, RootContext, RootError, Roots};
use crate::crypto::{self, Secret};
use crate::envelope::{BucketUuid, Error, Kek, KekId, Kind, expand, keyring_mac_key};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

/// Length of the last line: `mac`, a space, 64 digits and a line end.
const MAC_LINE: usize = 4 + 64 + 1;

/// A keyring, verified.
#[derive(Clone)]
pub struct Ring {
    /// Names the keyring for its life: 32 hexadecimal digits.
    pub id: String,
    /// Grows by one with every write.
    pub version: u64,
    /// Id of the root that wraps the keyring's own secret, and new KEKs.
    pub root: String,
    /// The keyring's own secret, wrapped.
    pub wrapped: Vec<u8>,
    /// The sealed buckets.
    pub buckets: BTreeMap<BucketUuid, BucketLine>,
    /// The KEKs, by bucket and version.
    pub keks: BTreeMap<(BucketUuid, u64), KekLine>,
    mac_key: Arc<Secret<32>>,
}

/// What a bucket line says besides the uuid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketLine {
    /// Whose bucket it is.
    pub tenant: String,
    /// Its name.
    pub name: String,
}

/// What a kek line says besides bucket and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KekLine {
    /// Names the KEK.
    pub id: KekId,
    /// What it is good for.
    pub state: State,
    /// When it was made, in milliseconds since 1970.
    pub created: u64,
    /// Id of the root that wraps it.
    pub root: String,
    /// The KEK, wrapped; none once it is destroyed.
    pub wrapped: Option<Vec<u8>>,
}

/// What a KEK is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Seals new objects; at most one of a bucket.
    Active,
    /// Only unwraps.
    Retired,
    /// Gone: what it sealed is lost for good.
    Destroyed,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Destroyed => "destroyed",
        }
    }
}

/// The first four lines of a keyring and its MAC, not yet verified.
struct Claimed<'a> {
    id: &'a str,
    version: u64,
    root: &'a str,
    wrapped: Vec<u8>,
    /// The bucket and kek lines.
    lines: &'a str,
    /// Every byte before the last line.
    body: &'a [u8],
    mac: [u8; 32],
}

impl Ring {
    /// An empty keyring of version 1, its secret fresh from `root`.
    pub async fn begin(id: String, root: &dyn Root) -> Result<Self, RootError> {
        let (secret, wrapped) = root.generate(&RootContext::keyring(&id)).await?;
        let mac_key = Arc::new(keyring_mac_key(&secret));
        let root = root.id().to_owned();
        Ok(Self { id, version: 1, root, wrapped, buckets: BTreeMap::new(), keks: BTreeMap::new(), mac_key })
    }

    /// Verifies a keyring, then reads its entries.
    ///
    /// # Errors
    /// In the order of FORMAT 12.2; `tampered` also for a version below `least_version`, the highest seen before.
    pub async fn open(data: &[u8], roots: &Roots, least_version: u64) -> Result<Self, RootError> {
        let claimed = Claimed::parse(data)?;
        let root = roots.get(claimed.root)?;
        let secret = root.unwrap(&claimed.wrapped, &RootContext::keyring(claimed.id)).await?;
        Ok(claimed.verify(Arc::new(keyring_mac_key(&secret)), least_version)?)
    }

    /// The same keyring at another time, without asking the root if its secret is still wrapped the same way.
    pub(super) async fn reopen(&self, data: &[u8], roots: &Roots) -> Result<Self, RootError> {
        let claimed = Claimed::parse(data)?;
        if claimed.id == self.id && claimed.root == self.root && claimed.wrapped == self.wrapped {
            return Ok(claimed.verify(Arc::clone(&self.mac_key), self.version)?);
        }
        let other = Self::open(data, roots, self.version).await?;
        if other.id == self.id { Ok(other) } else { Err(tampered("another keyring stands in its place").into()) }
    }

    /// What page tokens are authenticated with. Nothing else is derived from the key of the MAC.
    pub(super) fn token_key(&self) -> Secret<32> {
        let mut key = Secret::zeroed();
        expand(&self.mac_key, "page-token", &[], key.expose_mut());
        key
    }

    /// The file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut text = self.body();
        let mac = crypto::hmac(self.mac_key.expose(), &[text.as_bytes()]);
        let _ = writeln!(text, "mac {}", hex(&mac));
        text.into_bytes()
    }

    fn body(&self) -> String {
        let Self { id, version, root, .. } = self;
        let mut text = format!("waxseal-keyring v1\nid {id}\nversion {version}\nroot {root} {}\n", base64(&self.wrapped));
        for (uuid, BucketLine { tenant, name }) in &self.buckets {
            let _ = writeln!(text, "bucket {uuid} {tenant} {name}");
        }
        for ((bucket, version), kek) in &self.keks {
            let wrapped = kek.wrapped.as_deref().map_or_else(|| "-".to_owned(), base64);
            let KekLine { id, state, created, root, .. } = kek;
            let _ = writeln!(text, "kek {id} {bucket} {version} {} {created} {root} {wrapped}", state.word());
        }
        text
    }

    /// Version and line of the KEK that seals new objects of a bucket.
    #[must_use]
    pub fn active(&self, bucket: BucketUuid) -> Option<(u64, &KekLine)> {
        self.keks_of(bucket).find(|(_, kek)| kek.state == State::Active)
    }

    /// Versions and lines of a bucket's KEKs, oldest first.
    pub fn keks_of(&self, bucket: BucketUuid) -> impl Iterator<Item = (u64, &KekLine)> {
        self.keks.range((bucket, 0)..=(bucket, u64::MAX)).map(|((_, version), kek)| (*version, kek))
    }

    /// Unwraps a KEK of a bucket, also one under a key that the operator named.
    ///
    /// # Errors
    /// `wrong_key` if the bucket has none of this id, if it was destroyed, if its root is not at hand, or if what
    /// comes out does not answer to the id.
    pub async fn kek(&self, bucket: BucketUuid, id: KekId, roots: &Roots) -> Result<Kek, RootError> {
        let prefix = named::prefix(bucket);
        let hidden = self.buckets.iter().filter(|(_, line)| named::is_hidden(line) && line.name.starts_with(&prefix));
        let mut lines = std::iter::once(bucket).chain(hidden.map(|(uuid, _)| *uuid));
        let found = lines.find_map(|line| Some((line, self.keks_of(line).find(|(_, kek)| kek.id == id)?)));
        let (holder, (version, line)) = found.ok_or(wrong_key("the bucket has no such KEK"))?;
        let wrapped = line.wrapped.as_deref().ok_or(wrong_key("the KEK was destroyed"))?;
        let tenant = self.buckets.get(&holder).map_or("", |line| line.tenant.as_str());
        let context = RootContext::kek(&self.id, holder, tenant, version);
        let kek = Kek::new(roots.get(&line.root)?.unwrap(wrapped, &context).await?);
        if kek.id() == id { Ok(kek) } else { Err(wrong_key("a KEK does not answer to its id").into()) }
    }
}

impl<'a> Claimed<'a> {
    fn parse(data: &'a [u8]) -> Result<Self, Error> {
        if later_version(data) {
            return Err(Error { kind: Kind::Unsupported, why: "keyring version" });
        }
        Self::split(data).ok_or(malformed("not a keyring"))
    }

    fn split(data: &'a [u8]) -> Option<Self> {
        let (body, last) = data.split_at_checked(data.len().checked_sub(MAC_LINE)?)?;
        let digits = last.strip_prefix(b"mac ")?.strip_suffix(b"\n")?;
        let mac = hex_bytes(std::str::from_utf8(digits).ok()?)?;
        // Only the first four lines must be ASCII before the MAC was checked; the others prove it by being written again.
        let text = body.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        let lines = text.strip_prefix("waxseal-keyring v1\n")?;
        let (id, lines) = lines.strip_prefix("id ")?.split_once('\n')?;
        let (version, lines) = lines.strip_prefix("version ")?.split_once('\n')?;
        let (root, lines) = lines.strip_prefix("root ")?.split_once('\n')?;
        let (root, wrapped) = root.split_once(' ')?;
        hex_bytes::<16>(id)?;
        let (root, wrapped) = (token(root)?, unbase64(wrapped)?);
        Some(Self { id, version: number(version)?, root, wrapped, lines, body, mac })
    }

    fn verify(self, mac_key: Arc<Secret<32>>, least_version: u64) -> Result<Ring, Error> {
        if !crypto::equal(&crypto::hmac(mac_key.expose(), &[self.body]), &self.mac) {
            return Err(tampered("keyring: MAC"));
        }
        if self.version < least_version {
            return Err(tampered("the keyring is older than one seen before"));
        }
        let (id, root) = (self.id.to_owned(), self.root.to_owned());
        let (buckets, keks) = (BTreeMap::new(), BTreeMap::new());
        let mut ring = Ring { id, version: self.version, root, wrapped: self.wrapped, buckets, keks, mac_key };
        for line in self.lines.split_terminator('\n') {
            ring.take(line).ok_or(malformed("keyring: line"))?;
        }
        ring.check_entries()?;
        if ring.body().as_bytes() == self.body { Ok(ring) } else { Err(malformed("keyring: not in canonical form")) }
    }
}

impl Ring {
    /// Takes a bucket or kek line in. One that repeats another is lost here and missed when all are written again.
    fn take(&mut self, line: &str) -> Option<()> {
        let fields: Vec<&str> = line.split(' ').collect();
        match *fields.as_slice() {
            ["bucket", uuid, tenant, name] => {
                let line = BucketLine { tenant: token(tenant)?.to_owned(), name: token(name)?.to_owned() };
                self.buckets.insert(BucketUuid(hex_bytes(uuid)?), line);
            }
            ["kek", id, bucket, version, state, created, root, wrapped] => {
                let state = match state {
                    "active" => State::Active,
                    "retired" => State::Retired,
                    "destroyed" => State::Destroyed,
                    _ => return None,
                };
                let wrapped = match (state, wrapped) {
                    (State::Destroyed, "-") => None,
                    (State::Destroyed, _) | (_, "-") => return None,
                    (_, text) => Some(unbase64(text)?),
                };
                let at = (BucketUuid(hex_bytes(bucket)?), number(version)?);
                let (id, root) = (KekId(hex_bytes(id)?), token(root)?.to_owned());
                self.keks.insert(at, KekLine { id, state, created: number(created)?, root, wrapped });
            }
            _ => return None,
        }
        Some(())
    }

    /// What the maps do not hold by themselves: names, ids and active KEKs are distinct, and each KEK has its bucket.
    fn check_entries(&self) -> Result<(), Error> {
        let mut names = BTreeSet::new();
        let (mut ids, mut active) = (BTreeSet::new(), BTreeSet::new());
        if !self.buckets.values().all(|line| names.insert(&line.name)) {
            return Err(malformed("keyring: repeated bucket name"));
        }
        for ((bucket, _), kek) in &self.keks {
            if !ids.insert(kek.id) || (kek.state == State::Active && !active.insert(bucket)) {
                return Err(malformed("keyring: repeated entry"));
            }
            if !self.buckets.contains_key(bucket) {
                return Err(malformed("keyring: KEK of an unlisted bucket"));
            }
        }
        Ok(())
    }
}

/// Whether another number than 1 follows the `v` of the first line.
fn later_version(data: &[u8]) -> bool {
    match data.strip_prefix(b"waxseal-keyring v") {
        Some([b'1', next, ..]) => next.is_ascii_digit(),
        Some([first, ..]) => first.is_ascii_digit() && *first != b'1',
        _ => false,
    }
}

/// A token of 1 to 512 visible ASCII characters.
pub(super) fn token(text: &str) -> Option<&str> {
    ((1..=512).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())).then_some(text)
}

/// The most that fits in 18 digits.
pub(super) const NUMBER_MAX: u64 = 999_999_999_999_999_999;

fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let plain = text == "0" || !text.starts_with('0');
    if digits && plain && (1..=18).contains(&text.len()) { text.parse().ok() } else { None }
}

fn hex_bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let lower = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let bytes = hex_simd::decode_to_vec(text).ok().filter(|_| lower)?;
    bytes.try_into().ok()
}

fn hex(bytes: &[u8]) -> String {
    hex_simd::encode_to_string(bytes, hex_simd::AsciiCase::Lower)
}

fn base64(bytes: &[u8]) -> String {
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes)
}

fn unbase64(text: &str) -> Option<Vec<u8>> {
    let bytes = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(text).ok()?;
    (!bytes.is_empty() && base64(&bytes) == text).then_some(bytes)
}

fn malformed(why: &'static str) -> Error {
    Error { kind: Kind::Malformed, why }
}

fn tampered(why: &'static str) -> Error {
    Error { kind: Kind::Tampered, why }
}

fn wrong_key(why: &'static str) -> Error {
    Error { kind: Kind::WrongKey, why }
}
