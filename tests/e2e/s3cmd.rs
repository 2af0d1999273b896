//! s3cmd, with the two lines of configuration that the README gives.

use crate::support::server::{ACCESS_KEY, Home, SECRET_KEY};
use crate::tool::{client, noise, run, same_files, two_hundred_files};
use std::fs;

#[test]
fn s3cmd_copies_lists_syncs_and_removes() {
    let home = Home::new();
    let server = home.serve();
    let host = server.client().address;
    let s3cmd = |args: &[&str]| {
        let mut command = client("s3cmd", home.path())?;
        command.args(["--no-ssl", "--no-progress", "--host", &host, "--host-bucket", &host]);
        command.args(["--access_key", ACCESS_KEY, "--secret_key", SECRET_KEY]).args(args);
        Some(run(&mut command))
    };
    let Some(made) = s3cmd(&["mb", "s3://clinic"]) else { return };
    assert!(made.contains("created"), "{made}");
    let s3cmd = |args: &[&str]| s3cmd(args).unwrap();
    let (from, to) = (home.path().join("from"), home.path().join("to"));
    two_hundred_files(&from);
    let folder = format!("{}/", from.display());
    let synced = s3cmd(&["sync", &folder, "s3://clinic/tree/"]);
    assert_eq!(synced.matches("upload: ").count(), 200, "{synced}");
    let again = s3cmd(&["sync", &folder, "s3://clinic/tree/"]);
    assert_eq!(again.matches("upload: ").count(), 0, "the second sync moved something: {again}");
    fs::create_dir(&to).unwrap();
    s3cmd(&["sync", "s3://clinic/tree/", &format!("{}/", to.display())]);
    same_files(&from, &to);

    let large = noise(20_000_001, 5);
    fs::write(home.path().join("large"), &large).unwrap();
    s3cmd(&["put", "--multipart-chunk-size-mb=6", home.path().join("large").to_str().unwrap(), "s3://clinic/large"]);
    s3cmd(&["get", "s3://clinic/large", home.path().join("back").to_str().unwrap()]);
    assert!(fs::read(home.path().join("back")).unwrap() == large, "20 MB came back different");
    assert!(s3cmd(&["ls", "s3://clinic/large"]).contains(" 20000001 "));
    assert!(s3cmd(&["info", "s3://clinic/large"]).contains("20000001"));
    let du = s3cmd(&["du", "s3://clinic"]);
    assert!(du.contains("201 objects"), "{du}");
    s3cmd(&["cp", "s3://clinic/large", "s3://clinic/copied"]);
    s3cmd(&["del", "--recursive", "--force", "s3://clinic/"]);
    s3cmd(&["rb", "s3://clinic"]);
    assert_eq!(s3cmd(&["ls"]), "");
}
