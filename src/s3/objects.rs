//! Objects: PUT, GET, HEAD, copies and deletes.

use super::about::{about, conditions, is_plain, refuse, span};
use super::adapter::{Adapter, Asker};
use super::error::{failed, invalid_request, not_implemented, plain};
use super::lock::{hold_name, mode_name};
use super::sse::{self, Told};
use super::time::timestamp;
use super::versions::version;
use super::{body, checksum, lifecycle};
use crate::gateway::{self, Checksum, ChecksumKind, ChecksumScope, Copy, Declared, Described, Get, Head, Place, Put, Written};
use http::HeaderMap;
use s3s::TrailingHeaders;
use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, ETag, GetObjectInput, GetObjectOutput, HeadObjectInput,
    HeadObjectOutput, PutObjectInput, PutObjectOutput,
};
use s3s::{S3ErrorCode, S3Request, S3Result};
use std::sync::Arc;

/// What a client says of content: length, Content-MD5 and checksum.
pub(super) fn declared(
    headers: &HeaderMap,
    length: Option<i64>,
    md5: Option<&str>,
    sums: (Option<Checksum>, Option<&s3s::dto::ChecksumAlgorithm>),
) -> S3Result<Declared> {
    let decoded = headers.get("x-amz-decoded-content-length").and_then(|value| value.to_str().ok()?.parse().ok());
    let length = decoded.or(length.and_then(|length| u64::try_from(length).ok()));
    let md5 = md5.map(|text| {
        let bytes = base64_simd::STANDARD.decode_to_vec(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| plain(S3ErrorCode::InvalidDigest, "the Content-MD5 is not valid"))
    });
    let (checksum, algorithm) = sums;
    checksum::check_said(headers, checksum.as_ref())?;
    let algorithm = algorithm.map(checksum::of_algorithm).transpose()?;
    Ok(Declared { length, md5: md5.transpose()?, checksum, algorithm })
}

impl Adapter {
    pub(super) async fn put(&self, asker: Asker, mut request: S3Request<PutObjectInput>) -> S3Result<PutObjectOutput> {
        let trailing: Option<TrailingHeaders> = request.trailing_headers.take();
        let ended = request.extensions.remove();
        let mut input = request.input;
        let (encryption, sound) = sse::apart(self.asked(sse::given!(input), &request.extensions));
        refuse(&[(input.write_offset_bytes.is_some(), "x-amz-write-offset-bytes")])?;
        let sums = (checksum::given!(input)?, input.checksum_algorithm.as_ref());
        let mut declared = declared(&request.headers, input.content_length, input.content_md5.as_deref(), sums)?;
        let about = about!(input);
        let conditions = conditions(input.if_match.as_ref(), input.if_none_match.as_ref(), (None, None));
        let body = body::incoming(input.body, &request.headers, (trailing, ended), &mut declared)?;
        let length = declared.length.unwrap_or(0);
        let customer = encryption.customer().cloned();
        let operation = Put { bucket: input.bucket, key: input.key, about, declared, conditions, encryption };
        let permitted = self.permit(&asker, operation).await?;
        sound?;
        let written = self.gateway.put(permitted, body).await.map_err(failed)?;
        self.observe.received(length);
        let mut output = PutObjectOutput { e_tag: Some(strong(&written.etag)), ..PutObjectOutput::default() };
        if let Some((sum, scope)) = &written.checksum {
            checksum::answer!(output, sum.kind, checksum::text(sum));
            output.checksum_type = Some(checksum::scope(*scope));
        }
        let told = Told::new(written.encryption.as_ref(), customer.as_ref());
        sse::tell!(output, told, ssekms_encryption_context, sse_customer_algorithm, sse_customer_key_md5);
        output.expiration = lifecycle::header(written.expires.as_ref());
        output.version_id = written.version;
        Ok(output)
    }

