//! Second users and the anonymous: they get what a canned ACL grants them, and nothing else, whatever they ask for.

use crate::fixture::refused_as;
use crate::support::client::{Client, Request, Response, hex, request};
use crate::support::server::{Home, Server};
use waxseal::crypto::sha256;

const MINE: &str = "/mine";

/// What lets others than the owner do something.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Need {
    List,
    Write,
    WriteSigned,
    Read,
    ReadAndWriteSigned,
    Owner,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Asker {
    Anonymous,
    Other,
    Owner,
}

struct World {
    _home: Home,
    server: Server,
    upload: String,
}

impl World {
    fn new() -> Self {
        let home = Home::in_memory();
        let server = home.serve_two("");
        let mut world = Self { _home: home, server, upload: String::new() };
        for set_up in [request("PUT", MINE), request("PUT", "/mine/object").body("content")] {
            world.done(&set_up);
        }
        world.upload = world.done(&request("POST", "/mine/parts?uploads")).element("UploadId");
        world
    }

    fn owner(&self) -> Client {
        self.server.client()
    }

    fn done(&self, request: &Request) -> Response {
        let answer = self.owner().send(request);
        assert!(answer.status < 300, "{} {}?{}: {}", request.method, request.path, request.query, answer.text());
        answer
    }

    fn send(&self, asker: Asker, request: &Request) -> Response {
        match asker {
            Asker::Anonymous => self.owner().anonymous(request),
            Asker::Other => self.server.other().send(request),
            Asker::Owner => self.owner().send(request),
        }
    }

    fn acl(&self, path: &str, acl: &str) {
        self.done(&request("PUT", &format!("{path}?acl")).header("x-amz-acl", acl));
    }

    /// A request of every kind, and what it needs. None of them changes what the others are about.
    fn every_kind(&self) -> Vec<(Need, Request)> {
        let at = |method: &str, rest: &str| request(method, &format!("{MINE}{rest}"));
        let part = format!("/parts?uploadId={}", self.upload);
        let copy = at("PUT", "/copied").header("x-amz-copy-source", "/mine/object");
        let until = ("x-amz-object-lock-retain-until-date", "2099-01-01T00:00:00Z");
        vec![
            (Need::List, at("HEAD", "")),
            (Need::List, at("GET", "")),
            (Need::List, at("GET", "?list-type=2")),
            (Need::List, at("GET", "?versions")),
            (Need::List, at("GET", "?uploads")),
            (Need::Read, at("GET", "/object")),
            (Need::Read, at("GET", "/object?versionId=null")),
            (Need::Read, at("HEAD", "/object")),
            (Need::Write, at("PUT", "/written").body("x")),
            (Need::Write, at("PUT", "/written").header("x-amz-acl", "public-read").body("x")),
            (Need::Write, at("DELETE", "/written")),
            (Need::WriteSigned, at("POST", "/begun?uploads")),
            (Need::ReadAndWriteSigned, copy),
            (Need::Owner, at("PUT", &format!("{part}&partNumber=1")).body("x")),
            (Need::Owner, at("PUT", &format!("{part}&partNumber=1")).header("x-amz-copy-source", "/mine/object")),
            (Need::Owner, at("GET", &part)),
            (
                Need::Owner,
                at("POST", &part).body(
                    "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>",
                ),
            ),
            (Need::Owner, at("DELETE", "/written?versionId=null")),
            (Need::Owner, at("DELETE", "/written").header("x-amz-bypass-governance-retention", "true")),
            (Need::Owner, at("PUT", "/held").header("x-amz-object-lock-legal-hold", "ON").body("x")),
            (Need::Owner, at("PUT", "/held").header("x-amz-object-lock-mode", "COMPLIANCE").header(until.0, until.1).body("x")),
            (Need::Owner, at("GET", "?acl")),
            (Need::Owner, at("PUT", "?acl").header("x-amz-acl", "public-read-write")),
            (Need::Owner, at("GET", "/object?acl")),
            (Need::Owner, at("PUT", "/object?acl").header("x-amz-acl", "public-read")),
            (Need::Owner, at("GET", "/object?tagging")),
            (Need::Owner, at("DELETE", "/object?tagging")),
            (Need::Owner, at("GET", "/object?retention")),
            (Need::Owner, at("GET", "/object?legal-hold")),
            (Need::Owner, at("GET", "?location")),
            (Need::Owner, at("GET", "?versioning")),
            (
                Need::Owner,
                at("PUT", "?versioning").body("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"),
            ),
            (Need::Owner, at("GET", "?object-lock")),
            (Need::Owner, at("GET", "?encryption")),
            (Need::Owner, at("DELETE", "?encryption")),
            (Need::Owner, at("GET", "?cors")),
            (Need::Owner, at("DELETE", "?cors")),
            (Need::Owner, at("GET", "?tagging")),
            (Need::Owner, at("DELETE", "?tagging")),
            (Need::Owner, at("GET", "?policy")),
            (Need::Owner, at("GET", "?ownershipControls")),
            (Need::Owner, at("DELETE", "")),
        ]
    }
}

