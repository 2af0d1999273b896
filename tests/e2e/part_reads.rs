//! GET and HEAD with partNumber.

use crate::parts::{UNIT, Upload, bucket, done, etag, get, put, refused};
use crate::support::client::{Client, Response, request};
use crate::tool::noise;

fn read(client: &Client, path: &str, number: u32) -> Response {
    let got = client.send(&get(&format!("{path}?partNumber={number}")));
    let head = client.send(&request("HEAD", &format!("{path}?partNumber={number}")));
    assert_eq!(head.status, got.status);
    if got.status < 300 {
        for name in ["content-length", "content-range", "etag", "x-amz-mp-parts-count"] {
            assert_eq!(head.header(name), got.header(name), "{name}");
        }
    }
    got
}

#[test]
fn a_part_is_read_by_its_number() {
    let client = bucket("part-reads");
    let path = "/part-reads/object";
    let parts = [noise(UNIT, 1), noise(UNIT + 70_001, 2), noise(12_345, 3)];
    let upload = Upload::begin(&client, path);
    let etags: Vec<String> = (1..).zip(&parts).map(|(number, part)| upload.part(number, part)).collect();
    refused(&client.send(&get(&format!("{path}?partNumber=1"))), 404, "NoSuchKey");
    let named: Vec<(u32, &str)> = (1..).zip(etags.iter().map(String::as_str)).collect();
    let completed = done(upload.complete(&named), 200);
    let total: usize = parts.iter().map(Vec::len).sum();
    let mut at = 0;
    for (number, part) in (1..).zip(&parts) {
        let got = done(read(&client, path, number), 206);
        assert!(got.body == *part, "part {number}");
        assert_eq!(got.header("x-amz-mp-parts-count"), Some("3"));
        assert_eq!(etag(&got), completed.element("ETag").replace('"', ""));
        let range = format!("bytes {at}-{}/{total}", at + part.len() - 1);
        assert_eq!(got.header("content-range"), Some(range.as_str()));
        at += part.len();
    }
    refused(&read(&client, path, 4), 400, "InvalidPart");
    assert_eq!(done(client.send(&get(path)), 200).header("x-amz-mp-parts-count"), None);
}

#[test]
fn parts_keep_the_numbers_they_came_with() {
    let client = bucket("part-reads");
    let path = "/part-reads/gaps";
    let upload = Upload::begin(&client, path);
    let (first, last) = (noise(UNIT, 4), b"the last");
    let etags = [upload.part(7, &first), upload.part(10_000, last)];
    done(upload.complete(&[(7, &etags[0]), (10_000, &etags[1])]), 200);
    assert!(done(read(&client, path, 7), 206).body == first);
    assert_eq!(done(read(&client, path, 10_000), 206).body, last);
    for number in [1, 2, 8, 9_999] {
        refused(&read(&client, path, number), 400, "InvalidPart");
    }
}

#[test]
fn an_object_that_came_whole_is_its_own_first_part() {
    let client = bucket("part-reads");
    let path = "/part-reads/whole";
    let stored = done(client.send(&put(path, b"body")), 200);
    let got = done(read(&client, path, 1), 206);
    assert_eq!((got.text().as_str(), etag(&got)), ("body", etag(&stored)));
    assert_eq!(got.header("content-range"), Some("bytes 0-3/4"));
    assert_eq!(got.header("x-amz-mp-parts-count"), None);
    refused(&read(&client, path, 2), 400, "InvalidPart");
    done(client.send(&put(path, b"")), 200);
    assert_eq!(done(read(&client, path, 1), 200).body, b"");
}

#[test]
fn an_empty_last_part_is_read_as_no_bytes() {
    let client = bucket("part-reads");
    let path = "/part-reads/empty-last";
    let upload = Upload::begin(&client, path);
    let etags = [upload.part(1, &noise(UNIT, 5)), upload.part(2, b"")];
    done(upload.complete(&[(1, &etags[0]), (2, &etags[1])]), 200);
    // Again, when it is known.
    for _ in 0..2 {
        let got = done(read(&client, path, 2), 200);
        assert_eq!((got.body.as_slice(), got.header("content-length")), (b"".as_slice(), Some("0")));
        assert_eq!(done(read(&client, path, 1), 206).body.len(), UNIT);
    }
}

#[test]
fn a_part_number_that_cannot_be_is_refused() {
    let client = bucket("part-reads");
    done(client.send(&put("/part-reads/plain", b"body")), 200);
    for number in ["0", "-1", "10001"] {
        refused(&client.send(&get(&format!("/part-reads/plain?partNumber={number}"))), 400, "InvalidArgument");
    }
    let both = get("/part-reads/plain?partNumber=1").header("range", "bytes=0-1");
    refused(&client.send(&both), 400, "InvalidRequest");
}
