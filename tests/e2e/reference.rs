//! An independent reader opens what the program wrote, with the root file and the keyring and nothing else.

use crate::support::client::request;
use crate::support::server::{Home, waxseal};
use crate::tool::{client, noise, output, run};
use std::fs;
use std::path::Path;

/// SHA-256 of the reference's three files, one after the other: it is never made to agree.
const REFERENCE: &str = "8f766df4bc5c8e6cd42f6ef54eb0b5d8fefa07dbdef3eb5921a4768b2f0f3d26";

const FILES: [&str; 3] = ["waxseal_ref.py", "waxseal_ref_keyring.py", "waxseal_ref_upload.py"];

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference")
}

#[test]
fn the_reference_is_the_frozen_one() {
    let all: Vec<u8> = FILES.iter().flat_map(|file| fs::read(folder().join(file)).unwrap()).collect();
    assert_eq!(crate::support::client::hex(&waxseal::crypto::sha256(&[&all])), REFERENCE);
}

#[test]
fn the_reference_opens_what_the_program_sealed() {
    let home = Home::new();
    let server = home.serve();
    let client_ = server.client();
    assert_eq!(client_.send(&request("PUT", "/clinic")).status, 200);
    let cases: [(&str, Vec<u8>, usize); 4] = [
        ("empty", Vec::new(), 0),
        ("dir/scan.png", noise(70_000, 1), 10),
        ("long metadata", noise(100, 2), 1_500),
        ("large", noise(3_000_000, 3), 0),
    ];
    for (key, body, metadata) in &cases {
        let mut put = request("PUT", &format!("/clinic/{}", key.replace(' ', "%20"))).body(body.clone());
        if *metadata > 0 {
            put = put.header("x-amz-meta-note", &"n".repeat(*metadata));
        }
        assert_eq!(client_.send(&put).status, 200);
    }
    assert!(server.stop().success());
    let Some(_) = client("python", home.path()) else { return };

    let ring = run(&mut home.command(&["keyring", "show"], None));
    fs::write(home.path().join("keyring"), &ring).unwrap();
    let line = ring.lines().find(|line| line.starts_with("bucket ") && line.ends_with(" clinic")).unwrap();
    let uuid = line.split(' ').nth(1).unwrap();
    for (key, body, metadata) in &cases {
        let sealed = output(home.command(&["cat", "--sealed"], None).arg(format!("clinic/{key}")));
        assert!(sealed.status.success(), "{}", String::from_utf8_lossy(&sealed.stderr));
        let file = home.path().join("sealed");
        fs::write(&file, &sealed.stdout).unwrap();
        let plain = output(home.command(&["cat"], None).arg(format!("clinic/{key}")));
        assert!(plain.status.success() && plain.stdout == *body, "`waxseal cat` of {key}");
        if *metadata > 768 {
            continue;
        }
        let mut python = client("python", home.path()).unwrap();
        python.arg(folder().join("waxseal_ref.py")).args(["open", "--keyring"]).arg(home.path().join("keyring"));
        python.arg("--root").arg(home.root_key()).args(["--bucket-uuid", uuid, "--key", key]).arg(&file);
        let opened = output(&mut python);
        assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
        assert!(opened.stdout == *body, "the reference opened {key} to something else");
        let mut offline = waxseal();
        offline.arg("open").arg(&file).arg("--root-key").arg(home.root_key()).arg("--keyring").arg(home.path().join("keyring"));
        let offline = output(offline.args(["--bucket", "clinic", "--key", key]));
        assert!(offline.status.success() && offline.stdout == *body, "{}", String::from_utf8_lossy(&offline.stderr));
    }
}
