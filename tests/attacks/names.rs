//! Names: a key is exactly its bytes, and never a way out of its bucket.

use crate::fixture::{BUCKET, client, get, put, refused, refused_as, unharmed};
use crate::support::client::request;

#[test]
fn keys_that_look_alike_are_distinct() {
    let keys = ["d/b", "d//b", "d/./b", "/d/b", "d/b/", "d", "D/b", "d/../b", "d//b//c", "caf%C3%A9", "cafe%CC%81"];
    for key in keys {
        assert_eq!(client().send(&put(key, key)).status, 200, "PUT {key}");
    }
    for key in keys {
        let answer = client().send(&get(key));
        assert_eq!(answer.text(), key, "GET {key}");
        assert_eq!(answer.status, 200);
    }
    for key in keys {
        assert_eq!(client().send(&request("DELETE", &format!("/{BUCKET}/{key}"))).status, 204, "DELETE {key}");
    }
    unharmed(&client(), "d/b");
}

#[test]
fn dots_never_reach_another_bucket() {
    assert_eq!(client().send(&request("PUT", "/other-bucket")).status, 200);
    assert_eq!(client().send(&request("PUT", "/other-bucket/secret").body("secret")).status, 200);
    let dots = ["..", "%2e%2e", "%2E%2E", "..%2f..", "%2e%2e%2f", "....//", "..;", "%252e%252e", "..%5c", "%c0%ae%c0%ae"];
    for dots in dots {
        for path in [format!("/{BUCKET}/{dots}/other-bucket/secret"), format!("/{BUCKET}/x/{dots}/{dots}/other-bucket/secret")] {
            let answer = client().send(&request("GET", &path));
            assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
            assert_ne!(answer.body, b"secret", "{path}");
        }
    }
    for name in [".waxseal", "..", ".", "%2ewaxseal", "a", "-a-", "A.B", "x..y", "127.0.0.1"] {
        refused(&client().send(&request("GET", &format!("/{name}/keyring-1"))));
        refused(&client().send(&request("PUT", &format!("/{name}"))));
    }
    unharmed(&client(), "none");
}

#[test]
fn a_key_has_at_most_1024_bytes() {
    let longest = "k".repeat(1_024);
    assert_eq!(client().send(&put(&longest, "x")).status, 200);
    assert_eq!(client().send(&get(&longest)).body, b"x");
    assert_eq!(client().send(&request("DELETE", &format!("/{BUCKET}/{longest}"))).status, 204);
    refused_as(&client().send(&put(&"k".repeat(1_025), "x")), 400, "KeyTooLongError");
    let segments = "s/".repeat(512);
    assert_eq!(client().send(&put(&segments, "x")).status, 200);
    assert_eq!(client().send(&request("DELETE", &format!("/{BUCKET}/{segments}"))).status, 204);
}

#[test]
fn control_bytes_are_exact_or_refused() {
    for key in ["c%01", "c%0A", "c%0D%0A", "c%7F", "c%20", "c%00", "c%FF", "c%C3"] {
        let answer = client().send(&put(key, key));
        if answer.status == 200 {
            assert_eq!(client().send(&get(key)).text(), key);
            assert_eq!(client().send(&request("DELETE", &format!("/{BUCKET}/{key}"))).status, 204);
        } else {
            refused(&answer);
        }
    }
    unharmed(&client(), "c%20");
}

#[test]
fn a_key_and_its_child_coexist() {
    for key in ["tree", "tree/leaf", "tree/leaf/vein"] {
        assert_eq!(client().send(&put(key, key)).status, 200);
    }
    for key in ["tree", "tree/leaf", "tree/leaf/vein"] {
        assert_eq!(client().send(&get(key)).text(), key);
        assert_eq!(client().send(&request("DELETE", &format!("/{BUCKET}/{key}"))).status, 204);
    }
}

#[test]
fn hostile_copy_sources_are_refused() {
    for source in [
        "/",
        "",
        "old",
        "/attacked",
        "/attacked/",
        "/../etc/passwd",
        "http://127.0.0.1/x",
        "/.waxseal/keyring-1",
        "/attacked/old?versionId=x",
        "/nobodys-bucket/old",
    ] {
        refused(&client().send(&put("copied", "").header("x-amz-copy-source", source)));
    }
    unharmed(&client(), "copied");
}