    pub(super) async fn get(&self, asker: Asker, request: S3Request<GetObjectInput>) -> S3Result<GetObjectOutput> {
        let mut input = request.input;
        let (customer, sound) = sse::apart(self.reading(&sse::key_headers!(input), &request.headers, &request.extensions));
        let version = input.version_id.as_deref().map(version).transpose()?;
        let modified = (input.if_modified_since.as_ref(), input.if_unmodified_since.as_ref());
        let conditions = conditions(input.if_match.as_ref(), input.if_none_match.as_ref(), modified);
        let range = span(input.range.as_ref(), input.part_number)?;
        let (key, asked_with) = (input.key, customer.clone());
        let operation = Get { bucket: input.bucket, key, version, range, conditions, customer: asked_with };
        let permitted = self.permit(&asker, operation).await?;
        sound?;
        let opened = self.gateway.get(permitted).await.map_err(|error| self.integrity(error))?;
        let gateway::Opened { described, length, chunks } = opened;
        let with_checksum = checksum::wanted(input.checksum_mode.as_ref());
        let head = head_output(&described, with_checksum);
        let overridden = |header: Option<String>, own: Option<String>| header.or(own);
        let mut output = GetObjectOutput {
            accept_ranges: head.accept_ranges,
            body: Some(body::outgoing(chunks, length, Arc::clone(&self.observe))),
            cache_control: overridden(input.response_cache_control, head.cache_control),
            content_disposition: overridden(input.response_content_disposition, head.content_disposition),
            content_encoding: overridden(input.response_content_encoding, head.content_encoding),
            content_language: overridden(input.response_content_language, head.content_language),
            content_length: i64::try_from(length).ok(),
            content_range: head.content_range,
            content_type: overridden(input.response_content_type, head.content_type),
            e_tag: head.e_tag,
            expires: head.expires,
            last_modified: head.last_modified,
            metadata: head.metadata,
            storage_class: head.storage_class,
            version_id: head.version_id,
            expiration: head.expiration,
            tag_count: head.tag_count,
            object_lock_mode: head.object_lock_mode,
            object_lock_retain_until_date: head.object_lock_retain_until_date,
            object_lock_legal_hold_status: head.object_lock_legal_hold_status,
            website_redirect_location: head.website_redirect_location,
            checksum_type: head.checksum_type,
            parts_count: head.parts_count,
            ..GetObjectOutput::default()
        };
        let told = Told::new(described.encryption.as_ref(), customer.as_ref());
        sse::tell!(output, told, sse_customer_algorithm, sse_customer_key_md5);
        if let Some(expires) = input.response_expires {
            let mut text = Vec::new();
            let written = expires.format(s3s::dto::TimestampFormat::HttpDate, &mut text);
            output.expires = written.ok().and_then(|()| String::from_utf8(text).ok()).or(output.expires);
        }
        if let Some((kind, text)) = shown_checksum(&described).filter(|_| with_checksum) {
            checksum::answer!(output, kind, text);
        }
        Ok(output)
    }

    pub(super) async fn head(&self, asker: Asker, request: S3Request<HeadObjectInput>) -> S3Result<HeadObjectOutput> {
        let mut input = request.input;
        let (customer, sound) = sse::apart(self.reading(&sse::key_headers!(input), &request.headers, &request.extensions));
        let version = input.version_id.as_deref().map(version).transpose()?;
        let modified = (input.if_modified_since.as_ref(), input.if_unmodified_since.as_ref());
        let conditions = conditions(input.if_match.as_ref(), input.if_none_match.as_ref(), modified);
        let range = span(input.range.as_ref(), input.part_number)?;
        let (key, asked_with) = (input.key, customer.clone());
        let operation = Head { bucket: input.bucket, key, version, range, conditions, customer: asked_with };
        let permitted = self.permit(&asker, operation).await?;
        sound?;
        let described = self.gateway.head(permitted).await.map_err(|error| self.integrity(error))?;
        let mut output = head_output(&described, checksum::wanted(input.checksum_mode.as_ref()));
        let told = Told::new(described.encryption.as_ref(), customer.as_ref());
        sse::tell!(output, told, sse_customer_algorithm, sse_customer_key_md5);
        Ok(output)
    }

    pub(super) async fn copy(&self, asker: Asker, request: S3Request<CopyObjectInput>) -> S3Result<CopyObjectOutput> {
        let mut input = request.input;
        let retag = match input.tagging_directive.as_ref().map(s3s::dto::TaggingDirective::as_str) {
            None | Some("COPY") => false,
            Some("REPLACE") => true,
            Some(_) => return Err(super::error::invalid_argument("the tagging directive must be COPY or REPLACE")),
        };
        let (encryption, sound) = sse::apart(self.asked(sse::given!(input), &request.extensions));
        let (source_customer, source_sound) = sse::apart(self.customer(&sse::source_key_headers!(input), &request.extensions));
        let source = source(&input.copy_source)?;
        let about = about!(input);
        let replace = match input.metadata_directive.as_ref().map(s3s::dto::MetadataDirective::as_str) {
            None | Some("COPY") => false,
            Some("REPLACE") => true,
            Some(_) => return Err(super::error::invalid_argument("the metadata directive must be COPY or REPLACE")),
        };
        let same = source.bucket == input.bucket && source.key == input.key && source.version.is_none();
        if same && !replace && is_plain(&about.headers) && encryption.is_usual() && sound.is_ok() {
            return Err(invalid_request(
                "this copy request is illegal because it is trying to copy an object to itself without changing its metadata",
            ));
        }
        let modified = (input.copy_source_if_modified_since.as_ref(), input.copy_source_if_unmodified_since.as_ref());
        let source_conditions =
            conditions(input.copy_source_if_match.as_ref(), input.copy_source_if_none_match.as_ref(), modified);
        let conditions = conditions(input.if_match.as_ref(), input.if_none_match.as_ref(), (None, None));
        let (tags, lock, acl) = (retag.then(|| about.tags.clone()), about.lock, about.acl);
        let about = replace.then_some(about);
        let customer = encryption.customer().cloned();
        let operation = Copy {
            bucket: input.bucket,
            key: input.key,
            source,
            about,
            tags,
            lock,
            acl,
            conditions,
            source_conditions,
            encryption,
            source_customer,
            checksum: input.checksum_algorithm.as_ref().map(checksum::of_algorithm).transpose()?,
        };
        let permitted = self.permit(&asker, operation).await?;
        sound.and(source_sound)?;
        let written = self.gateway.copy(permitted).await.map_err(|error| self.integrity(error))?;
        let mut output = CopyObjectOutput { copy_object_result: Some(copied(&written)), ..CopyObjectOutput::default() };
        let told = Told::new(written.encryption.as_ref(), customer.as_ref());
        sse::tell!(output, told, ssekms_encryption_context, sse_customer_algorithm, sse_customer_key_md5);
        output.expiration = lifecycle::header(written.expires.as_ref());
        output.version_id = written.version;
        output.copy_source_version_id = written.source_version;
        Ok(output)
    }

