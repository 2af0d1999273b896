//! One server for the tests of uploads in parts, and an upload as a client drives it by hand.

use crate::support::client::{Client, Request, Response, request};
use crate::support::server::{Home, Server};
use std::sync::OnceLock;

/// The least part but the last, in bytes.
pub const UNIT: usize = 5 << 20;

/// A client of the one server. The bucket is made if it is not there.
pub fn bucket(name: &str) -> Client {
    static SERVER: OnceLock<(Home, Server)> = OnceLock::new();
    let (_, server) = SERVER.get_or_init(|| {
        let home = Home::in_memory();
        let server = home.serve().kept();
        (home, server)
    });
    let client = server.client();
    let made = client.send(&request("PUT", &format!("/{name}")));
    assert!(made.status == 200 || made.code() == "BucketAlreadyOwnedByYou", "{}", made.text());
    client
}

pub fn put(path: &str, body: &[u8]) -> Request {
    request("PUT", path).body(body).unsigned()
}

pub fn get(path: &str) -> Request {
    request("GET", path)
}

/// Succeeds with this status.
pub fn done(answer: Response, status: u16) -> Response {
    assert_eq!(answer.status, status, "{}", answer.text());
    answer
}

/// Fails with this status and code.
pub fn refused(answer: &Response, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
}

/// What stands in every element of this name, in order.
pub fn elements(text: &str, name: &str) -> Vec<String> {
    let begin = format!("<{name}>");
    text.split(&begin).skip(1).map(|rest| rest.split("</").next().unwrap_or_default().to_owned()).collect()
}

pub struct Upload {
    pub client: Client,
    pub path: String,
    pub id: String,
}

/// A part as Complete names it: number, ETag, and what else stands in its element.
pub type Named<'p> = (u32, &'p str, &'p str);

impl Upload {
    pub fn begin(client: &Client, path: &str) -> Self {
        Self::begin_with(client, path, &[])
    }

    pub fn begin_with(client: &Client, path: &str, headers: &[(&str, &str)]) -> Self {
        let begin = with(request("POST", &format!("{path}?uploads=")), headers);
        let begun = done(client.send(&begin), 200);
        Self { client: client.clone(), path: path.to_owned(), id: begun.element("UploadId") }
    }

    pub fn request(&self, method: &str, query: &str) -> Request {
        let and = if query.is_empty() { "" } else { "&" };
        request(method, &format!("{}?{query}{and}uploadId={}", self.path, self.id))
    }

    pub fn try_part(&self, number: u32, body: &[u8], headers: &[(&str, &str)]) -> Response {
        let part = self.request("PUT", &format!("partNumber={number}")).body(body).unsigned();
        self.client.send(&with(part, headers))
    }

    /// Sends a part; gives its ETag, without quotes.
    pub fn part(&self, number: u32, body: &[u8]) -> String {
        etag(&done(self.try_part(number, body, &[]), 200))
    }

    pub fn copy_part(&self, number: u32, source: &str, range: Option<&str>) -> Response {
        let copy = self.request("PUT", &format!("partNumber={number}")).header("x-amz-copy-source", source);
        let copy = if let Some(range) = range { copy.header("x-amz-copy-source-range", range) } else { copy };
        self.client.send(&copy)
    }

    pub fn complete(&self, parts: &[(u32, &str)]) -> Response {
        let named: Vec<Named<'_>> = parts.iter().map(|(number, etag)| (*number, *etag, "")).collect();
        self.complete_with(&named, &[])
    }

    pub fn complete_with(&self, parts: &[Named<'_>], headers: &[(&str, &str)]) -> Response {
        let part = |(number, etag, more): &Named<'_>| {
            format!("<Part><PartNumber>{number}</PartNumber><ETag>&quot;{etag}&quot;</ETag>{more}</Part>")
        };
        let parts: String = parts.iter().map(part).collect();
        let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        self.client.send(&with(self.request("POST", "").body(body), headers))
    }

    pub fn abort(&self) -> Response {
        self.client.send(&self.request("DELETE", ""))
    }

    pub fn list(&self, query: &str) -> Response {
        self.client.send(&self.request("GET", query))
    }
}

pub fn with(request: Request, headers: &[(&str, &str)]) -> Request {
    headers.iter().fold(request, |request, (name, value)| request.header(name, value))
}

pub fn etag(answer: &Response) -> String {
    answer.header("etag").unwrap().trim_matches('"').to_owned()
}
