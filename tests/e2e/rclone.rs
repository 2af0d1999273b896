//! rclone.

use crate::support::server::Home;
use crate::tool::{client, noise, run, same_files, two_hundred_files};
use std::fs;

#[test]
fn rclone_syncs_checks_and_purges() {
    let home = Home::new();
    let server = home.serve();
    let remote = format!(":s3,provider=Other,env_auth=true,force_path_style=true,endpoint='{}':", server.url);
    let rclone = |args: &[&str]| {
        let mut command = client("rclone", home.path())?;
        command.args(["--config", "/dev/null", "--s3-chunk-size", "5Mi", "--s3-upload-cutoff", "6Mi"]).args(args);
        Some(run(&mut command))
    };
    let at = |path: &str| format!("{remote}{path}");
    if rclone(&["mkdir", &at("clinic")]).is_none() {
        return;
    }
    let rclone = |args: &[&str]| rclone(args).unwrap();
    let (from, to) = (home.path().join("from"), home.path().join("to"));
    two_hundred_files(&from);
    fs::write(from.join("large"), noise(17_000_001, 9)).unwrap();
    let (from, to) = (from.to_str().unwrap(), to.to_str().unwrap());
    rclone(&["sync", from, &at("clinic/tree")]);
    rclone(&["check", "--download", from, &at("clinic/tree")]);
    rclone(&["check", from, &at("clinic/tree")]);
    rclone(&["copy", &at("clinic/tree"), to]);
    same_files(from.as_ref(), to.as_ref());
    rclone(&["copyto", &at("clinic/tree/large"), &at("clinic/copied")]);
    let sizes = rclone(&["size", "--json", &at("clinic")]);
    assert!(sizes.contains("\"count\":202"), "{sizes}");
    rclone(&["purge", &at("clinic")]);
    assert_eq!(rclone(&["lsd", &remote]), "");
}
