//! `waxseal serve`.

use super::place::{Format, Place, log};
use super::{End, block_on_threads, say, supervisor};
use crate::app::{self, Started};
use crate::config::{Overrides, Storage};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Serve S3, until SIGTERM
///
/// The administrator's keys may come from WAXSEAL_ACCESS_KEY_ID and WAXSEAL_SECRET_ACCESS_KEY instead of the store.
#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    place: Place,
    /// Where to speak S3; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Where /metrics, /healthz and /readyz are
    #[arg(long, value_name = "ADDR")]
    admin_listen: Option<SocketAddr>,
    /// Speak HTTPS, with the certificate of this PEM file
    #[arg(long, value_name = "FILE")]
    tls_certificate: Option<PathBuf>,
    /// The certificate's key, a PEM file that only its owner can read
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Make the store first, if there is none
    #[arg(long)]
    init: bool,
    /// How the log on standard error is written
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<Format>,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), End> {
        let log_format = self.log_format.map(Into::into);
        let overrides = Overrides {
            listen: self.listen,
            admin_listen: self.admin_listen,
            log_format,
            tls_certificate: self.tls_certificate,
            tls_key: self.tls_key,
            ..Overrides::default()
        };
        let settings = self.place.settings(overrides)?;
        let gathered = log(settings.log_format, "info").gather();
        let _gathered = gathered.map_err(|error| End::Failed(format!("starting the log: {error}")))?;
        let threads = if matches!(settings.backend, Storage::Disk) { 4 } else { 2 };
        Ok(block_on_threads(threads, app::serve(settings, self.init, started))??)
    }
}

fn started(started: &Started) {
    supervisor::ready();
    let url = format!("{}://{}", if started.secure { "https" } else { "http" }, started.listen);
    say(&format!("listening on {url}"));
    say(&format!("admin on http://{}", started.admin_listen));
    if let Some(credentials) = started.credentials.as_ref().filter(|credentials| credentials.drawn) {
        let (access, secret) = (&credentials.access_key, &credentials.secret_key);
        say("\nThe store is new. Its administrator's credentials are shown this once:\n");
        say(&format!("  export AWS_ACCESS_KEY_ID={access} AWS_SECRET_ACCESS_KEY={secret} AWS_DEFAULT_REGION={}", started.region));
        say(&format!("  aws --endpoint-url {url} s3 mb s3://first-bucket"));
        let no_tls = if started.secure { "" } else { "--no-ssl " };
        say(&format!(
            "  s3cmd {no_tls}--host={0} --host-bucket={0} --access_key={access} --secret_key={secret} ls\n",
            started.listen
        ));
    }
}
