//! What the policy asks for where a bucket is another's than the asker's.

use super::acl::Acl;
use super::permit::Object;
use crate::keyring::Bucket;
use std::sync::Arc;

/// Whether something is there, and whose it is.
#[derive(Clone, Debug)]
pub enum Standing<E> {
    /// It is, with this ACL.
    There(Acl),
    /// It is not, which S3 says so.
    Missing(E),
}

/// Tells what a decision rests on.
///
/// An error is the answer to a question that cannot be answered: nobody passes then. What is unreadable must never be
/// told as missing or as open.
pub trait Facts: Sync {
    /// Why a fact cannot be told.
    type Error: Send;

    /// The ACL of a bucket.
    fn bucket_acl(&self, bucket: &Arc<Bucket>) -> impl Future<Output = Result<Acl, Self::Error>> + Send;

    /// The ACL of an object.
    fn object_acl(
        &self,
        bucket: &Arc<Bucket>,
        object: Object<'_>,
    ) -> impl Future<Output = Result<Standing<Self::Error>, Self::Error>> + Send;

    /// Whose an open upload is; its ACL is that of the object to be.
    fn upload_acl(
        &self,
        bucket: &Arc<Bucket>,
        key: &str,
        upload: &str,
    ) -> impl Future<Output = Result<Standing<Self::Error>, Self::Error>> + Send;
}
