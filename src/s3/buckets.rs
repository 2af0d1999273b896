//! Buckets.

use super::about::{limit, refuse};
use super::adapter::{Adapter, Asker};
use super::error::{denied, failed, plain};
use super::time::timestamp;
use crate::gateway::{CreateBucket, DeleteBucket, Error, HeadBucket, ListBuckets, Refusal, Start};
use s3s::dto::{
    Bucket, BucketLocationConstraint, CreateBucketInput, CreateBucketOutput, GetBucketLocationOutput, HeadBucketOutput,
    ListBucketsInput, ListBucketsOutput, Owner,
};
use s3s::{S3ErrorCode, S3Result};

/// The most buckets of a page, as S3 has it.
const PAGE: usize = 10_000;

/// The region that has no name as a location, S3's first.
const NAMELESS: &str = "us-east-1";

impl Adapter {
    pub(super) fn buckets(&self, asker: &Asker, input: ListBucketsInput) -> S3Result<ListBucketsOutput> {
        let ListBucketsInput { continuation_token, max_buckets, prefix, .. } = input;
        let limit = limit(max_buckets, PAGE)?;
        let start = continuation_token.map_or(Start::First, Start::Token);
        let operation = ListBuckets { prefix: prefix.clone().unwrap_or_default(), start, limit };
        let permitted = self.policy.permit(asker, operation).map_err(denied)?;
        let page = self.gateway.list_buckets(&permitted).map_err(failed)?;
        let bucket = |bucket: &std::sync::Arc<crate::gateway::SealedBucket>| Bucket {
            name: Some(bucket.name.clone()),
            creation_date: Some(timestamp(bucket.created)),
            ..Bucket::default()
        };
        Ok(ListBucketsOutput {
            buckets: Some(page.buckets.iter().map(bucket).collect()),
            continuation_token: page.next,
            owner: Some(owner(asker)),
            prefix,
        })
    }

    pub(super) async fn make_bucket(&self, asker: Asker, input: CreateBucketInput) -> S3Result<CreateBucketOutput> {
        let lock = input.object_lock_enabled_for_bucket == Some(true);
        refuse(&[
            (input.acl.as_ref().is_some_and(|acl| acl.as_str() != "private"), "x-amz-acl"),
            (input.grant_full_control.is_some() || input.grant_read.is_some() || input.grant_write.is_some(), "x-amz-grant-*"),
        ])?;
        let constraint = input.create_bucket_configuration.and_then(|configuration| configuration.location_constraint);
        if constraint.is_some_and(|constraint| constraint.as_str() != self.region) {
            return Err(plain(S3ErrorCode::IllegalLocationConstraintException, format!("the region here is {}", self.region)));
        }
        let name = input.bucket;
        let permitted = self.policy.permit(&asker, CreateBucket { name: name.clone(), lock }).map_err(denied)?;
        let location = match self.gateway.create_bucket(permitted).await {
            Ok(bucket) => bucket.name.clone(),
            Err(Error::Refused(Refusal::BucketAlreadyOwnedByYou)) if made_again(&self.region, lock) => name,
            Err(error) => return Err(failed(error)),
        };
        Ok(CreateBucketOutput { location: Some(format!("/{location}")), ..CreateBucketOutput::default() })
    }

    pub(super) fn head_of_bucket(&self, asker: &Asker, bucket: String) -> S3Result<HeadBucketOutput> {
        let permitted = self.policy.permit(asker, HeadBucket { bucket }).map_err(denied)?;
        self.gateway.head_bucket(&permitted).map_err(failed)?;
        Ok(HeadBucketOutput { bucket_region: Some(self.region.clone()), ..HeadBucketOutput::default() })
    }

    pub(super) fn location(&self, asker: &Asker, bucket: String) -> S3Result<GetBucketLocationOutput> {
        self.head_of_bucket(asker, bucket)?;
        let named = (self.region != NAMELESS).then(|| BucketLocationConstraint::from(self.region.clone()));
        Ok(GetBucketLocationOutput { location_constraint: named })
    }

    pub(super) async fn remove_bucket(&self, asker: Asker, bucket: String) -> S3Result<()> {
        let permitted = self.policy.permit(&asker, DeleteBucket { bucket }).map_err(denied)?;
        self.gateway.delete_bucket(permitted).await.map_err(failed)?;
        Ok(())
    }
}

pub(super) fn owner(asker: &Asker) -> Owner {
    Owner { display_name: Some(asker.display_name.clone()), id: Some(asker.id.0.to_string()) }
}

/// Whether an owner who makes a bucket again is told that all is well, for nothing changes: so it is in S3's first region,
/// and nowhere else. Where more is asked for than a bucket, it would not be true.
fn made_again(region: &str, lock: bool) -> bool {
    region == NAMELESS && !lock
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_made_again_in_the_first_region_alone_and_never_locked_by_it() {
        assert!(made_again("us-east-1", false));
        assert!(!made_again("us-east-1", true));
        assert!(!made_again("eu-central-1", false));
    }
}
