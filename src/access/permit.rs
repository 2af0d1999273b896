//! The one door to the gateway: an operation becomes [`Permitted`] here or not at all.

use super::principal::Principal;
use crate::keyring::{Bucket, Keyring};
use std::sync::Arc;

/// What someone wants to do, in the words of S3 policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are AWS's own: s3:<name>")]
pub enum Action {
    ListAllMyBuckets,
    CreateBucket,
    DeleteBucket,
    ListBucket,
    ListBucketVersions,
    GetBucketLocation,
    GetBucketVersioning,
    PutBucketVersioning,
    GetBucketCORS,
    PutBucketCORS,
    GetLifecycleConfiguration,
    PutLifecycleConfiguration,
    GetBucketTagging,
    PutBucketTagging,
    GetBucketObjectLockConfiguration,
    PutBucketObjectLockConfiguration,
    GetObjectTagging,
    PutObjectTagging,
    GetObjectRetention,
    PutObjectRetention,
    PutObjectLegalHold,
    GetEncryptionConfiguration,
    PutEncryptionConfiguration,
    UpdateObjectEncryption,
    GetBucketRequestPayment,
    PutBucketRequestPayment,
    GetAccelerateConfiguration,
    PutAccelerateConfiguration,
    GetBucketNotification,
    PutBucketNotification,
    GetReplicationConfiguration,
    PutReplicationConfiguration,
    GetAnalyticsConfiguration,
    PutAnalyticsConfiguration,
    GetInventoryConfiguration,
    PutInventoryConfiguration,
    GetMetricsConfiguration,
    PutMetricsConfiguration,
    GetIntelligentTieringConfiguration,
    PutIntelligentTieringConfiguration,
    GetBucketWebsite,
    DeleteBucketWebsite,
    GetBucketLogging,
    PutBucketLogging,
    GetBucketPolicy,
    DeleteBucketPolicy,
    GetBucketPolicyStatus,
    GetBucketPublicAccessBlock,
    PutBucketPublicAccessBlock,
    GetBucketOwnershipControls,
    PutBucketOwnershipControls,
    ListBucketMultipartUploads,
    GetObject,
    GetObjectAttributes,
    PutObject,
    DeleteObject,
    AbortMultipartUpload,
    ListMultipartUploadParts,
}

/// What the policy must know of a request.
pub trait Operation {
    /// The action that must be allowed.
    fn action(&self) -> Action;

    /// The bucket it is done to, if to one that must exist.
    fn bucket(&self) -> Option<&str>;

    /// The bucket that is read besides, by copies.
    fn source(&self) -> Option<&str> {
        None
    }
}

/// An operation that the policy allowed. Only [`Policy::permit`] makes one.
pub struct Permitted<O> {
    operation: O,
    principal: Arc<Principal>,
    bucket: Option<Arc<Bucket>>,
    source: Option<Arc<Bucket>>,
}

impl<O> Permitted<O> {
    /// What was allowed.
    pub fn operation(&self) -> &O {
        &self.operation
    }

    /// Who may.
    pub fn principal(&self) -> &Arc<Principal> {
        &self.principal
    }

    /// The bucket that [`Operation::bucket`] named, as it stood when the policy was asked.
    pub fn bucket(&self) -> Option<&Arc<Bucket>> {
        self.bucket.as_ref()
    }

    /// The bucket that [`Operation::source`] named.
    pub fn source(&self) -> Option<&Arc<Bucket>> {
        self.source.as_ref()
    }

    /// Takes the operation out.
    pub fn into_operation(self) -> O {
        self.operation
    }
}

/// Why an operation was not permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The bucket does not exist; said to everyone, as AWS does.
    #[error("the bucket does not exist")]
    NoSuchBucket,
    /// The bucket is another's.
    #[error("access denied")]
    AccessDenied,
}

/// Who may do what. In this version a bucket belongs to its creator, and nobody else may touch it.
pub struct Policy {
    keyring: Arc<Keyring>,
}

impl Policy {
    /// A policy over the buckets of this keyring.
    #[must_use]
    pub fn new(keyring: Arc<Keyring>) -> Self {
        Self { keyring }
    }

    /// Whose bucket this is, if it is there.
    #[must_use]
    pub fn owner(&self, bucket: &str) -> Option<String> {
        self.keyring.bucket(bucket).map(|bucket| bucket.owner.clone())
    }

    /// Permits the operation, or says why not.
    ///
    /// # Errors
    /// [`Denied::NoSuchBucket`] if it names a bucket that is not there, [`Denied::AccessDenied`] if another's.
    pub fn permit<O: Operation>(&self, principal: &Arc<Principal>, operation: O) -> Result<Permitted<O>, Denied> {
        let own = |name: Option<&str>| -> Result<Option<Arc<Bucket>>, Denied> {
            let Some(name) = name else { return Ok(None) };
            let bucket = self.keyring.bucket(name).ok_or(Denied::NoSuchBucket)?;
            if *bucket.owner == *principal.id.0 { Ok(Some(bucket)) } else { Err(Denied::AccessDenied) }
        };
        let bucket = own(operation.bucket())?;
        let source = own(operation.source())?;
        Ok(Permitted { operation, principal: Arc::clone(principal), bucket, source })
    }
}
