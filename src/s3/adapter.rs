//! The trait of s3s, one line an operation: whatever is not here answers NotImplemented.

use super::error::{denied, failed, plain};
use super::form::Vouched;
use super::known::Expected;
use super::unset::{self, AsItIs};
use crate::access::{Action, Denied, Operation, Permitted, Policy, Principal, Users};
use crate::gateway::{Error, Gateway, PutCors, PutLifecycle};
use crate::observe::{Learnt, Observe};
use http::StatusCode;
use s3s::{S3, S3ErrorCode, S3Request, S3Response, S3Result, dto};
use std::sync::Arc;

/// Who asks.
pub(super) type Asker = Arc<Principal>;

pub(super) struct Adapter {
    pub(super) gateway: Arc<Gateway>,
    pub(super) policy: Arc<Policy>,
    pub(super) users: Arc<Users>,
    /// Who asks where nobody signed.
    pub(super) anonymous: Asker,
    pub(super) observe: Arc<Observe>,
    pub(super) region: String,
    /// Whether keys of clients are taken over plain HTTP.
    pub(super) keys_over_http: bool,
}

impl Adapter {
    /// Who signed the request; the anonymous if nobody did, which [`super::users::Door`] has seen to. Tells its log line of both, and of the operation: the name of its input without `Input`.
    async fn asker<T>(&self, request: &S3Request<T>, input: &'static str) -> S3Result<Asker> {
        let learnt = request.extensions.get::<Arc<Learnt>>();
        learnt.inspect(|learnt| learnt.operation(input.strip_suffix("Input").unwrap_or(input)));
        let vouched = request.extensions.get::<Vouched>().map(|Vouched(access_key)| access_key.as_str());
        let key = request.credentials.as_ref().map(|credentials| credentials.access_key.as_str()).or(vouched);
        let asker = match key {
            Some(key) => self.users.find(key).cloned().ok_or_else(|| plain(S3ErrorCode::AccessDenied, "access denied"))?,
            None => Arc::clone(&self.anonymous),
        };
        learnt.inspect(|learnt| learnt.asker(&asker));
        if let Some(expected) = request.extensions.get::<Expected>() {
            for bucket in expected.buckets() {
                self.policy.look_for(bucket).await.map_err(|error| failed(error.into()))?;
            }
            expected.check(&asker.id.0, |bucket| self.policy.owner(bucket))?;
        }
        Ok(asker)
    }

    /// Whether the asker may.
    ///
    /// # Errors
    /// What the policy says.
    pub(super) async fn permit<O: Operation + Send + Sync>(&self, asker: &Asker, operation: O) -> S3Result<Permitted<O>> {
        let permitted = self.policy.permit(&*self.gateway, asker, operation).await;
        permitted.map_err(|why| {
            if matches!(why, Denied::Unknown(Error::Tampered { .. })) {
                self.observe.tampered();
            }
            denied(why)
        })
    }
}

type Answer<T> = S3Result<S3Response<T>>;

/// The trait's methods, each of which first finds out who asks.
macro_rules! operations {
    (($this:ident, $asker:ident, $request:ident) $($method:ident($input:ident, $output:ident) => $answer:expr;)*) => {
        #[async_trait::async_trait]
        impl S3 for Adapter {
            $(async fn $method(&self, $request: S3Request<dto::$input>) -> Answer<dto::$output> {
                let $this = self;
                let $asker = self.asker(&$request, stringify!($input)).await?;
                $answer
            })*
        }
    };
}

