//! Forms of browsers: what their policy allows is stored, and nothing else.

use crate::support::client::{Client, Response, hex, now, request, signing_key, stamp};
use crate::support::server::{Home, Server};
use crate::tool::noise;
use waxseal::crypto::{hmac, hmac_sha1};

const BOUNDARY: &str = "a-boundary-7c1f";

fn served() -> (Home, Server, Client) {
    let home = Home::in_memory();
    let server = home.serve();
    let client = server.client();
    for bucket in ["/forms", "/other-forms"] {
        assert_eq!(client.send(&request("PUT", bucket)).status, 200);
    }
    (home, server, client)
}

/// Fields in their order, then a file, as a browser sends them.
fn form(fields: &[(&str, &str)], file: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    let head = "Content-Disposition: form-data; name=\"file\"; filename=\"C:\\folder\\scan.txt\"\r\nContent-Type: text/x\r\n\r\n";
    body.extend(format!("--{BOUNDARY}\r\n{head}").into_bytes());
    [&body, file, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
}

fn post_raw(client: &Client, path: &str, body: Vec<u8>) -> Response {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let headers = [("host".to_owned(), client.address.clone()), ("content-type".to_owned(), kind)];
    client.exchange(&request("POST", path).body(body), &headers).unwrap()
}

fn policy(conditions: &str) -> String {
    let expires = chrono::DateTime::from_timestamp(i64::try_from(now() + 600).unwrap(), 0).unwrap();
    let json = format!("{{\"expiration\": \"{}\", \"conditions\": [{conditions}]}}", expires.format("%Y-%m-%dT%H:%M:%SZ"));
    base64_simd::STANDARD.encode_to_string(json)
}

/// Signs by version 2 and posts to the bucket `forms`.
fn post(client: &Client, conditions: &str, fields: &[(&str, &str)], file: &[u8]) -> Response {
    let policy = policy(conditions);
    let signature = hmac_sha1(client.secret_key.as_bytes(), policy.as_bytes());
    let signature = base64_simd::STANDARD.encode_to_string(signature);
    let signed = [("AWSAccessKeyId", client.access_key.as_str()), ("pOLicy", &policy), ("Signature", &signature)];
    post_raw(client, "/forms", form(&[fields, &signed].concat(), file))
}

const USUAL: &str = r#"{"bucket": "forms"}, ["starts-with", "$key", "in/"]"#;

fn get(client: &Client, key: &str) -> Response {
    client.send(&request("GET", &format!("/forms/{key}")))
}

fn refused(answer: &Response, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
}

#[test]
fn a_form_stores_its_file_under_what_its_fields_say() {
    let (_home, server, client) = served();
    let conditions = format!(
        r#"{USUAL}, {{"acl": "private"}}, ["starts-with", "$Content-Type", "text/"], ["starts-with", "$x-amz-meta-colour", ""],
        ["starts-with", "$tagging", ""], ["eq", "$Cache-Control", "no-store"]"#
    );
    let tags = "<Tagging><TagSet><Tag><Key>a b</Key><Value>1&amp;2</Value></Tag></TagSet></Tagging>";
    let fields = [
        ("key", "in/${filename}"),
        ("acl", "private"),
        ("Content-Type", "text/plain"),
        ("x-amz-meta-colour", "blau, grün"),
        ("tagging", tags),
        ("cache-control", "no-store"),
        ("x-ignore-this", "x"),
    ];
    let stored = post(&client, &conditions, &fields, b"a scan");
    assert_eq!((stored.status, stored.body.as_slice()), (204, &b""[..]), "{}", stored.text());
    let location = format!("http://{}/forms/in/scan.txt", client.address);
    assert_eq!(stored.header("location"), Some(location.as_str()));
    let found = get(&client, "in/scan.txt");
    assert_eq!((found.status, found.body.as_slice()), (200, &b"a scan"[..]));
    assert_eq!(found.header("etag"), stored.header("etag"));
    assert_eq!(found.header("content-type"), Some("text/plain"));
    assert_eq!(found.header("cache-control"), Some("no-store"));
    assert!(found.header("x-amz-meta-colour").is_some());
    let admin = Client::new(&server.admin, "", "");
    let metrics = admin.exchange(&request("GET", "/metrics"), &[("host".into(), admin.address.clone())]).unwrap();
    assert!(metrics.text().contains("waxseal_received_bytes_total 6"), "{}", metrics.text());
    let tagged = client.send(&request("GET", "/forms/in/scan.txt?tagging")).text();
    assert!(tagged.contains("a b") && tagged.contains("1&amp;2"), "{tagged}");
}

#[test]
fn a_form_is_answered_as_it_wishes() {
    let (_home, _server, client) = served();
    let conditions =
        format!(r#"{USUAL}, ["starts-with", "$success_action_status", ""], ["starts-with", "$success_action_redirect", ""]"#);
    for (wish, status) in [("200", 200), ("201", 201), ("204", 204), ("404", 204), ("x", 204)] {
        let answer = post(&client, &conditions, &[("key", "in/a b"), ("success_action_status", wish)], b"1");
        assert_eq!(answer.status, status, "{wish}: {}", answer.text());
        if status == 201 {
            assert_eq!((answer.element("Bucket").as_str(), answer.element("Key").as_str()), ("forms", "in/a b"));
            assert!(answer.element("Location").ends_with("/forms/in/a%20b"), "{}", answer.text());
            assert_eq!(answer.element("ETag").replace("&quot;", "\""), answer.header("etag").unwrap());
        }
    }
    let page = "https://example.org/done?x=1#end";
    let answer = post(&client, &conditions, &[("key", "in/a"), ("success_action_redirect", page)], b"1");
    let etag = answer.header("etag").unwrap().trim_matches('"');
    let expected = format!("https://example.org/done?x=1&bucket=forms&key=in%2Fa&etag=%22{etag}%22#end");
    assert_eq!((answer.status, answer.header("location")), (303, Some(expected.as_str())));
    for nowhere in ["not a page", "javascript:alert(1)"] {
        let answer = post(&client, &conditions, &[("key", "in/a"), ("success_action_redirect", nowhere)], b"1");
        assert_eq!(answer.status, 204, "{nowhere}");
    }
}

#[test]
fn a_form_signed_by_version_four_is_taken_for_a_week_and_for_this_region() {
    let (_home, _server, client) = served();
    let ask = |date: &str, region: &str, forged: bool| {
        let credential = format!("{}/{}/{region}/s3/aws4_request", client.access_key, date.get(..8).unwrap());
        let algorithm = "AWS4-HMAC-SHA256";
        let policy = policy(&format!(
            r#"{USUAL}, {{"x-amz-algorithm": "{algorithm}"}}, {{"x-amz-credential": "{credential}"}}, {{"x-amz-date": "{date}"}}"#
        ));
        let key = signing_key(&client.secret_key, date.get(..8).unwrap());
        let signature = hex(&hmac(&key, &[policy.as_bytes(), if forged { b"x" } else { b"" }]));
        let fields = [
            ("key", "in/four"),
            ("X-Amz-Algorithm", algorithm),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", date),
            ("Policy", &policy),
            ("X-Amz-Signature", &signature),
        ];
        post_raw(&client, "/forms", form(&fields, b"four"))
    };
    refused(&ask(&stamp(now()), "us-east-1", true), 403, "SignatureDoesNotMatch");
    refused(&ask(&stamp(now()), "eu-west-1", false), 400, "InvalidArgument");
    refused(&ask(&stamp(now() - 8 * 86_400), "us-east-1", false), 403, "AccessDenied");
    refused(&ask(&stamp(now() + 3_600), "us-east-1", false), 403, "AccessDenied");
    assert_eq!(get(&client, "in/four").status, 404);
    assert_eq!(ask(&stamp(now() - 86_400), "us-east-1", false).status, 204);
    assert_eq!(get(&client, "in/four").body, b"four");
}

#[test]
fn what_a_policy_does_not_allow_is_refused_and_stores_nothing() {
    let (_home, _server, client) = served();
    let ask = |conditions: &str, fields: &[(&str, &str)]| post(&client, conditions, fields, b"content");
    refused(&ask(USUAL, &[("key", "out/a")]), 403, "AccessDenied");
    refused(&ask(USUAL, &[("key", "in/a"), ("x-amz-meta-more", "1")]), 403, "AccessDenied");
    refused(&ask(r#"["starts-with", "$key", "in/"]"#, &[("key", "in/a")]), 403, "AccessDenied");
    refused(&ask(&USUAL.replace("forms", "other-forms"), &[("key", "in/a")]), 403, "AccessDenied");
    refused(&ask(USUAL, &[("key", "in/a"), ("bucket", "other-forms")]), 403, "AccessDenied");
    refused(&ask(&format!(r#"{USUAL}, {{"acl": "private"}}"#), &[("key", "in/a")]), 403, "AccessDenied");
    refused(&ask(&format!(r#"{USUAL}, ["content-length-range", 0, 6]"#), &[("key", "in/a")]), 400, "EntityTooLarge");
    refused(&ask(&format!(r#"{USUAL}, ["content-length-range", 8, 9]"#), &[("key", "in/a")]), 400, "EntityTooSmall");
    refused(&ask(&format!("{USUAL}, {{}}"), &[("key", "in/a")]), 400, "InvalidPolicyDocument");
    refused(&ask(USUAL, &[]), 400, "InvalidArgument");
    refused(&ask(USUAL, &[("key", "in/a"), ("KEY", "in/b")]), 400, "InvalidArgument");
    refused(&ask(USUAL, &[("key", "in/a"), ("x-amz-security-token", "t")]), 400, "InvalidToken");
    let copies = format!(r#"{USUAL}, ["starts-with", "$x-amz-copy-source", ""]"#);
    refused(&ask(&copies, &[("key", "in/a"), ("x-amz-copy-source", "/other-forms/b")]), 501, "NotImplemented");
    let split = format!(r#"{USUAL}, ["starts-with", "$x-amz-meta-a", ""]"#);
    refused(&ask(&split, &[("key", "in/a"), ("x-amz-meta-a", "b\r\nx-amz-acl: public-read")]), 400, "InvalidArgument");
    refused(&ask(USUAL, &[("key", "in/a"), ("x-amz-checksum-sha256", "sailorjerry")]), 400, "BadDigest");
    refused(&ask(USUAL, &[("key", "in/a"), ("x-amz-checksum-crc32", "AAAAAA==")]), 400, "BadDigest");
    let thief = Client { access_key: "AKIANOBODYATALL00000".into(), ..client.clone() };
    refused(&post(&thief, USUAL, &[("key", "in/a")], b"1"), 403, "InvalidAccessKeyId");
    let guesser = Client { secret_key: "guessed/guessed/guessed/guessed/guessed0".into(), ..client.clone() };
    refused(&post(&guesser, USUAL, &[("key", "in/a")], b"1"), 403, "SignatureDoesNotMatch");
    for key in ["in/a", "in/b", "out/a"] {
        assert_eq!(get(&client, key).status, 404, "{key} was stored");
    }
}

#[test]
fn a_form_without_a_signature_is_anonymous_and_one_half_signed_is_refused() {
    let (_home, _server, client) = served();
    refused(&post_raw(&client, "/forms", form(&[("key", "in/a")], b"1")), 403, "AccessDenied");
    let policy = policy(USUAL);
    refused(&post_raw(&client, "/forms", form(&[("key", "in/a"), ("policy", &policy)], b"1")), 400, "InvalidArgument");
    refused(&post_raw(&client, "/forms", form(&[("key", "in/a"), ("signature", "x")], b"1")), 400, "InvalidArgument");
    refused(&post_raw(&client, "/nobodys-forms", form(&[("key", "in/a")], b"1")), 404, "NoSuchBucket");
    let open = request("PUT", "/open-forms").header("x-amz-acl", "public-read-write");
    assert_eq!(client.send(&open).status, 200);
    let fields = [("key", "in/a"), ("acl", "public-read")];
    assert_eq!(post_raw(&client, "/open-forms", form(&fields, b"1")).status, 204);
    assert_eq!(client.anonymous(&request("GET", "/open-forms/in/a")).text(), "1");
    let signature = base64_simd::STANDARD.encode_to_string(hmac_sha1(client.secret_key.as_bytes(), policy.as_bytes()));
    let fields = [("key", "in/a"), ("AWSAccessKeyId", &client.access_key), ("policy", &policy), ("signature", &signature)];
    let mut headers = vec![("host".to_owned(), client.address.clone())];
    headers.push(("content-type".to_owned(), format!("multipart/form-data; boundary={BOUNDARY}")));
    headers.push(("x-amz-expected-bucket-owner".to_owned(), "somebody-else".to_owned()));
    let expecting = request("POST", "/forms").body(form(&fields, b"1"));
    refused(&client.exchange(&expecting, &headers).unwrap(), 403, "AccessDenied");
    for path in ["/forms/in/a", "/forms?uploads", "/"] {
        let answer = post_raw(&client, path, form(&[("key", "in/a")], b"1"));
        assert!([403, 405].contains(&answer.status), "{path}: {}", answer.text());
    }
    assert_eq!(get(&client, "in/a").status, 404);
}

#[test]
fn a_form_streams_and_ends_at_its_boundary_alone() {
    let (_home, _server, client) = served();
    let mut large = noise(9_000_000, 4);
    large.extend(format!("\r\n--{}", &BOUNDARY[..10]).into_bytes());
    let stored =
        post(&client, &format!(r#"{USUAL}, ["content-length-range", 9000000, 9000100]"#), &[("key", "in/large")], &large);
    assert_eq!(stored.status, 204, "{}", stored.text());
    assert!(get(&client, "in/large").body == large);
    // What stands behind the file is nobody's.
    let behind = format!("x\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"submit\"\r\n\r\nUpload");
    assert_eq!(post(&client, USUAL, &[("key", "in/behind")], behind.as_bytes()).status, 204);
    assert_eq!(get(&client, "in/behind").body, b"x");
    let policy = policy(USUAL);
    let signature = base64_simd::STANDARD.encode_to_string(hmac_sha1(client.secret_key.as_bytes(), policy.as_bytes()));
    let signed =
        [("key", "in/cut"), ("AWSAccessKeyId", client.access_key.as_str()), ("policy", &policy), ("signature", &signature)];
    let whole = form(&signed, &noise(100_000, 1));
    let cut = whole.get(..whole.len() - 10).unwrap().to_vec();
    refused(&post_raw(&client, "/forms", cut), 400, "IncompleteBody");
    let no_file = whole.get(..400).unwrap().to_vec();
    assert!((400..500).contains(&post_raw(&client, "/forms", no_file).status));
    let many = format!("in/{}", "k".repeat(30_000));
    refused(&post_raw(&client, "/forms", form(&[("key", &many)], b"1")), 400, "MaxPostPreDataLengthExceededError");
    assert_eq!(get(&client, "in/cut").status, 404);
}

#[test]
fn a_form_says_how_long_it_is_before_it_is_read() {
    let (_home, _server, client) = served();
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let mut headers = vec![("host".to_owned(), client.address.clone()), ("content-type".to_owned(), kind)];
    headers.push(("transfer-encoding".to_owned(), "chunked".to_owned()));
    refused(&client.exchange(&request("POST", "/forms").body("0\r\n\r\n"), &headers).unwrap(), 411, "MissingContentLength");
    headers.pop();
    headers.push(("content-length".to_owned(), (6_u64 << 30).to_string()));
    refused(&client.exchange(&request("POST", "/forms").body(form(&[], b"1")), &headers).unwrap(), 400, "EntityTooLarge");
}
