//! Requests that expect another owner, and headers that ask for what is not there: refused, whatever the operation.

use crate::fixture::{BUCKET, client, get, put, refused_as, unharmed};
use crate::support::client::{Request, request};

fn own_id() -> String {
    client().send(&request("GET", "/")).element("ID")
}

/// A request of every kind that names the bucket.
fn every_kind() -> Vec<Request> {
    let at = |method: &str, rest: &str| request(method, &format!("/{BUCKET}{rest}"));
    let delete = "<Delete><Object><Key>old</Key></Object></Delete>";
    vec![
        at("HEAD", ""),
        at("GET", "?location"),
        at("GET", "?versioning"),
        at("PUT", "?versioning").body("<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"),
        at("GET", "?cors"),
        at("DELETE", "?cors"),
        at("GET", "?encryption"),
        at("GET", "?tagging"),
        at("GET", ""),
        at("GET", "?list-type=2"),
        at("GET", "?versions"),
        at("GET", "?uploads"),
        at("POST", "?delete").body(delete),
        at("DELETE", ""),
        at("GET", "/old"),
        at("HEAD", "/old"),
        at("GET", "/old?tagging"),
        at("PUT", "/old").body("changed"),
        at("PUT", "/old").header("x-amz-copy-source", &format!("/{BUCKET}/old")),
        at("DELETE", "/old"),
        at("POST", "/old?uploads"),
        at("PUT", "/old?partNumber=1&uploadId=none").body("part"),
        at("GET", "/old?uploadId=none"),
        at("POST", "/old?uploadId=none").body("<CompleteMultipartUpload/>"),
        at("DELETE", "/old?uploadId=none"),
    ]
}

#[test]
fn a_bucket_of_another_than_the_expected_owner_is_refused_to_every_operation() {
    for asked in every_kind() {
        let wrong = asked.clone().header("x-amz-expected-bucket-owner", "111122223333");
        let answer = client().send(&wrong);
        assert_eq!(answer.status, 403, "{} {}?{}: {}", wrong.method, wrong.path, wrong.query, answer.text());
        assert!(asked.method == "HEAD" || answer.code() == "AccessDenied", "{}", answer.text());
    }
    let read = get("old").header("x-amz-expected-bucket-owner", &own_id());
    assert_eq!(client().send(&read).status, 200);
    let path =
        client().presign("GET", &format!("/{BUCKET}/old?x-amz-expected-bucket-owner=1"), 60, crate::support::client::now());
    let answer = client().exchange(&request("GET", &path), &[("host".into(), client().address)]).unwrap();
    refused_as(&answer, 403, "AccessDenied");
    unharmed(&client(), "none");
}

#[test]
fn a_source_of_another_than_the_expected_owner_is_not_copied() {
    let copy = put("copied", "").header("x-amz-copy-source", &format!("/{BUCKET}/old"));
    refused_as(&client().send(&copy.clone().header("x-amz-source-expected-bucket-owner", "1")), 403, "AccessDenied");
    let copied = client().send(&copy.header("x-amz-source-expected-bucket-owner", &own_id()));
    assert_eq!(copied.status, 200, "{}", copied.text());
    assert_eq!(client().send(&request("DELETE", &format!("/{BUCKET}/copied"))).status, 204);
    unharmed(&client(), "copied");
}

#[test]
fn a_header_that_asks_for_what_is_not_there_is_refused() {
    for (name, value) in [("x-amz-mfa", "serial 123456"), ("x-amz-write-offset-bytes", "3"), ("x-amz-unheard-of", "1")] {
        refused_as(&client().send(&put("asked", "x").header(name, value)), 501, "NotImplemented");
    }
    let path = client().presign("PUT", &format!("/{BUCKET}/asked?x-amz-acl=public-read"), 60, crate::support::client::now());
    let answer = client().exchange(&request("PUT", &path).body("x"), &[("host".into(), client().address)]).unwrap();
    refused_as(&answer, 501, "NotImplemented");
    unharmed(&client(), "asked");
    let harmless = get("old").header("x-amz-request-payer", "requester").header("x-amz-user-agent", "tests");
    assert_eq!(client().send(&harmless).status, 200);
}
