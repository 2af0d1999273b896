//! The users the gateway knows.

use crate::crypto::Secret;
use std::collections::HashMap;
use std::sync::Arc;

/// How S3 names an owner: 64 hexadecimal digits as AWS has them, or any token an operator chose.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CanonicalId(pub Arc<str>);

/// Someone whose signature can be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The owner id of what this user creates. Never changes for the life of the user.
    pub id: CanonicalId,
    /// The name that S3 answers show.
    pub display_name: String,
    /// Shown nowhere yet but to operators.
    pub email: Option<String>,
    /// The public half of the credentials.
    pub access_key_id: String,
}

/// The owner id of what nobody signed for, as AWS has it. No user can have it.
const ANONYMOUS: &str = "65a011a29cdf8ec533ec3d1ccaae921c";

impl Principal {
    /// Whoever asks without a signature.
    #[must_use]
    pub fn anonymous() -> Self {
        let id = CanonicalId(Arc::from(ANONYMOUS));
        Self { id, display_name: "Anonymous".to_owned(), email: None, access_key_id: String::new() }
    }

    /// Whether nobody knows who it is. Then it passes where everyone does, and owns nothing.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        *self.id.0 == *ANONYMOUS
    }
}

/// The longest secret access key, in bytes. AWS makes them of 40.
const SECRET_MAX: usize = 128;

/// The shortest secret access key that is taken, in characters: 16 of 6 bits each are 96 bits.
const SECRET_MIN: usize = 16;

/// Secrets of examples, which everyone knows.
const EXAMPLES: [&str; 3] = ["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "minioadminminioadmin", "changeme"];

/// Why a user was not taken. Never says the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserFault {
    /// The access key id cannot stand in a signature.
    #[error("the access key must be 3 to 128 letters, digits, - or _")]
    AccessKey,
    /// Two users have one access key id.
    #[error("the access key is another user's")]
    Duplicate,
    /// The secret could be guessed, or is known from an example.
    #[error("the secret is weak: take at least 16 random characters, as of `openssl rand -base64 30`")]
    WeakSecret,
    /// The secret does not fit.
    #[error("the secret is longer than 128 bytes")]
    LongSecret,
    /// Owner ids stand in the keyring, as one word.
    #[error("the id must be 1 to 128 visible ASCII characters, and none of the program's own")]
    Id,
}

/// Users by access key, with the secrets that verify their signatures.
#[derive(Default)]
pub struct Users {
    by_access_key: HashMap<String, User>,
}

struct User {
    principal: Arc<Principal>,
    secret: Secret<SECRET_MAX>,
    length: usize,
}

impl Users {
    /// Nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`UserFault`] says what is wrong with it; nobody is added then.
    pub fn add(&mut self, principal: Principal, secret: &str) -> Result<(), UserFault> {
        check_access_key(&principal.access_key_id)?;
        check_id(&principal.id.0)?;
        check_secret(secret)?;
        let mut bytes = Secret::zeroed();
        let room = bytes.expose_mut().get_mut(..secret.len()).ok_or(UserFault::LongSecret)?;
        room.copy_from_slice(secret.as_bytes());
        if self.by_access_key.contains_key(&principal.access_key_id) {
            return Err(UserFault::Duplicate);
        }
        let user = User { length: secret.len(), secret: bytes, principal: Arc::new(principal) };
        self.by_access_key.insert(user.principal.access_key_id.clone(), user);
        Ok(())
    }

    /// Whose access key this is.
    #[must_use]
    pub fn find(&self, access_key_id: &str) -> Option<&Arc<Principal>> {
        self.by_access_key.get(access_key_id).map(|user| &user.principal)
    }

    /// Who has this owner id.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&Arc<Principal>> {
        self.by_access_key.values().map(|user| &user.principal).find(|principal| *principal.id.0 == *id)
    }

    /// Who has this address.
    #[must_use]
    pub fn by_email(&self, email: &str) -> Option<&Arc<Principal>> {
        self.by_access_key.values().map(|user| &user.principal).find(|principal| principal.email.as_deref() == Some(email))
    }

    /// The secret that signs for an access key.
    #[must_use]
    pub fn secret(&self, access_key_id: &str) -> Option<&str> {
        let user = self.by_access_key.get(access_key_id)?;
        std::str::from_utf8(user.secret.expose().get(..user.length)?).ok()
    }
}

/// Whether an access key id can stand in a signature's credential.
///
/// # Errors
/// [`UserFault::AccessKey`].
pub fn check_access_key(key: &str) -> Result<(), UserFault> {
    let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if plain && (3..=128).contains(&key.len()) { Ok(()) } else { Err(UserFault::AccessKey) }
}

/// Whether an owner id can stand in the keyring, and is not the program's own.
///
/// # Errors
/// [`UserFault::Id`].
pub fn check_id(id: &str) -> Result<(), UserFault> {
    let word = (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if word && id != "waxseal" && id != ANONYMOUS { Ok(()) } else { Err(UserFault::Id) }
}

/// Whether a secret is good enough to be taken.
///
/// # Errors
/// [`UserFault::WeakSecret`] below 16 characters, for few different ones, and for those of well-known examples.
pub fn check_secret(secret: &str) -> Result<(), UserFault> {
    let mut letters: Vec<u8> = secret.bytes().collect();
    letters.sort_unstable();
    letters.dedup();
    if secret.len() < SECRET_MIN || letters.len() < 8 || EXAMPLES.contains(&secret) {
        return Err(UserFault::WeakSecret);
    }
    if secret.len() > SECRET_MAX { Err(UserFault::LongSecret) } else { Ok(()) }
}

/// Erases a secret that was read as text.
pub fn erase(secret: &mut String) {
    let mut bytes = std::mem::take(secret).into_bytes();
    crate::crypto::erase(&mut bytes);
}
