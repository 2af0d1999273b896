//! What other processes do to the keyring: seen in time, and where it counts at once.

use super::copies::{self, Other};
use super::{Bucket, Error, Keyring};
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Keyring {
    /// As [`Keyring::bucket`]; one that is not known may have been made by another process just now, and is looked for there.
    ///
    /// # Errors
    /// If the keyring cannot be read: then nobody knows whether there is such a bucket.
    pub async fn find(&self, name: &str) -> Result<Option<Arc<Bucket>>, Error> {
        if let Some(bucket) = self.bucket(name) {
            return Ok(Some(bucket));
        }
        self.look().await?;
        Ok(self.bucket(name))
    }

    /// Whether other processes write it too.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.0.shared
    }

    /// Takes what other processes had written when this was called. Those who look at the same time look once.
    ///
    /// # Errors
    /// As [`Keyring::refresh`].
    pub async fn look(&self) -> Result<(), Error> {
        if !self.0.shared {
            return Ok(());
        }
        let before = self.0.begun.load(Ordering::Acquire);
        let mut last = self.0.looks.lock().await;
        if *last > before {
            // It began after we asked, and saw what there was.
            return Ok(());
        }
        let number = self.0.begun.fetch_add(1, Ordering::AcqRel).saturating_add(1);
        self.refresh().await?;
        *last = number;
        Ok(())
    }

    /// Takes what another process wrote meanwhile.
    ///
    /// # Errors
    /// If the keyring cannot be read; what is known stays then.
    pub async fn refresh(&self) -> Result<(), Error> {
        let known = self.0.known();
        let e_tag = known.held.first().and_then(|held| held.as_ref()?.e_tag.clone());
        match copies::read_other(&*self.0.backend, 0, e_tag).await? {
            Other::Same => Ok(()),
            Other::There(found) if found.bytes == known.encoded => Ok(()),
            Other::There(_) | Other::Absent => {
                let _writing = self.0.writing.lock().await;
                self.0.reload().await.map(drop)
            }
        }
    }

    /// Writes the newest version over a copy that is older, damaged or gone.
    pub async fn mend(&self) -> Result<(), Error> {
        let _writing = self.0.writing.lock().await;
        let known = self.0.reload().await?;
        self.0.write_second(&known.encoded, &known).await?;
        Ok(())
    }
}
