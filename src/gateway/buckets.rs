//! Buckets: a line in the keyring and keys of their own.

use super::acl::of_buckets;
use super::configuration::{LockRule, Versioning};
use super::configured::unable;
use super::gateway::{Gateway, bucket_of};
use super::operation::{CreateBucket, DeleteBucket, HeadBucket, ListBuckets, Start};
use super::outcome::Buckets;
use super::{Error, Refusal};
use crate::access::{CannedAcl, Permitted};
use crate::keyring::{self, Bucket, Listing};
use crate::store::layout;
use object_store::list::PaginatedListOptions;
use std::sync::Arc;

impl Gateway {
    /// The buckets of whoever asks, by name.
    ///
    /// # Errors
    /// `InvalidArgument` for a token that was not made here.
    pub fn list_buckets(&self, operation: &Permitted<ListBuckets>) -> Result<Buckets, Error> {
        let ListBuckets { prefix, start, limit } = operation.operation();
        let owner = &operation.principal().id;
        let listing = Listing::Buckets(&owner.0);
        let after = self.begin_page(listing, start.clone())?;
        let mut buckets: Vec<_> = self
            .keyring
            .buckets()
            .into_iter()
            .filter(|bucket| *bucket.owner == *owner.0 && bucket.name.starts_with(prefix))
            .filter(|bucket| after.as_ref().is_none_or(|after| bucket.name > *after))
            .take(limit.saturating_add(1))
            .collect();
        let more = buckets.len() > *limit;
        buckets.truncate(*limit);
        let next = buckets.last().filter(|_| more).map(|last| self.keyring.token(listing, &last.name));
        Ok(Buckets { buckets, next })
    }

    /// What a page begins after, if not at the beginning.
    ///
    /// # Errors
    /// `InvalidArgument` for a token that was not made here.
    pub(super) fn begin_page(&self, listing: Listing<'_>, start: Start) -> Result<Option<String>, Error> {
        match start {
            Start::First => Ok(None),
            Start::After(place) => Ok(Some(place)),
            Start::Token(token) => match self.keyring.place(listing, &token) {
                Some(place) => Ok(Some(place)),
                None => Err(Refusal::InvalidArgument("the continuation token provided is incorrect".to_owned()).into()),
            },
        }
    }

    /// A new bucket, with a key of its own.
    ///
    /// # Errors
    /// `InvalidBucketName`, `BucketAlreadyOwnedByYou` or `BucketAlreadyExists`.
    pub async fn create_bucket(&self, operation: Permitted<CreateBucket>) -> Result<Arc<Bucket>, Error> {
        let CreateBucket { name, lock, acl } = operation.operation();
        let acl = of_buckets(*acl);
        if !keyring::valid_bucket_name(name) {
            return Err(Refusal::InvalidBucketName.into());
        }
        if *lock && self.keyring.bucket(name).is_none() {
            self.must_keep_versions()?;
        }
        let owner = &operation.principal().id;
        match self.keyring.create_bucket(name, &owner.0).await {
            Err(keyring::Error::AlreadyExists(other)) if *other.owner == *owner.0 => {
                // Whoever made it may have been interrupted before it had a place.
                if let Err(error) = self.backend.make_bucket(name, false).await {
                    tracing::debug!(bucket = name, %error, "a bucket that is there has a place");
                }
                Err(Refusal::BucketAlreadyOwnedByYou.into())
            }
            Err(keyring::Error::AlreadyExists(_)) => Err(Refusal::BucketAlreadyExists.into()),
            other => {
                let bucket = other?;
                self.place(&bucket, *lock).await?;
                if *lock || acl != CannedAcl::Private {
                    self.configure_from_the_start(&bucket, *lock, acl).await?;
                }
                Ok(bucket)
            }
        }
    }

    /// Makes room for a new bucket. Without it there is none.
    async fn place(&self, bucket: &Bucket, lock: bool) -> Result<(), Error> {
        let Err(error) = self.backend.make_bucket(&bucket.name, lock).await else { return Ok(()) };
        tracing::warn!(bucket = bucket.name, %error, "there is no room for a new bucket");
        self.keyring.remove_bucket(bucket.uuid).await?;
        Err(match error {
            object_store::Error::AlreadyExists { .. } => Refusal::BucketAlreadyExists.into(),
            object_store::Error::NotSupported { .. } => Refusal::InvalidBucketName.into(),
            error => unable(error),
        })
    }

    /// A bucket that was to be configured and cannot be is not left behind.
    async fn configure_from_the_start(&self, bucket: &Bucket, lock: bool, acl: CannedAcl) -> Result<(), Error> {
        let configured = self.configure(bucket, |configuration| {
            if lock {
                configuration.versioning = Versioning::Enabled;
                configuration.lock = Some(LockRule::default());
            }
            configuration.acl = acl;
            Ok(())
        });
        match configured.await {
            Ok(()) => Ok(()),
            Err(error) => {
                self.keyring.remove_bucket(bucket.uuid).await?;
                self.unplace(bucket).await;
                Err(error)
            }
        }
    }

    /// The bucket, if it is there and the asker's: the policy has seen to both.
    pub async fn head_bucket(&self, operation: &Permitted<HeadBucket>) -> Result<Arc<Bucket>, Error> {
        let bucket = bucket_of(operation)?;
        self.keyring.look().await?;
        self.still_there(&bucket)?;
        Ok(bucket)
    }

    /// Removes an empty bucket and its keys: what was ever sealed in it cannot be opened again. Uploads that were
    /// not completed are given up with it.
    ///
    /// # Errors
    /// `BucketNotEmpty`.
    pub async fn delete_bucket(&self, operation: Permitted<DeleteBucket>) -> Result<(), Error> {
        let bucket = bucket_of(&operation)?;
        let gate = self.close(&bucket).await?;
        let options = PaginatedListOptions { max_keys: Some(1), ..PaginatedListOptions::default() };
        let page = self.backend.list_paginated(Some(&layout::prefix(&bucket.name, "")), options).await?;
        if !page.result.objects.is_empty() {
            return Err(Refusal::BucketNotEmpty.into());
        }
        if let Some(versions) = self.backend.versions() {
            let left = versions.list_versions(&layout::prefix(&bucket.name, ""), None, 1).await?;
            if !left.is_empty() {
                return Err(Refusal::BucketNotEmpty.into());
            }
        }
        self.abort_all(&bucket).await?;
        self.forget_configuration(&bucket).await?;
        self.keyring.remove_bucket(bucket.uuid).await?;
        self.unplace(&bucket).await;
        drop(gate);
        self.forget_gate(&bucket);
        Ok(())
    }

    /// Gives up the room of a bucket that is gone. What is left of it is empty, and used by the next of its name.
    async fn unplace(&self, bucket: &Bucket) {
        if let Err(error) = self.backend.drop_bucket(&bucket.name).await {
            tracing::warn!(bucket = bucket.name, %error, "the place of a bucket that is gone stays");
        }
    }
}
