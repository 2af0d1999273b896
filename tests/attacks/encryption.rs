//! Keys of clients, and what may be said of encryption.

use crate::fixture::{self, BUCKET, refused_as, unharmed};
use crate::support::client::{Client, Request, Response, request};
use crate::support::server::{Home, Server};
use std::fs;
use std::sync::OnceLock;

const SSE: &str = "x-amz-server-side-encryption";
const KEY: &str = "pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=";
const MD5: &str = "DWygnHRtgiJ77HCm+1rvHw==";
const OTHER: &str = "6b+WOZ1T3cqZMxgThRcXAQBrS5mXKdDUphvpxptl9/4=";
const OTHER_MD5: &str = "arxBvwY2V4SiOne6yppVPQ==";

/// A server that takes keys of clients over HTTP.
fn client() -> Client {
    static SERVER: OnceLock<(Home, Server)> = OnceLock::new();
    let (_, server) = SERVER.get_or_init(|| {
        let home = Home::in_memory();
        let config = home.path().join("waxseal.toml");
        fs::write(&config, "danger_allow_sse_c_over_http = true\n").unwrap();
        let server = home.serve_with(&["--config", config.to_str().unwrap()]).kept();
        assert_eq!(server.client().send(&request("PUT", &format!("/{BUCKET}"))).status, 200);
        (home, server)
    });
    server.client()
}

fn customer(request: Request, key: &str, md5: &str) -> Request {
    let name = |rest: &str| format!("{SSE}-customer-{rest}");
    request.header(&name("algorithm"), "AES256").header(&name("key"), key).header(&name("key-md5"), md5)
}

fn source_key(request: Request, key: &str, md5: &str) -> Request {
    let name = |rest: &str| format!("x-amz-copy-source-server-side-encryption-customer-{rest}");
    request.header(&name("algorithm"), "AES256").header(&name("key"), key).header(&name("key-md5"), md5)
}

fn object(method: &str, key: &str) -> Request {
    request(method, &format!("/{BUCKET}/{key}"))
}

fn stored(key: &str, body: &[u8]) {
    let answer = client().send(&customer(object("PUT", key).body(body), KEY, MD5));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header(&format!("{SSE}-customer-algorithm")), Some("AES256"));
    assert_eq!(answer.header(&format!("{SSE}-customer-key-md5")), Some(MD5));
}

#[test]
fn a_key_of_a_client_is_refused_over_plain_http() {
    let client = fixture::client();
    let put = customer(fixture::put("in-the-clear", "x"), KEY, MD5);
    refused_as(&client.send(&put), 400, "InvalidRequest");
    refused_as(&client.send(&customer(fixture::get("old"), KEY, MD5)), 400, "InvalidRequest");
    unharmed(&client, "in-the-clear");
}

#[test]
fn what_a_clients_key_seals_opens_with_that_key_alone() {
    let client = client();
    let body: Vec<u8> = (0..200_000_u32).map(|byte| (byte % 251) as u8).collect();
    stored("sealed", &body);
    // More than once: what is remembered of one request must not help another.
    for round in 0..3 {
        let answer = client.send(&customer(object("GET", "sealed"), KEY, MD5));
        assert!(answer.status == 200 && answer.body == body, "round {round}");
        let range = client.send(&customer(object("GET", "sealed").header("range", "bytes=65535-65540"), KEY, MD5));
        assert!(range.status == 206 && range.body == body[65_535..=65_540], "round {round}");
        let head = client.send(&customer(object("HEAD", "sealed"), KEY, MD5));
        assert_eq!((head.status, head.header("content-length")), (200, Some("200000")));
        for method in ["GET", "HEAD"] {
            assert_eq!(client.send(&object(method, "sealed")).status, 400, "{method} without a key, round {round}");
            let other = client.send(&customer(object(method, "sealed"), OTHER, OTHER_MD5));
            assert_eq!(other.status, 400, "{method} with another key, round {round}");
            assert!(method == "HEAD" || !other.body.windows(8).any(|window| window == &body[..8]));
        }
        let attributes = || object("GET", "sealed?attributes=").header("x-amz-object-attributes", "ETag,ObjectSize,Checksum");
        assert_eq!(client.send(&customer(attributes(), KEY, MD5)).element("ObjectSize"), "200000");
        refused_as(&client.send(&attributes()), 400, "InvalidRequest");
        refused_as(&client.send(&customer(attributes(), OTHER, OTHER_MD5)), 400, "InvalidRequest");
        refused_as(&client.send(&object("GET", "sealed").header("range", "bytes=0-1")), 400, "InvalidRequest");
        refused_as(
            &client.send(&object("PUT", "stolen").header("x-amz-copy-source", &format!("/{BUCKET}/sealed"))),
            400,
            "InvalidRequest",
        );
    }
    assert_eq!(client.send(&object("GET", "stolen")).status, 404);
}

