//! Who s3s lets in: the secrets it verifies signatures with, and what it lets pass without one.

use super::form::Vouched;
use crate::access::Users;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3ErrorCode, S3Result};
use std::sync::Arc;

pub(super) struct Auth(pub(super) Arc<Users>);

#[async_trait::async_trait]
impl S3Auth for Auth {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        match self.0.secret(access_key) {
            Some(secret) => Ok(SecretKey::from(secret)),
            None => Err(super::error::plain(S3ErrorCode::InvalidAccessKeyId, "the access key is not known here")),
        }
    }
}

/// Lets in who signed, and forms whose signature was verified before.
pub(super) struct Door;

#[async_trait::async_trait]
impl S3Access for Door {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if context.credentials().is_some() || context.extensions_mut().get::<Vouched>().is_some() {
            return Ok(());
        }
        Err(super::error::plain(S3ErrorCode::AccessDenied, "access denied"))
    }
}
