//! What a shell completes, the manual, and what a supervisor is told.

use crate::support::server::{ACCESS_KEY, Home, SECRET_KEY, waxseal};
use crate::tool::{output, run};
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// Every command, as `--help` names them.
fn commands() -> Vec<String> {
    let help = run(waxseal().arg("--help"));
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let names = commands.lines().take_while(|line| line.starts_with("  ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// What these words are completed to, by a shell that is told so by our script and asked so by `ask`. None if the shell
/// is not installed.
fn completed(shell: &str, ask: &str, words: &[&str]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("settings.toml"), "").unwrap();
    let script = folder.path().join("script");
    fs::write(&script, run(waxseal().args(["completions", shell]))).unwrap();
    if Command::new(shell).arg("--version").output().is_err() {
        println!("skipped: {shell} is not installed: run `apt-get install {shell}`");
        return None;
    }
    let mut asked = Command::new(shell);
    let own_settings = match shell {
        "bash" => "--norc",
        "zsh" => "--no-rcs",
        _ => "--no-config",
    };
    asked
        .args([own_settings, "-c", ask])
        .current_dir(folder.path())
        .env("SCRIPT", script)
        .env("WORDS", words.join(" "))
        .env("HOME", folder.path());
    if shell != "fish" {
        asked.arg(shell).args(words);
    }
    Some(run(&mut asked).lines().map(str::to_owned).collect())
}

fn bash(words: &[&str]) -> Option<Vec<String>> {
    let ask = r#"source "$SCRIPT"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _waxseal; printf '%s\n' "${COMPREPLY[@]}""#;
    completed("bash", ask, words)
}

fn fish(words: &[&str]) -> Option<Vec<String>> {
    let completed = completed("fish", "source $SCRIPT; complete -C \"$WORDS\"", words)?;
    Some(completed.iter().map(|line| line.split('\t').next().unwrap().to_owned()).collect())
}

/// What zsh's own functions are handed: they choose of it.
fn zsh(words: &[&str]) -> Option<Vec<String>> {
    let ask = r#"compdef() { }
        _describe() { print -l -- "${(@)below%%:*}" }
        _arguments() { print -l -- "${@//\*--/--}" }
        source "$SCRIPT"; words=("$@"); CURRENT=$#; PREFIX=${words[-1]}; _waxseal"#;
    completed("zsh", ask, words)
}

#[test]
fn bash_completes_commands_options_words_and_files() {
    let Some(first) = bash(&["waxseal", ""]) else { return };
    for command in commands() {
        assert!(first.contains(&command), "{command}: {first:?}");
    }
    assert_eq!(bash(&["waxseal", "keyring", ""]).unwrap()[..2], ["show", "new-root"]);
    assert!(bash(&["waxseal", "serve", "--in"]).unwrap() == ["--init"]);
    assert_eq!(bash(&["waxseal", "serve", "--log-format", ""]).unwrap(), ["text", "json"]);
    assert_eq!(bash(&["waxseal", "serve", "--log-format", "=", "j"]).unwrap(), ["json"]);
    assert_eq!(bash(&["waxseal", "check", "--config", "set"]).unwrap(), ["settings.toml"]);
    assert_eq!(bash(&["waxseal", "check", "--config", "="]).unwrap(), ["script", "settings.toml"]);
    assert_eq!(bash(&["waxseal", "open", "set"]).unwrap(), ["settings.toml"]);
    assert_eq!(bash(&["waxseal", "completions", "z"]).unwrap(), ["zsh"]);
    assert_eq!(bash(&["waxseal", "serve", "--listen", ""]).unwrap(), [""]);
}

#[test]
fn fish_completes_commands_options_words_and_files() {
    let Some(first) = fish(&["waxseal", ""]) else { return };
    for command in commands() {
        assert!(first.contains(&command), "{command}: {first:?}");
    }
    assert_eq!(fish(&["waxseal", "keyring", "new"]).unwrap(), ["new-root"]);
    assert_eq!(fish(&["waxseal", "serve", "--log-format", ""]).unwrap(), ["json", "text"]);
    assert_eq!(fish(&["waxseal", "serve", "--in"]).unwrap(), ["--init"]);
    assert_eq!(fish(&["waxseal", "check", "--config", "set"]).unwrap(), ["settings.toml"]);
    assert_eq!(fish(&["waxseal", "open", "set"]).unwrap(), ["settings.toml"]);
    assert!(fish(&["waxseal", "serve", "set"]).unwrap().is_empty(), "serve takes no file");
}

#[test]
fn zsh_completes_commands_options_words_and_files() {
    let Some(first) = zsh(&["waxseal", ""]) else { return };
    assert_eq!(first, commands());
    assert_eq!(zsh(&["waxseal", "keyring", ""]).unwrap(), ["show", "new-root"]);
    let serve = zsh(&["waxseal", "serve", ""]).unwrap();
    for option in ["--init[", "--config[", "--log-format["] {
        assert!(serve.iter().any(|line| line.starts_with(option)), "{option}: {serve:?}");
    }
    assert!(serve.iter().any(|line| line.ends_with(":word:(text json)")), "{serve:?}");
    assert!(zsh(&["waxseal", "open", ""]).unwrap().contains(&"*:file:_files".to_owned()));
}

/// The manual, in a directory.
fn manual() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    run(waxseal().arg("man").arg(folder.path().join("man1")));
    folder
}

fn page(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join("man1").join(name)).unwrap()
}

