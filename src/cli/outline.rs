//! What there is on the command line, as completions and manual pages need it.

use clap::ValueHint;

/// One command: the program itself, or one below it.
pub(super) struct Outline {
    /// As it is typed: `waxseal keyring show`.
    pub(super) path: String,
    /// Options, and what they take.
    pub(super) options: Vec<Opt>,
    /// What stands in a place of its own, in the order of the places.
    pub(super) places: Vec<Takes>,
    /// The commands below it: name, and what it does.
    pub(super) below: Vec<(String, String)>,
}

/// One option.
pub(super) struct Opt {
    /// Without its dashes.
    pub(super) name: String,
    /// What it is for, in a line.
    pub(super) about: String,
    /// What follows it, if anything does.
    pub(super) takes: Option<Takes>,
}

/// What an argument is.
pub(super) enum Takes {
    /// A file or a directory.
    File,
    /// One of these words.
    Word(Vec<String>),
    /// What nobody can complete.
    Anything,
}

/// The program and every command below it, each before those below it.
pub(super) fn outlines(program: &clap::Command) -> Vec<Outline> {
    pages(program).into_iter().map(|(path, command)| outline(path, command)).collect()
}

/// The same as clap has them. `help` is no command of ours.
pub(super) fn pages(program: &clap::Command) -> Vec<(String, &clap::Command)> {
    let mut found = Vec::new();
    let mut left = Vec::from([(program.get_name().to_owned(), program)]);
    while let Some((path, command)) = left.pop() {
        let mut below: Vec<_> = commands(command).map(|below| (format!("{path} {}", below.get_name()), below)).collect();
        below.reverse();
        left.append(&mut below);
        found.push((path, command));
    }
    found
}

/// The commands below one.
pub(super) fn commands(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    command.get_subcommands().filter(|below| below.get_name() != "help" && !below.is_hide_set())
}

/// What a command does, in a line.
pub(super) fn about(command: &clap::Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn outline(path: String, command: &clap::Command) -> Outline {
    let option = |arg: &clap::Arg| {
        let about = arg.get_help().map(ToString::to_string).unwrap_or_default();
        arg.get_long().map(|name| Opt { name: name.to_owned(), about, takes: takes(arg) })
    };
    Outline {
        path,
        options: command.get_arguments().filter_map(option).collect(),
        places: command.get_positionals().filter_map(takes).collect(),
        below: commands(command).map(|below| (below.get_name().to_owned(), about(below))).collect(),
    }
}

fn takes(arg: &clap::Arg) -> Option<Takes> {
    if !arg.get_action().takes_values() {
        return None;
    }
    let words: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    Some(match arg.get_value_hint() {
        _ if !words.is_empty() => Takes::Word(words),
        ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath => Takes::File,
        _ => Takes::Anything,
    })
}
