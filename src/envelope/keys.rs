//! The keys that wrap: KEKs, customer keys, and what a root needs.

use super::derive::{Triple, expand};
use super::fields::{Fields, Room};
use super::{BucketUuid, Error, KekId, Result};
use crate::crypto::{self, Secret};
use crate::envelope::ChecksumKind;
use std::sync::Arc;

/// The key-encryption key of a bucket.
///
/// Only ever an input to HMAC, so there is no limit on how many Heads it seals. Erased when dropped; neither printed nor
/// copied.
pub struct Kek {
    secret: Secret<32>,
    id: KekId,
    context: Secret<32>,
}

impl Kek {
    /// Takes the bytes in and derives the KEK's name.
    ///
    /// Whoever loads a KEK MUST compare that name with the one it looked for: a Head that then fails under the KEK was
    /// altered, and not opened with the wrong key.
    #[must_use]
    pub fn new(secret: Secret<32>) -> Self {
        let (mut id, mut context) = ([0; 16], Secret::zeroed());
        expand(&secret, "kek-id", &[], &mut id);
        expand(&secret, "context", &[], context.expose_mut());
        Self { secret, id: KekId(id), context }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> KekId {
        self.id
    }

    /// Its bytes, for a root to wrap.
    #[must_use]
    pub fn expose(&self) -> &Secret<32> {
        &self.secret
    }

    /// What a Head, and its overflow record, are derived from.
    pub(super) fn prk(&self, wrap_salt: &[u8; 32]) -> Secret<32> {
        crypto::extract(wrap_salt, self.secret.expose())
    }

    /// Binds a Head to its place.
    pub(super) fn context_mac(&self, wrap_salt: &[u8; 32], bucket: BucketUuid, key: &str) -> [u8; 32] {
        crypto::hmac(self.context.expose(), &[wrap_salt, &bucket.0, key.as_bytes()])
    }
}

/// A key of the client, which comes with each request and is never stored: SSE-C.
pub struct CustomerKey(Secret<32>);

impl CustomerKey {
    /// Takes the bytes in.
    #[must_use]
    pub fn new(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// Has the bytes filled in where they stay, so that no copy is left behind.
    #[must_use]
    pub fn shared(fill: impl FnOnce(&mut [u8; 32])) -> Arc<Self> {
        let mut key = Arc::new(Self(Secret::zeroed()));
        if let Some(key) = Arc::get_mut(&mut key) {
            fill(key.0.expose_mut());
        }
        key
    }

    /// The MD5 that clients send beside it. It proves that the key arrived whole, and nothing else.
    #[must_use]
    pub fn md5(&self) -> [u8; 16] {
        let mut digest = ChecksumKind::Md5.digest();
        digest.update(self.0.expose());
        digest.finish().try_into().unwrap_or_default()
    }

    /// What wraps the DEK of one object for this key, for ever.
    pub(super) fn triple(&self, object_id: &[u8; 32]) -> Triple {
        Triple::derive(&crypto::extract(object_id, self.0.expose()), "customer", &[])
    }
}

/// Length of a key wrapped by a local root: salt, commitment, the key and its tag.
pub(super) const ROOT_WRAPPED: usize = 32 + 32 + 48;

/// Wraps a key under a local root (FORMAT 12.1). `context` is the SHA-256 of the encoded root context, `salt` is fresh.
#[must_use]
pub fn root_wrap(root: &Secret<32>, salt: &[u8; 32], context: &[u8; 32], secret: &Secret<32>) -> [u8; ROOT_WRAPPED] {
    let triple = root_triple(root, salt, context);
    let commit = triple.commit();
    let mut text = Secret::<32>::zeroed();
    text.expose_mut().copy_from_slice(secret.expose());
    let tag = triple.seal(text.expose_mut());
    let mut wrapped = [0; ROOT_WRAPPED];
    Room::of(&mut wrapped).put(salt).put(&commit).put(text.expose()).put(&tag);
    wrapped
}

/// Unwraps a key that [`root_wrap`] wrapped.
///
/// # Errors
/// `tampered`, also if it is another root's or was wrapped under another context.
pub fn root_unwrap(root: &Secret<32>, context: &[u8; 32], wrapped: &[u8; ROOT_WRAPPED]) -> Result<Secret<32>> {
    let mut fields = Fields::of(wrapped);
    let (salt, commit): ([u8; 32], [u8; 32]) = (fields.array()?, fields.array()?);
    let mut secret = Secret::new(fields.array()?);
    let tag = fields.array()?;
    let committed = root_triple(root, &salt, context).check(&commit, Error::tampered("wrapped key: commitment"))?;
    committed.open(secret.expose_mut(), &tag, "wrapped key: the tag does not verify")?;
    Ok(secret)
}

fn root_triple(root: &Secret<32>, salt: &[u8; 32], context: &[u8; 32]) -> Triple {
    Triple::derive(&crypto::extract(salt, root.expose()), "root-wrap", &[context])
}

/// What names a local root, after `local:` and in hexadecimal.
#[must_use]
pub fn root_id(root: &Secret<32>) -> [u8; 16] {
    let mut id = [0; 16];
    expand(root, "root-id", &[], &mut id);
    id
}

/// The key of a keyring's MAC, from the keyring's own secret (FORMAT 12.2).
#[must_use]
pub fn keyring_mac_key(secret: &Secret<32>) -> Secret<32> {
    let mut key = Secret::zeroed();
    expand(secret, "keyring-mac", &[], key.expose_mut());
    key
}
