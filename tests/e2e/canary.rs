//! A marker that is PUT in every way stands in no file that the program writes.

use crate::support::client::request;
use crate::support::server::{Home, SECRET_KEY};
use std::fs;
use std::path::Path;

const MARKER: &[u8; 16] = b"canary-Qz7vX2mK9";

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn no_file_holds_plaintext_names_of_metadata_digests_or_secrets() {
    let home = Home::new();
    let server = home.serve();
    let client = server.client();
    let marked = |length: usize| MARKER.iter().copied().cycle().take(length).collect::<Vec<u8>>();
    assert_eq!(client.send(&request("PUT", "/clinic")).status, 200);
    let small = request("PUT", "/clinic/small").body(MARKER.to_vec()).header("x-amz-meta-note", "canary-Qz7vX2mK9");
    assert_eq!(client.send(&small.header("content-type", "text/canary-Qz7vX2mK9")).status, 200);
    assert_eq!(client.send(&request("PUT", "/clinic/large").body(marked(6 << 20)).unsigned()).status, 200);
    let long = "canary-Qz7vX2mK9".repeat(100);
    assert_eq!(client.send(&request("PUT", "/clinic/overflow").body("x").header("x-amz-meta-note", &long)).status, 200);
    let copied = client.send(&request("PUT", "/clinic/copied").header("x-amz-copy-source", "/clinic/small"));
    assert_eq!(copied.status, 200);
    let upload = client.send(&request("POST", "/clinic/parts?uploads=")).element("UploadId");
    let part = request("PUT", &format!("/clinic/parts?partNumber=1&uploadId={upload}")).body(marked(6 << 20)).unsigned();
    let etag = client.send(&part).header("etag").unwrap().to_owned();
    let complete =
        format!("<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>");
    assert_eq!(client.send(&request("POST", &format!("/clinic/parts?uploadId={upload}")).body(complete)).status, 200);
    let unfinished = client.send(&request("POST", "/clinic/unfinished?uploads=")).element("UploadId");
    let part = request("PUT", &format!("/clinic/unfinished?partNumber=1&uploadId={unfinished}")).body(marked(100_000));
    assert_eq!(client.send(&part).status, 200);
    assert_eq!(client.send(&request("PUT", "/clinic/overwritten").body(marked(100_000))).status, 200);
    assert_eq!(client.send(&request("PUT", "/clinic/overwritten").body("x")).status, 200);
    assert_eq!(client.send(&request("GET", "/clinic/large?response-content-type=text%2Fcanary")).body, marked(6 << 20));
    let environment = fs::read(format!("/proc/{}/environ", server.id())).unwrap_or_default();
    drop(environment);

    let mut md5 = waxseal::crypto::Digest::new(waxseal::crypto::DigestKind::Md5);
    md5.update(MARKER);
    let digest = md5.finish();
    let digest_hex = crate::support::client::hex(&digest);
    let needles: [&[u8]; 4] = [&MARKER[..], SECRET_KEY.as_bytes(), &digest, digest_hex.as_bytes()];
    for round in 0..2 {
        let found = files(home.path());
        assert!(found.len() > 3);
        for file in found {
            let bytes = fs::read(&file).unwrap_or_default();
            for needle in needles {
                assert!(!holds(&bytes, needle), "{} holds what is secret, round {round}", file.display());
            }
        }
        if round == 0 {
            assert_eq!(client.send(&request("GET", "/clinic/small")).body, MARKER);
        }
    }
    assert!(server.stop().success());
    for file in files(home.path()) {
        assert!(!holds(&fs::read(&file).unwrap(), MARKER), "{}", file.display());
    }
}
