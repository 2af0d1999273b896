//! Commands on a store that nobody serves.

use super::place::{Place, log};
use super::{End, block_on, say, say_error};
use crate::app::{self, Form, OpenWith, Stack, Verified};
use crate::config::{KmsKey, LogFormat, Overrides};
use crate::keyring::{LocalRoot, OsRandom};
use clap::{Args, Subcommand};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How often progress is told.
const OFTEN: Duration = Duration::from_secs(2);

/// Read and authenticate every object; exit with 1 and a list if any does not verify
#[derive(Args)]
pub(super) struct Verify {
    #[command(flatten)]
    place: Place,
    /// Only this bucket, or what begins with a prefix in it
    #[arg(value_name = "BUCKET[/PREFIX]")]
    what: Option<String>,
}

impl Verify {
    pub(super) fn run(self) -> Result<(), End> {
        log(LogFormat::Text, "warn");
        let settings = self.place.settings(Overrides::default())?;
        let mut told = Instant::now();
        let progress = |so_far: &Verified| {
            if told.elapsed() >= OFTEN {
                told = Instant::now();
                say_error(&format!("{} objects, {} bytes, {} faults so far", so_far.objects, so_far.bytes, so_far.faults.len()));
            }
        };
        let verified = block_on(async {
            let stack = Stack::open(&settings).await?;
            app::verify(&stack, self.what.as_deref(), progress).await
        })??;
        for (object, why) in &verified.faults {
            say(&format!("{object}: {why}"));
        }
        let locked = match verified.locked {
            0 => String::new(),
            locked => format!(" ({locked} open only with keys of clients: their heads were verified)"),
        };
        let summary = format!("{} objects, {} bytes{locked}", verified.objects, verified.bytes);
        match verified.faults.len() {
            0 => say(&format!("sound: {summary}")),
            faults => return Err(End::Failed(format!("{faults} of {summary} do not verify"))),
        }
        Ok(())
    }
}

/// Write an object to standard output, opened or as it is stored
#[derive(Args)]
pub(super) struct Cat {
    #[command(flatten)]
    place: Place,
    /// The sealed bytes, as they are stored
    #[arg(long)]
    sealed: bool,
    /// The key of the client, for an object sealed under one: 32 bytes, or their base64
    #[arg(long, value_name = "FILE", conflicts_with = "sealed")]
    customer_key_file: Option<PathBuf>,
    /// Which object
    #[arg(value_name = "BUCKET/KEY")]
    object: String,
}

impl Cat {
    pub(super) fn run(self) -> Result<(), End> {
        log(LogFormat::Text, "warn");
        let settings = self.place.settings(Overrides::default())?;
        Ok(block_on(async {
            let stack = Stack::open(&settings).await?;
            let form = if self.sealed { Form::Sealed } else { Form::Plain(self.customer_key_file.as_deref()) };
            app::cat(&stack, &self.object, form, &mut io::stdout().lock()).await
        })??)
    }
}

/// The keyring
#[derive(Args)]
pub(super) struct Keyring {
    #[command(subcommand)]
    what: KeyringCommand,
}

#[derive(Subcommand)]
enum KeyringCommand {
    /// Print the keyring file; every key in it is wrapped by the root
    Show(Place),
    /// Draw a root key into a new file, for a key that clients may name
    NewRoot {
        /// The file, which must not exist
        file: PathBuf,
    },
}

impl Keyring {
    pub(super) fn run(self) -> Result<(), End> {
        log(LogFormat::Text, "warn");
        let place = match self.what {
            KeyringCommand::Show(place) => place,
            KeyringCommand::NewRoot { file } => {
                let drawn = LocalRoot::create(&file, &mut OsRandom);
                return drawn.map(drop).map_err(|error| End::Failed(error.to_string()));
            }
        };
        let settings = place.settings(Overrides::default())?;
        let stack = block_on(Stack::open(&settings))??;
        let text = app::keyring_text(&stack);
        io::stdout().write_all(&text).map_err(|error| End::Failed(error.to_string()))
    }
}

/// Open a sealed file with root key and keyring, without a store
#[derive(Args)]
pub(super) struct Open {
    /// What `waxseal cat --sealed` wrote
    file: PathBuf,
    /// The root key's file; again for that of a key named by clients
    #[arg(long, value_name = "FILE", required = true)]
    root_key: Vec<PathBuf>,
    /// The key of the client, for an object sealed under one: 32 bytes, or their base64
    #[arg(long, value_name = "FILE")]
    customer_key_file: Option<PathBuf>,
    /// What `waxseal keyring show` printed
    #[arg(long, value_name = "FILE")]
    keyring: PathBuf,
    /// The bucket it was in
    #[arg(long, value_name = "NAME")]
    bucket: String,
    /// The key it had
    #[arg(long)]
    key: String,
}

impl Open {
    pub(super) fn run(self) -> Result<(), End> {
        log(LogFormat::Text, "warn");
        let customer_key = self.customer_key_file.as_deref();
        let with = OpenWith { root_keys: &self.root_key, keyring: &self.keyring, customer_key };
        let place = (self.bucket.as_str(), self.key.as_str());
        Ok(block_on(app::open_file(&self.file, with, place, &mut io::stdout().lock()))??)
    }
}

/// Build a new store from every object of a damaged one that still authenticates
///
/// Versions that were deleted or replaced shortly before may come back: their records can outlive them.
#[derive(Args)]
pub(super) struct Salvage {
    /// The damaged store
    from: PathBuf,
    /// The new one, which must not exist
    to: PathBuf,
    /// The root key's file; again for those of keys named by clients
    #[arg(long, value_name = "FILE", required = true)]
    root_key: Vec<PathBuf>,
}

impl Salvage {
    pub(super) fn run(self) -> Result<(), End> {
        log(LogFormat::Text, "warn");
        let mut files = self.root_key.into_iter();
        let overrides = Overrides { data: Some(self.to), root_key: files.next(), ..Overrides::default() };
        let mut settings = crate::config::load(None, overrides).map_err(End::Faults)?;
        settings.kms_keys = files.map(|file| KmsKey { id: file.display().to_string(), root_key: file }).collect();
        let (mut saved, mut lost) = (0_u64, 0_u64);
        let outcome = |path: &str, why: Option<&str>| match why {
            None => saved = saved.saturating_add(1),
            Some(why) => {
                lost = lost.saturating_add(1);
                say(&format!("lost {path}: {why}"));
            }
        };
        block_on(app::salvage(&self.from, &settings, outcome))??;
        say(&format!("{saved} saved, {lost} lost"));
        if lost > 0 { Err(End::Failed(format!("{lost} could not be saved"))) } else { Ok(()) }
    }
}
