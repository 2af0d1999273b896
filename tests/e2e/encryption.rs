//! Whatever is asked of encryption, it is done: seen from the backend, and by an independent reader.

use crate::support::client::{Client, Request, hex, request};
use crate::support::s3_server::S3Server;
use crate::support::server::{Home, Server, is_before_s3, waxseal};
use crate::tool::{aws, client as tool, noise, output, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SSE: &str = "x-amz-server-side-encryption";
const MARKER: &[u8; 16] = b"canary-Zt4wB8nP1";
const KEY: &[u8; 32] = b"a key that a client keeps itself";

/// A key of a client, and the base64 of it and its MD5.
fn customer() -> (String, String) {
    let mut md5 = waxseal::crypto::Digest::new(waxseal::crypto::DigestKind::Md5);
    md5.update(KEY);
    let base64 = |bytes: &[u8]| base64_simd::STANDARD.encode_to_string(bytes);
    (base64(KEY), base64(&md5.finish()))
}

/// What an object is asked to be encrypted with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Nothing,
    S3,
    Kms,
    Named,
    Customer,
}

const MODES: [Mode; 5] = [Mode::Nothing, Mode::S3, Mode::Kms, Mode::Named, Mode::Customer];

impl Mode {
    fn asked(self, request: Request) -> Request {
        match self {
            Self::Nothing => request,
            Self::S3 => request.header(SSE, "AES256"),
            Self::Kms => request.header(SSE, "aws:kms"),
            Self::Named => request.header(SSE, "aws:kms").header(&format!("{SSE}-aws-kms-key-id"), "testkey-1"),
            Self::Customer => self.keyed(request),
        }
    }

    /// With the client's key, if it has one.
    fn keyed(self, request: Request) -> Request {
        self.keyed_as(request, SSE)
    }

    fn keyed_as(self, request: Request, family: &str) -> Request {
        if self != Self::Customer {
            return request;
        }
        let (key, md5) = customer();
        let name = |rest: &str| format!("{family}-customer-{rest}");
        request.header(&name("algorithm"), "AES256").header(&name("key"), &key).header(&name("key-md5"), &md5)
    }
}

/// A store with keys that clients may name, each in a file of its own.
fn configured(home: &Home, keys: &[(&str, &str)]) -> PathBuf {
    let mut text = "danger_allow_sse_c_over_http = true\n".to_owned();
    for (id, file) in keys {
        let file = home.path().join(file);
        if !file.exists() {
            run(waxseal().args(["keyring", "new-root"]).arg(&file));
        }
        text.push_str(&format!("[[kms_key]]\nid = \"{id}\"\nroot_key = {file:?}\n"));
    }
    let config = home.path().join("waxseal.toml");
    fs::write(&config, text).unwrap();
    config
}

fn serve(home: &Home, config: &Path) -> Server {
    home.serve_with(&["--config", config.to_str().unwrap()])
}

fn sent(client: &Client, request: &Request) -> crate::support::client::Response {
    let answer = client.send(request);
    assert_eq!(answer.status, 200, "{} {}: {}", request.method, request.path, answer.text());
    answer
}

fn marked(length: usize) -> Vec<u8> {
    MARKER.iter().copied().cycle().take(length).collect()
}

