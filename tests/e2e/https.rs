//! HTTPS: the same protocol, over a certificate from files.

use crate::support::client::{Client, now, request};
use crate::support::server::{Home, OTHER_ACCESS_KEY, OTHER_SECRET_KEY, Server, waxseal};
use crate::support::tls::Certificate;
use crate::tool::{aws, client, noise, output, run};
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_rustls::rustls::version::{TLS12, TLS13};

#[test]
fn https_speaks_tls_1_2_and_1_3_and_s3_over_both() {
    let home = Home::in_memory();
    let (server, certificate) = home.serve_https();
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);
    assert_eq!(server.client().send(&request("PUT", "/clinic")).status, 200);
    for (version, key) in [(&TLS12, "old"), (&TLS13, "new")] {
        let tls = Some(Arc::new(certificate.trusted_over(&[version])));
        let client = Client { tls, ..server.client() };
        let body = noise(700_000, 5);
        assert_eq!(client.send(&request("PUT", &format!("/clinic/{key}")).body(body.clone())).status, 200);
        assert!(client.send(&request("GET", &format!("/clinic/{key}"))).body == body, "{version:?}");
        let url = client.presign("GET", &format!("/clinic/{key}"), 60, now());
        let followed = client.exchange(&request("GET", &url), &[("host".into(), client.address.clone())]).unwrap();
        assert!(followed.status == 200 && followed.body == body, "{version:?}");
    }
    assert!(Client { tls: None, ..server.client() }.try_send(&request("GET", "/")).is_err(), "plain HTTP was answered");
    assert!(server.stop().success());
}

#[test]
fn https_agrees_on_http_2_and_verifies_its_signatures() {
    let home = Home::in_memory();
    let (server, certificate) = home.serve_https();
    let mut tls = certificate.trusted();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let client = Client { tls: Some(Arc::new(tls)), ..server.client() };
    let mut genuine = client.sign(&request("GET", "/"));
    assert_eq!(status_over_http_2(&client, &genuine), 200);
    let signature = genuine.iter_mut().find(|(name, _)| name == "authorization").unwrap();
    signature.1 = signature.1.replace("/us-east-1/", "/us-east-2/");
    assert_ne!(status_over_http_2(&client, &genuine), 200);
}

/// GET / by frames made by hand. A header block is of literals that no table keeps; of the answer the first byte says all.
fn status_over_http_2(client: &Client, headers: &[(String, String)]) -> u16 {
    let mut block = Vec::new();
    let mut literal = |name: &str, value: &str| {
        for (mark, text) in [(true, name), (false, value)] {
            if mark {
                block.push(0);
            }
            match text.len() {
                length @ ..127 => block.push(length as u8),
                length => block.extend([127, (length - 127) as u8 | 0x80, ((length - 127) >> 7) as u8]),
            }
            block.extend_from_slice(text.as_bytes());
        }
    };
    for (name, value) in [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", &client.address)] {
        literal(name, value);
    }
    headers.iter().filter(|(name, _)| name != "host").for_each(|(name, value)| literal(name, value));
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
    };
    let mut stream = client.connect().unwrap();
    let hello = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, 0, 0, &[]), &frame(1, 5, 1, &block)].concat();
    stream.write_all(&hello).unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).unwrap();
        let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
        stream.read_exact(&mut payload).unwrap();
        assert!(head[3] != 7 && head[3] != 3, "the server went away: {payload:?}");
        if head[3] == 1 {
            return if payload[0] == 0x88 { 200 } else { 400 };
        }
    }
}

