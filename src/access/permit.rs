//! The one door to the gateway: an operation becomes [`Permitted`] here or not at all.

use super::acl::{Acl, Permission};
use super::action::{Action, Need};
use super::facts::{Facts, Standing};
use super::principal::Principal;
use crate::keyring::{self, Bucket, Keyring};
use crate::store::Version;
use std::sync::Arc;

/// How far an ACL can open an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To everyone.
    Anyone,
    /// To those who sign.
    Signed,
    /// To nobody but the owner of the bucket.
    Owner,
}

/// An object that an operation is about.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// The bucket's name.
    pub bucket: &'a str,
    /// The key.
    pub key: &'a str,
    /// The version; the current one if none.
    pub version: Option<&'a Version>,
}

/// What the policy must know of a request.
pub trait Operation {
    /// The action that must be allowed.
    fn action(&self) -> Action;

    /// The bucket it is done to, if to one that must exist.
    fn bucket(&self) -> Option<&str>;

    /// The object in that bucket.
    fn object(&self) -> Option<Object<'_>> {
        None
    }

    /// The upload of that object, by its id.
    fn upload(&self) -> Option<&str> {
        None
    }

    /// The object that is read besides, by copies.
    fn source(&self) -> Option<Object<'_>> {
        None
    }

    /// Whether it is about the bucket itself, or about all of someone's: then what was done to them a moment ago counts,
    /// by whichever process.
    fn is_of_buckets(&self) -> bool {
        let lists = [Action::ListBucket, Action::ListBucketVersions, Action::ListBucketMultipartUploads];
        self.object().is_none() && !lists.contains(&self.action())
    }

    /// How far an ACL can open it.
    fn reach(&self) -> Reach {
        Reach::Anyone
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

    /// The bucket of [`Operation::source`].
    pub fn source(&self) -> Option<&Arc<Bucket>> {
        self.source.as_ref()
    }

    /// Takes the operation out.
    pub fn into_operation(self) -> O {
        self.operation
    }
}

impl<O: Operation> Permitted<O> {
    /// Whether it is allowed on the very object that was found: it may be another than the policy was told of.
    ///
    /// # Errors
    /// That of `acl`, which is asked only where it counts.
    pub fn holds_of<E>(&self, acl: impl FnOnce() -> Result<Acl, E>) -> Result<bool, E> {
        match self.operation.action().need() {
            Need::OfObject(permission) => self.holds(self.bucket.as_ref(), permission, acl),
            Need::Signature | Need::OfBucket(_) | Need::OfUpload | Need::Owner => Ok(true),
        }
    }

    /// As [`Self::holds_of`], of the source.
    ///
    /// # Errors
    /// That of `acl`.
    pub fn holds_of_source<E>(&self, acl: impl FnOnce() -> Result<Acl, E>) -> Result<bool, E> {
        self.holds(self.source.as_ref(), Permission::Read, acl)
    }

    fn holds<E>(
        &self,
        bucket: Option<&Arc<Bucket>>,
        permission: Permission,
        acl: impl FnOnce() -> Result<Acl, E>,
    ) -> Result<bool, E> {
        let own = bucket.is_some_and(|bucket| owns(&self.principal, bucket));
        Ok(own || acl()?.allows(&self.principal, permission))
    }
}

/// Why an operation was not permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied<E> {
    /// The bucket does not exist; said to everyone, as AWS does.
    NoSuchBucket,
    /// Neither ownership nor an ACL allows it.
    AccessDenied,
    /// What the decision rests on is not there, or cannot be told.
    Unknown(E),
}

/// Who may do what: who owns a bucket may do everything in it, and others what ACLs grant them.
pub struct Policy {
    keyring: Arc<Keyring>,
}

impl Policy {
    /// A policy over the buckets of this keyring.
    #[must_use]
    pub fn new(keyring: Arc<Keyring>) -> Self {
        Self { keyring }
    }

    /// Makes [`Policy::owner`] know of a bucket that another process made just now.
    ///
    /// # Errors
    /// If that cannot be told.
    pub async fn look_for(&self, bucket: &str) -> Result<(), keyring::Error> {
        self.keyring.find(bucket).await.map(drop)
    }