fn upload(client: &Client, mode: Mode, key: &str, parts: [Vec<u8>; 2]) {
    let upload = sent(client, &mode.asked(request("POST", &format!("{key}?uploads=")))).element("UploadId");
    let mut listed = String::new();
    for (number, part) in (1..).zip(parts) {
        let put = request("PUT", &format!("{key}?partNumber={number}&uploadId={upload}")).body(part).unsigned();
        let etag = sent(client, &mode.keyed(put)).header("etag").unwrap().to_owned();
        listed.push_str(&format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"));
    }
    let body = format!("<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>");
    sent(client, &mode.keyed(request("POST", &format!("{key}?uploadId={upload}")).body(body)));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn bytes_of_blobs(home: &Home) -> u64 {
    if is_before_s3() {
        // There the backend copies content of its own.
        return 0;
    }
    files(&home.store().join("blobs")).iter().map(|file| fs::metadata(file).unwrap().len()).sum()
}

/// A whole object of some mode, and a range of it, as the two parts of an upload of another.
fn copied_parts(client: &Client, (from, source): (Mode, &str), mode: Mode, key: &str) {
    let upload = sent(client, &mode.asked(request("POST", &format!("{key}?uploads=")))).element("UploadId");
    let mut listed = String::new();
    for (number, range) in [(1, None), (2, Some("bytes=65530-65545"))] {
        let part = request("PUT", &format!("{key}?partNumber={number}&uploadId={upload}"));
        let part = from.keyed_as(part.header("x-amz-copy-source", source), "x-amz-copy-source-server-side-encryption");
        let part = mode.keyed(range.into_iter().fold(part, |part, range| part.header("x-amz-copy-source-range", range)));
        let etag = sent(client, &part).element("ETag");
        listed.push_str(&format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"));
    }
    let body = format!("<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>");
    sent(client, &mode.keyed(request("POST", &format!("{key}?uploadId={upload}")).body(body)));
}

/// Every mode by PUT, in parts, by copy and by copies of parts from every other; gives the keys with what they hold.
fn store(home: &Home, client: &Client) -> Vec<(Mode, String, Vec<u8>)> {
    sent(client, &request("PUT", "/clinic"));
    sent(client, &request("PUT", "/clinic/source").body(marked(300_000)).unsigned());
    let mut stored = Vec::new();
    for mode in MODES {
        sent(client, &mode.asked(request("PUT", &format!("/clinic/put-{mode:?}")).body(marked(100_000))));
        stored.push((mode, format!("put-{mode:?}"), marked(100_000)));
        upload(client, mode, &format!("/clinic/parts-{mode:?}"), [marked(5 << 20), marked(70_000)]);
        stored.push((mode, format!("parts-{mode:?}"), [marked(5 << 20), marked(70_000)].concat()));
    }
    let before = bytes_of_blobs(home);
    for mode in MODES {
        let copy = request("PUT", &format!("/clinic/copy-{mode:?}")).header("x-amz-copy-source", "/clinic/source");
        sent(client, &mode.asked(copy));
        stored.push((mode, format!("copy-{mode:?}"), marked(300_000)));
    }
    assert_eq!(bytes_of_blobs(home), before, "a copy moved content");
    for mode in MODES {
        let from = format!("/clinic/parts-{mode:?}");
        for to in MODES {
            let key = format!("parts-{mode:?}-{to:?}");
            copied_parts(client, (mode, &from), to, &format!("/clinic/{key}"));
            let whole = [marked(5 << 20), marked(70_000)].concat();
            stored.push((to, key, [&whole[..], &whole[65_530..=65_545]].concat()));
        }
    }
    stored
}

#[test]
fn every_mode_of_encryption_is_sealed_and_opens_for_an_independent_reader() {
    let home = Home::new();
    let config = configured(&home, &[("testkey-1", "kms.key")]);
    let server = serve(&home, &config);
    let client = server.client();
    let stored = store(&home, &client);
    for (mode, key, body) in &stored {
        let found = client.send(&mode.keyed(request("GET", &format!("/clinic/{key}"))));
        assert!(found.status == 200 && found.body == *body, "{key}");
    }
    let (key, md5) = customer();
    for needle in [std::str::from_utf8(MARKER).unwrap(), std::str::from_utf8(KEY).unwrap(), &key, &md5] {
        let found = |folder: &Path| output(Command::new("grep").args(["-rlFa", "-e", needle]).arg(folder));
        let here = found(home.path());
        assert!(here.status.code() == Some(1), "{needle} stands in {}", String::from_utf8_lossy(&here.stdout));
        if is_before_s3() {
            // Other tests remove files there meanwhile, which grep complains of.
            let there = found(S3Server::shared().unwrap().folder());
            let nowhere = there.stdout.is_empty() && matches!(there.status.code(), Some(1 | 2));
            assert!(nowhere, "{needle} stands in {}", String::from_utf8_lossy(&there.stdout));
        }
    }
    assert!(server.stop().success());
    let reader = Reader::new(&home, &config);
    // Of the copied parts those from the client's key stand for all: each takes a while.
    let is_one = |key: &str| key.matches('-').count() < 2 || key.starts_with("parts-Customer");
    for (mode, key, body) in stored.iter().filter(|(_, key, _)| is_one(key)) {
        reader.reads(*mode, key, body);
    }
    let verified = run(&mut home.command(&["verify"], Some(&config)));
    assert!(verified.contains("41 objects") && verified.contains("(8 open only"), "{verified}");
}

/// Reads a store that nobody serves.
struct Reader<'h> {
    home: &'h Home,
    config: &'h Path,
    uuid: String,
    customer_file: PathBuf,
}

impl<'h> Reader<'h> {
    fn new(home: &'h Home, config: &'h Path) -> Self {
        let ring = run(&mut home.command(&["keyring", "show"], None));
        fs::write(home.path().join("keyring"), &ring).unwrap();
        let line = ring.lines().find(|line| line.starts_with("bucket ") && line.ends_with(" clinic")).unwrap();
        let uuid = line.split(' ').nth(1).unwrap().to_owned();
        let customer_file = home.path().join("customer.key");
        fs::write(&customer_file, KEY).unwrap();
        Self { home, config, uuid, customer_file }
    }

    fn cat(&self, arguments: &[&str], key: &str) -> std::process::Output {
        let mut cat = self.home.command(&["cat"], Some(self.config));
        output(cat.args(arguments).arg(format!("clinic/{key}")))
    }

    fn reads(&self, mode: Mode, key: &str, body: &[u8]) {
        let sealed = self.cat(&["--sealed"], key);
        let file = self.home.path().join("sealed");
        fs::write(&file, &sealed.stdout).unwrap();
        let customer_file = self.customer_file.to_str().unwrap();
        let customer: &[&str] = if mode == Mode::Customer { &["--customer-key-file", customer_file] } else { &[] };
        let plain = self.cat(customer, key);
        assert!(plain.stdout == body, "`waxseal cat` of {key}: {}", String::from_utf8_lossy(&plain.stderr));
        let named = self.home.path().join("kms.key");
        for (has_root, has_key) in [(true, true), (false, true), (true, false)] {
            let opens = (has_root || mode != Mode::Named) && (has_key || mode != Mode::Customer);
            let mut open = waxseal();
            open.arg("open").arg(&file).arg("--root-key").arg(self.home.root_key());
            if has_root {
                open.arg("--root-key").arg(&named);
            }
            if has_key {
                open.args(customer);
            }
            open.arg("--keyring").arg(self.home.path().join("keyring"));
            let opened = output(open.args(["--bucket", "clinic", "--key", key]));
            assert_eq!(opened.stdout == body, opens, "`waxseal open` of {key}: {}", String::from_utf8_lossy(&opened.stderr));
        }
        let Some(mut python) = tool("python", self.home.path()) else { return };
        self.reference(&mut python, mode, key).arg(&file);
        let opened = output(&mut python);
        assert!(opened.stdout == body, "the reference and {key}: {}", String::from_utf8_lossy(&opened.stderr));
    }

    fn reference<'c>(&self, python: &'c mut Command, mode: Mode, key: &str) -> &'c mut Command {
        let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/waxseal_ref.py");
        python.arg(reference).args(["open", "--keyring"]).arg(self.home.path().join("keyring"));
        python.arg("--root").arg(self.home.root_key()).arg("--root").arg(self.home.path().join("kms.key"));
        if mode == Mode::Customer {
            python.args(["--customer-key", &hex(KEY)]);
        }
        python.args(["--bucket-uuid", &self.uuid, "--key", key])
    }
}