#[test]
fn a_handshake_that_stalls_counts_as_a_connection_and_is_closed_in_time() {
    let home = Home::in_memory();
    let config = home.path().join("waxseal.toml");
    fs::write(&config, "[limits]\nheader_timeout = \"1s\"\nconnections = 1\n").unwrap();
    let made = Certificate::make(home.path());
    let (certificate, key) = (made.certificate.to_str().unwrap(), made.key.to_str().unwrap());
    let config = config.to_str().unwrap();
    let server = home.serve_with(&["--config", config, "--tls-certificate", certificate, "--tls-key", key]);
    let begun = Instant::now();
    let _stalled = TcpStream::connect(server.client().address).unwrap();
    let client = Client { tls: Some(Arc::new(made.trusted())), ..server.client() };
    assert_eq!(client.send(&request("GET", "/")).status, 200);
    assert!(begun.elapsed() > Duration::from_millis(700), "a second connection was taken beside the only one there may be");
    for begin in [&b""[..], b"\x16\x03\x01\x02\x00\x01"] {
        let mut stream = TcpStream::connect(server.client().address).unwrap();
        stream.write_all(begin).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _closed = stream.read_to_end(&mut Vec::new());
        assert!(begun.elapsed() < Duration::from_secs(15), "a stalled handshake was held");
    }
}

#[test]
fn a_certificate_that_cannot_be_used_is_told_with_its_remedy() {
    let home = Home::in_memory();
    assert!(output(waxseal().args(["init", "--json"]).args(home.place())).status.success());
    let made = Certificate::make(home.path());
    let other = home.path().join("other");
    fs::create_dir(&other).unwrap();
    let other = Certificate::make(&other);
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let check = |certificate: &Path, key: &Path| {
        let config = home.path().join("waxseal.toml");
        fs::write(&config, format!("[tls]\ncertificate = {certificate:?}\nkey = {key:?}\n")).unwrap();
        let said = output(waxseal().arg("check").arg("--config").arg(&config).args(home.place()));
        (said.status.code(), String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned())
    };
    let (code, said) = check(&made.certificate, &made.key);
    assert!(code == Some(0) && said.contains(&text(&made.key)), "{said}");
    let faults = [
        (&made.certificate, &other.key, "tls.key", "is not the key of"),
        (&made.certificate, &made.certificate, "tls.key", "holds no private key"),
        (&made.key, &made.key, "tls.certificate", "holds no certificate"),
    ];
    for (certificate, key, setting, why) in faults {
        let (code, said) = check(certificate, key);
        assert!(code == Some(2) && said.contains(setting) && said.contains(why), "{said}");
        assert!(!said.contains("PRIVATE KEY") && !said.contains("BEGIN"), "{said}");
    }
    fs::set_permissions(&made.key, Permissions::from_mode(0o640)).unwrap();
    let (code, said) = check(&made.certificate, &made.key);
    assert!(code == Some(2) && said.contains("chmod 600"), "{said}");
    let half = output(waxseal().arg("serve").args(home.place()).arg("--tls-certificate").arg(&made.certificate));
    assert!(half.status.code() == Some(2) && String::from_utf8_lossy(&half.stderr).contains("--tls-key"));
}

#[test]
fn aws_cli_and_boto3_work_over_https() {
    let home = Home::in_memory();
    let (server, certificate) = home.serve_https();
    let Some(_) = aws(&server, home.path()) else { return };
    let aws = |args: &[&str]| run(aws(&server, home.path()).unwrap().env("AWS_CA_BUNDLE", &certificate.authority).args(args));
    let file = home.path().join("large");
    fs::write(&file, noise(9_000_001, 2)).unwrap();
    aws(&["s3", "mb", "s3://clinic"]);
    aws(&["s3", "cp", "--quiet", file.to_str().unwrap(), "s3://clinic/large"]);
    aws(&["s3", "cp", "--quiet", "s3://clinic/large", home.path().join("back").to_str().unwrap()]);
    assert!(fs::read(&file).unwrap() == fs::read(home.path().join("back")).unwrap());
    aws(&["s3", "rm", "--quiet", "--recursive", "s3://clinic"]);
    aws(&["s3", "rb", "s3://clinic"]);
    boto3(&server, &certificate, home.path());
}

fn boto3(server: &Server, certificate: &Certificate, home: &Path) {
    let Some(mut python) = client("python", home) else { return };
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/boto3_cases.py");
    python.env("AWS_CA_BUNDLE", &certificate.authority).env("SSL_CERT_FILE", &certificate.authority);
    let left_out = crate::boto3::left_out("boto3_cases.py");
    let output = output(python.arg(cases).arg(&server.url).args([OTHER_ACCESS_KEY, OTHER_SECRET_KEY]).args(left_out));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}
