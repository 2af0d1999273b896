//! The program's own promises: what it prints, refuses, and does when it is told to stop.

use crate::support::client::request;
use crate::support::server::{Home, waxseal};
use crate::tool::{noise, output, run};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn init_prints_credentials_once_and_never_overwrites() {
    let home = Home::new();
    let said = run(waxseal().args(["init", "--json"]).args(home.place()));
    assert!(said.contains("access_key"), "{said}");
    let mode = fs::metadata(home.root_key()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let root = fs::read(home.root_key()).unwrap();
    let again = output(waxseal().arg("init").args(home.place()));
    assert!(!again.status.success());
    assert_eq!(fs::read(home.root_key()).unwrap(), root);
}

#[test]
fn credentials_are_not_made_for_a_service_that_cannot_listen() {
    let home = Home::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused =
        output(waxseal().args(["serve", "--init", "--listen", &address, "--admin-listen", "127.0.0.1:0"]).args(home.place()));
    assert!(!refused.status.success());
    assert!(!home.store().exists() && !home.root_key().exists(), "a store was made whose credentials nobody saw");
}

#[test]
fn a_weak_secret_from_the_environment_is_refused() {
    let home = Home::new();
    let weak = output(
        waxseal().arg("init").args(home.place()).env("WAXSEAL_ACCESS_KEY_ID", "ADMIN").env("WAXSEAL_SECRET_ACCESS_KEY", "secret"),
    );
    let said = String::from_utf8_lossy(&weak.stderr).into_owned();
    assert!(!weak.status.success() && said.contains("weak"), "{said}");
}

#[test]
fn the_process_leaves_no_core() {
    let home = Home::new();
    let server = home.serve();
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert!(core.split_whitespace().nth(4) == Some("0") && core.split_whitespace().nth(5) == Some("0"), "{core}");
}

#[test]
fn a_root_key_that_others_can_read_is_refused() {
    let home = Home::new();
    run(waxseal().args(["init", "--json"]).args(home.place()));
    fs::set_permissions(home.root_key(), fs::Permissions::from_mode(0o644)).unwrap();
    let refused =
        output(waxseal().args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]).args(home.place()));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("chmod 600"), "{said}");
}

#[test]
fn a_second_process_on_one_directory_is_refused() {
    let home = Home::new();
    let server = home.serve();
    let refused = output(waxseal().args(["verify"]).args(home.place()));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("in use"), "{said}");
    assert_eq!(server.client().send(&request("GET", "/")).status, 200);
}

#[test]
fn what_was_stored_is_there_after_a_restart() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(server.client().send(&request("PUT", "/clinic")).status, 200);
    let body = noise(2_000_000, 1);
    assert_eq!(server.client().send(&request("PUT", "/clinic/scan").body(body.clone())).status, 200);
    assert!(server.stop().success());
    let server = home.serve();
    assert!(server.client().send(&request("GET", "/clinic/scan")).body == body);
    server.kill();
    let server = home.serve();
    assert!(server.client().send(&request("GET", "/clinic/scan")).body == body);
}

#[test]
fn verify_reads_all_and_names_what_is_damaged() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(server.client().send(&request("PUT", "/clinic")).status, 200);
    for key in ["one", "two"] {
        assert_eq!(server.client().send(&request("PUT", &format!("/clinic/{key}")).body(noise(500_000, 1))).status, 200);
    }
    assert!(server.stop().success());
    run(&mut home.command(&["verify"], None));
    let blobs = home.store().join("blobs");
    let mut damaged = 0;
    for folder in fs::read_dir(blobs).unwrap() {
        for blob in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = blob.unwrap().path();
            let mut bytes = fs::read(&path).unwrap();
            if damaged == 0 && bytes.len() > 400_000 {
                bytes[200_000] ^= 1;
                fs::write(&path, bytes).unwrap();
                damaged += 1;
            }
        }
    }
    assert_eq!(damaged, 1);
    let found = output(waxseal().arg("verify").args(home.place()));
    let said = String::from_utf8_lossy(&found.stdout).into_owned() + &String::from_utf8_lossy(&found.stderr);
    assert_eq!(found.status.code(), Some(1), "{said}");
    assert!(said.contains("clinic/one") != said.contains("clinic/two"), "{said}");
}

