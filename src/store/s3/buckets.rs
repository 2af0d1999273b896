//! Buckets of the backend, one for each of ours, where that was chosen for the store.

use super::S3Store;
use super::fault;
use super::place::Place;
use crate::store::layout;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::create_bucket::builders::CreateBucketFluentBuilder;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload, Result};
use std::sync::Arc;

/// The longest name of a bucket, in bytes.
const LONGEST: usize = 63;

/// The region whose name is not said when a bucket is made.
const UNSAID: &str = "us-east-1";

impl S3Store {
    /// What the names of the backend's buckets begin with, where each of ours has one of its own.
    #[must_use]
    pub fn own_buckets(&self) -> Option<&str> {
        self.0.places.own.as_deref()
    }

    /// What was chosen of [`S3Store::own_buckets`] when the store was made: none if all share one, or there is no store yet.
    ///
    /// # Errors
    /// If the backend cannot be asked.
    pub async fn own_buckets_chosen(&self) -> Result<Option<String>> {
        match self.get(&Path::from(layout::OWN_BUCKETS)).await {
            Ok(found) => {
                let text = String::from_utf8(found.bytes().await?.to_vec());
                text.map(Some).map_err(|_| fault::unavailable(format!("{} is damaged", layout::OWN_BUCKETS)))
            }
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Chooses what the settings say, for good.
    ///
    /// # Errors
    /// `AlreadyExists` if something was chosen before.
    pub async fn choose_own_buckets(&self) -> Result<()> {
        let Some(own) = self.own_buckets() else { return Ok(()) };
        let text = PutPayload::from(own.to_owned());
        self.put_opts(&Path::from(layout::OWN_BUCKETS), text, PutMode::Create.into()).await?;
        Ok(())
    }

    pub(super) fn own_place(&self, bucket: &str) -> Result<Arc<Place>> {
        self.0.places.of(&format!("{bucket}/"))
    }

    pub(super) async fn make(&self, bucket: &str, locks: bool) -> Result<()> {
        let (place, path) = (self.own_place(bucket)?, Path::from(bucket));
        if !place.own {
            return Ok(());
        }
        if place.bucket.len() > LONGEST {
            return Err(Error::NotSupported { source: format!("{} is too long a name for a bucket", place.bucket).into() });
        }
        match self.creation(&place, locks).send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.code() {
                // Left by one who was interrupted, it is empty.
                Some("BucketAlreadyOwnedByYou") if self.is_empty(&place).await? => self.anew(&place, locks).await,
                Some("BucketAlreadyOwnedByYou" | "BucketAlreadyExists") => {
                    let source = format!("the backend has a bucket {} that is not this store's", place.bucket).into();
                    Err(Error::AlreadyExists { path: bucket.to_owned(), source })
                }
                _ => Err(fault::sdk(&path, error)),
            },
        }
    }

    fn creation(&self, place: &Place, locks: bool) -> CreateBucketFluentBuilder {
        let region = Some(self.0.region.as_str()).filter(|region| *region != UNSAID).map(BucketLocationConstraint::from);
        let there = region.map(|region| CreateBucketConfiguration::builder().location_constraint(region).build());
        let request = self.0.sdk.create_bucket().bucket(&place.bucket).set_create_bucket_configuration(there);
        request.set_object_lock_enabled_for_bucket(locks.then_some(true))
    }

    /// Makes sure that an empty bucket is one whose versions can be locked, if they are to be.
    async fn anew(&self, place: &Place, locks: bool) -> Result<()> {
        if !locks {
            return Ok(());
        }
        let path = Path::from(place.bucket.as_str());
        let gone = self.0.sdk.delete_bucket().bucket(&place.bucket).send().await;
        gone.map_err(|error| fault::sdk(&path, error))?;
        self.creation(place, locks).send().await.map_err(|error| fault::sdk(&path, error))?;
        Ok(())
    }

    async fn is_empty(&self, place: &Place) -> Result<bool> {
        let first = self.0.sdk.list_object_versions().bucket(&place.bucket).max_keys(1).send().await;
        let first = first.map_err(|error| fault::sdk(&Path::from(place.bucket.as_str()), error))?;
        Ok(first.versions().is_empty() && first.delete_markers().is_empty())
    }

    pub(super) async fn unmake(&self, bucket: &str) -> Result<()> {
        let place = self.own_place(bucket)?;
        if !place.own {
            return Ok(());
        }
        match self.0.sdk.delete_bucket().bucket(&place.bucket).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("NoSuchBucket") => Ok(()),
            Err(error) => Err(fault::sdk(&Path::from(bucket), error)),
        }
    }
}
