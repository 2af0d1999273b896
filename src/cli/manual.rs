//! `waxseal man`.

use super::outline::{about, commands, pages};
use super::{End, say};
use clap::Args;
use std::path::PathBuf;

/// Write the manual, a page for each command
///
/// The pages are waxseal.1, waxseal-serve.1 and so on: `man -l DIR/waxseal.1` shows one, and `man waxseal` too once DIR is the
/// directory man1 of a manual. The Debian package has them.
#[derive(Args)]
pub(super) struct Man {
    /// Where to; a directory is made if it is not there
    dir: PathBuf,
}

impl Man {
    pub(super) fn run(self, mut program: clap::Command) -> Result<(), End> {
        program.build();
        let failed = |error: std::io::Error| End::Failed(format!("{}: {error}", self.dir.display()));
        std::fs::create_dir_all(&self.dir).map_err(failed)?;
        let pages = pages(&program);
        let version = program.get_version().unwrap_or_default();
        for (path, command) in &pages {
            let file = self.dir.join(format!("{}.1", path.replace(' ', "-")));
            std::fs::write(&file, page(path, command, version)).map_err(failed)?;
        }
        say(&format!("wrote {} pages into {}", pages.len(), self.dir.display()));
        Ok(())
    }
}

/// A text as roff takes it literally.
fn literal(text: &str) -> String {
    let text = text.replace('\\', r"\e").replace('-', r"\-");
    let line = |line: &str| if line.starts_with(['.', '\'']) { format!(r"\&{line}") } else { line.to_owned() };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn page(path: &str, command: &clap::Command, version: &str) -> String {
    let mut out = Vec::new();
    let name = path.replace(' ', "-");
    out.push(format!(".TH {} 1 \"\" \"waxseal {version}\" \"Waxseal\"", literal(&name.to_uppercase())));
    out.push(format!(".SH NAME\n{} \\- {}", literal(&name), literal(&about(command))));
    out.push(format!(".SH SYNOPSIS\n.nf\n{}\n.fi", literal(&synopsis(path, command))));
    let description = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    out.push(format!(".SH DESCRIPTION\n{}", paragraphs(&description)));
    arguments(&mut out, command);
    if commands(command).next().is_some() {
        out.push(".SH COMMANDS".to_owned());
        for below in commands(command) {
            out.push(format!(".TP\n\\fB{}\\fR(1)\n{}", literal(&format!("{name}-{}", below.get_name())), literal(&about(below))));
        }
    }
    sections(&mut out, &command.get_after_help().map(ToString::to_string).unwrap_or_default());
    match path.rsplit_once(' ') {
        None => out.push(".SH SEE ALSO\n/etc/waxseal/waxseal.toml documents every setting.".to_owned()),
        Some((above, _)) => out.push(format!(".SH SEE ALSO\n\\fB{}\\fR(1)", literal(&above.replace(' ', "-")))),
    }
    out.join("\n") + "\n"
}

fn synopsis(path: &str, command: &clap::Command) -> String {
    let usage = command.clone().bin_name(path).render_usage().to_string();
    usage.strip_prefix("Usage: ").unwrap_or(&usage).lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

fn paragraphs(text: &str) -> String {
    text.split("\n\n").map(literal).collect::<Vec<_>>().join("\n.PP\n")
}

/// What may be written after the command: first what has a place, then options.
fn arguments(out: &mut Vec<String>, command: &clap::Command) {
    let (places, options): (Vec<_>, Vec<_>) =
        command.get_arguments().filter(|arg| !arg.is_hide_set()).partition(|arg| arg.is_positional());
    for (title, args) in [("ARGUMENTS", places), ("OPTIONS", options)] {
        if args.is_empty() {
            continue;
        }
        out.push(format!(".SH {title}"));
        for arg in args {
            let names = arg.get_value_names().filter(|_| arg.get_action().takes_values()).unwrap_or_default();
            let value = names.iter().map(|name| format!("\\fI{}\\fR", literal(name))).collect::<Vec<_>>().join(" ");
            let short = arg.get_short().map(|short| format!("\\fB\\-{short}\\fR"));
            let long = arg.get_long().map(|long| format!("\\fB\\-\\-{}\\fR", literal(long)));
            let called = short.into_iter().chain(long).collect::<Vec<_>>().join(", ");
            out.push(format!(".TP\n{}", [called, value].join(" ").trim()));
            let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
            out.push(literal(&help));
            let words: Vec<_> = arg.get_possible_values().iter().map(|word| literal(word.get_name())).collect();
            if arg.get_action().takes_values() && !words.is_empty() {
                out.push(format!("(one of: {})", words.join(", ")));
            }
        }
    }
}

/// What stands at the end of a command's help: a title, a colon, and a text or lines that are shown as they are.
fn sections(out: &mut Vec<String>, text: &str) {
    for section in text.split("\n\n") {
        if let Some((title, lines)) = section.split_once(":\n") {
            out.push(format!(".SH {}\n.nf\n{}\n.fi", title.to_uppercase(), literal(lines)));
        } else if let Some((title, line)) = section.split_once(" 0 ") {
            out.push(format!(".SH {}\n0 {}.", title.to_uppercase().trim_end_matches(':'), literal(line).trim_end_matches('.')));
        }
    }
}
