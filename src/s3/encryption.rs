//! The default encryption of a bucket, and an object's in its place.

use super::adapter::{Adapter, Asker};
use super::error::{failed, invalid_argument, invalid_request, not_implemented, plain};
use super::versions::version;
use crate::gateway::{DefaultEncryption, DefaultKeys, GetEncryption, Kms, PutEncryption, UpdateEncryption};
use s3s::dto::{
    GetBucketEncryptionOutput, ObjectEncryption, PutBucketEncryptionInput, PutBucketEncryptionOutput, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule, UpdateObjectEncryptionInput,
    UpdateObjectEncryptionOutput,
};
use s3s::{S3ErrorCode, S3Result};

const AES256: &str = "AES256";
const KMS: &str = "aws:kms";

impl Adapter {
    pub(super) async fn default_encryption(&self, asker: &Asker, bucket: String) -> S3Result<GetBucketEncryptionOutput> {
        let permitted = self.permit(asker, GetEncryption { bucket }).await?;
        let default = self.gateway.default_encryption(&permitted).await.map_err(failed)?;
        let rules = vec![shown(default)];
        let server_side_encryption_configuration = Some(ServerSideEncryptionConfiguration { rules });
        Ok(GetBucketEncryptionOutput { server_side_encryption_configuration })
    }

    pub(super) async fn put_default_encryption(
        &self,
        asker: &Asker,
        input: PutBucketEncryptionInput,
    ) -> S3Result<PutBucketEncryptionOutput> {
        let default = asked(input.server_side_encryption_configuration)?;
        self.change_default_encryption(asker, input.bucket, Some(default)).await?;
        Ok(PutBucketEncryptionOutput::default())
    }

    pub(super) async fn change_default_encryption(
        &self,
        asker: &Asker,
        bucket: String,
        default: Option<DefaultEncryption>,
    ) -> S3Result<()> {
        let permitted = self.permit(asker, PutEncryption { bucket, default }).await?;
        self.gateway.put_default_encryption(permitted).await.map_err(failed)
    }

    pub(super) async fn update_encryption(
        &self,
        asker: &Asker,
        input: UpdateObjectEncryptionInput,
    ) -> S3Result<UpdateObjectEncryptionOutput> {
        let version = input.version_id.as_deref().map(version).transpose()?;
        let ObjectEncryption::SSEKMS(asked) = input.object_encryption else {
            return Err(invalid_request("the new encryption type must be SSE-KMS"));
        };
        let kms = Kms { bucket_key: asked.bucket_key_enabled.unwrap_or(false), ..Kms::with(Some(asked.kms_key_arn)) };
        let operation = UpdateEncryption { bucket: input.bucket, key: input.key, version, kms };
        let permitted = self.permit(asker, operation).await?;
        self.gateway.update_encryption(permitted).await.map_err(|error| self.integrity(error))?;
        Ok(UpdateObjectEncryptionOutput::default())
    }
}

fn asked(configuration: ServerSideEncryptionConfiguration) -> S3Result<DefaultEncryption> {
    let malformed = || plain(S3ErrorCode::MalformedXML, "the configuration has one rule, and the rule an SSEAlgorithm");
    let mut rules = configuration.rules.into_iter();
    let (Some(rule), None) = (rules.next(), rules.next()) else { return Err(malformed()) };
    if rule.blocked_encryption_types.is_some() {
        return Err(not_implemented("BlockedEncryptionTypes"));
    }
    let apply = rule.apply_server_side_encryption_by_default.ok_or_else(malformed)?;
    let by = match (apply.sse_algorithm.as_str(), apply.kms_master_key_id) {
        (AES256, None) => DefaultKeys::S3,
        (AES256, Some(_)) => return Err(invalid_argument("a KMSMasterKeyID belongs to the algorithm aws:kms")),
        (KMS, id) => DefaultKeys::Kms(Kms::with(id).key),
        ("aws:kms:dsse", _) => return Err(not_implemented("the algorithm aws:kms:dsse")),
        _ => return Err(malformed()),
    };
    Ok(DefaultEncryption { by, bucket_key: rule.bucket_key_enabled.unwrap_or(false) })
}

fn shown(default: DefaultEncryption) -> ServerSideEncryptionRule {
    let (algorithm, id) = match default.by {
        DefaultKeys::S3 => (AES256, None),
        DefaultKeys::Kms(id) => (KMS, id),
    };
    let apply =
        ServerSideEncryptionByDefault { kms_master_key_id: id, sse_algorithm: ServerSideEncryption::from(algorithm.to_owned()) };
    ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(apply),
        blocked_encryption_types: None,
        bucket_key_enabled: Some(default.bucket_key),
    }
}