fn default_rule(algorithm: &str, more: &str) -> String {
    let apply = format!(
        "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>{algorithm}</SSEAlgorithm>{more}</ApplyServerSideEncryptionByDefault>"
    );
    format!("<ServerSideEncryptionConfiguration><Rule>{apply}</Rule></ServerSideEncryptionConfiguration>")
}

/// What is told of an object's encryption: the algorithm and the key's id.
fn told(answer: &crate::support::client::Response) -> (Option<&str>, Option<&str>) {
    (answer.header(SSE), answer.header(&format!("{SSE}-aws-kms-key-id")))
}

#[test]
fn the_default_encryption_of_a_bucket_is_applied_and_told() {
    let home = Home::in_memory();
    let config = configured(&home, &[("testkey-1", "kms.key")]);
    let server = serve(&home, &config);
    let client = server.client();
    sent(&client, &request("PUT", "/clinic"));
    sent(&client, &request("PUT", "/clinic/before").body("x"));
    let get = || client.send(&request("GET", "/clinic?encryption="));
    assert_eq!((get().status, get().code().as_str()), (404, "ServerSideEncryptionConfigurationNotFoundError"));
    let put = |body: String| client.send(&request("PUT", "/clinic?encryption=").body(body));
    let id = "<KMSMasterKeyID>testkey-1</KMSMasterKeyID>";
    let unknown = "<KMSMasterKeyID>no-such-key</KMSMasterKeyID>";
    for (body, code) in [
        (default_rule("AES128", ""), "MalformedXML"),
        (default_rule("AES256", id), "InvalidArgument"),
        (default_rule("aws:kms", unknown), "KMS.NotFoundException"),
        ("<ServerSideEncryptionConfiguration></ServerSideEncryptionConfiguration>".to_owned(), "MalformedXML"),
    ] {
        let refused = put(body);
        assert_eq!((refused.status, refused.code().as_str()), (400, code), "{}", refused.text());
    }
    assert_eq!(get().status, 404);
    for (rule, expected) in [
        (default_rule("AES256", ""), (Some("AES256"), None)),
        (default_rule("aws:kms", ""), (Some("aws:kms"), Some("alias/waxseal"))),
        (default_rule("aws:kms", id), (Some("aws:kms"), Some("testkey-1"))),
    ] {
        assert_eq!(put(rule).status, 200);
        let shown = get();
        assert_eq!(Some(shown.element("SSEAlgorithm").as_str()), expected.0);
        assert!(shown.text().contains("testkey-1") == (expected.1 == Some("testkey-1")));
        assert_eq!(told(&sent(&client, &request("PUT", "/clinic/put").body("x"))), expected);
        let copy = request("PUT", "/clinic/copy").header("x-amz-copy-source", "/clinic/before");
        assert_eq!(told(&sent(&client, &copy)), expected);
        upload(&client, Mode::Nothing, "/clinic/parts", [marked(5 << 20), marked(7)]);
        for key in ["put", "copy", "parts"] {
            assert_eq!(told(&sent(&client, &request("HEAD", &format!("/clinic/{key}")))), expected, "{key}");
        }
        assert_eq!(told(&sent(&client, &Mode::S3.asked(request("PUT", "/clinic/asked").body("x")))), (Some("AES256"), None));
        let keyed = sent(&client, &Mode::Customer.asked(request("PUT", "/clinic/keyed").body("x")));
        assert_eq!(told(&keyed), (None, None), "a customer's key goes with no default");
    }
    assert_eq!(told(&sent(&client, &request("HEAD", "/clinic/before"))), (None, None));
    assert_eq!(client.send(&request("DELETE", "/clinic?encryption=")).status, 204);
    assert_eq!(get().status, 404);
    assert_eq!(told(&sent(&client, &request("PUT", "/clinic/put").body("x"))), (None, None));
    for method in ["GET", "DELETE"] {
        let refused = client.send(&request(method, "/clinic/put?encryption="));
        assert_eq!((refused.status, refused.code().as_str()), (405, "MethodNotAllowed"));
    }
    assert_eq!(client.send(&request("GET", "/clinic/put")).body, b"x");
}

