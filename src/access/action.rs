//! What can be done, and what of an ACL lets others than the owner do it. Pure.

use super::acl::Permission;

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
    GetBucketAcl,
    PutBucketAcl,
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
    GetObjectAcl,
    PutObjectAcl,
    PutObject,
    DeleteObject,
    AbortMultipartUpload,
    ListMultipartUploadParts,
}

/// What of an ACL lets others than the owner of the bucket do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing but a signature: it is about no bucket that is there.
    Signature,
    /// This, granted of the bucket.
    OfBucket(Permission),
    /// This, granted of the object.
    OfObject(Permission),
    /// To have begun the upload.
    OfUpload,
    /// Nothing does.
    Owner,
}

impl Action {
    /// S3's own table: "ACL permissions and the corresponding access policy permissions".
    pub(super) fn need(self) -> Need {
        match self {
            Self::ListAllMyBuckets | Self::CreateBucket => Need::Signature,
            Self::ListBucket | Self::ListBucketVersions | Self::ListBucketMultipartUploads => Need::OfBucket(Permission::Read),
            Self::PutObject | Self::DeleteObject => Need::OfBucket(Permission::Write),
            Self::GetBucketAcl => Need::OfBucket(Permission::ReadAcp),
            Self::PutBucketAcl => Need::OfBucket(Permission::WriteAcp),
            Self::GetObject => Need::OfObject(Permission::Read),
            Self::GetObjectAcl => Need::OfObject(Permission::ReadAcp),
            Self::PutObjectAcl => Need::OfObject(Permission::WriteAcp),
            Self::AbortMultipartUpload | Self::ListMultipartUploadParts => Need::OfUpload,
            Self::DeleteBucket
            | Self::GetBucketLocation
            | Self::GetBucketVersioning
            | Self::PutBucketVersioning
            | Self::GetBucketCORS
            | Self::PutBucketCORS
            | Self::GetLifecycleConfiguration
            | Self::PutLifecycleConfiguration
            | Self::GetBucketTagging
            | Self::PutBucketTagging
            | Self::GetBucketObjectLockConfiguration
            | Self::PutBucketObjectLockConfiguration
            | Self::GetObjectTagging
            | Self::PutObjectTagging
            | Self::GetObjectRetention
            | Self::PutObjectRetention
            | Self::PutObjectLegalHold
            | Self::GetEncryptionConfiguration
            | Self::PutEncryptionConfiguration
            | Self::UpdateObjectEncryption
            | Self::GetObjectAttributes
            | Self::GetBucketRequestPayment
            | Self::PutBucketRequestPayment
            | Self::GetAccelerateConfiguration
            | Self::PutAccelerateConfiguration
            | Self::GetBucketNotification
            | Self::PutBucketNotification
            | Self::GetReplicationConfiguration
            | Self::PutReplicationConfiguration
            | Self::GetAnalyticsConfiguration
            | Self::PutAnalyticsConfiguration
            | Self::GetInventoryConfiguration
            | Self::PutInventoryConfiguration
            | Self::GetMetricsConfiguration
            | Self::PutMetricsConfiguration
            | Self::GetIntelligentTieringConfiguration
            | Self::PutIntelligentTieringConfiguration
            | Self::GetBucketWebsite
            | Self::DeleteBucketWebsite
            | Self::GetBucketLogging
            | Self::PutBucketLogging
            | Self::GetBucketPolicy
            | Self::DeleteBucketPolicy
            | Self::GetBucketPolicyStatus
            | Self::GetBucketPublicAccessBlock
            | Self::PutBucketPublicAccessBlock
            | Self::GetBucketOwnershipControls
            | Self::PutBucketOwnershipControls => Need::Owner,
        }
    }
}
