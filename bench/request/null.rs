//! The same S3 and HTTP stack with nothing behind it: what no gateway on it can pass.

use crate::Result;
use crate::content::Content;
use crate::number::count;
use bytes::Bytes;
use futures::{StreamExt, stream};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::dto::{
    CreateBucketInput, CreateBucketOutput, GetObjectInput, GetObjectOutput, PutObjectInput, PutObjectOutput, StreamingBlob,
};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use std::io::Write;
use tokio::net::TcpListener;

/// As many bytes as the product hands to hyper at once.
const PIECE: u64 = 256 << 10;

struct Nothing;

#[async_trait::async_trait]
impl S3 for Nothing {
    async fn create_bucket(&self, _: S3Request<CreateBucketInput>) -> S3Result<S3Response<CreateBucketOutput>> {
        Ok(S3Response::new(CreateBucketOutput::default()))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let content = Content::of(&request.input.key).ok_or_else(|| s3_error!(NoSuchKey))?;
        let whole = 0..content.size;
        let range = request.input.range.map_or(Ok(whole), |range| range.check(content.size))?;
        let length = range.end - range.start;
        let body = if length <= PIECE {
            StreamingBlob::from_bytes(Bytes::from_static(content.piece(range.start, length)))
        } else {
            StreamingBlob::wrap(stream::unfold(range.start, move |at| async move {
                let piece = content.piece(at, PIECE.min(range.end - at));
                let next = at + count(piece.len());
                (!piece.is_empty()).then(|| (Ok::<_, std::io::Error>(Bytes::from_static(piece)), next))
            }))
        };
        let content_range = request.input.range.map(|_| format!("bytes {}-{}/{}", range.start, range.end - 1, content.size));
        let content_length = i64::try_from(length).ok();
        Ok(S3Response::new(GetObjectOutput { body: Some(body), content_length, content_range, ..Default::default() }))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        if let Some(mut body) = request.input.body {
            while let Some(bytes) = body.next().await {
                bytes.map_err(|error| s3_error!(IncompleteBody, "{error}"))?;
            }
        }
        Ok(S3Response::new(PutObjectOutput::default()))
    }
}

/// Serves until the process is killed.
pub fn serve(access: &str, secret: &str) -> Result<()> {
    let mut builder = S3ServiceBuilder::new(Nothing);
    builder.set_auth(SimpleAuth::from_single(access, secret));
    let service = builder.build();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(accept(service))
}

async fn accept(service: S3Service) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    writeln!(std::io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().max_buf_size(128 << 10).timer(TokioTimer::new());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = service.clone();
        let builder = builder.clone();
        tokio::spawn(async move { builder.serve_connection(TokioIo::new(stream), service).await.map_err(drop) });
    }
}
