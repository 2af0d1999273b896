//! aws-cli.

use crate::support::server::Home;
use crate::tool::{aws, noise, run, same_files, two_hundred_files};
use std::fs;

#[test]
fn aws_cli_copies_lists_syncs_and_removes() {
    let home = Home::new();
    let server = home.serve();
    let Some(_) = aws(&server, home.path()) else { return };
    let aws = |args: &[&str]| run(aws(&server, home.path()).unwrap().args(args));
    let (from, to) = (home.path().join("from"), home.path().join("to"));
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    assert!(aws(&["s3", "mb", "s3://clinic"]).contains("make_bucket: clinic"));

    let large = noise(20_000_001, 3);
    fs::write(home.path().join("large"), &large).unwrap();
    aws(&["s3", "cp", "--quiet", &text(&home.path().join("large")), "s3://clinic/large"]);
    aws(&["s3", "cp", "--quiet", "s3://clinic/large", &text(&home.path().join("back"))]);
    assert!(fs::read(home.path().join("back")).unwrap() == large, "20 MB came back different");
    assert!(aws(&["s3", "ls", "s3://clinic/"]).contains(" 20000001 large"));

    aws(&["s3", "mb", "s3://archive"]);
    aws(&["s3", "cp", "--quiet", "s3://clinic/large", "s3://archive/copied"]);
    aws(&["s3", "mv", "--quiet", "s3://archive/copied", "s3://archive/moved"]);
    assert_eq!(aws(&["s3", "ls", "s3://archive/"]).matches("20000001").count(), 1);
    aws(&["s3", "cp", "--quiet", "s3://archive/moved", &text(&home.path().join("back"))]);
    assert!(fs::read(home.path().join("back")).unwrap() == large, "20 MB were copied differently");
    aws(&["s3", "rb", "--force", "s3://archive"]);

    two_hundred_files(&from);
    let synced = aws(&["s3", "sync", &text(&from), "s3://clinic/tree"]);
    assert_eq!(synced.matches("upload: ").count(), 200);
    assert_eq!(aws(&["s3", "sync", &text(&from), "s3://clinic/tree"]), "", "the second sync moved something");
    let listed = aws(&["s3", "ls", "--recursive", "--summarize", "s3://clinic/tree"]);
    assert!(listed.contains("Total Objects: 200") && listed.contains("Total Size: 736300"), "{listed}");
    aws(&["s3", "sync", "--quiet", "s3://clinic/tree", &text(&to)]);
    same_files(&from, &to);

    aws(&["s3", "mv", "s3://clinic/tree/d9/file 199.bin", "s3://clinic/moved/199", "--quiet"]);
    assert!(aws(&["s3", "ls", "s3://clinic/moved/"]).contains(" 7363 199"));
    let url = aws(&["s3", "presign", "s3://clinic/tree/d1/file 1.bin"]);
    let path = url.trim().strip_prefix(&server.url).unwrap().to_owned();
    let answer = server
        .client()
        .exchange(&crate::support::client::request("GET", &path), &[("host".into(), server.client().address)])
        .unwrap();
    assert_eq!((answer.status, answer.body), (200, noise(37, 7)));
    aws(&["s3", "rm", "--recursive", "--quiet", "s3://clinic/"]);
    aws(&["s3", "rb", "s3://clinic"]);
    assert_eq!(aws(&["s3", "ls"]), "");
}

#[test]
fn aws_cli_sees_metadata_checksums_and_versions_of_etags() {
    let home = Home::new();
    let server = home.serve();
    let Some(_) = aws(&server, home.path()) else { return };
    let aws = |args: &[&str]| run(aws(&server, home.path()).unwrap().args(args));
    aws(&["s3api", "create-bucket", "--bucket", "clinic"]);
    fs::write(home.path().join("note"), "a note").unwrap();
    let note = home.path().join("note");
    let note = note.to_str().unwrap();
    for algorithm in ["CRC32", "SHA1", "SHA256"] {
        let put = aws(&[
            "s3api",
            "put-object",
            "--bucket",
            "clinic",
            "--key",
            "note",
            "--body",
            note,
            "--checksum-algorithm",
            algorithm,
            "--metadata",
            "colour=blue",
            "--content-type",
            "text/x-note",
            "--cache-control",
            "no-cache",
        ]);
        assert!(put.contains(&format!("Checksum{algorithm}")), "{put}");
        let head = aws(&["s3api", "head-object", "--bucket", "clinic", "--key", "note", "--checksum-mode", "ENABLED"]);
        for expected in
            [&format!("Checksum{algorithm}"), "\"colour\": \"blue\"", "text/x-note", "no-cache", "\"ContentLength\": 6"]
        {
            assert!(head.contains(expected), "{expected} is not in {head}");
        }
    }
    let location = aws(&["s3api", "get-bucket-location", "--bucket", "clinic"]);
    assert!(location.contains("LocationConstraint"), "{location}");
}