    /// Counts what did not verify.
    pub(super) fn integrity(&self, error: gateway::Error) -> s3s::S3Error {
        if matches!(error, gateway::Error::Tampered { .. }) {
            self.observe.tampered();
        }
        failed(error)
    }
}

pub(super) fn strong(etag: &str) -> ETag {
    ETag::Strong(etag.to_owned())
}

pub(super) fn source(source: &CopySource) -> S3Result<Place> {
    match source {
        CopySource::Bucket { bucket, key, version_id } => {
            let version = version_id.as_deref().map(version).transpose()?;
            Ok(Place { bucket: bucket.to_string(), key: key.to_string(), version })
        }
        _ => Err(not_implemented("a copy source that is not bucket and key")),
    }
}

pub(super) fn checksum_text(sum: &Checksum, scope: ChecksumScope, parts: Option<u32>) -> String {
    match (scope, parts) {
        (ChecksumScope::Composite, Some(parts)) => format!("{}-{parts}", checksum::text(sum)),
        _ => checksum::text(sum),
    }
}

fn copied(written: &Written) -> CopyObjectResult {
    let mut result = CopyObjectResult {
        e_tag: Some(strong(&written.etag)),
        last_modified: Some(timestamp(written.modified)),
        ..CopyObjectResult::default()
    };
    if let Some((sum, scope)) = &written.checksum {
        checksum::answer!(result, sum.kind, checksum_text(sum, *scope, written.parts));
        result.checksum_type = Some(checksum::scope(*scope));
    }
    result
}

/// The checksum of what is answered: of the object, or of the part that was asked for. A range has none.
fn shown_checksum(described: &Described) -> Option<(ChecksumKind, String)> {
    match &described.part {
        Some(part) => part.checksum.as_ref().map(|sum| (sum.kind, checksum::text(sum))),
        None if described.range.is_some() => None,
        None => described.checksum.as_ref().map(|(sum, scope)| (sum.kind, checksum_text(sum, *scope, described.parts))),
    }
}

fn head_output(described: &Described, with_checksum: bool) -> HeadObjectOutput {
    let headers = described.about.headers.clone();
    // HTTP has no way to name a range of no bytes.
    let range = described.range.filter(|(first, last)| first <= last);
    let content_range = range.map(|(first, last)| format!("bytes {first}-{last}/{}", described.size));
    let mut output = HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: i64::try_from(described.length()).ok(),
        content_range,
        cache_control: headers.cache_control,
        content_disposition: headers.content_disposition,
        content_encoding: headers.content_encoding,
        content_language: headers.content_language,
        content_type: Some(headers.content_type.unwrap_or_else(|| "binary/octet-stream".to_owned())),
        expires: headers.expires,
        website_redirect_location: headers.website_redirect,
        storage_class: headers.storage_class.filter(|class| class != "STANDARD").map(Into::into),
        e_tag: Some(strong(&described.etag)),
        version_id: described.version.clone(),
        expiration: lifecycle::header(described.expires.as_ref()),
        last_modified: Some(timestamp(described.modified)),
        metadata: Some(described.about.user.clone().into_iter().collect()),
        tag_count: i32::try_from(described.about.tags.len()).ok().filter(|count| *count > 0),
        object_lock_mode: described.about.lock.retention.map(|retention| mode_name(retention.mode).to_owned().into()),
        object_lock_retain_until_date: described.about.lock.retention.map(|retention| timestamp(retention.until)),
        object_lock_legal_hold_status: described.about.lock.hold.map(|on| hold_name(on).to_owned().into()),
        parts_count: described.part.as_ref().and_then(|part| i32::try_from(part.count?).ok()),
        ..HeadObjectOutput::default()
    };
    if let Some((kind, text)) = shown_checksum(described).filter(|_| with_checksum) {
        checksum::answer!(output, kind, text);
        output.checksum_type = described.checksum.as_ref().map(|(_, scope)| checksum::scope(*scope));
    }
    output
}
