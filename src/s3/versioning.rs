//! The versioning state of a bucket.

use super::adapter::{Adapter, Asker};
use super::error::{failed, plain};
use crate::gateway::{GetVersioning, PutVersioning, Versioning};
use s3s::dto::{BucketVersioningStatus, GetBucketVersioningOutput, PutBucketVersioningInput, PutBucketVersioningOutput};
use s3s::{S3ErrorCode, S3Result};

impl Adapter {
    pub(super) async fn versioning(&self, asker: &Asker, bucket: String) -> S3Result<GetBucketVersioningOutput> {
        let permitted = self.permit(asker, GetVersioning { bucket }).await?;
        let status = match self.gateway.versioning(&permitted).await.map_err(failed)? {
            Versioning::Never => None,
            Versioning::Enabled => Some(BucketVersioningStatus::ENABLED),
            Versioning::Suspended => Some(BucketVersioningStatus::SUSPENDED),
        };
        let status = status.map(BucketVersioningStatus::from_static);
        Ok(GetBucketVersioningOutput { status, ..GetBucketVersioningOutput::default() })
    }

    pub(super) async fn put_versioning(
        &self,
        asker: &Asker,
        input: PutBucketVersioningInput,
    ) -> S3Result<PutBucketVersioningOutput> {
        let PutBucketVersioningInput { bucket, versioning_configuration: asked, .. } = input;
        if asked.mfa_delete.is_some_and(|mfa| mfa.as_str() == "Enabled") {
            return Err(super::error::not_implemented("MFA delete"));
        }
        let enabled = match asked.status.as_ref().map(BucketVersioningStatus::as_str) {
            Some(BucketVersioningStatus::ENABLED) => true,
            Some(BucketVersioningStatus::SUSPENDED) => false,
            _ => return Err(plain(S3ErrorCode::MalformedXML, "the versioning status must be Enabled or Suspended")),
        };
        let permitted = self.permit(asker, PutVersioning { bucket, enabled }).await?;
        self.gateway.put_versioning(permitted).await.map_err(failed)?;
        Ok(PutBucketVersioningOutput::default())
    }
}
