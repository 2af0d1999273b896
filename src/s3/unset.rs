//! What S3 can be told of a bucket and no bucket here is: answered as for one that was never told.

use super::adapter::{Adapter, Asker};
use super::error::{custom, failed, not_implemented, plain};
use crate::access::Action;
use crate::gateway::Inquire;
use http::StatusCode;
use s3s::dto::{
    BucketAccelerateStatus, GetBucketOwnershipControlsOutput, GetBucketPolicyStatusOutput, GetBucketRequestPaymentOutput,
    NotificationConfiguration, ObjectOwnership, OwnershipControls, OwnershipControlsRule, Payer, PolicyStatus,
    PutBucketAccelerateConfigurationInput, PutBucketLoggingInput, PutBucketNotificationConfigurationInput,
    PutBucketOwnershipControlsInput, PutBucketRequestPaymentInput,
};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};

impl Adapter {
    /// An answer about a bucket that exists, to someone who may ask.
    ///
    /// # Errors
    /// `NoSuchBucket`, `AccessDenied`, or the one that is given.
    pub(super) async fn inquire<T>(
        &self,
        asker: &Asker,
        (bucket, action): (String, Action),
        answer: S3Result<T>,
    ) -> S3Result<S3Response<T>> {
        let permitted = self.permit(asker, Inquire { bucket, action }).await?;
        self.gateway.inquire(&permitted).map_err(failed)?;
        answer.map(S3Response::new)
    }

    /// The removal of what is not there from a bucket that exists, which succeeds.
    ///
    /// # Errors
    /// `NoSuchBucket`, `AccessDenied`.
    pub(super) async fn remove_nothing<T: Default>(
        &self,
        asker: &Asker,
        bucket: String,
        action: Action,
    ) -> S3Result<S3Response<T>> {
        let mut answer = self.inquire(asker, (bucket, action), Ok(T::default())).await?;
        answer.status = Some(StatusCode::NO_CONTENT);
        Ok(answer)
    }
}

/// Of configurations that a bucket has many of, by id.
pub(super) fn no_configuration() -> S3Error {
    custom("NoSuchConfiguration", StatusCode::NOT_FOUND, "The specified configuration does not exist.")
}

pub(super) fn no_replication() -> S3Error {
    let code = "ReplicationConfigurationNotFoundError";
    custom(code, StatusCode::NOT_FOUND, "The replication configuration was not found")
}

pub(super) fn no_website() -> S3Error {
    plain(S3ErrorCode::NoSuchWebsiteConfiguration, "The specified bucket does not have a website configuration")
}

pub(super) fn no_policy() -> S3Error {
    plain(S3ErrorCode::NoSuchBucketPolicy, "The bucket policy does not exist")
}

pub(super) fn no_access_block() -> S3Error {
    let code = "NoSuchPublicAccessBlockConfiguration";
    custom(code, StatusCode::NOT_FOUND, "The public access block configuration was not found")
}

/// The owner pays.
pub(super) fn payment() -> GetBucketRequestPaymentOutput {
    GetBucketRequestPaymentOutput { payer: Some(Payer::from_static(Payer::BUCKET_OWNER)) }
}

/// Without a policy no bucket is public.
pub(super) fn policy_status() -> GetBucketPolicyStatusOutput {
    GetBucketPolicyStatusOutput { policy_status: Some(PolicyStatus { is_public: Some(false) }) }
}

/// An object is whose who wrote it.
pub(super) fn ownership() -> GetBucketOwnershipControlsOutput {
    let object_ownership = ObjectOwnership::from_static(ObjectOwnership::OBJECT_WRITER);
    let rules = vec![OwnershipControlsRule { object_ownership }];
    GetBucketOwnershipControlsOutput { ownership_controls: Some(OwnershipControls { rules }) }
}

/// Setting what is so is nothing; anything else is not there.
pub(super) trait AsItIs {
    /// # Errors
    /// `NotImplemented`, if it asks for anything else than what is.
    fn as_it_is<T: Default>(&self) -> S3Result<T>;
}

macro_rules! as_it_is {
    ($($input:ident: $what:literal, $same:expr;)*) => {$(
        impl AsItIs for $input {
            fn as_it_is<T: Default>(&self) -> S3Result<T> {
                let same: fn(&$input) -> bool = $same;
                if same(self) { Ok(T::default()) } else { Err(not_implemented($what)) }
            }
        }
    )*};
}

as_it_is! {
    PutBucketRequestPaymentInput: "requester pays",
        |input| input.request_payment_configuration.payer.as_str() == Payer::BUCKET_OWNER;
    PutBucketAccelerateConfigurationInput: "transfer acceleration",
        |input| input.accelerate_configuration.status.as_ref().is_some_and(|status| status.as_str() == BucketAccelerateStatus::SUSPENDED);
    PutBucketNotificationConfigurationInput: "event notification",
        |input| input.notification_configuration == NotificationConfiguration::default();
    PutBucketLoggingInput: "server access logging",
        |input| input.bucket_logging_status.logging_enabled.is_none();
    PutBucketOwnershipControlsInput: "ownership of objects by others than their writers",
        |input| input.ownership_controls.rules.iter().all(|rule| rule.object_ownership.as_str() == ObjectOwnership::OBJECT_WRITER);
}
