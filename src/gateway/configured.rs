//! Reading and changing what is configured of a bucket, an aspect at a time.

use super::configuration::{Cors, CorsAsked, CorsVerdict, Versioning};
use super::gateway::{Gateway, bucket_of};
use super::operation::{GetCors, GetVersioning, Inquire, PutCors, PutVersioning};
use super::{Error, Refusal};
use crate::access::Permitted;
use crate::store::Names;

/// What a backend that keeps one version of each object is answered with.
pub(super) const NO_VERSIONS: Refusal =
    Refusal::NotImplemented("versions and object lock, where the backend has none, or one bucket of it holds everything");

/// How an error of the backend is told where it may lack versions or locks.
pub(super) fn unable(error: object_store::Error) -> Error {
    match error {
        object_store::Error::NotImplemented { .. } => NO_VERSIONS.into(),
        object_store::Error::NotSupported { .. } => {
            Refusal::NotImplemented("object lock of a bucket that this backend made without: make a new one with it").into()
        }
        error => error.into(),
    }
}

impl Gateway {
    /// Whether there is a bucket to answer for.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub fn inquire(&self, operation: &Permitted<Inquire>) -> Result<(), Error> {
        bucket_of(operation).map(drop)
    }

    /// Whether overwritten objects are kept.
    pub async fn versioning(&self, operation: &Permitted<GetVersioning>) -> Result<Versioning, Error> {
        Ok(self.configuration(operation).await?.versioning)
    }

    /// Keeps overwritten objects from now on, or no more of them.
    pub async fn put_versioning(&self, operation: Permitted<PutVersioning>) -> Result<(), Error> {
        let bucket = bucket_of(&operation)?;
        let enabled = operation.operation().enabled;
        self.must_keep_versions()?;
        let locked = self.configuration_of(&bucket).await?.lock.is_some();
        if enabled || !locked {
            self.versions()?.keep(&bucket.name, enabled).await.map_err(unable)?;
        }
        self.configure(&bucket, |configuration| {
            if !enabled && configuration.lock.is_some() {
                return Err(Refusal::InvalidBucketState("versioning cannot be suspended where object lock is enabled").into());
            }
            configuration.versioning = if enabled { Versioning::Enabled } else { Versioning::Suspended };
            Ok(())
        })
        .await
    }

    /// # Errors
    /// `NotImplemented` on a backend that keeps one version of each object.
    pub(super) fn must_keep_versions(&self) -> Result<(), Error> {
        match self.backend.versions() {
            Some(versions) if versions.names() != Names::Nobody => Ok(()),
            Some(_) | None => Err(NO_VERSIONS.into()),
        }
    }

    /// Which web pages may use a bucket.
    ///
    /// # Errors
    /// `NoSuchCORSConfiguration` where nothing was said.
    pub async fn cors(&self, operation: &Permitted<GetCors>) -> Result<Cors, Error> {
        self.configuration(operation).await?.cors.clone().ok_or_else(|| Refusal::NoSuchCORSConfiguration.into())
    }

    /// Lets web pages use a bucket from now on, or none of them.
    pub async fn put_cors(&self, operation: Permitted<PutCors>) -> Result<(), Error> {
        let bucket = bucket_of(&operation)?;
        let cors = &operation.operation().cors;
        self.configure(&bucket, |configuration| {
            configuration.cors.clone_from(cors);
            Ok(())
        })
        .await
    }

    /// What a bucket says to a web page: for anyone, since browsers ask before they sign. Nothing else of the bucket shows.
    pub async fn cors_verdict(&self, bucket: &str, asked: &CorsAsked) -> Result<CorsVerdict, Error> {
        let Some(bucket) = self.keyring.find(bucket).await? else { return Ok(CorsVerdict::NoSuchBucket) };
        let configuration = self.configuration_of(&bucket).await?;
        Ok(configuration.cors.as_ref().map_or(CorsVerdict::Unconfigured, |cors| cors.verdict(asked)))
    }
}