    /// Whose bucket this is, if it is there.
    #[must_use]
    pub fn owner(&self, bucket: &str) -> Option<String> {
        self.keyring.bucket(bucket).map(|bucket| bucket.owner.clone())
    }

    /// Permits the operation, or says why not. No fact is asked for where the buckets are the asker's own.
    ///
    /// # Errors
    /// [`Denied::NoSuchBucket`] if it names a bucket that is not there, [`Denied::AccessDenied`] if nothing allows it.
    /// [`Denied::Unknown`] for what is missing, said to those alone who may list the bucket, and for facts that cannot
    /// be told: then nobody passes.
    pub async fn permit<F: Facts, O: Operation>(
        &self,
        facts: &F,
        principal: &Arc<Principal>,
        operation: O,
    ) -> Result<Permitted<O>, Denied<F::Error>>
    where
        F::Error: From<keyring::Error>,
    {
        let unknown = |error: keyring::Error| Denied::Unknown(error.into());
        if operation.is_of_buckets() {
            self.keyring.look().await.map_err(unknown)?;
        }
        let find = async |name: Option<&str>| match name {
            Some(name) => match self.keyring.find(name).await {
                Ok(Some(bucket)) => Ok(Some(bucket)),
                Ok(None) => Err(Denied::NoSuchBucket),
                Err(error) => Err(unknown(error)),
            },
            None => Ok(None),
        };
        let bucket = find(operation.bucket()).await?;
        let from = operation.source();
        let source = find(from.map(|object| object.bucket)).await?;
        match &bucket {
            Some(bucket) if owns(principal, bucket) => {}
            Some(bucket) => Asked { facts, principal, bucket }.admits(&operation).await?,
            None if principal.is_anonymous() => return Err(Denied::AccessDenied),
            None => {}
        }
        if let (Some(bucket), Some(object)) = (&source, from)
            && !owns(principal, bucket)
        {
            Asked { facts, principal, bucket }.of_object(object, Permission::Read).await?;
        }
        Ok(Permitted { operation, principal: Arc::clone(principal), bucket, source })
    }
}

/// A user owns a bucket by their id; the anonymous own none.
fn owns(principal: &Principal, bucket: &Bucket) -> bool {
    *bucket.owner == *principal.id.0 && !principal.is_anonymous()
}

/// Someone asks about a bucket of another.
struct Asked<'a, F> {
    facts: &'a F,
    principal: &'a Principal,
    bucket: &'a Arc<Bucket>,
}

