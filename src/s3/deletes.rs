//! DELETE of objects and versions, one or many.

use super::about::{etags, refuse};
use super::adapter::{Adapter, Asker};
use super::error::{failed, plain};
use super::listing::is_unfit;
use super::versions::version;
use crate::gateway::{Delete, Doomed, ETags, Removed};
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, Error, ObjectIdentifier,
};
use s3s::{S3ErrorCode, S3Result};

/// The most keys of one DeleteObjects.
const AT_ONCE: usize = 1_000;

impl Adapter {
    pub(super) async fn delete(&self, asker: Asker, input: DeleteObjectInput) -> S3Result<DeleteObjectOutput> {
        refuse(&[(
            input.if_match_size.is_some() || input.if_match_last_modified_time.is_some(),
            "a delete conditional on size or time",
        )])?;
        let doomed = Doomed {
            key: input.key,
            version: input.version_id.as_deref().map(version).transpose()?,
            if_match: etags(input.if_match.as_ref()),
        };
        let bypass = input.bypass_governance_retention.unwrap_or(false);
        let operation = Delete { bucket: input.bucket, doomed: vec![doomed], bypass };
        let permitted = self.permit(&asker, operation).await?;
        let deleted = self.gateway.delete(permitted).await.map_err(failed)?;
        let mut output = DeleteObjectOutput::default();
        for removed in deleted.results {
            let Removed { named, marker } = removed.map_err(failed)?;
            output.delete_marker = marker.is_some().then_some(true);
            output.version_id = named.or(marker);
        }
        Ok(output)
    }

    pub(super) async fn delete_many(&self, asker: Asker, input: DeleteObjectsInput) -> S3Result<DeleteObjectsOutput> {
        let objects = input.delete.objects;
        if objects.is_empty() || objects.len() > AT_ONCE {
            return Err(plain(S3ErrorCode::MalformedXML, "a request deletes 1 to 1000 keys"));
        }
        let doomed = objects.iter().map(doomed).collect::<S3Result<Vec<_>>>()?;
        let bypass = input.bypass_governance_retention.unwrap_or(false);
        let results = self.delete_each(&asker, Delete { bucket: input.bucket, doomed, bypass }).await?;
        let quiet = input.delete.quiet.unwrap_or(false);
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for (object, result) in objects.into_iter().zip(results) {
            match result {
                Ok(_) if quiet => {}
                Ok(removed) => deleted.push(told(object.key, removed)),
                Err(error) => errors.push(Error {
                    code: Some(error.code().as_str().to_owned()),
                    message: error.message().map(str::to_owned),
                    key: Some(object.key),
                    version_id: object.version_id,
                }),
            }
        }
        let errors = if errors.is_empty() { None } else { Some(errors) };
        let deleted = if deleted.is_empty() { None } else { Some(deleted) };
        Ok(DeleteObjectsOutput { deleted, errors, ..DeleteObjectsOutput::default() })
    }
}

impl Adapter {
    /// What became of each key. Where the policy does not permit all together, it is asked for each alone.
    async fn delete_each(&self, asker: &Asker, delete: Delete) -> S3Result<Vec<S3Result<Removed>>> {
        let refused = match self.permit(asker, delete.clone()).await {
            Ok(permitted) => {
                let results = self.gateway.delete(permitted).await.map_err(failed)?.results;
                return Ok(results.into_iter().map(|result| result.map_err(failed)).collect());
            }
            Err(refused) => refused,
        };
        if *refused.code() != S3ErrorCode::AccessDenied {
            return Err(refused);
        }
        let mut results = Vec::with_capacity(delete.doomed.len());
        for one in delete.doomed {
            let alone = Delete { bucket: delete.bucket.clone(), doomed: vec![one], bypass: delete.bypass };
            results.push(match self.permit(asker, alone).await {
                Ok(permitted) => {
                    let deleted = self.gateway.delete(permitted).await.map_err(failed)?;
                    deleted.results.into_iter().next().unwrap_or(Ok(Removed::default())).map_err(failed)
                }
                Err(refused) => Err(refused),
            });
        }
        Ok(results)
    }
}

fn doomed(object: &ObjectIdentifier) -> S3Result<Doomed> {
    refuse(&[(object.size.is_some() || object.last_modified_time.is_some(), "a delete conditional on size or time")])?;
    // The answer repeats the key, and XML could not: better refused than deleted and not told.
    if is_unfit(&object.key) {
        return Err(plain(S3ErrorCode::MalformedXML, "a key with control characters: delete it by itself"));
    }
    let if_match = object.e_tag.as_ref().map(|tag| ETags::OneOf(vec![tag.value().to_owned()]));
    Ok(Doomed { key: object.key.clone(), version: object.version_id.as_deref().map(version).transpose()?, if_match })
}

fn told(key: String, removed: Removed) -> DeletedObject {
    let Removed { named, marker } = removed;
    DeletedObject {
        key: Some(key),
        delete_marker: marker.is_some().then_some(true),
        delete_marker_version_id: marker,
        version_id: named,
    }
}
