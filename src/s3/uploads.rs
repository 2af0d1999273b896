//! Uploads in parts.

use super::about::{about, conditions, part_number};
use super::adapter::{Adapter, Asker};
use super::error::{failed, invalid_argument, plain};
use super::listing::echo;
use super::objects::{checksum_text, declared, source, strong};
use super::sse::{self, Told};
use super::time::timestamp;
use super::{body, checksum};
use crate::gateway::{Abort, Complete, CopyPart, CreateUpload, Expected, NamedPart, PutPart};
use http::HeaderMap;
use s3s::dto::{
    AbortMultipartUploadInput, CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, CopyPartResult,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput,
    UploadPartOutput,
};
use s3s::{S3ErrorCode, S3Request, S3Result};

impl Adapter {
    pub(super) async fn begin(
        &self,
        asker: Asker,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<CreateMultipartUploadOutput> {
        let mut input = request.input;
        let (encryption, sound) = sse::apart(self.asked(sse::given!(input), &request.extensions));
        let checksum = checksum::of_upload(input.checksum_algorithm.as_ref(), input.checksum_type.as_ref())?;
        let customer = encryption.customer().cloned();
        let (bucket, key, about) = (input.bucket.clone(), input.key.clone(), about!(input));
        let operation = CreateUpload { bucket, key, about, checksum, encryption };
        let permitted = self.permit(&asker, operation).await?;
        sound?;
        let begun = self.gateway.create_upload(permitted).await.map_err(failed)?;
        let mut output = CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: echo(input.key),
            upload_id: Some(begun.upload_id),
            checksum_algorithm: checksum.map(|(kind, _)| checksum::algorithm(kind)),
            checksum_type: checksum.map(|(_, scope)| checksum::scope(scope)),
            ..CreateMultipartUploadOutput::default()
        };
        let told = Told::new(begun.encryption.as_ref(), customer.as_ref());
        sse::tell!(output, told, ssekms_encryption_context, sse_customer_algorithm, sse_customer_key_md5);
        Ok(output)
    }

    pub(super) async fn part(&self, asker: Asker, mut request: S3Request<UploadPartInput>) -> S3Result<UploadPartOutput> {
        let trailing = request.trailing_headers.take();
        let ended = request.extensions.remove();
        let mut input = request.input;
        let (customer, sound) = sse::apart(self.customer(&sse::key_headers!(input), &request.extensions));
        let number = part_number(input.part_number)?;
        let sums = (checksum::given!(input)?, input.checksum_algorithm.as_ref());
        let mut declared = declared(&request.headers, input.content_length, input.content_md5.as_deref(), sums)?;
        let body = body::incoming(input.body, &request.headers, (trailing, ended), &mut declared)?;
        let length = declared.length.unwrap_or(0);
        let (bucket, key, upload_id) = (input.bucket, input.key, input.upload_id);
        let operation = PutPart { bucket, key, upload_id, number, declared, customer: customer.clone() };
        let permitted = self.permit(&asker, operation).await?;
        sound?;
        let written = self.gateway.put_part(permitted, body).await.map_err(failed)?;
        self.observe.received(length);
        let mut output = UploadPartOutput { e_tag: Some(strong(&written.etag)), ..UploadPartOutput::default() };
        if let Some((sum, _)) = &written.checksum {
            checksum::answer!(output, sum.kind, checksum::text(sum));
        }
        let told = Told::new(written.encryption.as_ref(), customer.as_ref());
        sse::tell!(output, told, sse_customer_algorithm, sse_customer_key_md5);
        Ok(output)
    }