#[test]
fn a_key_for_an_object_that_needs_none_is_refused() {
    let client = client();
    assert_eq!(client.send(&object("PUT", "plain").body("x")).status, 200);
    for _ in 0..2 {
        for method in ["GET", "HEAD"] {
            assert_eq!(client.send(&customer(object(method, "plain"), KEY, MD5)).status, 400);
            assert_eq!(client.send(&object(method, "plain")).status, 200);
        }
    }
    let copy = object("PUT", "plain-copy").header("x-amz-copy-source", &format!("/{BUCKET}/plain"));
    refused_as(&client.send(&source_key(copy, KEY, MD5)), 400, "InvalidRequest");
}

#[test]
fn tags_need_no_key_and_leave_the_content_under_it() {
    let client = client();
    stored("tagged", b"content");
    let tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
    assert_eq!(client.send(&object("PUT", "tagged?tagging=").body(tags)).status, 200);
    assert_eq!(client.send(&object("GET", "tagged?tagging=")).element("Value"), "b");
    assert_eq!(client.send(&object("GET", "tagged")).status, 400);
    assert_eq!(client.send(&customer(object("GET", "tagged"), OTHER, OTHER_MD5)).status, 400);
    assert_eq!(client.send(&customer(object("GET", "tagged"), KEY, MD5)).body, b"content");
}

#[test]
fn a_listing_needs_no_key_and_shows_what_head_shows() {
    let client = client();
    stored("listed/one", &[7; 70_000]);
    let head = client.send(&customer(object("HEAD", "listed/one"), KEY, MD5));
    let list = client.send(&request("GET", &format!("/{BUCKET}?list-type=2&prefix=listed%2F")));
    assert_eq!(list.element("Size"), "70000");
    assert_eq!(list.element("ETag").replace("&quot;", "\""), head.header("etag").unwrap());
    assert!(head.header("etag").unwrap().ends_with("-0\""), "an ETag that tells of the content");
}

