//! Uploads that nobody completes, and what interrupted removals left of others.

use crate::gateway::Error;
use crate::gateway::gateway::Gateway;
use crate::gateway::versions::millis;
use crate::store::{Millis, layout};
use futures::TryStreamExt;
use object_store::ObjectStore;

impl Gateway {
    /// Gives up the uploads that are older than the operator lets them be; gives how many. What fails in one bucket is
    /// told, and the others go on.
    pub async fn expire_uploads(&self) -> u64 {
        let length = u64::try_from(self.settings.expire.as_millis()).unwrap_or(u64::MAX);
        let Some(before) = self.now().0.checked_sub(length).map(Millis) else { return 0 };
        let mut expired = 0_u64;
        for bucket in self.keyring.buckets() {
            match self.abort_where(&bucket, |_key, begun| begun <= before).await {
                Ok(gone) => expired = expired.saturating_add(gone),
                Err(error) => tracing::warn!(bucket = bucket.name, %error, "uploads that are over could not be given up"),
            }
        }
        if let Err(error) = self.sweep_records(before).await {
            tracing::warn!(%error, "records of uploads that are over are left for the next sweep");
        }
        expired
    }

    /// Removes records that outlived their upload: no open one is that old any more, but where giving it up failed, and
    /// then it cannot be completed either.
    async fn sweep_records(&self, before: Millis) -> Result<(), Error> {
        let mut records = self.backend.list(Some(&layout::uploads()));
        while let Some(record) = records.try_next().await? {
            if millis(record.last_modified) <= before {
                self.remove_record(record.location).await?;
            }
        }
        Ok(())
    }
}
