//! `waxseal init`.

use super::place::{Place, log};
use super::{End, block_on, say};
use crate::app;
use crate::config::{LogFormat, Overrides};
use clap::Args;

/// Make a root key, a store, its keyring and its administrator; print the credentials once
///
/// Nothing that exists is overwritten; where an earlier run was interrupted, this one goes on. Keep the root key's file somewhere else too: without it nothing opens again.
#[derive(Args)]
pub(super) struct Init {
    #[command(flatten)]
    place: Place,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

impl Init {
    pub(super) fn run(self) -> Result<(), End> {
        log(LogFormat::Text, "warn");
        let settings = self.place.settings(Overrides::default())?;
        let credentials = block_on(app::init(&settings))??;
        if self.json {
            say(&serde_json::to_string(&credentials).map_err(|error| End::Failed(error.to_string()))?);
            return Ok(());
        }
        say(&format!("made the store {} and its root key {}", settings.data.display(), settings.root_key.display()));
        if credentials.drawn {
            say(&format!("access key: {}\nsecret key: {}", credentials.access_key, credentials.secret_key));
            say("These are shown once.");
        } else {
            say("the administrator's credentials are those of the environment");
        }
        say("Keep a copy of the root key elsewhere: without it nothing opens again.");
        Ok(())
    }
}
