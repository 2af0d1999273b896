//! One line an exchange, when its answer has ended, however it ended: who did what, how much, how long, and no secret.

use crate::support::client::{now, request};
use crate::support::server::{ACCESS_KEY, Home, SECRET_KEY};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The lines that tell of exchanges.
fn exchanges(home: &Home) -> Vec<Value> {
    let log = std::fs::read_to_string(home.log()).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line.get("micros").is_some()).collect()
}

/// The one line of a path, once it is there.
fn line(home: &Home, path: &str) -> Value {
    for _ in 0..200 {
        let found: Vec<Value> = exchanges(home).into_iter().filter(|line| line["path"] == path).collect();
        if let [one] = found.as_slice() {
            return one.clone();
        }
        assert!(found.is_empty(), "{found:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("no line of {path}: {:?}", exchanges(home));
}

fn says(line: &Value, expected: &[(&str, Value)]) {
    for (name, value) in expected {
        assert_eq!(line[*name], *value, "{name} of {line}");
    }
}

#[test]
fn an_exchange_has_one_line_with_operation_key_bytes_and_time() {
    let home = Home::in_memory();
    let server = home.serve();
    let client = server.client();
    assert_eq!(client.send(&request("PUT", "/logged")).status, 200);
    assert_eq!(client.send(&request("PUT", "/logged/put").body(vec![7; 5_000])).status, 200);
    assert_eq!(client.send(&request("HEAD", "/logged/put")).status, 200);
    assert_eq!(client.send(&request("PUT", "/logged/range").body(vec![7; 5_000])).status, 200);
    let ranged = client.send(&request("GET", "/logged/range%3F").header("range", "bytes=0-9"));
    assert_eq!(ranged.status, 404);
    assert_eq!(client.send(&request("PUT", "/logged/copied").header("x-amz-copy-source", "/logged/put")).status, 200);
    let url = client.presign("GET", "/logged/copied?response-content-type=text%2Fsecret", 60, now());
    assert_eq!(client.exchange(&request("GET", &url), &[("host".into(), client.address.clone())]).unwrap().body.len(), 5_000);
    let mut stranger = client.clone();
    stranger.secret_key = "another/secret/of/nobody".into();
    let refused = stranger.send(&request("GET", "/logged/refused"));
    assert_eq!(refused.status, 403);

    let key = Value::from(ACCESS_KEY);
    says(&line(&home, "/logged"), &[("operation", "CreateBucket".into()), ("status", 200.into()), ("key", key.clone())]);
    let missing = line(&home, "/logged/range%3F");
    says(&missing, &[("operation", "GetObject".into()), ("code", "NoSuchKey".into()), ("message", "answered".into())]);
    assert!(missing["sent"].as_u64() > Some(100) && missing["micros"].as_u64() > Some(0), "{missing}");
    let put = line(&home, "/logged/range");
    says(&put, &[("operation", "PutObject".into()), ("received", 5_000.into()), ("sent", 0.into()), ("method", "PUT".into())]);
    says(&put, &[("key", key.clone()), ("code", "".into()), ("message", "answered".into())]);
    let refused = line(&home, "/logged/refused");
    says(&refused, &[("status", 403.into()), ("code", "SignatureDoesNotMatch".into()), ("key", "".into())]);
    assert!(server.stop().success());

    let all = exchanges(&home);
    let of = |path: &str, operation: &str| {
        let found: Vec<_> = all.iter().filter(|line| line["path"] == path && line["operation"] == operation).collect();
        assert_eq!(found.len(), 1, "{operation} {path}: {all:?}");
        found[0].clone()
    };
    says(&of("/logged/put", "HeadObject"), &[("sent", 0.into()), ("message", "answered".into()), ("status", 200.into())]);
    says(&of("/logged/copied", "CopyObject"), &[("received", 0.into()), ("message", "answered".into())]);
    says(&of("/logged/copied", "GetObject"), &[("sent", 5_000.into()), ("key", key), ("message", "answered".into())]);
    let log = std::fs::read_to_string(home.log()).unwrap();
    for secret in [SECRET_KEY, "Signature=", "X-Amz-", "response-content-type", "another/secret"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn an_exchange_that_breaks_off_has_its_line_too() {
    let home = Home::in_memory();
    let server = home.serve();
    let client = server.client();
    assert_eq!(client.send(&request("PUT", "/broken")).status, 200);
    let size = 40_000_000;
    assert_eq!(client.send(&request("PUT", "/broken/up").body(vec![7; size]).unsigned()).status, 200);
    let whole = line(&home, "/broken/up");
    says(&whole, &[("received", size.into()), ("message", "answered".into())]);

    let head = |method: &str, path: &str, length: usize| {
        let asked = request(method, path).unsigned();
        let headers: String = client.sign(&asked).iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("{method} {path} HTTP/1.1\r\n{headers}content-length: {length}\r\n\r\n")
    };
    assert_eq!(client.send(&request("PUT", "/broken/down").header("x-amz-copy-source", "/broken/up")).status, 200);
    let mut half = TcpStream::connect(&client.address).unwrap();
    half.write_all(head("GET", "/broken/down", 0).as_bytes()).unwrap();
    half.read_exact(&mut vec![0; 100_000]).unwrap();
    drop(half);
    let mut stalled = TcpStream::connect(&client.address).unwrap();
    stalled.write_all(head("PUT", "/broken/half", 1_000_000).as_bytes()).unwrap();
    stalled.write_all(&vec![7; 300_000]).unwrap();
    drop(stalled);
    let put = line(&home, "/broken/half");
    assert!(put["received"].as_u64() <= Some(300_000) && put["message"] != "answered" || put["status"] == 400, "{put}");
    assert!(server.stop().success());
    let all = exchanges(&home);
    let down = all.iter().find(|line| line["path"] == "/broken/down" && line["operation"] == "GetObject").unwrap();
    says(down, &[("status", 200.into()), ("message", "broken off".into())]);
    assert!(down["sent"].as_u64() >= Some(90_000) && down["sent"].as_u64() < Some(40_000_000), "{down}");
}
