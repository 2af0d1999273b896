//! The record: read through a cache that forgets soon, written under the condition that nobody else wrote.

use super::Configuration;
use crate::access::{Operation, Permitted};
use crate::gateway::gateway::{Gateway, bucket_of};
use crate::gateway::{Error, Refusal};
use crate::keyring::Bucket;
use object_store::{PutMode, UpdateVersion};
use std::sync::Arc;

/// How often a write that lost a race is tried again.
const ATTEMPTS: usize = 10;

fn key(bucket: &Bucket) -> String {
    format!("bucket/{}", bucket.uuid)
}

impl Gateway {
    /// What is configured of the bucket that an operation asks about, by whichever process, as it is now.
    ///
    /// # Errors
    /// An integrity error if the record does not verify, which is never the same as nothing being configured.
    pub async fn configuration<O: Operation>(&self, operation: &Permitted<O>) -> Result<Arc<Configuration>, Error> {
        let bucket = bucket_of(operation)?;
        if self.keyring.is_shared() {
            self.configurations.invalidate(&bucket.uuid);
        }
        self.configuration_of(&bucket).await
    }

    /// What is configured of a bucket, at most as old as the cache allows; what this process wrote shows at once.
    pub(in crate::gateway) async fn configuration_of(&self, bucket: &Bucket) -> Result<Arc<Configuration>, Error> {
        if let Some(known) = self.configurations.get(&bucket.uuid) {
            return Ok(known);
        }
        let (configuration, _) = self.read_configuration(bucket).await?;
        let configuration = Arc::new(configuration);
        self.configurations.insert(bucket.uuid, Arc::clone(&configuration));
        Ok(configuration)
    }

    async fn read_configuration(&self, bucket: &Bucket) -> Result<(Configuration, PutMode), Error> {
        let Some((text, e_tag)) = self.record_of(&key(bucket)).await? else {
            return Ok((Configuration::default(), PutMode::Create));
        };
        let configuration = serde_json::from_slice(&text);
        let configuration = configuration.map_err(|error| Error::Internal(format!("the record of {}: {error}", bucket.name)))?;
        Ok((configuration, PutMode::Update(UpdateVersion { e_tag: Some(e_tag), version: None })))
    }

    /// Changes what is configured of a bucket. No write into the bucket is committed meanwhile, so that each happens
    /// wholly before or after the change.
    ///
    /// # Errors
    /// Those of `edit`, and nothing is changed then.
    pub(in crate::gateway) async fn configure<T>(
        &self,
        bucket: &Bucket,
        edit: impl Fn(&mut Configuration) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let _gate = self.close(bucket).await?;
        for _ in 0..ATTEMPTS {
            let (mut configuration, mode) = self.read_configuration(bucket).await?;
            let before = configuration.clone();
            let answer = edit(&mut configuration)?;
            if configuration != before {
                let text = serde_json::to_vec(&configuration);
                let text = text.map_err(|error| Error::Internal(format!("the record of {}: {error}", bucket.name)))?;
                match self.put_record(&key(bucket), &text, mode).await {
                    Err(Error::Refused(Refusal::PreconditionFailed(_))) => continue,
                    written => written?,
                }
            }
            self.configurations.insert(bucket.uuid, Arc::new(configuration));
            return Ok(answer);
        }
        Err(Refusal::OperationAborted.into())
    }

    /// Removes the record of a bucket that is about to be deleted.
    pub(in crate::gateway) async fn forget_configuration(&self, bucket: &Bucket) -> Result<(), Error> {
        self.drop_record(&key(bucket)).await?;
        self.configurations.invalidate(&bucket.uuid);
        Ok(())
    }
}
