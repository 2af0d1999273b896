//! The operations, as the protocol's face hands them over: already parsed, not yet permitted.

use super::encryption::{Customer, Encryption};
use crate::access::{Action, CannedAcl, Object, Operation, Reach};
use crate::store::Lock;

pub use super::fields::*;

/// Where a page begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// At the beginning.
    #[default]
    First,
    /// After this key, common prefix or bucket, whether or not it is there.
    After(String),
    /// Where the page ended that answered this token.
    Token(String),
}

/// Defines operations with their action, bucket and what else the policy must know of them, so that none can be forgotten:
/// `(Action, bucket / key @ version # upload, from source, reach function)`, each part where there is one. What is left
/// out is closed to everyone but the owner of the bucket, as far as the action needs it.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident (
        $action:ident
        $(, $bucket:ident $(/ $key:ident)? $(@ $version:ident)? $(# $upload:ident)?)?
        $(, from $source:ident)? $(, reach $reach:path)?
    ) {
        $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)?
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type),* }

        impl Operation for $name {
            fn action(&self) -> Action {
                Action::$action
            }

            fn bucket(&self) -> Option<&str> {
                [$(self.$bucket.as_str())?].first().copied()
            }

            fn object(&self) -> Option<Object<'_>> {
                let key = [$($(self.$key.as_str())?)?].first().copied()?;
                let version = [$($(self.$version.as_ref())?)?].first().copied().flatten();
                Some(Object { bucket: self.bucket()?, key, version })
            }

            $($(fn upload(&self) -> Option<&str> {
                Some(self.$upload.as_str())
            })?)?

            $(fn source(&self) -> Option<Object<'_>> {
                Some(self.$source.object())
            })?

            $(fn reach(&self) -> Reach {
                $reach(self)
            })?
        }
    )*};
}

mod configuration;

pub use configuration::*;

