//! The command line: one file a command.

mod check;
mod completions;
mod copy_store;
mod init;
mod lines;
mod manual;
mod offline;
mod outline;
mod place;
mod serve;
mod shells;
mod supervisor;

use crate::app::Failure;
use clap::{CommandFactory, Parser, Subcommand};
use std::io::Write;
use std::process::ExitCode;

/// An S3 gateway that seals every object: applications speak plain S3 to it, and the backend holds only ciphertext.
#[derive(Parser)]
#[command(
    name = "waxseal",
    version,
    after_help = "Examples:
  waxseal serve --init --data store --root-key root.key     set up once, then serve on 127.0.0.1:9000
  waxseal verify --data store --root-key root.key           read and authenticate everything
  waxseal check --config waxseal.toml                       show the settings, or every fault in them

Exit status: 0 done, 1 something failed or does not verify, 2 the command line or the settings are wrong."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What each does is said where it is.
#[derive(Subcommand)]
enum Command {
    Init(init::Init),
    Serve(serve::Serve),
    Check(check::Check),
    Verify(offline::Verify),
    Cat(offline::Cat),
    Keyring(offline::Keyring),
    Open(offline::Open),
    Salvage(offline::Salvage),
    CopyStore(copy_store::CopyStore),
    Completions(completions::Completions),
    Man(manual::Man),
}

/// Why a command ended.
enum End {
    /// It failed: exit 1.
    Failed(String),
    /// The settings are wrong: exit 2.
    Faults(Vec<crate::config::Fault>),
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.to_string())
    }
}

/// Runs the command line.
#[must_use]
pub fn main() -> ExitCode {
    if let Err(missing) = crate::crypto::cpu::check() {
        say_error(&missing.to_string());
        return ExitCode::FAILURE;
    }
    if let Err(error) = crate::app::forbid_core_dumps() {
        say_error(&format!("core dumps could not be forbidden: {error}"));
        return ExitCode::FAILURE;
    }
    let ended = match Cli::parse().command {
        Command::Init(init) => init.run(),
        Command::Serve(serve) => serve.run(),
        Command::Check(check) => check.run(),
        Command::Verify(verify) => verify.run(),
        Command::Cat(cat) => cat.run(),
        Command::Keyring(keyring) => keyring.run(),
        Command::Open(open) => open.run(),
        Command::Salvage(salvage) => salvage.run(),
        Command::CopyStore(copy) => copy.run(),
        Command::Completions(completions) => completions.run(Cli::command()),
        Command::Man(man) => man.run(Cli::command()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(End::Failed(why)) => {
            say_error(&why);
            ExitCode::FAILURE
        }
        Err(End::Faults(faults)) => {
            faults.iter().for_each(|fault| say_error(&fault.to_string()));
            ExitCode::from(2)
        }
    }
}

/// A line on standard output, at once. A reader that is gone is no error: nobody wants the line.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _nobody_reads = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn say_error(line: &str) {
    let _nobody_reads = writeln!(std::io::stderr().lock(), "waxseal: {line}");
}

/// Runs a command that waits.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, End> {
    block_on_threads(4, work)
}

/// As [`block_on`], on as many threads as there are cores, and at least so many: those that wait for the disk answer
/// nobody, and those that wait for nothing but the network only wake each other.
fn block_on_threads<T>(least: usize, work: impl Future<Output = T>) -> Result<T, End> {
    let workers = std::thread::available_parallelism().map_or(least, usize::from).max(least);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build();
    let runtime = runtime.map_err(|error| End::Failed(format!("starting: {error}")))?;
    Ok(runtime.block_on(work))
}
