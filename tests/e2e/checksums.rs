//! Checksums: whole and of parts, declared, computed, verified, and told when asked for.

use crate::parts::{UNIT, Upload, bucket, done, elements, etag, get, put, refused, with};
use crate::support::client::{Client, Response, request};
use crate::tool::noise;
use waxseal::gateway::ChecksumKind;

const KINDS: [(ChecksumKind, &str); 10] = [
    (ChecksumKind::Crc32, "CRC32"),
    (ChecksumKind::Crc32c, "CRC32C"),
    (ChecksumKind::Crc64Nvme, "CRC64NVME"),
    (ChecksumKind::Sha1, "SHA1"),
    (ChecksumKind::Sha256, "SHA256"),
    (ChecksumKind::Md5, "MD5"),
    (ChecksumKind::XxHash64, "XXHASH64"),
    (ChecksumKind::XxHash3, "XXHASH3"),
    (ChecksumKind::XxHash128, "XXHASH128"),
    (ChecksumKind::Sha512, "SHA512"),
];

fn raw(kind: ChecksumKind, bytes: &[u8]) -> Vec<u8> {
    let mut digest = kind.digest();
    digest.update(bytes);
    digest.finish()
}

fn base64(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(bytes)
}

fn sum(kind: ChecksumKind, bytes: &[u8]) -> String {
    base64(&raw(kind, bytes))
}

fn header(name: &str) -> String {
    format!("x-amz-checksum-{}", name.to_lowercase())
}

fn summed(client: &Client, method: &str, path: &str) -> Response {
    client.send(&request(method, path).header("x-amz-checksum-mode", "ENABLED"))
}

#[test]
fn an_upload_has_the_checksum_it_was_created_with() {
    let client = bucket("checksums");
    let path = "/checksums/whole";
    let parts = [noise(UNIT, 1), noise(70_001, 2)];
    let crc = |kind| matches!(kind, ChecksumKind::Crc32 | ChecksumKind::Crc32c | ChecksumKind::Crc64Nvme);
    let full = KINDS.into_iter().filter(|(kind, _)| crc(*kind)).map(|kind| (kind, "FULL_OBJECT"));
    let composite = KINDS.into_iter().filter(|(kind, _)| *kind != ChecksumKind::Crc64Nvme).map(|kind| (kind, "COMPOSITE"));
    for ((kind, name), scope) in full.chain(composite) {
        let asked = [("x-amz-checksum-algorithm", name), ("x-amz-checksum-type", scope)];
        let upload = Upload::begin_with(&client, path, &asked);
        let (mut etags, mut sums) = (Vec::new(), Vec::new());
        for (number, part) in (1..).zip(&parts) {
            let own = sum(kind, part);
            // The first says its checksum, the second leaves it to the server.
            let said = [(header(name), own.clone())];
            let said: Vec<(&str, &str)> = said.iter().filter(|_| number == 1).map(|(a, b)| (a.as_str(), b.as_str())).collect();
            let sent = done(upload.try_part(number, part, &said), 200);
            assert_eq!(sent.header(&header(name)), Some(own.as_str()));
            etags.push(etag(&sent));
            sums.push(own);
        }
        let listed = done(upload.list(""), 200);
        assert_eq!(elements(&listed.text(), &format!("Checksum{name}")), sums);
        assert_eq!((listed.element("ChecksumAlgorithm").as_str(), listed.element("ChecksumType").as_str()), (name, scope));
        let whole = match scope {
            "FULL_OBJECT" => sum(kind, &parts.concat()),
            _ => format!("{}-2", sum(kind, &parts.iter().flat_map(|part| raw(kind, part)).collect::<Vec<u8>>())),
        };
        let in_xml: Vec<String> = sums.iter().map(|sum| format!("<Checksum{name}>{sum}</Checksum{name}>")).collect();
        let named = [(1, etags[0].as_str(), in_xml[0].as_str()), (2, &etags[1], &in_xml[1])];
        let completed = done(upload.complete_with(&named, &[(&header(name), &whole), ("x-amz-checksum-type", scope)]), 200);
        assert_eq!(completed.element(&format!("Checksum{name}")), whole, "{name} {scope}");
        assert_eq!(completed.element("ChecksumType"), scope);
        for method in ["GET", "HEAD"] {
            let told = summed(&client, method, path);
            assert_eq!(told.header(&header(name)), Some(whole.as_str()));
            assert_eq!(told.header("x-amz-checksum-type"), Some(scope));
            let part = summed(&client, method, &format!("{path}?partNumber=2"));
            // There is no room for a SHA-512 of a part (FORMAT 14).
            let own = Some(sums[1].as_str()).filter(|_| kind != ChecksumKind::Sha512);
            assert_eq!(part.header(&header(name)), own, "{name} of a part");
        }
        assert_eq!(client.send(&request("HEAD", path)).header(&header(name)), None, "told, and nobody asked");
    }
}

