//! The administrator: credentials that `init` draws, and that lie sealed in the store.

use super::{Failure, Result};
use crate::access::{CanonicalId, Principal, Users, check_access_key, check_secret, erase};
use crate::config::environment;
use crate::crypto::sha256;
use crate::envelope::{Draw, Random};
use crate::gateway::{Error, Gateway, Refusal};
use crate::keyring::OsRandom;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The system record's key.
const RECORD: &str = "administrator";

/// Letters and digits that cannot be taken for one another's neighbours in a URL or a shell.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What a client signs with. Shown once.
#[derive(Serialize, Deserialize)]
pub struct Credentials {
    /// The public half.
    pub access_key: String,
    /// The secret half.
    pub secret_key: String,
    /// Whether they were drawn here, and nobody has them yet.
    #[serde(skip)]
    pub drawn: bool,
}

impl Drop for Credentials {
    fn drop(&mut self) {
        erase(&mut self.secret_key);
    }
}

impl Credentials {
    /// 160 bits of secret.
    fn draw() -> Self {
        let word = |count: usize| {
            let mut bytes = vec![0; count];
            OsRandom.fill(Draw::RootSecret, &mut bytes);
            let letter = |byte: &u8| char::from(LETTERS.get(usize::from(byte % 32)).copied().unwrap_or(b'A'));
            bytes.iter().map(letter).collect::<String>()
        };
        Self { access_key: format!("WAX{}", word(17)), secret_key: word(40), drawn: true }
    }
}

/// The administrator's credentials to be: the environment's, if it has some, or new ones.
pub(super) fn credentials() -> Result<Credentials> {
    let credentials = from_environment()?.unwrap_or_else(Credentials::draw);
    check_access_key(&credentials.access_key).map_err(|fault| Failure::of("WAXSEAL_ACCESS_KEY_ID", fault))?;
    check_secret(&credentials.secret_key).map_err(|fault| Failure::of("WAXSEAL_SECRET_ACCESS_KEY", fault))?;
    Ok(credentials)
}

/// Seals the administrator's credentials into the store; false if another replica has just done so.
pub(super) async fn create(gateway: &Gateway, credentials: &Credentials) -> Result<bool> {
    let mut text = serde_json::to_string(credentials).map_err(|error| Failure::of("the administrator", error))?;
    let stored = gateway.put_record(RECORD, text.as_bytes(), object_store::PutMode::Create).await;
    erase(&mut text);
    match stored {
        Ok(()) => Ok(true),
        Err(Error::Refused(Refusal::PreconditionFailed(_))) => Ok(false),
        Err(error) => Err(Failure::of("the administrator", error)),
    }
}

/// Whether the store has an administrator: the last thing that `init` makes.
pub(super) async fn exists(gateway: &Gateway) -> Result<bool> {
    let found = gateway.record_of(RECORD).await.map_err(|error| Failure::of("the administrator", error))?;
    Ok(found.is_some_and(|(mut text, _version)| {
        crate::crypto::erase(&mut text);
        true
    }))
}

/// Adds the administrator to the users.
pub(super) async fn add(gateway: &Gateway, users: &mut Users) -> Result<()> {
    let credentials = match from_environment()? {
        Some(credentials) => credentials,
        None => read(gateway).await?,
    };
    let id = canonical_id("administrator");
    let access_key_id = credentials.access_key.clone();
    let principal = Principal { id, display_name: "administrator".to_owned(), email: None, access_key_id };
    users.add(principal, &credentials.secret_key).map_err(|fault| Failure::of("the administrator", fault))
}

async fn read(gateway: &Gateway) -> Result<Credentials> {
    let found = gateway.record_of(RECORD).await.map_err(|error| Failure::of("the administrator", error))?;
    let (mut text, _version) =
        found.ok_or_else(|| Failure("the store has no administrator: it was not completed by `waxseal init`".to_owned()))?;
    let credentials = serde_json::from_slice(&text).map_err(|_| Failure("the administrator's record is not valid".to_owned()));
    crate::crypto::erase(&mut text);
    credentials
}

fn from_environment() -> Result<Option<Credentials>> {
    match (environment("WAXSEAL_ACCESS_KEY_ID"), environment("WAXSEAL_SECRET_ACCESS_KEY")) {
        (None, None) => Ok(None),
        (Some(access_key), Some(secret_key)) => Ok(Some(Credentials { access_key, secret_key, drawn: false })),
        _ => Err(Failure("set both WAXSEAL_ACCESS_KEY_ID and WAXSEAL_SECRET_ACCESS_KEY, or neither".to_owned())),
    }
}

/// An owner id in AWS's form, from a name.
fn canonical_id(name: &str) -> CanonicalId {
    let digest = sha256(&[b"waxseal canonical id ", name.as_bytes()]);
    CanonicalId(Arc::from(hex_simd::encode_to_string(digest, hex_simd::AsciiCase::Lower)))
}
