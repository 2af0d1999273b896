//! DELETE: what is gone, and the records that go with it.

use super::gateway::{Gateway, bucket_of};
use super::operation::Delete;
use super::outcome::Deleted;
use super::{Error, Refusal};
use crate::access::Permitted;
use crate::store::layout;
use futures::{StreamExt, stream};
use object_store::ObjectStoreExt;

/// How many of a request's keys are removed at the same time.
const AT_ONCE: usize = 64;

impl Gateway {
    /// Removes objects. One that is not there counts as removed; one that cannot be read can still be removed.
    pub async fn delete(&self, operation: Permitted<Delete>) -> Result<Deleted, Error> {
        let bucket = bucket_of(&operation)?;
        let Delete { keys, .. } = operation.into_operation();
        let name = bucket.name.as_str();
        let results = stream::iter(keys).map(|key| self.remove(name, key)).buffered(AT_ONCE).collect().await;
        Ok(Deleted { results })
    }

    async fn remove(&self, bucket: &str, key: String) -> Result<(), Error> {
        if key.is_empty() || key.len() > 1_024 {
            return Err(Refusal::KeyTooLong.into());
        }
        let path = layout::object(bucket, &key)?;
        let end = match self.backend.open(&path).await {
            Ok(stored) => Some(stored.end()),
            Err(object_store::Error::NotFound { .. }) => return Ok(()),
            Err(_unreadable) => None,
        };
        match self.backend.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(end) = end {
            self.drop_overflow(&end).await;
        }
        Ok(())
    }
}