#[test]
fn a_complete_is_held_to_what_it_expects() {
    let client = bucket("checksums");
    let path = "/checksums/held";
    let upload = Upload::begin_with(&client, path, &[("x-amz-checksum-algorithm", "SHA256")]);
    let body = noise(1_000, 3);
    let (own, etag) = (sum(ChecksumKind::Sha256, &body), upload.part(1, &body));
    let composite = sum(ChecksumKind::Sha256, &raw(ChecksumKind::Sha256, &body));
    let xml = format!("<ChecksumSHA256>{own}</ChecksumSHA256>");
    let sha = "x-amz-checksum-sha256";
    let wrong = base64(&[0; 32]);
    let complete = |headers: &[(&str, &str)], xml: &str| upload.complete_with(&[(1, &etag, xml)], headers);
    for (headers, code) in [
        (&[(sha, wrong.as_str())][..], "BadDigest"),
        (&[(sha, "bad")], "BadDigest"),
        (&[(sha, &format!("{composite}-2"))], "BadDigest"),
        (&[(sha, &own)], "BadDigest"),
        (&[("x-amz-checksum-crc32", "AAAAAA==")], "InvalidRequest"),
        (&[("x-amz-checksum-type", "FULL_OBJECT")], "InvalidRequest"),
        (&[("x-amz-checksum-type", "SOMETHING")], "InvalidArgument"),
        (&[("x-amz-mp-object-size", "999")], "InvalidRequest"),
        (&[("x-amz-mp-object-size", "-1")], "InvalidArgument"),
        (&[(sha, &composite), ("x-amz-checksum-crc32", "AAAAAA==")], "InvalidRequest"),
    ] {
        refused(&complete(headers, &xml), 400, code);
    }
    refused(&complete(&[], &format!("<ChecksumSHA256>{wrong}</ChecksumSHA256>")), 400, "InvalidPart");
    refused(&client.send(&get(path)), 404, "NoSuchKey");
    let all = [(sha, &*format!("{composite}-1")), ("x-amz-checksum-type", "COMPOSITE"), ("x-amz-mp-object-size", "1000")];
    assert_eq!(done(complete(&all, &xml), 200).element("ChecksumSHA256"), format!("{composite}-1"));
}

#[test]
fn algorithms_and_types_that_do_not_go_together_are_refused() {
    let client = bucket("checksums");
    let create = |headers: &[(&str, &str)]| client.send(&with(request("POST", "/checksums/never?uploads="), headers));
    for (name, scope) in [
        ("CRC64NVME", "COMPOSITE"),
        ("SHA1", "FULL_OBJECT"),
        ("SHA256", "FULL_OBJECT"),
        ("SHA512", "FULL_OBJECT"),
        ("MD5", "FULL_OBJECT"),
        ("XXHASH3", "FULL_OBJECT"),
        ("NONE", "COMPOSITE"),
    ] {
        refused(&create(&[("x-amz-checksum-algorithm", name), ("x-amz-checksum-type", scope)]), 400, "InvalidRequest");
    }
    refused(&create(&[("x-amz-checksum-type", "FULL_OBJECT")]), 400, "InvalidRequest");
    let uploads = done(client.send(&get("/checksums?uploads=&prefix=never")), 200);
    assert_eq!(uploads.element("UploadId"), "");
}

#[test]
fn a_part_whose_checksum_is_wrong_or_of_another_algorithm_is_refused() {
    let client = bucket("checksums");
    let upload = Upload::begin_with(&client, "/checksums/other", &[("x-amz-checksum-algorithm", "CRC32C")]);
    let (body, sha) = (noise(1_000, 4), "x-amz-checksum-sha256");
    refused(&upload.try_part(1, &body, &[(sha, &sum(ChecksumKind::Sha256, &body))]), 400, "InvalidRequest");
    refused(&upload.try_part(1, &body, &[("x-amz-checksum-crc32c", "AAAAAA==")]), 400, "BadDigest");
    assert_eq!(done(upload.list(""), 200).element("PartNumber"), "");
    done(upload.abort(), 204);
}