/// Said again, apart from the program: who may read and who may write under a canned ACL.
fn may(asker: Asker, need: Need, bucket: &str, object: &str) -> bool {
    let reads = |acl: &str| acl.starts_with("public-read") || (acl == "authenticated-read" && asker == Asker::Other);
    let (writes, signed) = (bucket == "public-read-write", asker == Asker::Other);
    match need {
        Need::List => reads(bucket),
        Need::Read => reads(object),
        Need::Write => writes,
        Need::WriteSigned => writes && signed,
        Need::ReadAndWriteSigned => reads(object) && writes && signed,
        Need::Owner => false,
    }
}

#[test]
fn others_may_what_a_canned_acl_grants_and_nothing_else() {
    let world = World::new();
    let bucket_acls = ["private", "public-read", "public-read-write", "authenticated-read"];
    let object_acls = [&bucket_acls[..], &["bucket-owner-read", "bucket-owner-full-control"]].concat();
    for bucket in bucket_acls {
        world.acl(MINE, bucket);
        for object in &object_acls {
            world.acl("/mine/object", object);
            for (need, asked) in world.every_kind() {
                for asker in [Asker::Anonymous, Asker::Other] {
                    let answer = world.send(asker, &asked);
                    let case = format!("{asker:?} {bucket} {object}: {} {}?{}", asked.method, asked.path, asked.query);
                    let allowed = may(asker, need, bucket, object);
                    assert_eq!(answer.status < 300, allowed, "{case}: {} {}", answer.status, answer.text());
                    if !allowed {
                        assert_eq!(answer.status, 403, "{case}: {}", answer.text());
                        assert!(asked.method == "HEAD" || answer.code() == "AccessDenied", "{case}: {}", answer.text());
                    }
                }
            }
        }
    }
    assert_eq!(world.done(&request("GET", "/mine/object")).text(), "content");
    assert_eq!(world.owner().send(&request("GET", "/mine/held")).code(), "NoSuchKey");
}