#[test]
fn headers_of_encryption_that_do_not_go_together_are_refused() {
    let client = client();
    let algorithm = format!("{SSE}-customer-algorithm");
    let (key, md5) = (format!("{SSE}-customer-key"), format!("{SSE}-customer-key-md5"));
    let (kms_key, context) = (format!("{SSE}-aws-kms-key-id"), format!("{SSE}-context"));
    let whole = [(algorithm.as_str(), "AES256"), (key.as_str(), KEY), (md5.as_str(), MD5)];
    let cases: [(&[(&str, &str)], &str); 16] = [
        (&[whole[0]], "InvalidArgument"),
        (&[whole[1], whole[2]], "InvalidArgument"),
        (&[whole[0], whole[1]], "InvalidArgument"),
        (&[whole[0], whole[2]], "InvalidArgument"),
        (&[(&algorithm, "AES128"), whole[1], whole[2]], "InvalidEncryptionAlgorithmError"),
        (&[whole[0], whole[1], (&md5, OTHER_MD5)], "InvalidArgument"),
        (&[whole[0], (&key, "AAAA"), whole[2]], "InvalidArgument"),
        (&[whole[0], (&key, &KEY.repeat(3)), whole[2]], "InvalidArgument"),
        (&[whole[0], whole[1], whole[2], (SSE, "AES256")], "InvalidArgument"),
        (&[whole[0], whole[1], whole[2], (SSE, "aws:kms")], "InvalidArgument"),
        (&[(SSE, "AES256"), (&kms_key, "testkey-1")], "InvalidArgument"),
        (&[(&kms_key, "testkey-1")], "InvalidArgument"),
        (&[(SSE, "aes:kms")], "InvalidArgument"),
        (&[(SSE, "aws:kms"), (&context, "not base64")], "InvalidArgument"),
        (&[(SSE, "aws:kms"), (&kms_key, "no-such-key")], "KMS.NotFoundException"),
        (&[(SSE, "AES256"), (&context, "e30=")], "InvalidArgument"),
    ];
    let with = |request: Request, headers: &[(&str, &str)]| {
        headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    };
    for (headers, code) in cases {
        let attempts = [
            object("PUT", "conflict").body("x"),
            object("PUT", "conflict").header("x-amz-copy-source", &format!("/{BUCKET}/sealed-nowhere")),
            object("POST", "conflict?uploads="),
        ];
        for attempt in attempts.iter().filter(|attempt| code != "KMS.NotFoundException" || attempt.headers.is_empty()) {
            refused_as(&client.send(&with(attempt.clone(), headers)), 400, code);
        }
    }
    assert_eq!(client.send(&object("GET", "conflict")).status, 404);
    let uploads = client.send(&request("GET", &format!("/{BUCKET}?uploads=&prefix=conflict"))).text();
    assert!(!uploads.contains("<UploadId>"), "{uploads}");
}

#[test]
fn requests_that_read_may_not_say_how_to_encrypt() {
    let client = client();
    assert_eq!(client.send(&object("PUT", "read").body("x")).status, 200);
    refused_as(&client.send(&object("GET", "read").header(SSE, "AES256")), 400, "InvalidArgument");
    refused_as(&client.send(&object("GET", "read").header(SSE, "aws:kms")), 400, "InvalidArgument");
    assert_eq!(client.send(&object("HEAD", "read").header(SSE, "AES256")).status, 400);
}

fn complete(upload: &str, etag: &str) -> Request {
    let part = format!("<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>");
    let body = format!("<CompleteMultipartUpload>{part}</CompleteMultipartUpload>");
    object("POST", &format!("parts?uploadId={upload}")).body(body)
}

fn created(request: Request) -> String {
    let answer = client().send(&request);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.element("UploadId")
}

#[test]
fn every_part_of_an_upload_needs_the_key_it_began_with() {
    let client = client();
    let upload = created(customer(object("POST", "parts?uploads="), KEY, MD5));
    let part = || object("PUT", &format!("parts?partNumber=1&uploadId={upload}")).body("part");
    refused_as(&client.send(&part()), 400, "InvalidRequest");
    refused_as(&client.send(&customer(part(), OTHER, OTHER_MD5)), 400, "InvalidRequest");
    let sent = client.send(&customer(part().header("x-amz-checksum-crc32", "f7mJvw=="), KEY, MD5));
    let wrong_sum = sent.status;
    assert_eq!(wrong_sum, 400, "a checksum that is not the part's");
    let sent = client.send(&customer(part(), KEY, MD5));
    assert_eq!(sent.header(&format!("{SSE}-customer-key-md5")), Some(MD5));
    let etag = sent.header("etag").unwrap();
    refused_as(&client.send(&customer(complete(&upload, etag), OTHER, OTHER_MD5)), 400, "InvalidRequest");
    // Old clients send no key to complete with, and it takes none where no checksum was given.
    assert_eq!(client.send(&complete(&upload, etag)).status, 200);
    assert_eq!(client.send(&object("GET", "parts")).status, 400);
    assert_eq!(client.send(&customer(object("GET", "parts"), KEY, MD5)).body, b"part");

    let upload = created(object("POST", "parts?uploads="));
    let part = object("PUT", &format!("parts?partNumber=1&uploadId={upload}")).body("part");
    refused_as(&client.send(&customer(part.clone(), KEY, MD5)), 400, "InvalidRequest");
    assert_eq!(client.send(&part).status, 200);
}

