//! Buckets.

use super::about::{limit, refuse};
use super::acl;
use super::adapter::{Adapter, Asker};
use super::error::{failed, plain};
use super::time::timestamp;
use crate::access::CannedAcl;
use crate::gateway::{CreateBucket, DeleteBucket, Error, GetLocation, HeadBucket, ListBuckets, Refusal, Start};
use s3s::dto::{
    Bucket, BucketCannedACL, BucketLocationConstraint, CreateBucketInput, CreateBucketOutput, GetBucketLocationOutput,
    HeadBucketOutput, ListBucketsInput, ListBucketsOutput,
};
use s3s::{S3ErrorCode, S3Result};

/// The most buckets of a page, as S3 has it.
const PAGE: usize = 10_000;

/// The region that has no name as a location, S3's first.
const NAMELESS: &str = "us-east-1";

impl Adapter {
    pub(super) async fn buckets(&self, asker: &Asker, input: ListBucketsInput) -> S3Result<ListBucketsOutput> {
        let ListBucketsInput { continuation_token, max_buckets, prefix, .. } = input;
        let limit = limit(max_buckets, PAGE)?;
        let start = continuation_token.map_or(Start::First, Start::Token);
        let operation = ListBuckets { prefix: prefix.clone().unwrap_or_default(), start, limit };
        let permitted = self.permit(asker, operation).await?;
        let page = self.gateway.list_buckets(&permitted).map_err(failed)?;
        let bucket = |bucket: &std::sync::Arc<crate::gateway::SealedBucket>| Bucket {
            name: Some(bucket.name.clone()),
            creation_date: Some(timestamp(bucket.created)),
            ..Bucket::default()
        };
        Ok(ListBucketsOutput {
            buckets: Some(page.buckets.iter().map(bucket).collect()),
            continuation_token: page.next,
            owner: Some(self.owner(&asker.id.0)),
            prefix,
        })
    }

    pub(super) async fn make_bucket(&self, asker: Asker, input: CreateBucketInput) -> S3Result<CreateBucketOutput> {
        let lock = input.object_lock_enabled_for_bucket == Some(true);
        acl::no_grants!(input)?;
        refuse(&[(input.grant_write.is_some(), "x-amz-grant-write")])?;
        let acl = acl::canned(input.acl.as_ref().map(BucketCannedACL::as_str))?.unwrap_or_default();
        let constraint = input.create_bucket_configuration.and_then(|configuration| configuration.location_constraint);
        if constraint.is_some_and(|constraint| constraint.as_str() != self.region) {
            return Err(plain(S3ErrorCode::IllegalLocationConstraintException, format!("the region here is {}", self.region)));
        }
        let name = input.bucket;
        let permitted = self.permit(&asker, CreateBucket { name: name.clone(), lock, acl }).await?;
        let location = match self.gateway.create_bucket(permitted).await {
            Ok(bucket) => bucket.name.clone(),
            Err(Error::Refused(Refusal::BucketAlreadyOwnedByYou))
                if made_again(&self.region, lock || acl != CannedAcl::Private) =>
            {
                name
            }
            Err(error) => return Err(failed(error)),
        };
        Ok(CreateBucketOutput { location: Some(format!("/{location}")), ..CreateBucketOutput::default() })
    }

    pub(super) async fn head_of_bucket(&self, asker: &Asker, bucket: String) -> S3Result<HeadBucketOutput> {
        let permitted = self.permit(asker, HeadBucket { bucket }).await?;
        self.gateway.head_bucket(&permitted).await.map_err(failed)?;
        Ok(HeadBucketOutput { bucket_region: Some(self.region.clone()), ..HeadBucketOutput::default() })
    }

    pub(super) async fn location(&self, asker: &Asker, bucket: String) -> S3Result<GetBucketLocationOutput> {
        self.permit(asker, GetLocation { bucket }).await?;
        let named = (self.region != NAMELESS).then(|| BucketLocationConstraint::from(self.region.clone()));
        Ok(GetBucketLocationOutput { location_constraint: named })
    }

    pub(super) async fn remove_bucket(&self, asker: Asker, bucket: String) -> S3Result<()> {
        let permitted = self.permit(&asker, DeleteBucket { bucket }).await?;
        self.gateway.delete_bucket(permitted).await.map_err(failed)?;
        Ok(())
    }
}

/// Whether an owner who makes a bucket again is told that all is well, for nothing changes: so it is in S3's first region,
/// and nowhere else. Where more is asked for than a bucket, it would not be true.
fn made_again(region: &str, more: bool) -> bool {
    region == NAMELESS && !more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_made_again_in_the_first_region_alone_and_never_changed_by_it() {
        assert!(made_again("us-east-1", false));
        assert!(!made_again("us-east-1", true));
        assert!(!made_again("eu-central-1", false));
    }
}
