//! boto3, for what command lines cannot say: files of cases in Python.

use crate::support::s3_server::Kind;
use crate::support::server::{Home, OTHER_ACCESS_KEY, OTHER_SECRET_KEY, has_own_buckets, is_before_s3};
use crate::tool::{client, output};
use std::path::Path;

/// What cannot be before such a server, and why.
const NOT_BEFORE_S3: [(&str, &str, &str); 16] = [
    ("boto3_cases.py", "case_listings_page_group_and_show_plain_sizes", NESTED),
    ("boto3_cases.py", "case_keys_are_exact", NESTED),
    ("boto3_cases.py", "case_open_uploads_are_listed", UPLOADS),
    ("acl_cases.py", "case_an_object_belongs_to_who_wrote_it", UPLOADS),
    ("acl_cases.py", "case_a_new_acl_changes_neither_time_nor_content", CHANGED),
    ("lifecycle_cases.py", "case_an_expired_object_of_a_bucket_with_versions_is_marked_and_the_rest_follows", VERSIONS),
    ("lifecycle_cases.py", "case_a_locked_version_outlives_every_rule", VERSIONS),
    ("lifecycle_cases.py", "case_uploads_that_are_not_completed_are_given_up", UPLOADS),
    ("expire_cases.py", "case_an_upload_is_given_up_and_leaves_nothing_to_complete", UPLOADS),
    ("versions_cases.py", "", VERSIONS),
    ("versions_cases.py", "case_a_marker_that_is_the_null_version_is_removed_for_good", MARKER),
    ("lock_cases.py", "", VERSIONS),
    ("lock_cases.py", "", LOCKS),
    ("versions_cases.py", "", PAGES),
    ("lifecycle_cases.py", "case_a_locked_version_outlives_every_rule", LOCKS),
    ("lock_cases.py", "case_objects_have_tags_of_their_own", CHANGED),
];
const NESTED: &str = "MinIO lists no key below a key, and versitygw takes none";
const UPLOADS: &str = "MinIO lists no uploads of a bucket";
const VERSIONS: &str = "one backend bucket for all keeps one version of each object";
const PAGES: &str = "versitygw pages through versions in circles, and takes a marker for an object";
const LOCKS: &str = "versitygw tells of a retention in a form of its own";
const MARKER: &str = "MinIO writes such a marker anew when it is to remove it";
const CHANGED: &str = "a version that the backend named keeps its tags and its ACL";

/// The cases of a file that are left out, each said aloud; an empty name stands for all of them.
pub fn left_out(file: &str) -> Vec<&'static str> {
    let all = NOT_BEFORE_S3.iter().filter(|(of, ..)| is_before_s3() && *of == file);
    let holds = |why| match why {
        VERSIONS => has_own_buckets(),
        UPLOADS => has_own_buckets() || Kind::of_run() == Kind::Versitygw,
        LOCKS | PAGES => Kind::of_run() != Kind::Versitygw,
        _ => false,
    };
    all.filter(|(.., why)| !holds(*why))
        .map(|(_, case, why)| {
            println!("skipped: {}: {why}", if case.is_empty() { file } else { case });
            *case
        })
        .collect()
}

/// Runs a file of cases against a server of its own.
fn holds(file: &str) {
    holds_under(file, "");
}

/// The same, under a configuration.
fn holds_under(file: &str, configuration: &str) {
    let left_out = left_out(file);
    if left_out.contains(&"") {
        return;
    }
    let home = Home::new();
    let server = home.serve_two(configuration);
    let Some(mut python) = client("python", home.path()) else { return };
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e").join(file);
    let output = output(python.arg(cases).arg(&server.url).args([OTHER_ACCESS_KEY, OTHER_SECRET_KEY]).args(left_out));
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