#[test]
fn the_manual_has_a_page_for_each_command_with_all_that_help_says() {
    let folder = manual();
    let main = page(&folder, "waxseal.1");
    let plain = |text: &str| text.replace(r"\-", "-").replace(r"\fB", "").replace(r"\fI", "").replace(r"\fR", "");
    for command in commands() {
        assert!(plain(&main).contains(&format!("waxseal-{command}(1)")), "{command} is not in waxseal.1");
        let (page, help) = (plain(&page(&folder, &format!("waxseal-{command}.1"))), run(waxseal().args([&command, "--help"])));
        for option in help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2) {
            let option = option.trim_end_matches(|letter: char| !letter.is_ascii_lowercase());
            assert!(page.contains(option), "{option} is not in waxseal-{command}.1");
        }
    }
    assert!(main.contains(".SH EXAMPLES") && main.contains(".SH EXIT STATUS"), "{main}");
    assert!(page(&folder, "waxseal-keyring-new-root.1").contains(r"\fBwaxseal\-keyring\fR(1)"));
}

#[test]
fn the_manual_is_shown_without_a_warning() {
    if Command::new("groff").arg("--version").output().is_err() {
        println!("skipped: groff is not installed: run `apt-get install groff-base`");
        return;
    }
    let folder = manual();
    for file in fs::read_dir(folder.path().join("man1")).unwrap().map(|entry| entry.unwrap().path()) {
        let shown = output(Command::new("groff").args(["-man", "-Tutf8", "-ww", "-P-cbou"]).arg(&file));
        let (text, warnings) = (String::from_utf8_lossy(&shown.stdout), String::from_utf8_lossy(&shown.stderr));
        assert!(warnings.is_empty() && text.contains("DESCRIPTION"), "{}: {warnings}\n{text}", file.display());
    }
}

#[test]
fn the_supervisor_is_told_once_connections_are_accepted() {
    let home = Home::in_memory();
    let socket = home.path().join("notify");
    let supervisor = UnixDatagram::bind(&socket).unwrap();
    supervisor.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut served = waxseal();
    served.args(["serve", "--init", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]).args(home.place());
    served.env("NOTIFY_SOCKET", &socket).env("WAXSEAL_ACCESS_KEY_ID", ACCESS_KEY).env("WAXSEAL_SECRET_ACCESS_KEY", SECRET_KEY);
    let mut server = served.spawn().unwrap();
    let mut message = [0; 64];
    let told = supervisor.recv(&mut message);
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(&message[..told.unwrap()], b"READY=1");
}
