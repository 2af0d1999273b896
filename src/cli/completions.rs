//! `waxseal completions`.

use super::End;
use super::outline::outlines;
use super::shells::{bash, fish, zsh};
use clap::{Args, ValueEnum};
use std::io::{self, Write};

/// Print what makes a shell complete the command line
///
/// For bash, `source <(waxseal completions bash)` in ~/.bashrc. For zsh, `waxseal completions zsh > DIR/_waxseal` in a directory
/// of $fpath. For fish, `waxseal completions fish > ~/.config/fish/completions/waxseal.fish`. The Debian package has all three.
#[derive(Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

/// A shell that completes.
#[derive(Clone, Copy, ValueEnum)]
enum Shell {
    /// bash 4.4 or newer
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
}

impl Completions {
    pub(super) fn run(self, mut program: clap::Command) -> Result<(), End> {
        program.build();
        let outlines = outlines(&program);
        let script = match self.shell {
            Shell::Bash => bash(&outlines),
            Shell::Zsh => zsh(&outlines),
            Shell::Fish => fish(&outlines),
        };
        io::stdout().write_all(script.as_bytes()).map_err(|error| End::Failed(error.to_string()))
    }
}