impl<F: Facts> Asked<'_, F> {
    async fn admits<O: Operation>(&self, operation: &O) -> Result<(), Denied<F::Error>> {
        match operation.reach() {
            Reach::Anyone => {}
            Reach::Signed if !self.principal.is_anonymous() => {}
            Reach::Signed | Reach::Owner => return Err(Denied::AccessDenied),
        }
        let object = || operation.object().ok_or(Denied::AccessDenied);
        match operation.action().need() {
            Need::Signature | Need::Owner => return Err(Denied::AccessDenied),
            Need::OfBucket(permission) => self.of_bucket(permission).await?,
            Need::OfObject(permission) => self.of_object(object()?, permission).await?,
            Need::OfUpload if operation.upload().is_none() => return Err(Denied::AccessDenied),
            Need::OfUpload => {}
        }
        match operation.upload() {
            Some(upload) => self.of_upload(object()?, upload).await,
            None => Ok(()),
        }
    }

    async fn of_bucket(&self, permission: Permission) -> Result<(), Denied<F::Error>> {
        let acl = self.facts.bucket_acl(self.bucket).await.map_err(Denied::Unknown)?;
        if acl.allows(self.principal, permission) { Ok(()) } else { Err(Denied::AccessDenied) }
    }

    async fn of_object(&self, object: Object<'_>, permission: Permission) -> Result<(), Denied<F::Error>> {
        match self.facts.object_acl(self.bucket, object).await.map_err(Denied::Unknown)? {
            Standing::There(acl) if acl.allows(self.principal, permission) => Ok(()),
            Standing::There(_) => Err(Denied::AccessDenied),
            Standing::Missing(error) => self.missing(error).await,
        }
    }

    /// An upload goes on by those alone who began it: what comes of it is theirs.
    async fn of_upload(&self, object: Object<'_>, upload: &str) -> Result<(), Denied<F::Error>> {
        match self.facts.upload_acl(self.bucket, object.key, upload).await.map_err(Denied::Unknown)? {
            Standing::There(acl) if !self.principal.is_anonymous() && acl.owner == self.principal.id => Ok(()),
            Standing::There(_) => Err(Denied::AccessDenied),
            Standing::Missing(error) => self.missing(error).await,
        }
    }

    /// Who may not list a bucket is not told what is missing in it.
    async fn missing(&self, error: F::Error) -> Result<(), Denied<F::Error>> {
        self.of_bucket(Permission::Read).await?;
        Err(Denied::Unknown(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{CannedAcl, CanonicalId};
    use crate::store::Millis;
    use futures::FutureExt;

    /// Says that a bucket has an ACL, or cannot say it, and likewise of objects.
    struct Told(Result<CannedAcl, ()>, Result<Option<CannedAcl>, ()>);

    fn acl(canned: CannedAcl) -> Acl {
        let owner = CanonicalId("owner".into());
        Acl { owner: owner.clone(), bucket_owner: owner, canned }
    }

    impl Facts for Told {
        type Error = &'static str;

        async fn bucket_acl(&self, _: &Arc<Bucket>) -> Result<Acl, Self::Error> {
            self.0.map(acl).map_err(|()| "unreadable bucket")
        }

        async fn object_acl(&self, _: &Arc<Bucket>, _: Object<'_>) -> Result<Standing<Self::Error>, Self::Error> {
            match self.1 {
                Ok(Some(canned)) => Ok(Standing::There(acl(canned))),
                Ok(None) => Ok(Standing::Missing("missing")),
                Err(()) => Err("unreadable object"),
            }
        }

        async fn upload_acl(&self, _: &Arc<Bucket>, _: &str, _: &str) -> Result<Standing<Self::Error>, Self::Error> {
            self.object_acl(&bucket(), OBJECT).await
        }
    }

    const OBJECT: Object<'static> = Object { bucket: "bucket", key: "key", version: None };

    fn bucket() -> Arc<Bucket> {
        let uuid = crate::keyring::BucketUuid([1; 16]);
        Arc::new(Bucket { uuid, name: "bucket".into(), owner: "owner".into(), created: Millis(0) })
    }

    struct Get;

    impl Operation for Get {
        fn action(&self) -> Action {
            Action::GetObject
        }

        fn bucket(&self) -> Option<&str> {
            Some("bucket")
        }

        fn object(&self) -> Option<Object<'_>> {
            Some(OBJECT)
        }
    }

    fn verdict(facts: &Told) -> Result<(), Denied<&'static str>> {
        let (principal, bucket) = (Principal::anonymous(), bucket());
        Asked { facts, principal: &principal, bucket: &bucket }.admits(&Get).now_or_never().unwrap()
    }

    #[test]
    fn a_fact_that_cannot_be_told_lets_nobody_pass() {
        let open = CannedAcl::PublicRead;
        assert_eq!(verdict(&Told(Err(()), Ok(Some(open)))), Ok(()));
        assert_eq!(verdict(&Told(Ok(open), Err(()))), Err(Denied::Unknown("unreadable object")));
        assert_eq!(verdict(&Told(Err(()), Ok(None))), Err(Denied::Unknown("unreadable bucket")));
        assert_eq!(verdict(&Told(Ok(open), Ok(None))), Err(Denied::Unknown("missing")));
        assert_eq!(verdict(&Told(Ok(CannedAcl::Private), Ok(None))), Err(Denied::AccessDenied));
        assert_eq!(verdict(&Told(Ok(open), Ok(Some(CannedAcl::Private)))), Err(Denied::AccessDenied));
    }
}