#[test]
fn an_upload_with_checksums_is_completed_with_its_key() {
    let client = client();
    let upload = created(customer(object("POST", "parts?uploads="), KEY, MD5));
    let part = object("PUT", &format!("parts?partNumber=1&uploadId={upload}")).body("part");
    let mut digest = waxseal::gateway::ChecksumKind::Sha256.digest();
    digest.update(b"part");
    let sum = base64_simd::STANDARD.encode_to_string(digest.finish());
    let sent = client.send(&customer(part.header("x-amz-checksum-sha256", &sum), KEY, MD5));
    let etag = sent.header("etag").unwrap();
    refused_as(&client.send(&complete(&upload, etag)), 400, "InvalidRequest");
    let done = client.send(&customer(complete(&upload, etag), KEY, MD5));
    assert_eq!((done.status, done.header(&format!("{SSE}-customer-key-md5"))), (200, Some(MD5)), "{}", done.text());
}

/// What an answer tells of encryption by the server.
fn told(answer: &Response) -> [Option<&str>; 3] {
    ["", "-aws-kms-key-id", "-bucket-key-enabled"].map(|rest| answer.header(&format!("{SSE}{rest}")))
}

#[test]
fn what_was_asked_of_encryption_is_told_and_nothing_else() {
    let client = client();
    let bucket_key = format!("{SSE}-bucket-key-enabled");
    type Headers<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Headers<'_>, [Option<&str>; 3]); 4] = [
        (&[], [None; 3]),
        (&[(SSE, "AES256")], [Some("AES256"), None, None]),
        (&[(SSE, "aws:kms")], [Some("aws:kms"), Some("alias/waxseal"), None]),
        (&[(SSE, "aws:kms"), (&bucket_key, "true")], [Some("aws:kms"), Some("alias/waxseal"), Some("true")]),
    ];
    for (headers, expected) in cases {
        let with = |request: Request| headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        assert_eq!(told(&client.send(&with(object("PUT", "told").body("x")))), expected);
        for method in ["GET", "HEAD"] {
            assert_eq!(told(&client.send(&object(method, "told"))), expected, "{method}");
        }
        let copy = object("PUT", "told-copy").header("x-amz-copy-source", &format!("/{BUCKET}/told"));
        assert_eq!(told(&client.send(&with(copy))), expected, "copy");
        assert_eq!(told(&client.send(&object("HEAD", "told-copy"))), expected);
        let begun = client.send(&with(object("POST", "parts?uploads=")));
        assert_eq!(told(&begun), expected, "begin");
        let upload = begun.element("UploadId");
        let part = client.send(&object("PUT", &format!("parts?partNumber=1&uploadId={upload}")).body("part"));
        assert_eq!(told(&part), expected, "part");
        let done = client.send(&complete(&upload, part.header("etag").unwrap()));
        assert_eq!((done.status, told(&done)), (200, expected), "complete");
        assert_eq!(told(&client.send(&object("HEAD", "parts"))), expected);
    }
    let context = format!("{SSE}-context");
    let put = object("PUT", "context").body("x").header(SSE, "aws:kms").header(&context, "eyJhIjoiYiJ9");
    assert_eq!(client.send(&put).header(&context), Some("eyJhIjoiYiJ9"));
}

