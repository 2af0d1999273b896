//! The secrets that s3s verifies signatures with.

use crate::access::Users;
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
