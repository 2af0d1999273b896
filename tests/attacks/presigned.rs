//! Presigned URLs: only what was signed, only as long as it was signed for.

use crate::fixture::{BUCKET, client, refused, refused_as, unharmed};
use crate::support::client::{Response, now, request};

fn follow(method: &str, path: &str) -> Response {
    client().exchange(&request(method, path), &[("host".into(), client().address)]).unwrap()
}

#[test]
fn a_presigned_get_works_without_credentials() {
    let url = client().presign("GET", &format!("/{BUCKET}/old"), 60, now());
    assert_eq!(follow("GET", &url).status, 200);
}

#[test]
fn an_expired_url_is_refused() {
    let url = client().presign("GET", &format!("/{BUCKET}/old"), 60, now() - 120);
    refused_as(&follow("GET", &url), 403, "AccessDenied");
}

#[test]
fn a_url_that_is_not_valid_yet_is_refused() {
    refused(&follow("GET", &client().presign("GET", &format!("/{BUCKET}/old"), 60, now() + 3_600)));
}

#[test]
fn a_url_for_more_than_a_week_is_refused() {
    refused(&follow("GET", &client().presign("GET", &format!("/{BUCKET}/old"), 604_801, now())));
}

#[test]
fn a_url_for_no_time_or_no_number_is_refused() {
    let url = client().presign("GET", &format!("/{BUCKET}/old"), 60, now());
    refused(&follow("GET", &client().presign("GET", &format!("/{BUCKET}/old"), 0, now())));
    for expires in ["-1", "x", "", "60.0", "99999999999999999999"] {
        refused(&follow("GET", &url.replace("X-Amz-Expires=60", &format!("X-Amz-Expires={expires}"))));
    }
}

#[test]
fn a_url_serves_no_other_method_key_or_sub_resource() {
    let url = client().presign("GET", &format!("/{BUCKET}/old"), 60, now());
    refused(&follow("DELETE", &url));
    refused(&follow("PUT", &url));
    refused(&follow("GET", &url.replace("/old?", "/other?")));
    refused(&follow("GET", &format!("{url}&acl")));
    refused(&follow("GET", &format!("{url}&response-content-type=text%2Fhtml")));
    unharmed(&client(), "other");
}

#[test]
fn repeated_parameters_are_refused() {
    let url = client().presign("GET", &format!("/{BUCKET}/old"), 60, now());
    for name in ["X-Amz-Expires=600", "X-Amz-Signature=00", "X-Amz-Date=20200101T000000Z", "X-Amz-Credential=x"] {
        refused(&follow("GET", &format!("{url}&{name}")));
    }
}

#[test]
fn a_header_of_amazon_that_was_not_signed_is_refused() {
    let url = client().presign("PUT", &format!("/{BUCKET}/added"), 60, now());
    let headers = [("host".to_owned(), client().address), ("x-amz-meta-added".to_owned(), "1".to_owned())];
    refused(&client().exchange(&request("PUT", &url).body("x"), &headers).unwrap());
    unharmed(&client(), "added");
}
