//! ACLs: what the policy is told of them, and how they are read and changed.

use super::configuration::Configuration;
use super::gateway::{Gateway, bucket_of};
use super::operation::{AclAsked, GetBucketAcl, GetObjectAcl, PutBucketAcl, PutObjectAcl};
use super::read::{Sealed, Takes};
use super::{Error, Refusal, items};
use crate::access::{Acl, CannedAcl, CanonicalId, Facts, Object, Operation, Permitted, Standing};
use crate::envelope::{self, Metadata};
use crate::keyring::Bucket;
use std::sync::Arc;

/// The owner that is sealed with an object.
pub(super) fn owner_in(metadata: &Metadata) -> Option<String> {
    metadata.owner.as_ref().map(|owner| String::from_utf8_lossy(owner).into_owned())
}

/// Who owns what is sealed with this metadata; the owner of the bucket where it does not say.
pub(super) fn owner_of(metadata: &Metadata, bucket: &Bucket) -> String {
    owner_in(metadata).unwrap_or_else(|| bucket.owner.clone())
}

fn id(owner: &str) -> CanonicalId {
    CanonicalId(Arc::from(owner))
}

fn acl_of(metadata: &Metadata, bucket: &Bucket) -> envelope::Result<Acl> {
    let canned = items::acl(metadata)?;
    Ok(Acl { owner: id(&owner_of(metadata, bucket)), bucket_owner: id(&bucket.owner), canned })
}

fn acl_of_bucket(configuration: &Configuration, bucket: &Bucket) -> Acl {
    Acl { owner: id(&bucket.owner), bucket_owner: id(&bucket.owner), canned: configuration.acl }
}

/// The canned ACL that was asked for, in place of this one.
///
/// # Errors
/// `AccessDenied` for grants that come with another owner; `NotImplemented` for those that no canned ACL has.
fn asked(asked: &AclAsked, of: Acl) -> Result<CannedAcl, Error> {
    match asked {
        AclAsked::Canned(canned) => Ok(*canned),
        AclAsked::Grants(owner, _) if *owner != of.owner => Err(Refusal::AccessDenied.into()),
        AclAsked::Grants(_, grants) => {
            let canned = of.expressing(grants);
            canned.ok_or_else(|| Refusal::NotImplemented("an ACL with other grants than those of a canned one").into())
        }
    }
}

/// What S3 has an error for, as the policy is told of it: it is missing. Any other error is no fact.
fn standing(found: Result<Acl, Error>) -> Result<Standing<Error>, Error> {
    match found {
        Ok(acl) => Ok(Standing::There(acl)),
        Err(Error::Refused(
            refusal @ (Refusal::NoSuchKey
            | Refusal::NoSuchVersion
            | Refusal::NoSuchUpload
            | Refusal::Deleted { .. }
            | Refusal::MarkerNotAllowed { .. }),
        )) => Ok(Standing::Missing(refusal.into())),
        Err(error) => Err(error),
    }
}

impl Facts for Gateway {
    type Error = Error;

    async fn bucket_acl(&self, bucket: &Arc<Bucket>) -> Result<Acl, Error> {
        Ok(acl_of_bucket(&*self.configuration_of(bucket).await?, bucket))
    }

    async fn object_acl(&self, bucket: &Arc<Bucket>, object: Object<'_>) -> Result<Standing<Error>, Error> {
        standing(match self.find_to_read(bucket, object.key, object.version).await {
            Ok(found) => found.acl(bucket),
            Err(error) => Err(error),
        })
    }

    async fn upload_acl(&self, bucket: &Arc<Bucket>, key: &str, upload: &str) -> Result<Standing<Error>, Error> {
        standing(self.metadata_of_upload(bucket, key, upload).await.and_then(|metadata| {
            acl_of(&metadata, bucket).map_err(|why| Error::Tampered { path: format!("the upload {upload}"), why })
        }))
    }
}

impl Sealed {
    fn acl(&self, bucket: &Bucket) -> Result<Acl, Error> {
        acl_of(self.metadata(), bucket).map_err(|why| self.tampered(why))
    }
}

