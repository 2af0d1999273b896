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

/// A URL of version 2, which boto3 and aws-cli 1 make unless told otherwise.
fn presign_v2(expires: u64) -> String {
    let client = client();
    let text = format!("GET\n\n\n{expires}\n/{BUCKET}/old");
    let signature = hmac_sha1(client.secret_key.as_bytes(), text.as_bytes());
    let signature = base64_simd::STANDARD.encode_to_string(signature).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("/{BUCKET}/old?AWSAccessKeyId={}&Signature={signature}&Expires={expires}", client.access_key)
}

/// RFC 2104 with SHA-1, for keys of less than 64 bytes.
fn hmac_sha1(key: &[u8], text: &[u8]) -> Vec<u8> {
    use waxseal::crypto::{Digest, DigestKind};
    let padded = |with: u8| (0..64).map(|i| key.get(i).copied().unwrap_or(0) ^ with).collect::<Vec<u8>>();
    let digest = |pad: Vec<u8>, text: &[u8]| {
        let mut digest = Digest::new(DigestKind::Sha1);
        digest.update(&pad);
        digest.update(text);
        digest.finish()
    };
    digest(padded(0x5c), &digest(padded(0x36), text))
}

#[test]
fn a_url_of_version_two_is_taken_until_it_expires_and_for_nothing_else() {
    let url = presign_v2(now() + 60);
    assert_eq!(follow("GET", &url).status, 200);
    refused(&follow("GET", &presign_v2(now() - 60)));
    refused(&follow("DELETE", &url));
    refused(&follow("GET", &url.replace("Signature=", "Signature=A")));
    refused(&follow("GET", &format!("{url}&response-content-type=text%2Fhtml")));
    refused(&follow("GET", &url.replace("/old?", "/other?")));
    let added = [("host".to_owned(), client().address), ("x-amz-meta-added".to_owned(), "1".to_owned())];
    refused(&client().exchange(&request("GET", &url), &added).unwrap());
    let headers = [("host".to_owned(), client().address), ("authorization".to_owned(), "AWS x:y".to_owned())];
    refused(&client().exchange(&request("GET", &format!("/{BUCKET}/old")), &headers).unwrap());
    unharmed(&client(), "added");
}
