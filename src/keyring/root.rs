//! What wraps bucket keys: a file here, a key service elsewhere.

use crate::crypto::Secret;
use crate::envelope::{self, BucketUuid, Kind};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Holds a secret that never leaves it, and wraps keys under it.
///
/// Key services implement it too, so every call may take long, fail for a while, and be dropped by its caller.
#[async_trait]
pub trait Root: Send + Sync {
    /// Names the root in keyring lines: 1 to 512 visible ASCII characters, always the same.
    fn id(&self) -> &str;

    /// A new key and its wrapped form.
    async fn generate(&self, context: &RootContext) -> Result<(Secret<32>, Vec<u8>), RootError>;

    /// Wraps a key.
    async fn wrap(&self, secret: &Secret<32>, context: &RootContext) -> Result<Vec<u8>, RootError>;

    /// Unwraps a key that this root wrapped under the same context.
    ///
    /// # Errors
    /// `malformed` or `tampered` if it did not.
    async fn unwrap(&self, wrapped: &[u8], context: &RootContext) -> Result<Secret<32>, RootError>;
}

/// Why a root did not wrap or unwrap.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// What was to be unwrapped is not genuine, or not of this root and context. Never worth a retry.
    #[error(transparent)]
    Format(#[from] envelope::Error),
    /// The root cannot answer now.
    #[error("{0}")]
    Unavailable(String),
}

/// The names and values a wrapped key is bound to (FORMAT 12.1); what key services call an encryption context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootContext(BTreeMap<&'static str, String>);

impl RootContext {
    /// That of a keyring's own secret.
    #[must_use]
    pub fn keyring(keyring: &str) -> Self {
        Self(BTreeMap::from([("waxseal:keyring", keyring.to_owned()), ("waxseal:purpose", "keyring".to_owned())]))
    }

    /// That of a KEK.
    #[must_use]
    pub fn kek(keyring: &str, bucket: BucketUuid, tenant: &str, version: u64) -> Self {
        Self(BTreeMap::from([
            ("waxseal:bucket", bucket.to_string()),
            ("waxseal:keyring", keyring.to_owned()),
            ("waxseal:purpose", "kek".to_owned()),
            ("waxseal:tenant", tenant.to_owned()),
            ("waxseal:version", version.to_string()),
        ]))
    }

    /// The pairs, in ascending order of name.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The encoding that a local root binds to.
    ///
    /// # Errors
    /// `malformed` if a value is longer than 65,535 bytes, which no field of a keyring is.
    pub(super) fn encode(&self) -> Result<Vec<u8>, envelope::Error> {
        let too_long = |_| envelope::Error { kind: Kind::Malformed, why: "root context: a value is too long" };
        let mut encoded = Vec::new();
        for text in self.pairs().flat_map(|(name, value)| [name, value]) {
            encoded.extend(u16::try_from(text.len()).map_err(too_long)?.to_be_bytes());
            encoded.extend(text.as_bytes());
        }
        Ok(encoded)
    }
}

/// The roots at hand, by id; some have a name that clients know them by.
#[derive(Clone, Default)]
pub struct Roots {
    by_id: BTreeMap<String, Arc<dyn Root>>,
    named: BTreeMap<String, Arc<dyn Root>>,
}

impl Roots {
    /// The root of this id.
    ///
    /// # Errors
    /// `wrong_key` if it is not at hand.
    pub fn get(&self, id: &str) -> Result<&Arc<dyn Root>, envelope::Error> {
        self.by_id.get(id).ok_or(envelope::Error { kind: Kind::WrongKey, why: "the root of this id is not at hand" })
    }

    /// Adds a root that clients know by this name.
    pub fn name(&mut self, name: &str, root: Arc<dyn Root>) {
        self.by_id.insert(root.id().to_owned(), Arc::clone(&root));
        self.named.insert(name.to_owned(), root);
    }

    /// The root of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Arc<dyn Root>> {
        self.named.get(name)
    }
}

impl FromIterator<Arc<dyn Root>> for Roots {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Root>>>(roots: I) -> Self {
        let by_id = roots.into_iter().map(|root| (root.id().to_owned(), root)).collect();
        Self { by_id, named: BTreeMap::new() }
    }
}

impl From<Arc<dyn Root>> for Roots {
    fn from(root: Arc<dyn Root>) -> Self {
        Self::from_iter([root])
    }
}
