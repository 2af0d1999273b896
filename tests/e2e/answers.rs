//! What S3 answers where suites and clients look closely: requests by hand against the program, one server for all.

use crate::support::client::{Client, Request, Response, now, request};
use crate::support::server::{Home, Server};
use std::sync::OnceLock;

fn client() -> Client {
    static SERVER: OnceLock<(Home, Server)> = OnceLock::new();
    let (_, server) = SERVER.get_or_init(|| {
        let home = Home::in_memory();
        let server = home.serve().kept();
        (home, server)
    });
    server.client()
}

fn send(request: &Request) -> Response {
    client().send(request)
}

fn ok(request: &Request) -> Response {
    let answer = send(request);
    assert!((200..300).contains(&answer.status), "{} {}: {} {}", request.method, request.path, answer.status, answer.text());
    answer
}

fn refused(request: &Request, status: u16, code: &str) {
    let answer = send(request);
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{} {}: {}", request.method, request.path, answer.text());
}

fn bucket(name: &str) -> String {
    ok(&request("PUT", &format!("/{name}")));
    format!("/{name}")
}

/// All elements of a name, in order.
fn elements(answer: &Response, name: &str) -> Vec<String> {
    let text = answer.text();
    let open = format!("<{name}>");
    text.split(&open).skip(1).map(|rest| rest.split("</").next().unwrap().to_owned()).collect()
}

/// An object of two parts, 5 MiB and 3 bytes, each with its CRC32.
fn upload(path: &str) {
    let begun = ok(&request("POST", &format!("{path}?uploads")).header("x-amz-checksum-algorithm", "CRC32"));
    let id = begun.element("UploadId");
    let mut parts = String::new();
    for (number, content) in [(1, vec![7; 5 << 20]), (2, b"end".to_vec())] {
        let part = request("PUT", &format!("{path}?partNumber={number}&uploadId={id}")).body(content);
        let answer = ok(&part);
        let (etag, sum) = (answer.header("etag").unwrap(), answer.header("x-amz-checksum-crc32").unwrap());
        parts.push_str(&format!(
            "<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag><ChecksumCRC32>{sum}</ChecksumCRC32></Part>"
        ));
    }
    let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    ok(&request("POST", &format!("{path}?uploadId={id}")).body(body));
}

fn attributes(path: &str, names: &str) -> Request {
    request("GET", &format!("{path}?attributes")).header("x-amz-object-attributes", names)
}

const ALL: &str = "ETag,Checksum,ObjectParts,StorageClass,ObjectSize";

#[test]
fn attributes_of_an_object_are_those_that_were_asked_for() {
    let path = bucket("attributes") + "/object";
    let etag = ok(&request("PUT", &path).body("content").header("x-amz-checksum-crc32", "/sUwqQ=="));
    let etag = etag.header("etag").unwrap().trim_matches('"').to_owned();
    let all = ok(&attributes(&path, ALL));
    assert_eq!(
        (all.element("ETag"), all.element("ObjectSize"), all.element("StorageClass")),
        (etag, "7".into(), "STANDARD".into())
    );
    assert_eq!(all.element("ChecksumCRC32"), "/sUwqQ==");
    assert!(all.header("last-modified").is_some() && !all.text().contains("ObjectParts"), "{}", all.text());
    let one = ok(&attributes(&path, "ObjectSize"));
    assert!(one.text().contains("ObjectSize") && !one.text().contains("ETag") && !one.text().contains("Checksum"));
    refused(&attributes(&path, "ETag,Colour"), 400, "InvalidArgument");
    refused(&attributes("/attributes/none", ALL), 404, "NoSuchKey");
    refused(&request("PUT", &format!("{path}?attributes")).body("x"), 405, "MethodNotAllowed");
    assert_eq!(ok(&request("GET", &path)).text(), "content");
}

#[test]
fn attributes_show_the_parts_of_an_upload_page_by_page() {
    let path = bucket("attributes-of-parts") + "/object";
    upload(&path);
    let all = ok(&attributes(&path, ALL));
    assert_eq!(elements(&all, "Size"), [(5 << 20).to_string(), "3".into()]);
    assert_eq!(elements(&all, "PartNumber"), ["1", "2"]);
    assert_eq!(all.element("PartsCount"), "2");
    assert_eq!(all.element("ChecksumType"), "COMPOSITE");
    assert!(all.element("ChecksumCRC32").ends_with("-2"), "{}", all.text());
    let first = ok(&attributes(&path, "ObjectParts").header("x-amz-max-parts", "1"));
    assert_eq!((elements(&first, "PartNumber"), first.element("IsTruncated")), (vec!["1".to_owned()], "true".into()));
    let next = first.element("NextPartNumberMarker");
    let second = ok(&attributes(&path, "ObjectParts").header("x-amz-max-parts", "1").header("x-amz-part-number-marker", &next));
    assert_eq!((elements(&second, "PartNumber"), second.element("IsTruncated")), (vec!["2".to_owned()], "false".into()));
}

