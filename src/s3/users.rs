//! Who s3s lets in: the secrets it verifies signatures with, and what it lets pass without one.

use super::credentials;
use super::error::{not_implemented, plain};
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
            None => Err(plain(S3ErrorCode::InvalidAccessKeyId, "the access key is not known here")),
        }
    }
}

/// Lets in who signed, forms whose signature was verified before, and the anonymous to the operations that an ACL can open
/// to everyone. What they may do there is for the policy to say.
pub(super) struct Door;

/// Operations that an ACL can open to everyone.
const OPEN: [&str; 11] = [
    "DeleteObject",
    "DeleteObjects",
    "GetObject",
    "HeadBucket",
    "HeadObject",
    "ListMultipartUploads",
    "ListObjectVersions",
    "ListObjects",
    "ListObjectsV2",
    "PostObject",
    "PutObject",
];

#[async_trait::async_trait]
impl S3Access for Door {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if context.credentials().is_some() || context.extensions_mut().get::<Vouched>().is_some() {
            return Ok(());
        }
        // A signature that s3s could not even read is none that it verified.
        if credentials::any(context.uri(), context.headers()) || !OPEN.contains(&context.s3_op().name()) {
            return Err(plain(S3ErrorCode::AccessDenied, "access denied"));
        }
        // s3s takes frames apart for those who sign, and would store them as they are for others.
        let text = |name: &str| context.headers().get(name).map(|value| value.as_bytes().to_ascii_lowercase());
        let framed = text("x-amz-content-sha256").is_some_and(|payload| payload.starts_with(b"streaming-"));
        let encodings = text("content-encoding").unwrap_or_default();
        let encoded = encodings.split(|byte| *byte == b',').any(|one| one.trim_ascii() == b"aws-chunked");
        if framed || encoded || context.headers().contains_key("x-amz-trailer") {
            return Err(not_implemented("a body in frames without a signature"));
        }
        Ok(())
    }
}
