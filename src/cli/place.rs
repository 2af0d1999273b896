//! Which store a command is about, and its settings.

use super::End;
use super::lines::Lines;
use crate::app;
use crate::config::{self, LogFormat, Overrides, Settings};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use tracing_subscriber::filter::EnvFilter;

/// The store: by a configuration file, or by these two.
#[derive(Args)]
pub(super) struct Place {
    /// The configuration file; see config/waxseal.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The store's directory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The root key's file
    #[arg(long, value_name = "FILE")]
    root_key: Option<PathBuf>,
}

/// How the log is written.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Format {
    /// A line for people
    Text,
    /// A JSON object a line
    Json,
}

impl From<Format> for LogFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Text => Self::Text,
            Format::Json => Self::Json,
        }
    }
}

impl Place {
    /// The settings, with these on top.
    pub(super) fn settings(self, mut overrides: Overrides) -> Result<Settings, End> {
        (overrides.data, overrides.root_key) = (self.data, self.root_key);
        config::load(self.config.as_deref(), overrides).map_err(End::Faults)
    }

    /// The same, if `serve` could start with them.
    pub(super) fn check(self, mut overrides: Overrides) -> Result<Settings, End> {
        (overrides.data, overrides.root_key) = (self.data, self.root_key);
        app::check(self.config.as_deref(), overrides).map_err(End::Faults)
    }
}

/// Starts the log on standard error. s3s tells of refused signatures itself, which our own line does better, and at its
/// finest level of queries, which may be presigned: it is always off.
pub(super) fn log(format: LogFormat, usual: &str) -> Lines {
    let lines = Lines::new(std::io::stderr());
    let asked = config::environment("WAXSEAL_LOG").unwrap_or_else(|| usual.to_owned());
    let filter = EnvFilter::try_new(format!("{asked},s3s=off")).unwrap_or_else(|_| EnvFilter::new("info,s3s=off"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines.clone()).with_ansi(false);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    lines
}
