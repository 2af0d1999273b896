//! Reading and changing what is configured of a bucket, an aspect at a time.

use super::Error;
use super::configuration::Versioning;
use super::gateway::{Gateway, bucket_of};
use super::operation::{GetVersioning, PutVersioning};
use crate::access::Permitted;

impl Gateway {
    /// Whether overwritten objects are kept.
    pub async fn versioning(&self, operation: &Permitted<GetVersioning>) -> Result<Versioning, Error> {
        Ok(self.configuration(operation).await?.versioning)
    }

    /// Keeps overwritten objects from now on, or no more of them.
    pub async fn put_versioning(&self, operation: Permitted<PutVersioning>) -> Result<(), Error> {
        let bucket = bucket_of(&operation)?;
        let enabled = operation.operation().enabled;
        self.configure(&bucket, |configuration| {
            configuration.versioning = if enabled { Versioning::Enabled } else { Versioning::Suspended };
            Ok(())
        })
        .await
    }
}
