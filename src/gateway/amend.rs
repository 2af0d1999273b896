//! What is changed of an object in its Head alone: its content, its time and its name stay.

use super::configuration::Versioning;
use super::gateway::Gateway;
use super::read::Sealed;
use super::{Error, Refusal, items};
use crate::envelope::{HEAD, Metadata};
use crate::keyring::{Bucket, OsRandom};
use crate::store::{Names, Version, layout};
use bytes::Bytes;
use std::sync::Arc;

/// How often a change that lost a race is tried again.
const ATTEMPTS: usize = 10;

/// Where the backend names versions, each stays as it is.
const UNCHANGED: &str = "changing tags, ACL or encryption of a version that the backend named: copy the object onto itself";

impl Gateway {
    /// Changes what is sealed in the Head of a version, the current one if none is named. Gives it as it was.
    ///
    /// # Errors
    /// As [`Gateway::find_to_read`], and those of `edit`; nothing is changed then.
    pub(super) async fn amend(
        &self,
        bucket: &Arc<Bucket>,
        (key, version): (&str, Option<&Version>),
        edit: impl Fn(&mut Metadata) -> Result<(), Error>,
    ) -> Result<Sealed, Error> {
        let path = layout::object(&bucket.name, key)?;
        if self.names() == Names::Backend && self.configuration_of(bucket).await?.versioning != Versioning::Never {
            return Err(Refusal::NotImplemented(UNCHANGED).into());
        }
        for _ in 0..ATTEMPTS {
            let found = self.find_to_read(bucket, key, version).await?;
            let mut metadata = found.metadata().clone();
            edit(&mut metadata)?;
            if metadata == *found.metadata() {
                return Ok(found);
            }
            let encryption = items::encryption(&metadata).map_err(|why| Error::Tampered { path: path.to_string(), why })?;
            let kek = self.kek_for(bucket, encryption.as_ref()).await?;
            let wrapped = found.verified.head.rewrap(&kek, bucket.uuid, &metadata, &mut OsRandom).map_err(Error::sealing)?;
            let _gate = self.enter(bucket).await?;
            self.put_overflow(&wrapped).await?;
            let keep = found.stored.meta().size.saturating_sub(u64::try_from(HEAD).unwrap_or(0));
            let (name, source) = (Version::of(found.name()), found.source()?);
            let change = (keep, Bytes::copy_from_slice(&wrapped.head));
            let amended = self.versions()?.amend(&path, &name, &source.e_tag, change).await;
            match self.settle(&wrapped, amended).await {
                Ok(_) => return Ok(found),
                Err(Error::Refused(Refusal::PreconditionFailed(_))) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Refusal::OperationAborted.into())
    }
}