#[test]
fn who_may_not_list_a_bucket_is_not_told_what_is_missing_in_it() {
    let world = World::new();
    let missing = request("GET", "/mine/missing");
    for asker in [Asker::Anonymous, Asker::Other] {
        world.acl(MINE, "private");
        refused_as(&world.send(asker, &missing), 403, "AccessDenied");
        refused_as(&world.send(asker, &request("GET", "/mine/object")), 403, "AccessDenied");
        world.acl(MINE, "public-read");
        refused_as(&world.send(asker, &missing), 404, "NoSuchKey");
        refused_as(
            &world.send(asker, &request("GET", "/mine/object?versionId=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
            404,
            "NoSuchVersion",
        );
        refused_as(&world.send(asker, &request("GET", "/nothing-here/missing")), 404, "NoSuchBucket");
    }
    refused_as(&world.send(Asker::Owner, &missing), 404, "NoSuchKey");
}

#[test]
fn the_anonymous_have_no_buckets_and_no_uploads() {
    let world = World::new();
    world.acl(MINE, "public-read-write");
    for asked in [
        request("GET", "/"),
        request("PUT", "/another"),
        request("POST", "/mine/parts?uploads"),
        request("PUT", "/mine/copied").header("x-amz-copy-source", "/mine/object"),
    ] {
        refused_as(&world.send(Asker::Anonymous, &asked), 403, "AccessDenied");
    }
    let written = world.send(Asker::Anonymous, &request("PUT", "/mine/theirs").body("from nobody"));
    assert_eq!(written.status, 200, "{}", written.text());
    // Nobody owns it who could come back: the owner of the bucket alone reads it.
    refused_as(&world.send(Asker::Anonymous, &request("GET", "/mine/theirs")), 403, "AccessDenied");
    refused_as(&world.send(Asker::Anonymous, &request("GET", "/mine/theirs?acl")), 403, "AccessDenied");
    refused_as(&world.send(Asker::Other, &request("GET", "/mine/theirs")), 403, "AccessDenied");
    assert_eq!(world.done(&request("GET", "/mine/theirs")).text(), "from nobody");
}

#[test]
fn a_signature_that_is_not_good_is_no_way_to_be_anonymous() {
    let world = World::new();
    world.acl("/mine/object", "public-read");
    let read = request("GET", "/mine/object");
    assert_eq!(world.send(Asker::Anonymous, &read).text(), "content");
    for authorization in ["", "Basic YTpi", "AWS4-HMAC-SHA256", "nonsense", "AWS4-HMAC-SHA256 Credential=a\u{e9}"] {
        let answer = world.owner().anonymous(&read.clone().header("authorization", authorization));
        assert!((400..500).contains(&answer.status) || answer.status == 501, "{authorization:?}: {}", answer.text());
    }
    for query in [
        "X-Amz-Credential=a",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256",
        "AWSAccessKeyId=a&Expires=1",
        "X-Amz-Signature=00",
        "Signature=a",
    ] {
        let answer = world.owner().anonymous(&request("GET", &format!("/mine/object?{query}")));
        assert!((400..500).contains(&answer.status), "{query}: {}", answer.text());
    }
    let wrong = Client { secret_key: "wrong".into(), ..world.server.other() };
    refused_as(&wrong.send(&read), 403, "SignatureDoesNotMatch");
}

#[test]
fn keys_of_one_delete_are_permitted_each_by_itself() {
    let world = World::new();
    let delete = |objects: &str| request("POST", "/mine?delete").body(format!("<Delete>{objects}</Delete>"));
    let both = "<Object><Key>object</Key></Object><Object><Key>other</Key><VersionId>null</VersionId></Object>";
    let md5 = |request: Request| {
        let digest = base64_simd::STANDARD.encode_to_string(sha256(&[&request.body]));
        request.header("x-amz-checksum-sha256", &digest)
    };
    for asker in [Asker::Anonymous, Asker::Other] {
        world.acl(MINE, "public-read");
        let answer = world.send(asker, &md5(delete(both)));
        assert_eq!((answer.status, answer.text().matches("AccessDenied").count()), (200, 2), "{}", answer.text());
        world.acl(MINE, "public-read-write");
        let answer = world.send(asker, &md5(delete(both)));
        assert_eq!((answer.status, answer.text().matches("AccessDenied").count()), (200, 1), "{}", answer.text());
        assert!(answer.text().contains("<Deleted><Key>object</Key></Deleted>"), "{}", answer.text());
        world.done(&request("PUT", "/mine/object").body("content"));
    }
}

#[test]
fn an_upload_goes_on_by_those_alone_who_began_it() {
    let world = World::new();
    world.acl(MINE, "public-read-write");
    let begun = world.send(Asker::Other, &request("POST", "/mine/theirs?uploads")).element("UploadId");
    let part = request("PUT", &format!("/mine/theirs?partNumber=1&uploadId={begun}")).body("content");
    refused_as(&world.send(Asker::Anonymous, &part), 403, "AccessDenied");
    let etag = world.send(Asker::Other, &part).header("etag").unwrap().to_owned();
    world.acl(MINE, "public-read");
    let part_of = format!("<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>");
    let complete = request("POST", &format!("/mine/theirs?uploadId={begun}"))
        .body(format!("<CompleteMultipartUpload>{part_of}</CompleteMultipartUpload>"));
    refused_as(&world.send(Asker::Other, &complete), 403, "AccessDenied");
    assert_eq!(world.send(Asker::Other, &request("GET", &format!("/mine/theirs?uploadId={begun}"))).status, 200);
    world.acl(MINE, "public-read-write");
    assert_eq!(world.send(Asker::Other, &complete).status, 200);
    assert_eq!(world.send(Asker::Other, &request("GET", "/mine/theirs")).text(), "content");
    assert!(world.done(&request("GET", "/mine/theirs?acl")).text().contains("<ID>other</ID>"));
}

#[test]
fn what_nobody_signed_is_still_held_to_what_it_declares() {
    let world = World::new();
    world.acl(MINE, "public-read-write");
    let put = |sha: &str| request("PUT", "/mine/declared").header("x-amz-content-sha256", sha).body("content");
    refused_as(&world.send(Asker::Anonymous, &put(&hex(&sha256(&[b"other"])))), 400, "BadDigest");
    let framed = put("STREAMING-UNSIGNED-PAYLOAD-TRAILER").header("x-amz-trailer", "x-amz-checksum-crc32");
    refused_as(&world.send(Asker::Anonymous, &framed), 501, "NotImplemented");
    refused_as(&world.send(Asker::Owner, &request("GET", "/mine/declared")), 404, "NoSuchKey");
    assert_eq!(world.send(Asker::Anonymous, &put(&hex(&sha256(&[b"content"])))).status, 200);
}
