//! Parts from objects that are there: UploadPartCopy.

use crate::parts::{UNIT, Upload, bucket, done, get, put, refused};
use crate::support::client::{Client, request};
use crate::tool::noise;

const SOURCE: &str = "/copied-from/source";

fn both() -> Client {
    bucket("copied-from");
    bucket("copied-to")
}

#[test]
fn a_part_is_copied_from_any_range_of_plaintext() {
    let client = both();
    let whole = noise(2 * UNIT + 777_777, 1);
    done(client.send(&put(SOURCE, &whole)), 200);
    let upload = Upload::begin(&client, "/copied-to/ranges");
    let ranges = [(1, UNIT + 65_536), (65_535, 65_535 + UNIT), (700_000, 700_000)];
    let mut wanted = Vec::new();
    let mut etags = Vec::new();
    for (number, (first, last)) in (1..).zip(ranges) {
        let copied = done(upload.copy_part(number, SOURCE, Some(&format!("bytes={first}-{last}"))), 200);
        assert!(!copied.element("LastModified").is_empty());
        etags.push(copied.element("ETag").replace('"', ""));
        wanted.extend_from_slice(&whole[first..=last]);
    }
    let copied = done(upload.copy_part(4, SOURCE, None), 200);
    assert_eq!(copied.element("ETag"), done(client.send(&request("HEAD", SOURCE)), 200).header("etag").unwrap());
    let parts: Vec<(u32, &str)> = (1..).zip(etags.iter().map(String::as_str)).collect();
    done(upload.complete(&parts), 200);
    assert!(done(client.send(&get("/copied-to/ranges")), 200).body == wanted);
}

#[test]
fn a_range_outside_the_source_or_of_another_form_is_refused() {
    let client = both();
    done(client.send(&put("/copied-from/five", b"12345")), 200);
    let upload = Upload::begin(&client, "/copied-to/refused");
    for range in ["bytes=0-5", "bytes=5-5", "bytes=0-21", "bytes=99-100"] {
        refused(&upload.copy_part(1, "/copied-from/five", Some(range)), 416, "InvalidRange");
    }
    for range in [
        "0-2",
        "bytes=0",
        "bytes=hello-world",
        "bytes=0-bar",
        "bytes=hello-",
        "bytes=0-2,3-5",
        "bytes=3-2",
        "bytes=-3",
        "bytes=2-",
        "bytes=+1-2",
    ] {
        refused(&upload.copy_part(1, "/copied-from/five", Some(range)), 400, "InvalidArgument");
    }
    for number in [0, 10_001] {
        refused(&upload.copy_part(number, "/copied-from/five", None), 400, "InvalidArgument");
    }
    refused(&upload.copy_part(1, "/copied-from/none", None), 404, "NoSuchKey");
    refused(&upload.copy_part(1, "/no-such-bucket-here/five", None), 404, "NoSuchBucket");
    assert_eq!(done(upload.list(""), 200).element("PartNumber"), "");
    done(upload.abort(), 204);
    refused(&upload.copy_part(1, "/copied-from/five", None), 404, "NoSuchUpload");
}

#[test]
fn conditions_on_the_source_of_a_part_hold() {
    let client = both();
    let put = done(client.send(&put("/copied-from/conditional", b"content")), 200);
    let etag = put.header("etag").unwrap();
    let upload = Upload::begin(&client, "/copied-to/conditional");
    let copy = |header: &str, value: &str| {
        let copy = upload.request("PUT", "partNumber=1").header("x-amz-copy-source", "/copied-from/conditional");
        client.send(&copy.header(header, value))
    };
    refused(&copy("x-amz-copy-source-if-match", "\"00\""), 412, "PreconditionFailed");
    refused(&copy("x-amz-copy-source-if-none-match", etag), 412, "PreconditionFailed");
    refused(&copy("x-amz-copy-source-if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT"), 412, "PreconditionFailed");
    refused(&copy("x-amz-copy-source-if-unmodified-since", "Sat, 01 Jan 2000 00:00:00 GMT"), 412, "PreconditionFailed");
    done(copy("x-amz-copy-source-if-match", etag), 200);
    done(copy("x-amz-copy-source-if-none-match", "\"00\""), 200);
}

#[test]
fn sources_of_parts_are_named_exactly() {
    let client = both();
    let keys = ["%20", "_", "%3FversionId", "100%25", "a%2525b", "%C3%A4//b", "a+b"];
    for key in keys {
        done(client.send(&put(&format!("/copied-from/{key}"), key.as_bytes())), 200);
    }
    for key in keys {
        let upload = Upload::begin(&client, "/copied-to/named");
        let copied = done(upload.copy_part(1, &format!("copied-from/{key}"), None), 200);
        done(upload.complete(&[(1, &copied.element("ETag").replace('"', ""))]), 200);
        assert_eq!(done(client.send(&get("/copied-to/named")), 200).text(), key);
    }
}

#[test]
fn an_empty_object_is_copied_as_an_empty_part() {
    let client = both();
    done(client.send(&put("/copied-from/empty", b"")), 200);
    let upload = Upload::begin(&client, "/copied-to/empty");
    let copied = done(upload.copy_part(1, "/copied-from/empty", None), 200);
    refused(&upload.copy_part(2, "/copied-from/empty", Some("bytes=0-0")), 416, "InvalidRange");
    done(upload.complete(&[(1, &copied.element("ETag").replace('"', ""))]), 200);
    assert_eq!(done(client.send(&get("/copied-to/empty")), 200).body, b"");
}