operations! {
    /// The buckets of whoever asks.
    ListBuckets(ListAllMyBuckets) {
        /// Only names that begin with this.
        prefix: String,
        /// Where the page begins.
        start: Start,
        /// At most so many.
        limit: usize,
    }
    /// A new bucket.
    CreateBucket(CreateBucket) {
        /// Its name.
        name: String,
        /// Whether object lock is to be enabled, and versioning with it.
        lock: bool,
        /// What is granted to others.
        acl: CannedAcl,
    }
    /// Whether a bucket exists and is the asker's.
    HeadBucket(ListBucket, bucket) {
        /// Which.
        bucket: String,
    }
    /// Where a bucket is.
    GetLocation(GetBucketLocation, bucket) {
        /// Which.
        bucket: String,
    }
    /// An empty bucket is removed, and its keys with it.
    DeleteBucket(DeleteBucket, bucket) {
        /// Which.
        bucket: String,
    }
    /// An object in one request.
    Put(PutObject, bucket / key, reach put_reach) {
        /// Where.
        bucket: String,
        /// Under which key.
        key: String,
        /// What is stored about it.
        about: About,
        /// What the client says of the content.
        declared: Declared,
        /// Preconditions: If-Match and If-None-Match.
        conditions: Conditions,
        /// How it is to be encrypted.
        encryption: Encryption,
    }
    /// An object's content, or a range of it.
    Get(GetObject, bucket / key @ version) {
        /// Where.
        bucket: String,
        /// Under which key.
        key: String,
        /// Which version; the current one if none.
        version: Option<Version>,
        /// Which bytes, if not all.
        range: Option<Span>,
        /// Preconditions.
        conditions: Conditions,
        /// The key that the client sent for it.
        customer: Option<Customer>,
    }
    /// What is known of an object.
    Head(GetObject, bucket / key @ version) {
        /// Where.
        bucket: String,
        /// Under which key.
        key: String,
        /// Which version; the current one if none.
        version: Option<Version>,
        /// Which bytes GET would answer.
        range: Option<Span>,
        /// Preconditions.
        conditions: Conditions,
        /// The key that the client sent for it.
        customer: Option<Customer>,
    }
    /// What is known of an object and its parts.
    Attributes(GetObjectAttributes, bucket / key @ version) {
        /// Where.
        bucket: String,
        /// Under which key.
        key: String,
        /// Which version; the current one if none.
        version: Option<Version>,
        /// The key that the client sent for it.
        customer: Option<Customer>,
        /// Only parts with a number above this.
        after: u32,
        /// At most so many parts.
        limit: usize,
    }
    /// Removes objects or versions; those that are not there count as removed.
    Delete(DeleteObject, bucket, reach delete_reach) {
        /// Where.
        bucket: String,
        /// What is to go.
        doomed: Vec<Doomed>,
        /// Whether governance retention is to be bypassed.
        bypass: bool,
    }
    /// A page of a bucket.
    List(ListBucket, bucket) {
        /// Which bucket.
        bucket: String,
        /// Only keys that begin with this.
        prefix: String,
        /// Keys with this string after the prefix are shown once, up to and with it. Never empty.
        delimiter: Option<String>,
        /// Where the page begins.
        start: Start,
        /// At most so many keys and common prefixes together.
        limit: usize,
    }
    /// A page of the versions of a bucket.
    ListVersions(ListBucketVersions, bucket) {
        /// Which bucket.
        bucket: String,
        /// Only keys that begin with this.
        prefix: String,
        /// As in [`List`].
        delimiter: Option<String>,
        /// Only what comes after all versions of this key or common prefix, or after one of them.
        after: Option<(String, Option<Version>)>,
        /// At most so many versions and common prefixes together.
        limit: usize,
    }
    /// A copy of an object, in O(1) where source and target have one owner.
    Copy(PutObject, bucket / key, from source, reach copy_reach) {
        /// Where to.
        bucket: String,
        /// Under which key.
        key: String,
        /// What is copied.
        source: Place,
        /// What is stored about the copy; the source's if none. Its tags, lock and ACL do not count here.
        about: Option<About>,
        /// Tags of the copy; the source's if none.
        tags: Option<Tags>,
        /// What locks the copy.
        lock: Lock,
        /// What is granted to others of the copy; never what is granted of the source.
        acl: CannedAcl,
        /// Preconditions on the target.
        conditions: Conditions,
        /// Preconditions on the source.
        source_conditions: Conditions,
        /// How the copy is to be encrypted.
        encryption: Encryption,
        /// The key that the client sent for the source.
        source_customer: Option<Customer>,
        /// The checksum that the copy is to have; the source's if none.
        checksum: Option<ChecksumKind>,
    }
    /// Begins an upload in parts.
    CreateUpload(PutObject, bucket / key, reach begin_reach) {
        /// Where the object will be.
        bucket: String,
        /// Under which key.
        key: String,
        /// What is stored about it.
        about: About,
        /// Which checksum its parts will have, and whether it is of the whole object.
        checksum: Option<(ChecksumKind, ChecksumScope)>,
        /// How it is to be encrypted.
        encryption: Encryption,
    }
    /// One part.
    PutPart(PutObject, bucket / key # upload_id) {
        /// Of which bucket.
        bucket: String,
        /// Of which key.
        key: String,
        /// Of which upload.
        upload_id: String,
        /// 1 to 10,000.
        number: u32,
        /// What the client says of the content.
        declared: Declared,
        /// The key that the client sent for it.
        customer: Option<Customer>,
    }
    /// One part, from an object that is there.
    CopyPart(PutObject, bucket / key # upload_id, from source) {
        /// Of which bucket.
        bucket: String,
        /// Of which key.
        key: String,
        /// Of which upload.
        upload_id: String,
        /// 1 to 10,000.
        number: u32,
        /// What is copied.
        source: Place,
        /// First and last byte of it, both included; all of it if none.
        range: Option<(u64, u64)>,
        /// Preconditions on the source.
        source_conditions: Conditions,
        /// The key that the client sent for the upload.
        customer: Option<Customer>,
        /// The key that the client sent for the source.
        source_customer: Option<Customer>,
    }
    /// The parts that were sent, newest attempt each.
    ListParts(ListMultipartUploadParts, bucket / key # upload_id) {
        /// Of which bucket.
        bucket: String,
        /// Of which key.
        key: String,
        /// Of which upload.
        upload_id: String,
        /// Only numbers above this.
        after: u32,
        /// At most so many.
        limit: usize,
    }
    /// The open uploads of a bucket.
    ListUploads(ListBucketMultipartUploads, bucket) {
        /// Of which bucket.
        bucket: String,
        /// Only keys that begin with this.
        prefix: String,
        /// As in [`List`].
        delimiter: Option<String>,
        /// Only what comes after this key, or after this upload of it.
        after: Option<(String, Option<String>)>,
        /// At most so many.
        limit: usize,
    }
    /// Parts become an object.
    Complete(PutObject, bucket / key # upload_id) {
        /// Of which bucket.
        bucket: String,
        /// Of which key.
        key: String,
        /// Of which upload.
        upload_id: String,
        /// The parts as the client names them, ascending.
        parts: Vec<NamedPart>,
        /// What the client says of the object.
        expected: Expected,
        /// Preconditions: If-Match and If-None-Match.
        conditions: Conditions,
        /// The key that the client sent for the parts.
        customer: Option<Customer>,
    }
    /// An upload is given up.
    Abort(AbortMultipartUpload, bucket / key # upload_id) {
        /// Of which bucket.
        bucket: String,
        /// Of which key.
        key: String,
        /// Which.
        upload_id: String,
    }
}

/// Who else than the owner of the bucket may lock what they write: nobody. It could not be removed again.
fn unlocked(lock: Lock, reach: Reach) -> Reach {
    if lock == Lock::default() { reach } else { Reach::Owner }
}

fn put_reach(put: &Put) -> Reach {
    unlocked(put.about.lock, Reach::Anyone)
}

fn copy_reach(copy: &Copy) -> Reach {
    unlocked(copy.lock, Reach::Signed)
}

fn begin_reach(begin: &CreateUpload) -> Reach {
    unlocked(begin.about.lock, Reach::Signed)
}

/// No ACL lets anyone remove a version for good, or bypass what retains it.
fn delete_reach(delete: &Delete) -> Reach {
    let for_good = delete.bypass || delete.doomed.iter().any(|doomed| doomed.version.is_some());
    if for_good { Reach::Owner } else { Reach::Anyone }
}