#[test]
fn a_copy_goes_from_any_encryption_to_any() {
    let client = client();
    let modes: [fn(Request) -> Request; 4] = [
        |request| request,
        |request| request.header(SSE, "AES256"),
        |request| request.header(SSE, "aws:kms"),
        |request| customer(request, KEY, MD5),
    ];
    for (from, source) in modes.iter().enumerate() {
        let body = format!("content {from}").repeat(10_000).into_bytes();
        assert_eq!(client.send(&source(object("PUT", "from").body(body.clone()))).status, 200);
        for (to, target) in modes.iter().enumerate() {
            let copy = object("PUT", "to").header("x-amz-copy-source", &format!("/{BUCKET}/from"));
            let copy = if from == 3 { source_key(copy, KEY, MD5) } else { copy };
            let other = |request: Request| if to == 3 { customer(request, OTHER, OTHER_MD5) } else { target(request) };
            let copied = client.send(&other(copy));
            assert_eq!(copied.status, 200, "{from} to {to}: {}", copied.text());
            let get = |request: Request| if to == 3 { customer(request, OTHER, OTHER_MD5) } else { request };
            let found = client.send(&get(object("GET", "to")));
            assert!(found.status == 200 && found.body == body, "{from} to {to}: {}", found.status);
            assert_eq!(told(&found), told(&copied), "{from} to {to}");
            assert_eq!(copied.element("ETag").replace("&quot;", "\""), found.header("etag").unwrap(), "{from} to {to}");
            if to == 3 {
                assert_eq!(client.send(&object("GET", "to")).status, 400);
                assert_eq!(client.send(&customer(object("GET", "to"), KEY, MD5)).status, 400, "the source's key opens the copy");
            }
        }
    }
}

#[test]
fn a_part_is_copied_with_the_keys_of_its_source_and_of_its_upload() {
    let client = client();
    stored("part-source", b"content");
    let upload = created(customer(object("POST", "parts?uploads="), OTHER, OTHER_MD5));
    let part = || {
        let part = object("PUT", &format!("parts?partNumber=1&uploadId={upload}"));
        part.header("x-amz-copy-source", &format!("/{BUCKET}/part-source"))
    };
    let wrong = [
        part(),
        source_key(part(), KEY, MD5),
        customer(part(), OTHER, OTHER_MD5),
        customer(source_key(part(), KEY, MD5), KEY, MD5),
        customer(source_key(part(), OTHER, OTHER_MD5), OTHER, OTHER_MD5),
    ];
    for part in wrong {
        refused_as(&client.send(&part), 400, "InvalidRequest");
    }
    assert!(!client.send(&object("GET", &format!("parts?uploadId={upload}"))).text().contains("<PartNumber>"));
    let copied = client.send(&customer(source_key(part(), KEY, MD5), OTHER, OTHER_MD5));
    assert_eq!((copied.status, copied.header(&format!("{SSE}-customer-key-md5"))), (200, Some(OTHER_MD5)));
    assert_eq!(client.send(&complete(&upload, &copied.element("ETag"))).status, 200);
    assert_eq!(client.send(&customer(object("GET", "parts?partNumber=1"), OTHER, OTHER_MD5)).body, b"content");
    for key in [None, Some((KEY, MD5))] {
        let get = object("GET", "parts?partNumber=1");
        let get = key.map_or(get.clone(), |(key, md5)| customer(get, key, md5));
        refused_as(&client.send(&get), 400, "InvalidRequest");
    }
}

#[test]
fn an_object_is_encrypted_otherwise_in_its_place() {
    let client = client();
    assert_eq!(client.send(&object("PUT", "inplace").body("x").header("x-amz-meta-a", "b")).status, 200);
    let copy = || object("PUT", "inplace").header("x-amz-copy-source", &format!("/{BUCKET}/inplace"));
    refused_as(&client.send(&copy()), 400, "InvalidRequest");
    assert_eq!(client.send(&customer(copy(), KEY, MD5)).status, 200);
    assert_eq!(client.send(&object("GET", "inplace")).status, 400);
    assert_eq!(client.send(&customer(source_key(copy(), KEY, MD5), OTHER, OTHER_MD5)).status, 200);
    let found = client.send(&customer(object("GET", "inplace"), OTHER, OTHER_MD5));
    assert_eq!((found.body.as_slice(), found.header("x-amz-meta-a")), (&b"x"[..], Some("b")));
}