fn update(key: &str, id: &str) -> Request {
    let body = format!("<ObjectEncryption><SSE-KMS><KMSKeyArn>{id}</KMSKeyArn></SSE-KMS></ObjectEncryption>");
    request("PUT", &format!("/clinic/{key}?encryption=")).body(body)
}

#[test]
fn an_object_is_wrapped_by_another_key_in_its_place() {
    let home = Home::in_memory();
    let config = configured(&home, &[("testkey-1", "kms.key")]);
    let server = serve(&home, &config);
    let client = server.client();
    sent(&client, &request("PUT", "/clinic"));
    let body = noise(700_000, 4);
    let put = request("PUT", "/clinic/object").body(body.clone()).header("x-amz-meta-note", "kept");
    let written = sent(&client, &put);
    let before = (bytes_of_blobs(&home), sent(&client, &request("HEAD", "/clinic/object")));
    let refused = client.send(&update("object", "no-such-key"));
    assert_eq!((refused.status, refused.code().as_str()), (400, "KMS.NotFoundException"));
    sent(&client, &update("object", "testkey-1"));
    let after = sent(&client, &request("GET", "/clinic/object"));
    assert!(after.body == body && after.header("etag") == written.header("etag"));
    assert_eq!(told(&after), (Some("aws:kms"), Some("testkey-1")));
    for header in ["last-modified", "x-amz-meta-note"] {
        assert_eq!(after.header(header), before.1.header(header), "{header}");
    }
    assert_eq!(bytes_of_blobs(&home), before.0, "content was moved");
    sent(&client, &Mode::Customer.asked(request("PUT", "/clinic/keyed").body("x")));
    let refused = client.send(&update("keyed", "testkey-1"));
    assert_eq!((refused.status, refused.code().as_str()), (400, "InvalidRequest"));
    let refused = client.send(&update("absent", "testkey-1"));
    assert_eq!((refused.status, refused.code().as_str()), (404, "NoSuchKey"));
    assert!(server.stop().success());
    Reader::new(&home, &config).reads(Mode::Named, "object", &body);
}

