//! The suite of s3s, over the AWS SDK for Rust.

use crate::support::server::{ACCESS_KEY, Home, SECRET_KEY};
use crate::tool::output;
use std::path::Path;
use std::process::Command;

/// What is not there: roles are no part of this program, and objects have no tags.
const NOT_THERE: [&str; 2] = ["Advanced/STS/test_assume_role", "Advanced/Tagging/test_object_tagging"];

/// Cases of the suite; fewer would mean that some were not run.
const CASES: usize = 18;

#[test]
fn s3s_e2e_passes_but_for_what_is_not_there() {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin/s3s-e2e");
    if !tool.exists() {
        println!("skipped: s3s-e2e is not installed: run `make tools`");
        return;
    }
    let home = Home::new();
    let server = home.serve();
    let report = home.path().join("report.json");
    let mut command = Command::new(tool);
    command.env_clear().env("HOME", home.path()).current_dir(home.path()).arg("--json").arg(&report);
    command.env("AWS_ENDPOINT_URL", &server.url).env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
    let said = output(&mut command);
    let said = String::from_utf8_lossy(&said.stdout);
    let report = std::fs::read(&report).unwrap_or_else(|_| panic!("no report: {said}"));
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    let (mut run, mut failed) = (0, Vec::new());
    for suite in report["suites"].as_array().unwrap() {
        for fixture in suite["fixtures"].as_array().unwrap() {
            for case in fixture["cases"].as_array().unwrap() {
                let name = |of: &serde_json::Value| of["name"].as_str().unwrap().to_owned();
                let case_name = format!("{}/{}/{}", name(suite), name(fixture), name(case));
                run += 1;
                if case["passed"] != true && !NOT_THERE.contains(&case_name.as_str()) {
                    failed.push(case_name);
                }
            }
        }
    }
    assert!(failed.is_empty(), "{failed:?} failed: {said}");
    assert!(run >= CASES, "only {run} cases: {said}");
}
