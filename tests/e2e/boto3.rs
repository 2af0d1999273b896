//! boto3, for what command lines cannot say: files of cases in Python.

use crate::support::server::{Home, OTHER_ACCESS_KEY, OTHER_SECRET_KEY};
use crate::tool::{client, output};
use std::path::Path;

/// Runs a file of cases against a server of its own.
fn holds(file: &str) {
    holds_under(file, "");
}

/// The same, under a configuration.
fn holds_under(file: &str, configuration: &str) {
    let home = Home::new();
    let server = home.serve_two(configuration);
    let Some(mut python) = client("python", home.path()) else { return };
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e").join(file);
    let output = output(python.arg(cases).arg(&server.url).args([OTHER_ACCESS_KEY, OTHER_SECRET_KEY]));
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    let log = std::fs::read_to_string(home.log()).unwrap_or_default();
    assert!(output.status.success(), "{said}\n{}\n{log}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn boto3_holds_every_case() {
    holds("boto3_cases.py");
}

#[test]
fn boto3_holds_every_case_of_versions() {
    holds("versions_cases.py");
}

#[test]
fn boto3_holds_every_case_of_acls() {
    holds("acl_cases.py");
}

#[test]
fn boto3_holds_every_case_of_object_lock_and_tags() {
    holds("lock_cases.py");
}

#[test]
fn boto3_holds_every_case_of_lifecycle_rules() {
    holds_under("lifecycle_cases.py", "[lifecycle]\ndebug_day = \"2s\"\n");
}

#[test]
fn uploads_that_nobody_completes_are_given_up_in_time() {
    holds_under("expire_cases.py", "[multipart]\nexpire = \"2s\"\n");
}