#[test]
fn salvage_brings_back_every_object_that_still_authenticates() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(server.client().send(&request("PUT", "/clinic")).status, 200);
    for number in 0..20_usize {
        let put = request("PUT", &format!("/clinic/object-{number}")).body(noise(number * 20_000, 3));
        assert_eq!(server.client().send(&put).status, 200);
    }
    assert!(server.stop().success());
    let index = home.store().join("index");
    let bytes = fs::read(&index).unwrap();
    fs::write(&index, bytes.iter().enumerate().map(|(at, byte)| if at < 4_096 { 0 } else { *byte }).collect::<Vec<_>>()).unwrap();
    let refused = output(waxseal().arg("verify").args(home.place()));
    assert!(!refused.status.success());
    let to = home.path().join("salvaged");
    let salvaged = output(waxseal().arg("salvage").arg(home.store()).arg(&to).arg("--root-key").arg(home.root_key()));
    let said = String::from_utf8_lossy(&salvaged.stdout).into_owned() + &String::from_utf8_lossy(&salvaged.stderr);
    fs::remove_dir_all(home.store()).unwrap();
    fs::rename(&to, home.store()).unwrap();
    let server = home.serve();
    for number in 0..20_usize {
        let answer = server.client().send(&request("GET", &format!("/clinic/object-{number}")));
        assert!(answer.status == 200 && answer.body == noise(number * 20_000, 3), "object-{number}: {} {said}", answer.status);
    }
}

#[test]
fn versions_are_verified_and_salvaged_as_they_were() {
    let home = Home::new();
    let server = home.serve();
    let client = server.client();
    let enable = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    assert_eq!(client.send(&request("PUT", "/clinic")).status, 200);
    assert_eq!(client.send(&request("PUT", "/clinic/kept").body(noise(10, 0))).status, 200);
    assert_eq!(client.send(&request("PUT", "/clinic?versioning=").body(enable)).status, 200);
    for round in 1..4_u64 {
        for key in ["kept", "marked"] {
            assert_eq!(
                client
                    .send(
                        &request("PUT", &format!("/clinic/{key}")).body(noise(200_000 * usize::try_from(round).unwrap(), round))
                    )
                    .status,
                200
            );
        }
    }
    assert_eq!(client.send(&request("DELETE", "/clinic/marked")).status, 204);
    let listed = || {
        let text = server_versions(&home);
        assert_eq!(text.matches("<VersionId>").count(), 8, "{text}");
        text
    };
    assert!(server.stop().success());
    let before = listed();
    let verified = output(waxseal().arg("verify").args(home.place()));
    assert!(String::from_utf8_lossy(&verified.stdout).contains("8 objects"), "{verified:?}");
    let to = home.path().join("salvaged");
    let salvaged = output(waxseal().arg("salvage").arg(home.store()).arg(&to).arg("--root-key").arg(home.root_key()));
    assert!(salvaged.status.success(), "{salvaged:?}");
    fs::remove_dir_all(home.store()).unwrap();
    fs::rename(&to, home.store()).unwrap();
    assert_eq!(listed(), before);
    assert!(output(waxseal().arg("verify").args(home.place())).status.success());
}

/// What ListObjectVersions tells, but for the id of the request.
fn server_versions(home: &Home) -> String {
    let server = home.serve();
    let answer = server.client().send(&request("GET", "/clinic?versions="));
    assert!(server.stop().success());
    answer.text()
}

#[test]
fn the_admin_listener_has_health_and_metrics_and_nothing_else() {
    let home = Home::new();
    let server = home.serve();
    let admin = crate::support::client::Client::new(&server.admin, "", "");
    let ask = |path: &str| admin.exchange(&request("GET", path), &[("host".into(), admin.address.clone())]).unwrap();
    assert_eq!(ask("/healthz").status, 200);
    assert_eq!(ask("/readyz").status, 200);
    server.client().send(&request("GET", "/"));
    assert!(ask("/metrics").text().contains("waxseal_"), "{}", ask("/metrics").text());
    for path in ["/", "/clinic", "/debug/pprof", "/metrics/x"] {
        assert_eq!(ask(path).status, 404, "{path}");
    }
    assert_ne!(server.client().send(&request("GET", "/metrics")).status, 200);
}

#[test]
fn check_names_every_fault_of_a_configuration() {
    let home = Home::new();
    let file = home.path().join("waxseal.toml");
    fs::write(&file, "data = 7\nlisten = \"nowhere\"\nno_such_key = 1\n").unwrap();
    let found = output(waxseal().arg("check").arg("--config").arg(&file));
    let said = String::from_utf8_lossy(&found.stdout).into_owned() + &String::from_utf8_lossy(&found.stderr);
    assert!(!found.status.success());
    for fault in ["data", "listen", "no_such_key"] {
        assert!(said.contains(fault), "{fault} is not in {said}");
    }
}
