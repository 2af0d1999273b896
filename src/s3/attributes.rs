//! GetObjectAttributes.

use super::about::limit;
use super::adapter::{Adapter, Asker};
use super::checksum;
use super::error::invalid_argument;
use super::objects::{checksum_text, strong};
use super::sse;
use super::time::timestamp;
use super::versions::version;
use crate::gateway::{Attributed, Attributes, Described, ObjectPart};
use s3s::dto::{
    Checksum, GetObjectAttributesInput, GetObjectAttributesOutput, GetObjectAttributesParts, ObjectAttributes,
    ObjectPart as Part, StorageClass,
};
use s3s::{S3Request, S3Result};

/// The most parts of a page, as S3 has it.
const PAGE: usize = 1_000;

const KNOWN: [&str; 5] = [
    ObjectAttributes::CHECKSUM,
    ObjectAttributes::ETAG,
    ObjectAttributes::OBJECT_PARTS,
    ObjectAttributes::OBJECT_SIZE,
    ObjectAttributes::STORAGE_CLASS,
];

impl Adapter {
    pub(super) async fn attributes(
        &self,
        asker: Asker,
        request: S3Request<GetObjectAttributesInput>,
    ) -> S3Result<GetObjectAttributesOutput> {
        let mut input = request.input;
        let (customer, sound) = sse::apart(self.reading(&sse::key_headers!(input), &request.headers, &request.extensions));
        let version = input.version_id.as_deref().map(version).transpose()?;
        // s3s takes the list for one name.
        let asked = input.object_attributes.iter().flat_map(|list| list.as_str().split(',')).map(|name| name.trim().to_owned());
        let asked: Vec<String> = asked.collect();
        if asked.iter().any(|name| !KNOWN.contains(&name.as_str())) {
            return Err(invalid_argument("invalid attribute name specified"));
        }
        let wants = |name: &str| asked.iter().any(|asked| asked == name);
        let max_parts = limit(input.max_parts, PAGE)?;
        let after = input.part_number_marker.unwrap_or(0);
        let after = u32::try_from(after).map_err(|_| invalid_argument("the part number marker must not be negative"))?;
        let operation = Attributes { bucket: input.bucket, key: input.key, version, customer, after, limit: max_parts };
        let permitted = self.permit(&asker, operation).await?;
        sound?;
        let found = self.gateway.attributes(permitted).await.map_err(|error| self.integrity(error))?;
        let described = &found.described;
        let class = described.about.headers.storage_class.clone().unwrap_or_else(|| StorageClass::STANDARD.to_owned());
        Ok(GetObjectAttributesOutput {
            checksum: checksum_of(described).filter(|_| wants(ObjectAttributes::CHECKSUM)),
            e_tag: wants(ObjectAttributes::ETAG).then(|| strong(&described.etag)),
            last_modified: Some(timestamp(described.modified)),
            object_parts: parts_of(&found, after, max_parts).filter(|_| wants(ObjectAttributes::OBJECT_PARTS)),
            object_size: i64::try_from(described.size).ok().filter(|_| wants(ObjectAttributes::OBJECT_SIZE)),
            storage_class: wants(ObjectAttributes::STORAGE_CLASS).then(|| StorageClass::from(class)),
            version_id: described.version.clone(),
            ..GetObjectAttributesOutput::default()
        })
    }
}

fn checksum_of(described: &Described) -> Option<Checksum> {
    let (sum, scope) = described.checksum.as_ref()?;
    let mut answer = Checksum { checksum_type: Some(checksum::scope(*scope)), ..Checksum::default() };
    checksum::answer!(answer, sum.kind, checksum_text(sum, *scope, described.parts));
    Some(answer)
}

/// Of an object that was uploaded in parts. Every part is shown, with its checksum if it has one.
fn parts_of(found: &Attributed, after: u32, limit: usize) -> Option<GetObjectAttributesParts> {
    let count = found.described.parts?;
    let last = found.next.or(found.parts.last().map(|part| part.number)).unwrap_or(after);
    Some(GetObjectAttributesParts {
        is_truncated: Some(found.next.is_some()),
        max_parts: i32::try_from(limit).ok(),
        next_part_number_marker: i32::try_from(last).ok(),
        part_number_marker: i32::try_from(after).ok(),
        parts: Some(found.parts.iter().map(part).collect()),
        total_parts_count: i32::try_from(count).ok(),
    })
}

fn part(part: &ObjectPart) -> Part {
    let mut answer =
        Part { part_number: i32::try_from(part.number).ok(), size: i64::try_from(part.size).ok(), ..Part::default() };
    if let Some(sum) = &part.checksum {
        checksum::answer!(answer, sum.kind, checksum::text(sum));
    }
    answer
}
