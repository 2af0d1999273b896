//! Operations that touch no content: what is configured of buckets, and what is sealed beside the content of objects.

use super::{AclAsked, Tags, Version};
use crate::access::{Action, Object, Operation};
use crate::gateway::configuration::{Cors, DefaultEncryption, Lifecycle, LockRule};
use crate::gateway::encryption::Kms;
use crate::store::Retention;

/// A question about a bucket whose answer is the same for every bucket.
#[derive(Clone, Debug)]
pub struct Inquire {
    /// Which bucket.
    pub bucket: String,
    /// What must be allowed.
    pub action: Action,
}

impl Operation for Inquire {
    fn action(&self) -> Action {
        self.action
    }

    fn bucket(&self) -> Option<&str> {
        Some(&self.bucket)
    }
}

operations! {
    /// Whether overwritten objects are kept.
    GetVersioning(GetBucketVersioning, bucket) {
        /// Of which bucket.
        bucket: String,
    }
    /// Whether overwritten objects are to be kept from now on.
    PutVersioning(PutBucketVersioning, bucket) {
        /// Of which bucket.
        bucket: String,
        /// True to keep them, false to keep no more of them.
        enabled: bool,
    }
    /// Which web pages may use a bucket.
    GetCors(GetBucketCORS, bucket) {
        /// Which bucket.
        bucket: String,
    }
    /// Lets web pages use a bucket, or none of them.
    PutCors(PutBucketCORS, bucket) {
        /// Which bucket.
        bucket: String,
        /// The rules from now on.
        cors: Option<Cors>,
    }
    /// A bucket's lifecycle rules.
    GetLifecycle(GetLifecycleConfiguration, bucket) {
        /// Of which bucket.
        bucket: String,
    }
    /// A bucket's lifecycle rules are replaced.
    PutLifecycle(PutLifecycleConfiguration, bucket) {
        /// Of which bucket.
        bucket: String,
        /// By these; none removes them.
        lifecycle: Option<Lifecycle>,
    }
    /// A bucket's tags.
    GetBucketTags(GetBucketTagging, bucket) {
        /// Of which bucket.
        bucket: String,
    }
    /// A bucket's tags are replaced.
    PutBucketTags(PutBucketTagging, bucket) {
        /// Of which bucket.
        bucket: String,
        /// By these; none removes them.
        tags: Tags,
    }
    /// A bucket's object lock.
    GetLock(GetBucketObjectLockConfiguration, bucket) {
        /// Of which bucket.
        bucket: String,
    }
    /// A bucket's object lock is enabled or changed.
    PutLock(PutBucketObjectLockConfiguration, bucket) {
        /// Of which bucket.
        bucket: String,
        /// What new versions are locked by.
        rule: LockRule,
    }
    /// An object's tags.
    GetObjectTags(GetObjectTagging, bucket) {
        /// Where.
        bucket: String,
        /// Under which key.
        key: String,
        /// Which version; the current one if none.
        version: Option<Version>,
    }
    /// An object's tags are replaced.
    PutObjectTags(PutObjectTagging, bucket) {
        /// Where.
        bucket: String,
        /// Under which key.
        key: String,
        /// Which version; the current one if none.
        version: Option<Version>,
        /// By these; none removes them.
        tags: Tags,
    }
    /// What locks a version.
    GetObjectLock(GetObjectRetention, bucket) {
        /// Where.
        bucket: String,
        /// Under which key.
        key: String,
        /// Which version; the current one if none.
        version: Option<Version>,
    }
    /// A version is retained.
    PutRetention(PutObjectRetention, bucket) {
        /// Where.
        bucket: String,
        /// Under which key.
        key: String,
        /// Which version; the current one if none.
        version: Option<Version>,
        /// How; none takes a retention away.
        retention: Option<Retention>,
        /// Whether governance retention is to be bypassed.
        bypass: bool,
    }
    /// A version is held, or let go.
    PutHold(PutObjectLegalHold, bucket) {
        /// Where.
        bucket: String,
        /// Under which key.
        key: String,
        /// Which version; the current one if none.
        version: Option<Version>,
        /// Whether it is held from now on.
        on: bool,
    }
    /// A bucket's ACL.
    GetBucketAcl(GetBucketAcl, bucket) {
        /// Of which bucket.
        bucket: String,
    }
    /// A bucket's ACL is replaced.
    PutBucketAcl(PutBucketAcl, bucket) {
        /// Of which bucket.
        bucket: String,
        /// By this.
        acl: AclAsked,
    }
    /// An object's ACL.
    GetObjectAcl(GetObjectAcl, bucket / key @ version) {
        /// Where.
        bucket: String,
        /// Under which key.
        key: String,
        /// Which version; the current one if none.
        version: Option<Version>,
    }
    /// An object's ACL is replaced.
    PutObjectAcl(PutObjectAcl, bucket / key @ version) {
        /// Where.
        bucket: String,
        /// Under which key.
        key: String,
        /// Which version; the current one if none.
        version: Option<Version>,
        /// By this.
        acl: AclAsked,
    }
    /// What objects of a bucket get of encryption for which nothing is asked.
    GetEncryption(GetEncryptionConfiguration, bucket) {
        /// Which bucket.
        bucket: String,
    }
    /// The default encryption of a bucket is set, or removed.
    PutEncryption(PutEncryptionConfiguration, bucket) {
        /// Which bucket.
        bucket: String,
        /// What objects get from now on.
        default: Option<DefaultEncryption>,
    }
    /// An object is wrapped by another key of the server, in its place and without its content being read.
    UpdateEncryption(UpdateObjectEncryption, bucket) {
        /// Where.
        bucket: String,
        /// Under which key.
        key: String,
        /// Which version; the current one if none.
        version: Option<Version>,
        /// By which key.
        kms: Kms,
    }
}
