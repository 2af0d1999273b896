//! Completions in the languages of three shells.
//!
//! Each script first finds which command is being typed, by the paths of all commands, and then offers what that one has.

use super::outline::{Opt, Outline, Takes};

/// A text within single quotes, as all three shells read it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Every path but the program's own.
fn paths(outlines: &[Outline], between: &str) -> String {
    outlines.iter().skip(1).map(|outline| quoted(&outline.path)).collect::<Vec<_>>().join(between)
}

/// An option written `--option=value` comes as three words. Options are offered once a dash is there, or where there is
/// nothing else.
const BASH: &str = r#"_waxseal() {
    local at=waxseal word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD - 1]}" words='' files='' index
    COMPREPLY=()
    if [[ $word == '=' ]]; then
        word=''
    elif [[ $before == '=' ]]; then
        before="${COMP_WORDS[COMP_CWORD - 2]}"
    fi
    for ((index = 1; index < COMP_CWORD; index++)); do
        case "$at ${COMP_WORDS[index]}" in
            @PATHS@) at="$at ${COMP_WORDS[index]}" ;;
        esac
    done
    case "$at $before" in
@VALUES@
        *)
            case "$at" in
@COMMANDS@
            esac
            [[ $word == -* ]] && files='' ;;
    esac
    if [[ $files ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    elif [[ $words ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    fi
}
complete -F _waxseal waxseal
"#;

pub(super) fn bash(outlines: &[Outline]) -> String {
    let (mut values, mut commands) = (Vec::new(), Vec::new());
    for outline in outlines {
        let mut words: Vec<String> = outline.below.iter().map(|(name, _)| name.clone()).collect();
        let mut files = "";
        for takes in &outline.places {
            match takes {
                Takes::File => files = " files=yes",
                Takes::Word(more) => words.extend(more.iter().cloned()),
                Takes::Anything => {}
            }
        }
        words.extend(outline.options.iter().map(|option| format!("--{}", option.name)));
        commands.push(format!("                {}) words={}{files} ;;", quoted(&outline.path), quoted(&words.join(" "))));
        for option in &outline.options {
            let offered = match &option.takes {
                None => continue,
                Some(Takes::File) => "files=yes".to_owned(),
                Some(Takes::Word(words)) => format!("words={}", quoted(&words.join(" "))),
                Some(Takes::Anything) => ":".to_owned(),
            };
            values.push(format!("        {}) {offered} ;;", quoted(&format!("{} --{}", outline.path, option.name))));
        }
    }
    BASH.replace("@PATHS@", &paths(outlines, "|"))
        .replace("@VALUES@", &values.join("\n"))
        .replace("@COMMANDS@", &commands.join("\n"))
}

const ZSH: &str = r#"#compdef waxseal
_waxseal() {
    local at=waxseal index from=1
    local -a below
    for ((index = 2; index < CURRENT; index++)); do
        case "$at $words[index]" in
            @PATHS@) at="$at $words[index]" from=$index ;;
        esac
    done
    shift $((from - 1)) words
    (( CURRENT -= from - 1 ))
    case $at in
@COMMANDS@
    esac
}
if [[ $funcstack[1] == _waxseal ]]; then _waxseal "$@"; else compdef _waxseal waxseal; fi
"#;

pub(super) fn zsh(outlines: &[Outline]) -> String {
    let mut commands = Vec::new();
    for outline in outlines {
        commands.push(format!("        {})", quoted(&outline.path)));
        if !outline.below.is_empty() {
            let below = outline.below.iter().map(|(name, about)| quoted(&format!("{name}:{about}"))).collect::<Vec<_>>();
            commands.push(format!("            below=({})", below.join(" ")));
            commands.push("            [[ $PREFIX == -* ]] || { _describe command below; return; }".to_owned());
        }
        let options = outline.options.iter().map(zsh_option);
        let places = outline.places.iter().map(|takes| format!("*{}", zsh_takes(takes))).take(1);
        let specs: Vec<String> = options.chain(places).map(|spec| quoted(&spec)).collect();
        commands.push(format!("            _arguments {} ;;", specs.join(" ")));
    }
    ZSH.replace("@PATHS@", &paths(outlines, "|")).replace("@COMMANDS@", &commands.join("\n"))
}

/// As `_arguments` has it; any option may be given again.
fn zsh_option(option: &Opt) -> String {
    let about = option.about.replace('[', "(").replace(']', ")").replace(':', " -");
    let takes = option.takes.as_ref().map(zsh_takes).unwrap_or_default();
    format!("*--{}[{about}]{takes}", option.name)
}

fn zsh_takes(takes: &Takes) -> String {
    match takes {
        Takes::File => ":file:_files".to_owned(),
        Takes::Word(words) => format!(":word:({})", words.join(" ")),
        Takes::Anything => ":value: ".to_owned(),
    }
}

const FISH: &str = r#"function __waxseal_at --description 'Whether this command of waxseal is being typed'
    set -l at waxseal
    for word in (commandline -opc)[2..]
        contains -- "$at $word" @PATHS@; and set at "$at $word"
    end
    test "$at" = "$argv"
end
complete -c waxseal -f
"#;

pub(super) fn fish(outlines: &[Outline]) -> String {
    let mut out = Vec::new();
    for outline in outlines {
        let start = format!("complete -c waxseal -n {}", quoted(&format!("__waxseal_at {}", outline.path)));
        for (name, about) in &outline.below {
            out.push(format!("{start} -a {name} -d {}", quoted(about)));
        }
        for takes in &outline.places {
            match takes {
                Takes::File => out.push(format!("{start} -F")),
                Takes::Word(words) => out.push(format!("{start} -a {}", quoted(&words.join(" ")))),
                Takes::Anything => {}
            }
        }
        for option in &outline.options {
            let takes = match &option.takes {
                None => String::new(),
                Some(Takes::File) => " -r -F".to_owned(),
                Some(Takes::Word(words)) => format!(" -x -a {}", quoted(&words.join(" "))),
                Some(Takes::Anything) => " -x".to_owned(),
            };
            out.push(format!("{start} -l {}{takes} -d {}", option.name, quoted(&option.about)));
        }
    }
    FISH.replace("@PATHS@", &paths(outlines, " ")) + &out.join("\n") + "\n"
}
