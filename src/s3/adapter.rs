//! The trait of s3s, one line an operation: whatever is not here answers NotImplemented.

use super::error::plain;
use crate::access::{Policy, Principal, Users};
use crate::gateway::Gateway;
use crate::observe::Observe;
use http::StatusCode;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
    CopyObjectInput, CopyObjectOutput, CreateBucketInput, CreateBucketOutput, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, DeleteBucketInput, DeleteBucketOutput, DeleteObjectInput, DeleteObjectOutput,
    DeleteObjectsInput, DeleteObjectsOutput, GetBucketLocationInput, GetBucketLocationOutput, GetObjectInput, GetObjectOutput,
    HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListBucketsInput, ListBucketsOutput,
    ListMultipartUploadsInput, ListMultipartUploadsOutput, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input,
    ListObjectsV2Output, ListPartsInput, ListPartsOutput, PutObjectInput, PutObjectOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3ErrorCode, S3Request, S3Response, S3Result};
use std::sync::Arc;

/// Who asks.
pub(super) type Asker = Arc<Principal>;

pub(super) struct Adapter {
    pub(super) gateway: Arc<Gateway>,
    pub(super) policy: Arc<Policy>,
    pub(super) users: Arc<Users>,
    pub(super) observe: Arc<Observe>,
    pub(super) region: String,
}

impl Adapter {
    /// Who signed the request.
    fn asker<T>(&self, request: &S3Request<T>) -> S3Result<Asker> {
        let expected = request.headers.get_all("x-amz-expected-bucket-owner").iter();
        let expected: Vec<_> = expected.chain(request.headers.get_all("x-amz-source-expected-bucket-owner")).collect();
        let key = request.credentials.as_ref().map(|credentials| credentials.access_key.as_str());
        let found = key.and_then(|key| self.users.find(key)).cloned();
        // Whoever asks reaches their own buckets only: the owner they expect has to be themselves.
        let found = found.filter(|asker| expected.iter().all(|owner| owner.as_bytes() == asker.id.0.as_bytes()));
        found.ok_or_else(|| plain(S3ErrorCode::AccessDenied, "access denied"))
    }
}

type Answer<T> = S3Result<S3Response<T>>;

fn partial<T>((output, partial): (T, bool)) -> S3Response<T> {
    if partial { S3Response::with_status(output, StatusCode::PARTIAL_CONTENT) } else { S3Response::new(output) }
}

#[async_trait::async_trait]
impl S3 for Adapter {
    async fn list_buckets(&self, request: S3Request<ListBucketsInput>) -> Answer<ListBucketsOutput> {
        let asker = self.asker(&request)?;
        self.buckets(&asker, request.input).map(S3Response::new)
    }

    async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> Answer<CreateBucketOutput> {
        let asker = self.asker(&request)?;
        self.make_bucket(asker, request.input).await.map(S3Response::new)
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> Answer<HeadBucketOutput> {
        let asker = self.asker(&request)?;
        self.head_of_bucket(&asker, request.input.bucket).map(S3Response::new)
    }

    async fn delete_bucket(&self, request: S3Request<DeleteBucketInput>) -> Answer<DeleteBucketOutput> {
        let asker = self.asker(&request)?;
        self.remove_bucket(asker, request.input.bucket).await?;
        Ok(S3Response::with_status(DeleteBucketOutput::default(), StatusCode::NO_CONTENT))
    }

    async fn get_bucket_location(&self, request: S3Request<GetBucketLocationInput>) -> Answer<GetBucketLocationOutput> {
        let asker = self.asker(&request)?;
        self.location(&asker, request.input.bucket).map(S3Response::new)
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
        let asker = self.asker(&request)?;
        self.put(asker, request).await.map(S3Response::new)
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
        let asker = self.asker(&request)?;
        self.get(asker, request.input).await.map(partial)
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
        let asker = self.asker(&request)?;
        self.head(asker, request.input).await.map(partial)
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
        let asker = self.asker(&request)?;
        self.copy(asker, request.input).await.map(S3Response::new)
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
        let asker = self.asker(&request)?;
        let output = self.delete(asker, request.input).await?;
        Ok(S3Response::with_status(output, StatusCode::NO_CONTENT))
    }

    async fn delete_objects(&self, request: S3Request<DeleteObjectsInput>) -> Answer<DeleteObjectsOutput> {
        let asker = self.asker(&request)?;
        self.delete_many(asker, request.input).await.map(S3Response::new)
    }

    async fn list_objects(&self, request: S3Request<ListObjectsInput>) -> Answer<ListObjectsOutput> {
        let asker = self.asker(&request)?;
        self.list_v1(asker, request.input).await.map(S3Response::new)
    }

    async fn list_objects_v2(&self, request: S3Request<ListObjectsV2Input>) -> Answer<ListObjectsV2Output> {
        let asker = self.asker(&request)?;
        self.list_v2(asker, request.input).await.map(S3Response::new)
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> Answer<CreateMultipartUploadOutput> {
        let asker = self.asker(&request)?;
        self.begin(asker, request.input).await.map(S3Response::new)
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
        let asker = self.asker(&request)?;
        self.part(asker, request).await.map(S3Response::new)
    }

    async fn list_parts(&self, request: S3Request<ListPartsInput>) -> Answer<ListPartsOutput> {
        let asker = self.asker(&request)?;
        self.parts(asker, request.input).await.map(S3Response::new)
    }

    async fn list_multipart_uploads(&self, request: S3Request<ListMultipartUploadsInput>) -> Answer<ListMultipartUploadsOutput> {
        let asker = self.asker(&request)?;
        self.uploads(asker, request.input).await.map(S3Response::new)
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> Answer<CompleteMultipartUploadOutput> {
        let asker = self.asker(&request)?;
        self.finish(asker, request.input).await.map(S3Response::new)
    }

    async fn abort_multipart_upload(&self, request: S3Request<AbortMultipartUploadInput>) -> Answer<AbortMultipartUploadOutput> {
        let asker = self.asker(&request)?;
        self.give_up(asker, request.input).await?;
        Ok(S3Response::with_status(AbortMultipartUploadOutput::default(), StatusCode::NO_CONTENT))
    }
}