impl Gateway {
    /// Finds what an operation reads, and holds its permission against the very version that was found: another may have
    /// come in its place since the policy was asked.
    ///
    /// # Errors
    /// As [`Gateway::find_to_read`]; `AccessDenied`.
    pub(super) async fn find_permitted<O: Operation>(&self, operation: &Permitted<O>, takes: Takes) -> Result<Sealed, Error> {
        let bucket = bucket_of(operation)?;
        let Object { key, version, .. } = operation.operation().object().ok_or(Refusal::NoSuchKey)?;
        let found = match (takes, version) {
            (Takes::Content(span), None) => self.find_content(&bucket, key, span).await,
            (Takes::Facts | Takes::Content(_), _) => self.find_version(&bucket, key, version).await,
        };
        let found = self.to_read(found, (&bucket, key), version).await?;
        if operation.holds_of(|| found.acl(&bucket))? { Ok(found) } else { Err(Refusal::AccessDenied.into()) }
    }

    /// As [`Gateway::find_permitted`], what a copy reads.
    pub(super) async fn find_source<O: Operation>(&self, operation: &Permitted<O>) -> Result<Sealed, Error> {
        let bucket = operation.source().cloned().ok_or(Refusal::NoSuchBucket)?;
        let object = operation.operation().source().ok_or(Refusal::NoSuchKey)?;
        let found = self.find_to_read(&bucket, object.key, object.version).await?;
        if operation.holds_of_source(|| found.acl(&bucket))? { Ok(found) } else { Err(Refusal::AccessDenied.into()) }
    }

    /// A bucket's ACL.
    pub async fn bucket_acl(&self, operation: &Permitted<GetBucketAcl>) -> Result<Acl, Error> {
        Facts::bucket_acl(self, &bucket_of(operation)?).await
    }

    /// Replaces a bucket's ACL. Those of bucket owners are for objects, and private here.
    ///
    /// # Errors
    /// `AccessDenied` for the grants of another owner, `NotImplemented` for those that no canned ACL has.
    pub async fn put_bucket_acl(&self, operation: Permitted<PutBucketAcl>) -> Result<(), Error> {
        let bucket = bucket_of(&operation)?;
        self.configure(&bucket, |configuration| {
            let acl = asked(&operation.operation().acl, acl_of_bucket(configuration, &bucket))?;
            configuration.acl = of_buckets(acl);
            Ok(())
        })
        .await
    }

    /// An object's ACL.
    ///
    /// # Errors
    /// As [`Gateway::head`].
    pub async fn object_acl(&self, operation: Permitted<GetObjectAcl>) -> Result<Acl, Error> {
        let bucket = bucket_of(&operation)?;
        self.find_permitted(&operation, Takes::Facts).await?.acl(&bucket)
    }

    /// Replaces an object's ACL; its time stays.
    ///
    /// # Errors
    /// As [`Gateway::put_bucket_acl`] and [`Gateway::head`].
    pub async fn put_object_acl(&self, operation: Permitted<PutObjectAcl>) -> Result<(), Error> {
        let bucket = bucket_of(&operation)?;
        let PutObjectAcl { key, version, acl, .. } = operation.operation();
        let edit = |metadata: &mut Metadata| {
            let tampered = |why| Error::Tampered { path: format!("{}/{key}", bucket.name), why };
            let before = acl_of(metadata, &bucket).map_err(tampered)?;
            if !operation.holds_of(|| Ok::<_, Error>(before.clone()))? {
                return Err(Refusal::AccessDenied.into());
            }
            items::set_acl(metadata, asked(acl, before)?);
            Ok(())
        };
        self.amend(&bucket, (key, version.as_ref()), edit).await?;
        Ok(())
    }
}

/// What an ACL is on a bucket.
pub(super) fn of_buckets(acl: CannedAcl) -> CannedAcl {
    match acl {
        CannedAcl::BucketOwnerRead | CannedAcl::BucketOwnerFullControl => CannedAcl::Private,
        CannedAcl::Private | CannedAcl::PublicRead | CannedAcl::PublicReadWrite | CannedAcl::AuthenticatedRead => acl,
    }
}
