//! What there is of uploads in parts: ListParts and ListMultipartUploads.

use super::about::limit;
use super::adapter::{Adapter, Asker};
use super::checksum;
use super::error::{failed, invalid_argument};
use super::listing::{Encoding, echo, prefixes};
use super::objects::strong;
use super::time::timestamp;
use crate::gateway::{ListParts, ListUploads, ListedPart, ListedUpload, UploadAbout};
use s3s::S3Result;
use s3s::dto::{
    Initiator, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload, Owner,
    Part, StorageClass,
};

/// The most parts or uploads of a page, as S3 has it.
const PAGE: usize = 1_000;

impl Adapter {
    pub(super) async fn parts(&self, asker: Asker, input: ListPartsInput) -> S3Result<ListPartsOutput> {
        let max_parts = limit(input.max_parts, PAGE)?;
        let after =
            u32::try_from(input.part_number_marker.unwrap_or(0)).map_err(|_| invalid_argument("the marker is not valid"))?;
        let (bucket, key, upload_id) = (input.bucket, input.key, input.upload_id);
        let operation =
            ListParts { bucket: bucket.clone(), key: key.clone(), upload_id: upload_id.clone(), after, limit: max_parts };
        let permitted = self.permit(&asker, operation).await?;
        let page = self.gateway.list_parts(permitted).await.map_err(failed)?;
        let part = |listed: &ListedPart| {
            let mut part = Part {
                part_number: i32::try_from(listed.number).ok(),
                size: i64::try_from(listed.size).ok(),
                e_tag: Some(strong(&listed.etag)),
                last_modified: Some(timestamp(listed.modified)),
                ..Part::default()
            };
            if let Some(sum) =
                listed.checksum.as_ref().filter(|sum| page.upload.checksum.is_some_and(|(kind, _)| kind == sum.kind))
            {
                checksum::answer!(part, sum.kind, checksum::text(sum));
            }
            part
        };
        let owner = self.owner_of(&page.upload, &asker);
        Ok(ListPartsOutput {
            bucket: Some(bucket),
            key: echo(key),
            upload_id: Some(upload_id),
            parts: Some(page.parts.iter().map(part).collect()),
            part_number_marker: i32::try_from(after).ok(),
            next_part_number_marker: page.next.and_then(|next| i32::try_from(next).ok()),
            is_truncated: Some(page.next.is_some()),
            max_parts: i32::try_from(max_parts).ok(),
            checksum_algorithm: page.upload.checksum.map(|(kind, _)| checksum::algorithm(kind)),
            checksum_type: page.upload.checksum.map(|(_, scope)| checksum::scope(scope)),
            owner: Some(owner.clone()),
            initiator: Some(initiator(owner)),
            storage_class: Some(storage_class(&page.upload)),
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
        let permitted = self.permit(&asker, operation).await?;
        let page = self.gateway.list_uploads(permitted).await.map_err(failed)?;
        let names = page.uploads.iter().map(|upload| upload.key.as_str()).chain(page.prefixes.iter().map(String::as_str));
        let asked = [Some(&prefix), delimiter.as_ref(), input.key_marker.as_ref()];
        let encoding = encoding.fitting(names.chain(asked.into_iter().flatten().map(String::as_str)));
        let upload = |listed: &ListedUpload| {
            let (about, owner) = (&listed.about, self.owner_of(&listed.about, &asker));
            MultipartUpload {
                key: Some(encoding.show(&listed.key)),
                upload_id: Some(listed.upload_id.clone()),
                initiated: Some(timestamp(listed.created)),
                owner: Some(owner.clone()),
                initiator: Some(initiator(owner)),
                storage_class: Some(storage_class(about)),
                checksum_algorithm: about.checksum.map(|(kind, _)| checksum::algorithm(kind)),
                checksum_type: about.checksum.map(|(_, scope)| checksum::scope(scope)),
            }
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
            next_upload_id_marker: next_id.flatten(),
            max_uploads: i32::try_from(max_uploads).ok(),
            encoding_type: encoding.named(),
            ..ListMultipartUploadsOutput::default()
        })
    }

    /// Who began an upload. Whoever asks, if its record does not say.
    fn owner_of(&self, upload: &UploadAbout, asker: &Asker) -> Owner {
        self.owner(upload.owner.as_deref().unwrap_or(&asker.id.0))
    }
}

fn initiator(owner: Owner) -> Initiator {
    Initiator { display_name: owner.display_name, id: owner.id }
}

fn storage_class(upload: &UploadAbout) -> StorageClass {
    upload.storage_class.clone().unwrap_or_else(|| StorageClass::STANDARD.to_owned()).into()
}