#[test]
fn a_clients_key_is_taken_over_https() {
    let home = Home::in_memory();
    let (server, _certificate) = home.serve_https();
    let client = server.client();
    sent(&client, &request("PUT", "/clinic"));
    sent(&client, &Mode::Customer.asked(request("PUT", "/clinic/keyed").body("secret")));
    assert_eq!(client.send(&request("GET", "/clinic/keyed")).status, 400);
    assert_eq!(client.send(&Mode::Customer.keyed(request("GET", "/clinic/keyed"))).body, b"secret");
}

#[test]
fn aws_cli_uploads_copies_and_reads_under_keys_of_its_own() {
    let home = Home::new();
    let (server, certificate) = home.serve_https();
    let aws = || {
        let mut aws = aws(&server, home.path())?;
        aws.env("AWS_CA_BUNDLE", &certificate.authority).arg("s3");
        Some(aws)
    };
    let Some(mut make) = aws() else { return };
    run(make.args(["mb", "s3://clinic"]));
    // One object in one request, and one in parts.
    for length in [100_000, 9 << 20] {
        let (from, to) = (home.path().join("from"), home.path().join("to"));
        let keys = [home.path().join("one.key"), home.path().join("two.key")];
        fs::write(&from, noise(length, 9)).unwrap();
        fs::write(&keys[0], KEY).unwrap();
        fs::write(&keys[1], b"another key, of 32 bytes as well").unwrap();
        let key = |index: usize| format!("fileb://{}", keys[index].display());
        let cp = || {
            let mut cp = aws().unwrap();
            cp.args(["cp", "--no-progress", "--sse-c", "AES256", "--sse-c-key"]);
            cp
        };
        run(cp().arg(key(0)).arg(&from).arg("s3://clinic/keyed"));
        let copy = ["s3://clinic/keyed", "s3://clinic/copy", "--sse-c-copy-source", "AES256", "--sse-c-copy-source-key", &key(0)];
        run(cp().arg(key(1)).args(copy));
        run(cp().arg(key(1)).arg("s3://clinic/copy").arg(&to));
        assert!(fs::read(&to).unwrap() == noise(length, 9), "{length} bytes came back as others");
        assert!(!output(aws().unwrap().args(["cp", "s3://clinic/copy"]).arg(&to)).status.success());
        let listed = run(aws().unwrap().args(["ls", "s3://clinic/copy"]));
        assert!(listed.contains(&length.to_string()), "{listed}");
    }
}