operations! {
    (this, asker, request)

    list_buckets(ListBucketsInput, ListBucketsOutput) =>
        this.buckets(&asker, request.input).await.map(S3Response::new);
    create_bucket(CreateBucketInput, CreateBucketOutput) =>
        this.make_bucket(asker, request.input).await.map(S3Response::new);
    head_bucket(HeadBucketInput, HeadBucketOutput) =>
        this.head_of_bucket(&asker, request.input.bucket).await.map(S3Response::new);
    delete_bucket(DeleteBucketInput, DeleteBucketOutput) => {
        this.remove_bucket(asker, request.input.bucket).await?;
        Ok(S3Response::with_status(dto::DeleteBucketOutput::default(), StatusCode::NO_CONTENT))
    };
    get_bucket_location(GetBucketLocationInput, GetBucketLocationOutput) =>
        this.location(&asker, request.input.bucket).await.map(S3Response::new);
    get_bucket_acl(GetBucketAclInput, GetBucketAclOutput) =>
        this.bucket_acl(&asker, request.input.bucket).await.map(S3Response::new);
    put_bucket_acl(PutBucketAclInput, PutBucketAclOutput) => {
        this.put_bucket_acl(&asker, request.input).await?;
        Ok(S3Response::new(dto::PutBucketAclOutput::default()))
    };
    get_object_acl(GetObjectAclInput, GetObjectAclOutput) =>
        this.object_acl(&asker, request.input).await.map(S3Response::new);
    put_object_acl(PutObjectAclInput, PutObjectAclOutput) => {
        this.put_object_acl(&asker, request.input).await?;
        Ok(S3Response::new(dto::PutObjectAclOutput::default()))
    };
    get_bucket_versioning(GetBucketVersioningInput, GetBucketVersioningOutput) =>
        this.versioning(&asker, request.input.bucket).await.map(S3Response::new);
    put_bucket_versioning(PutBucketVersioningInput, PutBucketVersioningOutput) =>
        this.put_versioning(&asker, request.input).await.map(S3Response::new);
    get_bucket_cors(GetBucketCorsInput, GetBucketCorsOutput) =>
        this.cors(&asker, request.input.bucket).await.map(S3Response::new);
    put_bucket_cors(PutBucketCorsInput, PutBucketCorsOutput) =>
        this.put_cors(&asker, request.input).await.map(S3Response::new);
    delete_bucket_cors(DeleteBucketCorsInput, DeleteBucketCorsOutput) => {
        this.change_cors(&asker, PutCors { bucket: request.input.bucket, cors: None }).await?;
        Ok(S3Response::with_status(dto::DeleteBucketCorsOutput::default(), StatusCode::NO_CONTENT))
    };
    get_bucket_lifecycle_configuration(GetBucketLifecycleConfigurationInput, GetBucketLifecycleConfigurationOutput) =>
        this.lifecycle(&asker, request.input.bucket).await.map(S3Response::new);
    put_bucket_lifecycle_configuration(PutBucketLifecycleConfigurationInput, PutBucketLifecycleConfigurationOutput) => {
        this.put_lifecycle(&asker, request.input).await?;
        Ok(S3Response::new(dto::PutBucketLifecycleConfigurationOutput::default()))
    };
    delete_bucket_lifecycle(DeleteBucketLifecycleInput, DeleteBucketLifecycleOutput) => {
        this.change_lifecycle(&asker, PutLifecycle { bucket: request.input.bucket, lifecycle: None }).await?;
        Ok(S3Response::with_status(dto::DeleteBucketLifecycleOutput::default(), StatusCode::NO_CONTENT))
    };
    get_bucket_tagging(GetBucketTaggingInput, GetBucketTaggingOutput) =>
        this.bucket_tags(&asker, request.input.bucket).await.map(S3Response::new);
    put_bucket_tagging(PutBucketTaggingInput, PutBucketTaggingOutput) => {
        this.tag_bucket(&asker, request.input).await?;
        Ok(S3Response::new(dto::PutBucketTaggingOutput::default()))
    };
    delete_bucket_tagging(DeleteBucketTaggingInput, DeleteBucketTaggingOutput) => {
        this.replace_bucket_tags(&asker, request.input.bucket, crate::gateway::Tags::new()).await?;
        Ok(S3Response::with_status(dto::DeleteBucketTaggingOutput::default(), StatusCode::NO_CONTENT))
    };
    get_object_lock_configuration(GetObjectLockConfigurationInput, GetObjectLockConfigurationOutput) =>
        this.bucket_lock(&asker, request.input.bucket).await.map(S3Response::new);
    put_object_lock_configuration(PutObjectLockConfigurationInput, PutObjectLockConfigurationOutput) => {
        this.lock_bucket(&asker, request.input).await?;
        Ok(S3Response::new(dto::PutObjectLockConfigurationOutput::default()))
    };
    get_bucket_encryption(GetBucketEncryptionInput, GetBucketEncryptionOutput) =>
        this.default_encryption(&asker, request.input.bucket).await.map(S3Response::new);
    put_bucket_encryption(PutBucketEncryptionInput, PutBucketEncryptionOutput) =>
        this.put_default_encryption(&asker, request.input).await.map(S3Response::new);
    delete_bucket_encryption(DeleteBucketEncryptionInput, DeleteBucketEncryptionOutput) => {
        this.change_default_encryption(&asker, request.input.bucket, None).await?;
        Ok(S3Response::with_status(dto::DeleteBucketEncryptionOutput::default(), StatusCode::NO_CONTENT))
    };
    update_object_encryption(UpdateObjectEncryptionInput, UpdateObjectEncryptionOutput) =>
        this.update_encryption(&asker, request.input).await.map(S3Response::new);
    get_bucket_request_payment(GetBucketRequestPaymentInput, GetBucketRequestPaymentOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetBucketRequestPayment), Ok(unset::payment())).await;
    put_bucket_request_payment(PutBucketRequestPaymentInput, PutBucketRequestPaymentOutput) => {
        let answer = request.input.as_it_is();
        this.inquire(&asker, (request.input.bucket, Action::PutBucketRequestPayment), answer).await
    };
    get_bucket_accelerate_configuration(GetBucketAccelerateConfigurationInput, GetBucketAccelerateConfigurationOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetAccelerateConfiguration), Ok(dto::GetBucketAccelerateConfigurationOutput::default())).await;
    put_bucket_accelerate_configuration(PutBucketAccelerateConfigurationInput, PutBucketAccelerateConfigurationOutput) => {
        let answer = request.input.as_it_is();
        this.inquire(&asker, (request.input.bucket, Action::PutAccelerateConfiguration), answer).await
    };
    get_bucket_notification_configuration(GetBucketNotificationConfigurationInput, GetBucketNotificationConfigurationOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetBucketNotification), Ok(dto::GetBucketNotificationConfigurationOutput::default())).await;
    put_bucket_notification_configuration(PutBucketNotificationConfigurationInput, PutBucketNotificationConfigurationOutput) => {
        let answer = request.input.as_it_is();
        this.inquire(&asker, (request.input.bucket, Action::PutBucketNotification), answer).await
    };
    get_bucket_logging(GetBucketLoggingInput, GetBucketLoggingOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetBucketLogging), Ok(dto::GetBucketLoggingOutput::default())).await;
    put_bucket_logging(PutBucketLoggingInput, PutBucketLoggingOutput) => {
        let answer = request.input.as_it_is();
        this.inquire(&asker, (request.input.bucket, Action::PutBucketLogging), answer).await
    };
    get_bucket_replication(GetBucketReplicationInput, GetBucketReplicationOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetReplicationConfiguration), Err(unset::no_replication())).await;
    delete_bucket_replication(DeleteBucketReplicationInput, DeleteBucketReplicationOutput) =>
        this.remove_nothing(&asker, request.input.bucket, Action::PutReplicationConfiguration).await;
    get_bucket_website(GetBucketWebsiteInput, GetBucketWebsiteOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetBucketWebsite), Err(unset::no_website())).await;
    delete_bucket_website(DeleteBucketWebsiteInput, DeleteBucketWebsiteOutput) =>
        this.remove_nothing(&asker, request.input.bucket, Action::DeleteBucketWebsite).await;
    get_bucket_analytics_configuration(GetBucketAnalyticsConfigurationInput, GetBucketAnalyticsConfigurationOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetAnalyticsConfiguration), Err(unset::no_configuration())).await;
    delete_bucket_analytics_configuration(DeleteBucketAnalyticsConfigurationInput, DeleteBucketAnalyticsConfigurationOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::PutAnalyticsConfiguration), Err(unset::no_configuration())).await;
    list_bucket_analytics_configurations(ListBucketAnalyticsConfigurationsInput, ListBucketAnalyticsConfigurationsOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetAnalyticsConfiguration), Ok(dto::ListBucketAnalyticsConfigurationsOutput { is_truncated: Some(false), ..Default::default() })).await;
    get_bucket_inventory_configuration(GetBucketInventoryConfigurationInput, GetBucketInventoryConfigurationOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetInventoryConfiguration), Err(unset::no_configuration())).await;
    delete_bucket_inventory_configuration(DeleteBucketInventoryConfigurationInput, DeleteBucketInventoryConfigurationOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::PutInventoryConfiguration), Err(unset::no_configuration())).await;
    list_bucket_inventory_configurations(ListBucketInventoryConfigurationsInput, ListBucketInventoryConfigurationsOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetInventoryConfiguration), Ok(dto::ListBucketInventoryConfigurationsOutput { is_truncated: Some(false), ..Default::default() })).await;
    get_bucket_metrics_configuration(GetBucketMetricsConfigurationInput, GetBucketMetricsConfigurationOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetMetricsConfiguration), Err(unset::no_configuration())).await;
    delete_bucket_metrics_configuration(DeleteBucketMetricsConfigurationInput, DeleteBucketMetricsConfigurationOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::PutMetricsConfiguration), Err(unset::no_configuration())).await;
    list_bucket_metrics_configurations(ListBucketMetricsConfigurationsInput, ListBucketMetricsConfigurationsOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetMetricsConfiguration), Ok(dto::ListBucketMetricsConfigurationsOutput { is_truncated: Some(false), ..Default::default() })).await;
    get_bucket_intelligent_tiering_configuration(GetBucketIntelligentTieringConfigurationInput, GetBucketIntelligentTieringConfigurationOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetIntelligentTieringConfiguration), Err(unset::no_configuration())).await;
    delete_bucket_intelligent_tiering_configuration(DeleteBucketIntelligentTieringConfigurationInput, DeleteBucketIntelligentTieringConfigurationOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::PutIntelligentTieringConfiguration), Err(unset::no_configuration())).await;
    list_bucket_intelligent_tiering_configurations(ListBucketIntelligentTieringConfigurationsInput, ListBucketIntelligentTieringConfigurationsOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetIntelligentTieringConfiguration), Ok(dto::ListBucketIntelligentTieringConfigurationsOutput { is_truncated: Some(false), ..Default::default() })).await;
    get_bucket_policy(GetBucketPolicyInput, GetBucketPolicyOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetBucketPolicy), Err(unset::no_policy())).await;
    delete_bucket_policy(DeleteBucketPolicyInput, DeleteBucketPolicyOutput) =>
        this.remove_nothing(&asker, request.input.bucket, Action::DeleteBucketPolicy).await;
    get_bucket_policy_status(GetBucketPolicyStatusInput, GetBucketPolicyStatusOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetBucketPolicyStatus), Ok(unset::policy_status())).await;
    get_public_access_block(GetPublicAccessBlockInput, GetPublicAccessBlockOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetBucketPublicAccessBlock), Err(unset::no_access_block())).await;
    delete_public_access_block(DeletePublicAccessBlockInput, DeletePublicAccessBlockOutput) =>
        this.remove_nothing(&asker, request.input.bucket, Action::PutBucketPublicAccessBlock).await;
    get_bucket_ownership_controls(GetBucketOwnershipControlsInput, GetBucketOwnershipControlsOutput) =>
        this.inquire(&asker, (request.input.bucket, Action::GetBucketOwnershipControls), Ok(unset::ownership())).await;
    put_bucket_ownership_controls(PutBucketOwnershipControlsInput, PutBucketOwnershipControlsOutput) => {
        let answer = request.input.as_it_is();
        this.inquire(&asker, (request.input.bucket, Action::PutBucketOwnershipControls), answer).await
    };
    get_object_tagging(GetObjectTaggingInput, GetObjectTaggingOutput) =>
        this.object_tags(&asker, request.input).await.map(S3Response::new);
    put_object_tagging(PutObjectTaggingInput, PutObjectTaggingOutput) =>
        this.tag_object(&asker, request.input).await.map(S3Response::new);
    delete_object_tagging(DeleteObjectTaggingInput, DeleteObjectTaggingOutput) => {
        let output = this.untag_object(&asker, request.input).await?;
        Ok(S3Response::with_status(output, StatusCode::NO_CONTENT))
    };
    get_object_retention(GetObjectRetentionInput, GetObjectRetentionOutput) =>
        this.retention(&asker, request.input).await.map(S3Response::new);
    put_object_retention(PutObjectRetentionInput, PutObjectRetentionOutput) => {
        this.retain(&asker, request.input).await?;
        Ok(S3Response::new(dto::PutObjectRetentionOutput::default()))
    };
    get_object_legal_hold(GetObjectLegalHoldInput, GetObjectLegalHoldOutput) =>
        this.legal_hold(&asker, request.input).await.map(S3Response::new);
    put_object_legal_hold(PutObjectLegalHoldInput, PutObjectLegalHoldOutput) => {
        this.hold(&asker, request.input).await?;
        Ok(S3Response::new(dto::PutObjectLegalHoldOutput::default()))
    };
    put_object(PutObjectInput, PutObjectOutput) =>
        this.put(asker, request).await.map(S3Response::new);
    get_object(GetObjectInput, GetObjectOutput) =>
        this.get(asker, request).await.map(S3Response::new);
    head_object(HeadObjectInput, HeadObjectOutput) =>
        this.head(asker, request).await.map(S3Response::new);
    get_object_attributes(GetObjectAttributesInput, GetObjectAttributesOutput) =>
        this.attributes(asker, request).await.map(S3Response::new);
    copy_object(CopyObjectInput, CopyObjectOutput) =>
        this.copy(asker, request).await.map(S3Response::new);
    delete_object(DeleteObjectInput, DeleteObjectOutput) => {
        let output = this.delete(asker, request.input).await?;
        Ok(S3Response::with_status(output, StatusCode::NO_CONTENT))
    };
    delete_objects(DeleteObjectsInput, DeleteObjectsOutput) =>
        this.delete_many(asker, request.input).await.map(S3Response::new);
    list_objects(ListObjectsInput, ListObjectsOutput) =>
        this.list_v1(asker, request.input).await.map(S3Response::new);
    list_objects_v2(ListObjectsV2Input, ListObjectsV2Output) =>
        this.list_v2(asker, request.input).await.map(S3Response::new);
    list_object_versions(ListObjectVersionsInput, ListObjectVersionsOutput) =>
        this.list_versions(asker, request.input).await.map(S3Response::new);
    create_multipart_upload(CreateMultipartUploadInput, CreateMultipartUploadOutput) =>
        this.begin(asker, request).await.map(S3Response::new);
    upload_part(UploadPartInput, UploadPartOutput) =>
        this.part(asker, request).await.map(S3Response::new);
    upload_part_copy(UploadPartCopyInput, UploadPartCopyOutput) =>
        this.copy_part(asker, request).await.map(S3Response::new);
    list_parts(ListPartsInput, ListPartsOutput) =>
        this.parts(asker, request.input).await.map(S3Response::new);
    list_multipart_uploads(ListMultipartUploadsInput, ListMultipartUploadsOutput) =>
        this.uploads(asker, request.input).await.map(S3Response::new);
    complete_multipart_upload(CompleteMultipartUploadInput, CompleteMultipartUploadOutput) =>
        this.finish(asker, request).await.map(|(output, headers)| S3Response::with_headers(output, headers));
    abort_multipart_upload(AbortMultipartUploadInput, AbortMultipartUploadOutput) => {
        this.give_up(asker, request.input).await?;
        Ok(S3Response::with_status(dto::AbortMultipartUploadOutput::default(), StatusCode::NO_CONTENT))
    };
}