#[test]
fn an_upload_that_asks_for_no_checksum_gets_the_usual_one() {
    let client = bucket("checksums");
    let path = "/checksums/usual";
    let parts = [noise(UNIT, 5), noise(1_000, 6)];
    let upload = Upload::begin(&client, path);
    let crc = sum(ChecksumKind::Crc32, &parts[0]);
    let first = done(upload.try_part(1, &parts[0], &[("x-amz-checksum-crc32", &crc)]), 200);
    assert_eq!(first.header("x-amz-checksum-crc32"), Some(crc.as_str()));
    refused(&upload.try_part(1, &parts[0], &[("x-amz-checksum-crc32", "AAAAAA==")]), 400, "BadDigest");
    let second = upload.part(2, &parts[1]);
    let xml = format!("<ChecksumCRC32>{crc}</ChecksumCRC32>");
    let completed = done(upload.complete_with(&[(1, &etag(&first), &xml), (2, &second, "")], &[]), 200);
    let whole = sum(ChecksumKind::Crc64Nvme, &parts.concat());
    assert_eq!(completed.element("ChecksumCRC64NVME"), whole);
    let told = summed(&client, "HEAD", path);
    assert_eq!(told.header("x-amz-checksum-crc64nvme"), Some(whole.as_str()));
    assert_eq!(told.header("x-amz-checksum-type"), Some("FULL_OBJECT"));
    let part = summed(&client, "HEAD", &format!("{path}?partNumber=1"));
    assert_eq!(part.header("x-amz-checksum-crc64nvme"), Some(sum(ChecksumKind::Crc64Nvme, &parts[0]).as_str()));
}

#[test]
fn a_copy_has_the_checksum_that_is_asked_for_or_that_of_its_source() {
    let client = bucket("checksums");
    let parts = [noise(UNIT, 7), noise(300_000, 8)];
    let upload = Upload::begin_with(&client, "/checksums/from", &[("x-amz-checksum-algorithm", "SHA1")]);
    let etags = [upload.part(1, &parts[0]), upload.part(2, &parts[1])];
    let composite = done(upload.complete(&[(1, &etags[0]), (2, &etags[1])]), 200).element("ChecksumSHA1");
    assert!(composite.ends_with("-2"), "{composite}");
    let copy = |from: &str, to: &str, headers: &[(&str, &str)]| {
        let copy = request("PUT", &format!("/checksums/{to}")).header("x-amz-copy-source", &format!("checksums/{from}"));
        done(client.send(&with(copy, headers)), 200)
    };
    assert_eq!(copy("from", "kept", &[]).element("ChecksumSHA1"), composite);
    let whole = parts.concat();
    for (kind, name) in KINDS {
        let copied = copy("from", "to", &[("x-amz-checksum-algorithm", name)]);
        let own = sum(kind, &whole);
        assert_eq!(copied.element(&format!("Checksum{name}")), own);
        assert_eq!(copied.element("ChecksumType"), "FULL_OBJECT");
        let told = summed(&client, "HEAD", "/checksums/to");
        assert_eq!(told.header(&header(name)), Some(own.as_str()));
        assert_eq!(told.header("x-amz-checksum-type"), Some("FULL_OBJECT"));
        let listed = done(client.send(&get("/checksums?list-type=2&prefix=to")), 200);
        assert_eq!(listed.element("ChecksumAlgorithm"), name);
        assert_eq!(copy("to", "again", &[]).element(&format!("Checksum{name}")), own, "a copy of the copy");
    }
    assert!(done(client.send(&get("/checksums/again")), 200).body == whole);
}

#[test]
fn an_algorithm_that_is_said_needs_its_checksum() {
    let client = bucket("checksums");
    let path = "/checksums/said";
    let said = |headers: &[(&str, &str)]| client.send(&with(put(path, b"content"), headers));
    let crc = sum(ChecksumKind::Crc32, b"content");
    let says = ("x-amz-sdk-checksum-algorithm", "CRC32");
    refused(&said(&[says]), 400, "InvalidRequest");
    refused(&said(&[says, ("x-amz-checksum-crc32c", &sum(ChecksumKind::Crc32c, b"content"))]), 400, "BadDigest");
    refused(&said(&[says, ("x-amz-checksum-crc32", "bad")]), 400, "BadDigest");
    refused(&said(&[("x-amz-sdk-checksum-algorithm", "CRC31")]), 400, "InvalidRequest");
    refused(&said(&[("x-amz-checksum-crc32", &crc), ("x-amz-checksum-sha1", "AAAA")]), 400, "BadDigest");
    refused(&client.send(&get(path)), 404, "NoSuchKey");
    let stored = done(said(&[says, ("x-amz-checksum-crc32", &crc)]), 200);
    assert_eq!(stored.header("x-amz-checksum-crc32"), Some(crc.as_str()));
    assert_eq!(stored.header("x-amz-checksum-type"), Some("FULL_OBJECT"));
}