fn hidden_lines(home: &Home) -> usize {
    let ring = run(&mut home.command(&["keyring", "show"], None));
    ring.lines().filter(|line| line.starts_with("bucket ") && line.contains(" waxseal .kms-")).count()
}

#[test]
fn a_named_key_is_made_once_for_a_bucket_and_gone_with_it() {
    let home = Home::in_memory();
    let config = configured(&home, &[("testkey-1", "one.key"), ("testkey-2", "two.key")]);
    let server = serve(&home, &config);
    let client = server.client();
    sent(&client, &request("PUT", "/clinic"));
    sent(&client, &request("PUT", "/other"));
    std::thread::scope(|scope| {
        for number in 0..16 {
            let client = client.clone();
            scope.spawn(move || {
                let bucket = if number % 4 == 0 { "other" } else { "clinic" };
                let put = request("PUT", &format!("/{bucket}/{number}")).body("x");
                sent(&client, &put.header(SSE, "aws:kms").header(&format!("{SSE}-aws-kms-key-id"), "testkey-1"));
            });
        }
    });
    sent(&client, &Mode::S3.asked(request("PUT", "/clinic/s3").body("x")));
    assert!(server.stop().success());
    assert_eq!(hidden_lines(&home), 2);
    let server = serve(&home, &config);
    let client = server.client();
    for number in (0..16).step_by(4) {
        assert_eq!(client.send(&request("GET", &format!("/other/{number}"))).body, b"x");
        assert_eq!(client.send(&request("DELETE", &format!("/other/{number}"))).status, 204);
    }
    assert_eq!(client.send(&request("DELETE", "/other")).status, 204);
    let buckets = client.send(&request("GET", "/")).text();
    assert!(buckets.contains("clinic") && !buckets.contains(".kms"), "{buckets}");
    assert!(server.stop().success());
    assert_eq!(hidden_lines(&home), 1);
}

