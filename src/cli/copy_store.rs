//! `waxseal copy-store`.

use super::place::log;
use super::{End, block_on, say, say_error};
use crate::app::{self, CopiedStore};
use crate::config::LogFormat;
use clap::Args;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How often progress is told.
const OFTEN: Duration = Duration::from_secs(2);

/// Copy a store to another: from disk to S3, back, or between two of a kind
///
/// Sealed objects, records and the keyring are copied as they are, and nothing is opened: no root key is needed. One that
/// was interrupted goes on where it was. Stop what writes to the source before. `waxseal verify` on the target then reads
/// and authenticates all of it.
#[derive(Args)]
pub(super) struct CopyStore {
    /// The source: a store's directory, or a configuration file that names a store
    from: PathBuf,
    /// The target: the same; a directory is made if it is not there
    to: PathBuf,
}

impl CopyStore {
    pub(super) fn run(self) -> Result<(), End> {
        log(LogFormat::Text, "warn");
        let mut told = Instant::now();
        let progress = |so_far: &CopiedStore| {
            if told.elapsed() >= OFTEN {
                told = Instant::now();
                say_error(&format!("{} copied, {} there already, {} bytes so far", so_far.copied, so_far.there, so_far.bytes));
            }
        };
        let CopiedStore { copied, there, bytes } = block_on(app::copy_store(&self.from, &self.to, progress))??;
        say(&format!("{copied} copied, {there} there already, {bytes} bytes"));
        Ok(())
    }
}
