//! Uploads in parts.

use super::about::{about, conditions, limit, part_number, refuse, refuse_unsupported};
use super::adapter::{Adapter, Asker};
use super::buckets::owner;
use super::error::{denied, failed, invalid_argument, plain};
use super::listing::{Encoding, echo, prefixes};
use super::objects::{declared, source, strong};
use super::sse::{self, Told};
use super::time::timestamp;
use super::{body, checksum};
use crate::gateway::{
    Abort, ChecksumKind, ChecksumScope, Complete, CopyPart, CreateUpload, ListParts, ListUploads, NamedPart, PutPart,
};
use http::HeaderMap;
use s3s::dto::{
    AbortMultipartUploadInput, CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, CopyPartResult,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, Initiator, ListMultipartUploadsInput, ListMultipartUploadsOutput,
    ListPartsInput, ListPartsOutput, MultipartUpload, Part, UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput,
    UploadPartOutput,
};
use s3s::{S3ErrorCode, S3Request, S3Result};

/// The most parts or uploads of a page, as S3 has it.
const PAGE: usize = 1_000;

impl Adapter {
    pub(super) async fn begin(
        &self,
        asker: Asker,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<CreateMultipartUploadOutput> {
        let mut input = request.input;
        refuse_unsupported!(input)?;
        let (encryption, sound) = sse::apart(self.asked(sse::given!(input), &request.extensions));
        let kind = input.checksum_algorithm.as_ref().map(checksum::of_algorithm).transpose()?;
        let scope = input.checksum_type.as_ref().map(checksum::of_type).transpose()?;
        let checksum = kind.map(|kind| (kind, scope.unwrap_or(usual_scope(kind))));
        let customer = encryption.customer().cloned();
        let (bucket, key, about) = (input.bucket.clone(), input.key.clone(), about!(input));
        let operation = CreateUpload { bucket, key, about, checksum, encryption };
        let permitted = self.policy.permit(&asker, operation).map_err(denied)?;
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
        let permitted = self.policy.permit(&asker, operation).map_err(denied)?;
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
        let permitted = self.policy.permit(&asker, operation).map_err(denied)?;
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

    pub(super) async fn parts(&self, asker: Asker, input: ListPartsInput) -> S3Result<ListPartsOutput> {
        let max_parts = limit(input.max_parts, PAGE)?;
        let after =
            u32::try_from(input.part_number_marker.unwrap_or(0)).map_err(|_| invalid_argument("the marker is not valid"))?;
        let (bucket, key, upload_id) = (input.bucket, input.key, input.upload_id);
        let operation =
            ListParts { bucket: bucket.clone(), key: key.clone(), upload_id: upload_id.clone(), after, limit: max_parts };
        let permitted = self.policy.permit(&asker, operation).map_err(denied)?;
        let page = self.gateway.list_parts(permitted).await.map_err(failed)?;
        let part = |listed: &crate::gateway::ListedPart| {
            let mut part = Part {
                part_number: i32::try_from(listed.number).ok(),
                size: i64::try_from(listed.size).ok(),
                e_tag: Some(strong(&listed.etag)),
                last_modified: Some(timestamp(listed.modified)),
                ..Part::default()
            };
            if let Some(sum) = listed.checksum.as_ref().filter(|sum| page.checksum.is_some_and(|(kind, _)| kind == sum.kind)) {
                checksum::answer!(part, sum.kind, checksum::text(sum));
            }
            part
        };
        Ok(ListPartsOutput {
            bucket: Some(bucket),
            key: echo(key),
            upload_id: Some(upload_id),
            parts: Some(page.parts.iter().map(part).collect()),
            part_number_marker: i32::try_from(after).ok(),
            next_part_number_marker: page.next.and_then(|next| i32::try_from(next).ok()),
            is_truncated: Some(page.next.is_some()),
            max_parts: i32::try_from(max_parts).ok(),
            checksum_algorithm: page.checksum.map(|(kind, _)| checksum::algorithm(kind)),
            checksum_type: page.checksum.map(|(_, scope)| checksum::scope(scope)),
            owner: Some(owner(&asker)),
            initiator: Some(initiator(&asker)),
            ..ListPartsOutput::default()
        })
    }

    pub(super) async fn uploads(&self, asker: Asker, input: ListMultipartUploadsInput) -> S3Result<ListMultipartUploadsOutput> {
        let max_uploads = limit(input.max_uploads, PAGE)?;
        let encoding = Encoding::asked(input.encoding_type.as_ref())?;
        let (bucket, prefix) = (input.bucket, input.prefix.unwrap_or_default());
        let delimiter = input.delimiter.filter(|delimiter| !delimiter.is_empty());
        let marker = input.key_marker.clone().filter(|marker| !marker.is_empty());
        let id = input.upload_id_marker.clone().filter(|id| !id.is_empty());
        let after = marker.map(|marker| (marker, id));
        let operation = ListUploads {
            bucket: bucket.clone(),
            prefix: prefix.clone(),
            delimiter: delimiter.clone(),
            after,
            limit: max_uploads,
        };
        let permitted = self.policy.permit(&asker, operation).map_err(denied)?;
        let page = self.gateway.list_uploads(permitted).await.map_err(failed)?;
        let names = page.uploads.iter().map(|upload| upload.key.as_str()).chain(page.prefixes.iter().map(String::as_str));
        let asked = [Some(&prefix), delimiter.as_ref(), input.key_marker.as_ref()];
        let encoding = encoding.fitting(names.chain(asked.into_iter().flatten().map(String::as_str)));
        let upload = |listed: &crate::gateway::ListedUpload| MultipartUpload {
            key: Some(encoding.show(&listed.key)),
            upload_id: Some(listed.upload_id.clone()),
            initiated: Some(timestamp(listed.created)),
            owner: Some(owner(&asker)),
            initiator: Some(initiator(&asker)),
            ..MultipartUpload::default()
        };
        let (next_key, next_id) = page.next.clone().unzip();
        Ok(ListMultipartUploadsOutput {
            bucket: Some(bucket),
            prefix: Some(encoding.show(&prefix)),
            delimiter: delimiter.map(|delimiter| encoding.show(&delimiter)),
            key_marker: Some(encoding.show(&input.key_marker.unwrap_or_default())),
            upload_id_marker: input.upload_id_marker,
            uploads: Some(page.uploads.iter().map(upload).collect()),
            common_prefixes: Some(prefixes(&page.prefixes, encoding)),
            is_truncated: Some(page.next.is_some()),
            next_key_marker: next_key.map(|key| encoding.show(&key)),
            next_upload_id_marker: next_id,
            max_uploads: i32::try_from(max_uploads).ok(),
            encoding_type: encoding.named(),
            ..ListMultipartUploadsOutput::default()
        })
    }

    pub(super) async fn finish(
        &self,
        asker: Asker,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<(CompleteMultipartUploadOutput, HeaderMap)> {
        let mut input = request.input;
        refuse(&[(input.mpu_object_size.is_some(), "x-amz-mp-object-size")])?;
        let (customer, sound) = sse::apart(self.customer(&sse::key_headers!(input), &request.extensions));
        let checksum = checksum::given!(input)?;
        let conditions = conditions(input.if_match.as_ref(), input.if_none_match.as_ref(), (None, None));
        let parts = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        if parts.is_empty() {
            return Err(plain(S3ErrorCode::MalformedXML, "a Complete names at least one part"));
        }
        let parts = parts.iter().map(named).collect::<S3Result<Vec<_>>>()?;
        let count = parts.len();
        let (bucket, key) = (input.bucket, input.key);
        let operation = Complete {
            bucket: bucket.clone(),
            key: key.clone(),
            upload_id: input.upload_id,
            parts,
            checksum,
            conditions,
            customer: customer.clone(),
        };
        let permitted = self.policy.permit(&asker, operation).map_err(denied)?;
        sound?;
        let written = self.gateway.complete(permitted).await.map_err(failed)?;
        let mut output = CompleteMultipartUploadOutput {
            location: echo(format!("/{bucket}/{key}")),
            bucket: Some(bucket),
            key: echo(key),
            e_tag: Some(strong(&written.etag)),
            version_id: written.version.clone(),
            ..CompleteMultipartUploadOutput::default()
        };
        if let Some((sum, scope)) = &written.checksum {
            let text = match scope {
                ChecksumScope::Composite => format!("{}-{count}", checksum::text(sum)),
                ChecksumScope::FullObject => checksum::text(sum),
            };
            checksum::answer!(output, sum.kind, text);
            output.checksum_type = Some(checksum::scope(*scope));
        }
        let told = Told::new(written.encryption.as_ref(), customer.as_ref());
        let headers = told.customer_headers();
        sse::tell!(output, told);
        Ok((output, headers))
    }

    pub(super) async fn give_up(&self, asker: Asker, input: AbortMultipartUploadInput) -> S3Result<()> {
        let operation = Abort { bucket: input.bucket, key: input.key, upload_id: input.upload_id };
        let permitted = self.policy.permit(&asker, operation).map_err(denied)?;
        self.gateway.abort(permitted).await.map_err(failed)
    }
}

/// What S3 takes where a client names an algorithm and no type.
fn usual_scope(kind: ChecksumKind) -> ChecksumScope {
    if kind == ChecksumKind::Crc64Nvme { ChecksumScope::FullObject } else { ChecksumScope::Composite }
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

fn initiator(asker: &Asker) -> Initiator {
    Initiator { display_name: Some(asker.display_name.clone()), id: Some(asker.id.0.to_string()) }
}

fn named(part: &CompletedPart) -> S3Result<NamedPart> {
    let number = part.part_number.and_then(|number| u32::try_from(number).ok());
    let number = number.ok_or_else(|| invalid_argument("a part without a number"))?;
    let etag = part.e_tag.as_ref().ok_or_else(|| invalid_argument("a part without an ETag"))?;
    Ok(NamedPart { number, etag: etag.value().to_owned(), checksum: checksum::given!(part)? })
}