#[test]
fn what_a_named_key_seals_is_closed_while_the_key_is_not_configured() {
    let home = Home::in_memory();
    let config = configured(&home, &[("testkey-1", "one.key")]);
    let server = serve(&home, &config);
    let client = server.client();
    sent(&client, &request("PUT", "/clinic"));
    sent(&client, &Mode::Named.asked(request("PUT", "/clinic/named").body("secret")));
    sent(&client, &request("PUT", "/clinic/plain").body("open"));
    assert!(server.stop().success());

    let server = serve(&home, &configured(&home, &[]));
    let client = server.client();
    let closed = client.send(&request("GET", "/clinic/named"));
    assert_eq!((closed.status, closed.code().as_str()), (400, "KMS.DisabledException"), "{}", closed.text());
    let refused = client.send(&Mode::Named.asked(request("PUT", "/clinic/new").body("x")));
    assert_eq!((refused.status, refused.code().as_str()), (400, "KMS.NotFoundException"));
    assert_eq!(client.send(&request("GET", "/clinic/new")).status, 404);
    assert_eq!(client.send(&request("GET", "/clinic/plain")).body, b"open");
    let list = sent(&client, &request("GET", "/clinic?list-type=2")).text();
    assert!(list.contains("<Key>named</Key>") && list.contains("<Key>plain</Key>"), "{list}");
    assert!(server.stop().success());

    // Another root under the name: new objects are sealed under it, old ones open as long as the old one is there.
    let server = serve(&home, &configured(&home, &[("testkey-1", "new.key"), ("before", "one.key")]));
    let client = server.client();
    assert_eq!(client.send(&request("GET", "/clinic/named")).body, b"secret");
    sent(&client, &Mode::Named.asked(request("PUT", "/clinic/new").body("newer")));
    assert!(server.stop().success());
    let server = serve(&home, &configured(&home, &[("testkey-1", "new.key")]));
    let client = server.client();
    assert_eq!(client.send(&request("GET", "/clinic/new")).body, b"newer");
    assert_eq!(client.send(&request("GET", "/clinic/named")).status, 400);
}

#[test]
fn salvage_saves_what_is_sealed_under_keys_of_clients_and_named_keys() {
    let home = Home::in_memory();
    let config = configured(&home, &[("testkey-1", "kms.key")]);
    let server = serve(&home, &config);
    let client = server.client();
    sent(&client, &request("PUT", "/clinic"));
    let body = noise(400_000, 5);
    for mode in [Mode::Named, Mode::Customer] {
        sent(&client, &mode.asked(request("PUT", &format!("/clinic/{mode:?}")).body(body.clone())));
    }
    assert!(server.stop().success());
    let to = home.path().join("salvaged");
    let mut salvage = waxseal();
    salvage.arg("salvage").arg(home.store()).arg(&to).arg("--root-key").arg(home.root_key());
    run(salvage.arg("--root-key").arg(home.path().join("kms.key")));
    fs::remove_dir_all(home.store()).unwrap();
    fs::rename(&to, home.store()).unwrap();
    let server = serve(&home, &config);
    for mode in [Mode::Named, Mode::Customer] {
        let found = server.client().send(&mode.keyed(request("GET", &format!("/clinic/{mode:?}"))));
        assert!(found.status == 200 && found.body == body, "{mode:?}: {}", found.status);
    }
}

#[test]
fn check_names_every_fault_of_a_named_key() {
    let home = Home::in_memory();
    let file = home.path().join("waxseal.toml");
    let key = |lines: &str| format!("[[kms_key]]\n{lines}\n");
    let faults = ["root_key = \"f\"", "id = \"a\"", "id = \"a b\"\nroot_key = \"f\"", "id = \"alias/waxseal\"\nroot_key = \"f\""];
    fs::write(&file, faults.map(key).concat() + &key("id = \"c\"\nroot_key = \"f\"").repeat(2)).unwrap();
    let found = output(waxseal().arg("check").args(home.place()).arg("--config").arg(&file));
    let said = String::from_utf8_lossy(&found.stderr).into_owned();
    for index in [0, 1, 2, 3, 5] {
        assert!(said.contains(&format!("kms_key[{index}]")), "the fault of {index} is not in {said}");
    }
    assert!(!said.contains("kms_key[4]"), "{said}");

    run(waxseal().args(["init", "--json"]).args(home.place()));
    fs::write(&file, key(&format!("id = \"a\"\nroot_key = {:?}", home.root_key()))).unwrap();
    let found = output(waxseal().arg("verify").args(home.place()).arg("--config").arg(&file));
    let said = String::from_utf8_lossy(&found.stderr).into_owned();
    assert!(!found.status.success() && said.contains("the store's own root key"), "{said}");
}