    pub(super) async fn copy_part(
        &self,
        asker: Asker,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<UploadPartCopyOutput> {
        let mut input = request.input;
        let (customer, sound) = sse::apart(self.customer(&sse::key_headers!(input), &request.extensions));
        let (source_customer, source_sound) = sse::apart(self.customer(&sse::source_key_headers!(input), &request.extensions));
        let modified = (input.copy_source_if_modified_since.as_ref(), input.copy_source_if_unmodified_since.as_ref());
        let source_conditions =
            conditions(input.copy_source_if_match.as_ref(), input.copy_source_if_none_match.as_ref(), modified);
        let operation = CopyPart {
            bucket: input.bucket,
            key: input.key,
            upload_id: input.upload_id,
            number: part_number(input.part_number)?,
            source: source(&input.copy_source)?,
            range: input.copy_source_range.as_deref().map(copied_range).transpose()?,
            source_conditions,
            customer: customer.clone(),
            source_customer,
        };
        let permitted = self.permit(&asker, operation).await?;
        sound.and(source_sound)?;
        let written = self.gateway.copy_part(permitted).await.map_err(|error| self.integrity(error))?;
        let mut result = CopyPartResult {
            e_tag: Some(strong(&written.etag)),
            last_modified: Some(timestamp(written.modified)),
            ..CopyPartResult::default()
        };
        if let Some((sum, _)) = &written.checksum {
            checksum::answer!(result, sum.kind, checksum::text(sum));
        }
        let mut output = UploadPartCopyOutput {
            copy_part_result: Some(result),
            copy_source_version_id: written.source_version,
            ..UploadPartCopyOutput::default()
        };
        let told = Told::new(written.encryption.as_ref(), customer.as_ref());
        sse::tell!(output, told, sse_customer_algorithm, sse_customer_key_md5);
        Ok(output)
    }

    pub(super) async fn finish(
        &self,
        asker: Asker,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<(CompleteMultipartUploadOutput, HeaderMap)> {
        let mut input = request.input;
        let (customer, sound) = sse::apart(self.customer(&sse::key_headers!(input), &request.extensions));
        let conditions = conditions(input.if_match.as_ref(), input.if_none_match.as_ref(), (None, None));
        let parts = input.multipart_upload.take().and_then(|upload| upload.parts).unwrap_or_default();
        if parts.is_empty() {
            return Err(plain(S3ErrorCode::MalformedXML, "a Complete names at least one part"));
        }
        let parts = parts.iter().map(named).collect::<S3Result<Vec<_>>>()?;
        let size = input.mpu_object_size.map(u64::try_from).transpose();
        let expected = Expected {
            checksum: checksum::given!(input, Some(parts.len()))?,
            scope: input.checksum_type.as_ref().map(checksum::of_type).transpose()?,
            size: size.map_err(|_| invalid_argument("the value of x-amz-mp-object-size is not valid"))?,
        };
        let (bucket, key) = (input.bucket, input.key);
        let operation = Complete {
            bucket: bucket.clone(),
            key: key.clone(),
            upload_id: input.upload_id,
            parts,
            expected,
            conditions,
            customer: customer.clone(),
        };
        let permitted = self.permit(&asker, operation).await?;
        sound?;
        let written = self.gateway.complete(permitted).await.map_err(failed)?;
        let mut output = CompleteMultipartUploadOutput {
            location: echo(format!("/{bucket}/{key}")),
            bucket: Some(bucket),
            key: echo(key),
            e_tag: Some(strong(&written.etag)),
            version_id: written.version.clone(),
            expiration: super::lifecycle::header(written.expires.as_ref()),
            ..CompleteMultipartUploadOutput::default()
        };
        if let Some((sum, scope)) = &written.checksum {
            checksum::answer!(output, sum.kind, checksum_text(sum, *scope, written.parts));
            output.checksum_type = Some(checksum::scope(*scope));
        }
        let told = Told::new(written.encryption.as_ref(), customer.as_ref());
        let headers = told.customer_headers();
        sse::tell!(output, told);
        Ok((output, headers))
    }

    pub(super) async fn give_up(&self, asker: Asker, input: AbortMultipartUploadInput) -> S3Result<()> {
        let operation = Abort { bucket: input.bucket, key: input.key, upload_id: input.upload_id };
        let permitted = self.permit(&asker, operation).await?;
        self.gateway.abort(permitted).await.map_err(failed)
    }
}

/// First and last byte of `x-amz-copy-source-range`, which has one form alone.
///
/// # Errors
/// `InvalidArgument` for any other.
fn copied_range(text: &str) -> S3Result<(u64, u64)> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let ends = text.strip_prefix("bytes=").and_then(|ends| ends.split_once('-'));
    let range = ends.and_then(|(first, last)| Some((digits(first)?, digits(last)?)));
    range.filter(|(first, last)| first <= last).ok_or_else(|| {
        invalid_argument("the x-amz-copy-source-range value must be of the form bytes=first-last, in bytes counted from zero")
    })
}

fn named(part: &CompletedPart) -> S3Result<NamedPart> {
    let number = part.part_number.and_then(|number| u32::try_from(number).ok());
    let number = number.ok_or_else(|| invalid_argument("a part without a number"))?;
    let etag = part.e_tag.as_ref().ok_or_else(|| invalid_argument("a part without an ETag"))?;
    Ok(NamedPart { number, etag: etag.value().to_owned(), checksum: checksum::given!(part)? })
}
