//! A server with a bucket and an object that must survive every attack.

use crate::support::client::{Client, Request, Response, request};
use crate::support::server::{Home, Server};
use std::sync::OnceLock;

pub struct Fixture {
    _home: Home,
    server: Server,
}

pub const BUCKET: &str = "attacked";
pub const OLD: &[u8] = b"the old object, which no attack may change";

/// One server for all cases, so that one that harms it fails those that follow.
pub fn client() -> Client {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    let fixture = FIXTURE.get_or_init(|| {
        let home = Home::in_memory();
        let server = home.serve().kept();
        let client = server.client();
        assert_eq!(client.send(&request("PUT", &format!("/{BUCKET}"))).status, 200);
        assert_eq!(client.send(&put("old", OLD)).status, 200);
        Fixture { _home: home, server }
    });
    fixture.server.client()
}

pub fn put(key: &str, body: impl Into<Vec<u8>>) -> Request {
    request("PUT", &format!("/{BUCKET}/{key}")).body(body)
}

pub fn get(key: &str) -> Request {
    request("GET", &format!("/{BUCKET}/{key}"))
}

/// The server answers, the old object is what it was, and the new key does not exist.
pub fn unharmed(client: &Client, new_key: &str) {
    let old = client.send(&get("old"));
    assert_eq!((old.status, old.body.as_slice()), (200, OLD));
    let new = client.send(&get(new_key));
    assert_eq!((new.status, new.code().as_str()), (404, "NoSuchKey"), "{new_key} was stored");
}

/// Refused with a client error and an S3 body that says who, what and which request.
pub fn refused(answer: &Response) {
    assert!((400..500).contains(&answer.status) || answer.status == 501, "{} {}", answer.status, answer.text());
    assert!(!answer.code().is_empty(), "no code: {answer:?}");
    assert!(!answer.element("RequestId").is_empty(), "no request id: {answer:?}");
    assert!(!answer.element("Message").is_empty(), "no message: {answer:?}");
    assert_eq!(answer.header("x-amz-request-id"), Some(answer.element("RequestId").as_str()));
}

pub fn refused_as(answer: &Response, status: u16, code: &str) {
    refused(answer);
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
}
