//! `waxseal check` finds before the start what would stop the start, all of it at once.

use crate::support::server::{Home, waxseal};
use crate::tool::{output, run};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// What it says of a configuration with a fault: exit status 2.
fn faults(home: &Home, configuration: &str) -> Vec<String> {
    let file = home.path().join("waxseal.toml");
    fs::write(&file, configuration).unwrap();
    let found = output(waxseal().arg("check").arg("--config").arg(&file));
    let said = String::from_utf8(found.stderr).unwrap();
    assert_eq!(found.status.code(), Some(2), "{said}");
    said.lines().map(str::to_owned).collect()
}

fn has(faults: &[String], key: &str, what: &str) {
    let begins = format!("waxseal: {key}: ");
    assert!(faults.iter().any(|fault| fault.starts_with(&begins) && fault.contains(what)), "{key}: {what} is not in {faults:#?}");
}

fn initialised() -> (Home, String) {
    let home = Home::in_memory();
    run(waxseal().args(["init", "--json"]).args(home.place()));
    let configuration = format!("data = {:?}\nroot_key = {:?}\n", home.store(), home.root_key());
    (home, configuration)
}

#[test]
fn check_passes_what_serve_would_start_with_and_while_it_serves() {
    let (home, configuration) = initialised();
    let file = home.path().join("waxseal.toml");
    fs::write(&file, configuration).unwrap();
    let check = || run(waxseal().arg("check").arg("--config").arg(&file));
    assert!(check().contains("region = \"us-east-1\""));
    let _server = home.serve();
    check();
}

#[test]
fn check_finds_what_is_wrong_with_files_and_names_all_of_it() {
    let (home, configuration) = initialised();
    let secret = home.path().join("secret");
    fs::write(&secret, "weak").unwrap();
    mode(&secret, 0o600);
    mode(&home.root_key(), 0o644);
    fs::remove_dir_all(home.store().join("blobs")).unwrap();
    let more = format!(
        "region = \"nowhere at all\"\ndomains = [\"-\", \"s3.example.org/\"]\nlisten = \"127.0.0.1:9000\"\nadmin_listen = \"127.0.0.1:9000\"
[[kms_key]]\nid = \"key\"\nroot_key = \"/nowhere\"
[[user]]\nid = \"an id\"\naccess_key = \"?\"\nsecret_file = {secret:?}
[[user]]\nname = \"two\"\nid = \"two\"\naccess_key = \"TWO\"\nsecret_env = \"NO_SUCH_VARIABLE\"\n"
    );
    let found = faults(&home, &(configuration + &more));
    has(&found, "root_key", "chmod 600");
    has(&found, "data", "blobs");
    has(&found, "region", "nowhere at all");
    has(&found, "domains", "not valid");
    has(&found, "admin_listen", "another port");
    has(&found, "kms_key[0].root_key", "/nowhere");
    // Several faults of one user, at once.
    has(&found, "user[0].name", "missing");
    has(&found, "user[0].id", "visible ASCII");
    has(&found, "user[0].access_key", "3 to 128");
    has(&found, "user[0].secret_file", "weak");
    has(&found, "user[1].secret_env", "NO_SUCH_VARIABLE");
    assert_eq!(found.len(), 11, "{found:#?}");
}

#[test]
fn check_finds_what_was_never_made_or_is_no_root_key() {
    let home = Home::in_memory();
    let configuration = format!("data = {:?}\nroot_key = {:?}\n", home.store(), home.root_key());
    let found = faults(&home, &configuration);
    has(&found, "data", "run `waxseal init`");
    has(&found, "root_key", "No such file");
    fs::write(home.root_key(), "waxseal-root-v1:00\n").unwrap();
    mode(&home.root_key(), 0o600);
    has(&faults(&home, &configuration), "root_key", "not a root file");
    let found = faults(&home, "listen = 7\n");
    has(&found, "data", "--data");
    has(&found, "root_key", "--root-key");
    has(&found, "listen", "text in quotes");
}
