//! Who may ask: signatures that are wrong, old, for elsewhere, or of nobody.

use crate::fixture::{BUCKET, client, get, put, refused, refused_as, unharmed};
use crate::support::client::{Client, now, request};

#[test]
fn an_unknown_access_key_is_refused() {
    let stranger = Client { access_key: "AKIANOBODYATALL00000".into(), ..client() };
    refused_as(&stranger.send(&get("old")), 403, "InvalidAccessKeyId");
    unharmed(&client(), "none");
}

#[test]
fn a_wrong_secret_is_refused() {
    let guesser = Client { secret_key: "guessed/guessed/guessed/guessed/guessed0".into(), ..client() };
    refused_as(&guesser.send(&put("guessed", "x")), 403, "SignatureDoesNotMatch");
    unharmed(&client(), "guessed");
}

#[test]
fn an_anonymous_request_is_refused() {
    for request in [get("old"), put("anonymous", "x"), request("GET", "/"), request("DELETE", &format!("/{BUCKET}/old"))] {
        let answer = client().exchange(&request, &[("host".into(), client().address)]).unwrap();
        refused_as(&answer, 403, "AccessDenied");
    }
    unharmed(&client(), "anonymous");
}

#[test]
fn empty_credentials_are_never_valid() {
    for (access, secret) in [("", ""), ("", "x"), (client().access_key.as_str(), "")] {
        let empty = Client { access_key: access.into(), secret_key: secret.into(), ..client() };
        refused(&empty.send(&put("empty", "x")));
    }
    unharmed(&client(), "empty");
}

#[test]
fn a_request_signed_twenty_minutes_away_is_refused() {
    for time in [now() - 1_200, now() + 1_200] {
        let mut request = put("skewed", "x");
        request.time = Some(time);
        refused_as(&client().send(&request), 403, "RequestTimeTooSkewed");
    }
    unharmed(&client(), "skewed");
}

#[test]
fn a_scope_of_elsewhere_is_refused() {
    for (from, to) in [("/us-east-1/", "/eu-west-9/"), ("/s3/", "/sts/"), ("aws4_request", "aws5_request")] {
        let request = put("elsewhere", "x");
        let mut headers = client().sign(&request);
        let authorization = headers.iter_mut().find(|(name, _)| name == "authorization").unwrap();
        authorization.1 = authorization.1.replace(from, to);
        refused(&client().exchange(&request, &headers).unwrap());
    }
    unharmed(&client(), "elsewhere");
}

#[test]
fn a_header_added_after_signing_is_refused() {
    for (name, value) in [("x-amz-meta-added", "1"), ("x-amz-copy-source", "/attacked/old"), ("x-amz-acl", "public-read")] {
        let request = put("added", "x");
        let mut headers = client().sign(&request);
        headers.push((name.into(), value.into()));
        refused(&client().exchange(&request, &headers).unwrap());
    }
    unharmed(&client(), "added");
}

#[test]
fn a_signature_for_another_key_method_or_query_is_refused() {
    let headers = client().sign(&put("signed", "x"));
    for request in
        [put("other", "x"), request("DELETE", &format!("/{BUCKET}/old")), request("PUT", &format!("/{BUCKET}/signed?tagging"))]
    {
        refused(&client().exchange(&request, &headers).unwrap());
    }
    unharmed(&client(), "other");
}

#[test]
fn hostile_authorization_headers_are_refused() {
    let long = "A".repeat(4_000);
    let hostile = [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature=",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=zz",
        "AWS4-HMAC-SHA256 Credential=../../etc/20261124/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00",
        "AWS AKIA:c2lnbmF0dXJl",
        "Basic YWRtaW46YWRtaW4=",
        "Bearer x",
        long.as_str(),
    ];
    for value in hostile {
        let request = put("hostile", "x");
        let mut headers = client().sign(&request);
        headers.last_mut().unwrap().1 = value.to_owned();
        refused(&client().exchange(&request, &headers).unwrap());
    }
    unharmed(&client(), "hostile");
}

#[test]
fn forwarded_and_override_headers_change_nothing() {
    let hostile = [
        ("x-http-method-override", "DELETE"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-original-url", "/"),
        ("x-forwarded-host", "evil"),
    ];
    for (name, value) in hostile {
        let answer = client().send(&get("old").header(name, value));
        assert_eq!(answer.status, 200, "{name}");
    }
    unharmed(&client(), "none");
}