#[test]
fn a_page_token_is_taken_from_nobody_else_and_for_no_other_listing() {
    let (one, two) = (bucket("tokens-one"), bucket("tokens-two"));
    for key in ["a", "b", "c"] {
        ok(&request("PUT", &format!("{one}/{key}")).body("x"));
        ok(&request("PUT", &format!("{two}/{key}")).body("x"));
    }
    let page = |path: &str, token: &str| request("GET", &format!("{path}?list-type=2&max-keys=1&continuation-token={token}"));
    let token = ok(&request("GET", &format!("{one}?list-type=2&max-keys=1"))).element("NextContinuationToken");
    assert!(!token.contains('='), "{token}");
    assert_eq!(elements(&ok(&page(&one, &token)), "Key"), ["b"]);
    let last = if token.ends_with('A') { "Q" } else { "A" };
    let altered = format!("{}{last}", &token[..token.len() - 1]);
    let forged = base64_simd::URL_SAFE_NO_PAD.encode_to_string("a");
    for other in [altered.as_str(), &forged, "b"] {
        refused(&page(&one, other), 400, "InvalidArgument");
    }
    assert_eq!(elements(&ok(&page(&one, "")), "Key"), ["a"], "an empty token is none");
    refused(&page(&two, &token), 400, "InvalidArgument");
    let buckets = |query: &str| request("GET", &format!("/?{query}"));
    let first = ok(&buckets("max-buckets=1&prefix=tokens-"));
    let token = first.element("ContinuationToken");
    let second = ok(&buckets(&format!("max-buckets=1&prefix=tokens-&continuation-token={token}")));
    assert_eq!([elements(&first, "Name"), elements(&second, "Name")].concat(), ["tokens-one", "tokens-two"]);
    refused(&buckets("max-buckets=1&continuation-token=tokens-one"), 400, "InvalidArgument");
}

#[test]
fn a_listing_repeats_what_was_asked_as_the_sdks_read_it() {
    let path = bucket("echoes");
    let first = ok(&request("GET", &format!("{path}?prefix=%0A%25&delimiter=&encoding-type=url")));
    assert_eq!(first.element("Prefix").replace("&#10;", "\n"), "\n%");
    assert!(!first.text().contains("Delimiter"), "{}", first.text());
    let second = ok(&request("GET", &format!("{path}?list-type=2&prefix=%0A%25&delimiter=&encoding-type=url")));
    assert_eq!(second.element("Prefix"), "%0A%25");
    assert!(!second.text().contains("Delimiter"), "{}", second.text());
}

#[test]
fn a_request_may_be_dated_by_its_date_header() {
    let dated = |time: u64| {
        let date = chrono::DateTime::from_timestamp(i64::try_from(time).unwrap(), 0).unwrap();
        let date = date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        send(&Request { time: Some(time), ..request("GET", "/").header("date", &date) })
    };
    let now = now();
    assert_eq!(dated(now).status, 200);
    assert_eq!(dated(now - 3_600).code(), "RequestTimeTooSkewed");
}

#[test]
fn an_empty_content_md5_is_no_digest() {
    let path = bucket("digests") + "/object";
    refused(&request("PUT", &path).body("x").header("content-md5", ""), 400, "InvalidDigest");
    refused(&request("GET", &path), 404, "NoSuchKey");
}

#[test]
fn content_encoding_comes_back_as_it_was_sent_without_the_framing() {
    let path = bucket("encodings") + "/object";
    let cases = [
        ("deflate, gzip", Some("deflate, gzip")),
        ("gzip,br", Some("gzip,br")),
        ("aws-chunked, gzip", Some("gzip")),
        ("gzip, aws-chunked,br", Some("gzip, br")),
        ("aws-chunked, aws-chunked", None),
    ];
    for (sent, kept) in cases {
        ok(&request("PUT", &path).header("content-encoding", sent));
        assert_eq!(ok(&request("HEAD", &path)).header("content-encoding"), kept, "{sent}");
    }
}

#[test]
fn a_key_with_line_feeds_is_deleted_among_others() {
    let path = bucket("feeds");
    ok(&request("PUT", &format!("{path}/a%0Ab%09c")).body("x"));
    let body = "<Delete><Object><Key>a&#10;b&#9;c</Key></Object></Delete>";
    let mut md5 = waxseal::crypto::Digest::new(waxseal::crypto::DigestKind::Md5);
    md5.update(body.as_bytes());
    let md5 = base64_simd::STANDARD.encode_to_string(md5.finish());
    let answer = ok(&request("POST", &format!("{path}?delete")).body(body).header("content-md5", &md5));
    assert!(answer.text().contains("Deleted") && !answer.text().contains("Error"), "{}", answer.text());
    assert_eq!(elements(&ok(&request("GET", &path)), "Key"), [""; 0]);
}
