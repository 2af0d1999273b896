//! A client of HTTP/1.1 and Signature Version 4 that sends exactly what it is told, wrong things included.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, StreamOwned};
use waxseal::crypto::{hmac, sha256};

/// Where, and as whom.
#[derive(Clone)]
pub struct Client {
    pub address: String,
    pub access_key: String,
    pub secret_key: String,
    /// Whom it trusts, if it speaks TLS.
    pub tls: Option<Arc<ClientConfig>>,
}

/// What is asked.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    /// As it goes over the wire: encoded, from the first slash.
    pub path: String,
    /// Encoded, without the question mark.
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// What x-amz-content-sha256 says; the body's own by default.
    pub payload: Option<String>,
    /// When it was signed, in seconds since 1970; now by default.
    pub time: Option<u64>,
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The code of an S3 error body.
    pub fn code(&self) -> String {
        self.element("Code")
    }

    /// What stands in the first element of this name.
    pub fn element(&self, name: &str) -> String {
        let text = self.text();
        let rest = text.split_once(&format!("<{name}>")).map_or("", |(_, rest)| rest);
        rest.split_once("</").map_or("", |(value, _)| value).to_owned()
    }
}

pub fn hex(bytes: &[u8]) -> String {
    hex_simd::encode_to_string(bytes, hex_simd::AsciiCase::Lower)
}

pub fn request(method: &str, path: &str) -> Request {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    Request { method: method.to_owned(), path, query, headers: Vec::new(), body: Vec::new(), payload: None, time: None }
}

impl Request {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn unsigned(mut self) -> Self {
        self.payload = Some("UNSIGNED-PAYLOAD".to_owned());
        self
    }
}

pub fn now() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a client has a clock of its own")]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

pub fn stamp(time: u64) -> String {
    let time = chrono::DateTime::from_timestamp(i64::try_from(time).unwrap(), 0).unwrap();
    time.format("%Y%m%dT%H%M%SZ").to_string()
}

/// The key that signs for a day in us-east-1.
pub fn signing_key(secret: &str, day: &str) -> [u8; 32] {
    let first = format!("AWS4{secret}");
    ["us-east-1", "s3", "aws4_request"]
        .iter()
        .fold(hmac(first.as_bytes(), &[day.as_bytes()]), |key, part| hmac(&key, &[part.as_bytes()]))
}

fn sorted_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').map_or((pair.to_owned(), String::new()), |(a, b)| (a.to_owned(), b.to_owned())))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

impl Client {
    pub fn new(url: &str, access_key: &str, secret_key: &str) -> Self {
        let address = url.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self { address, access_key: access_key.to_owned(), secret_key: secret_key.to_owned(), tls: None }
    }

    /// Signs: gives all headers, host and authorization among them.
    pub fn sign(&self, request: &Request) -> Vec<(String, String)> {
        let stamp = stamp(request.time.unwrap_or_else(now));
        let payload = request.payload.clone().unwrap_or_else(|| hex(&sha256(&[&request.body])));
        let mut headers = request.headers.clone();
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            headers.push(("host".to_owned(), self.address.clone()));
        }
        // A Date header is in its place, if the request has one.
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("date")) {
            headers.push(("x-amz-date".to_owned(), stamp.clone()));
        }
        headers.push(("x-amz-content-sha256".to_owned(), payload.clone()));
        let mut signed: Vec<(String, String)> =
            headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        signed.sort();
        let names = signed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
        let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let query = sorted_query(&request.query);
        let canonical = format!("{}\n{}\n{query}\n{lines}\n{names}\n{payload}", request.method, request.path);
        let day = stamp.get(..8).unwrap();
        let scope = format!("{day}/us-east-1/s3/aws4_request");
        let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex(&sha256(&[canonical.as_bytes()])));
        let signature = hex(&hmac(&signing_key(&self.secret_key, day), &[text.as_bytes()]));
        let credential = format!("{}/{scope}", self.access_key);
        let value = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}");
        headers.push(("authorization".to_owned(), value));
        headers
    }

    /// A URL's path and query that lets anyone do this for `seconds`.
    pub fn presign(&self, method: &str, path: &str, seconds: u64, time: u64) -> String {
        let stamp = stamp(time);
        let day = stamp.get(..8).unwrap();
        let scope = format!("{day}/us-east-1/s3/aws4_request");
        let credential = format!("{}/{scope}", self.access_key).replace('/', "%2F");
        let (path, given) = path.split_once('?').unwrap_or((path, ""));
        let query = format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={stamp}&X-Amz-Expires={seconds}&X-Amz-SignedHeaders=host&{given}"
        );
        let query = sorted_query(query.trim_end_matches('&'));
        let canonical = format!("{method}\n{path}\n{query}\nhost:{}\n\nhost\nUNSIGNED-PAYLOAD", self.address);
        let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex(&sha256(&[canonical.as_bytes()])));
        let signature = hex(&hmac(&signing_key(&self.secret_key, day), &[text.as_bytes()]));
        format!("{path}?{query}&X-Amz-Signature={signature}")
    }

    /// Signs, sends, and reads the whole answer.
    pub fn send(&self, request: &Request) -> Response {
        self.try_send(request).unwrap()
    }

    /// As [`Client::send`]; an error if the connection broke.
    pub fn try_send(&self, request: &Request) -> io::Result<Response> {
        let headers = self.sign(request);
        self.exchange(request, &headers)
    }

    /// Sends without a signature.
    pub fn anonymous(&self, request: &Request) -> Response {
        let host = ("host".to_owned(), self.address.clone());
        self.exchange(request, &[&[host], request.headers.as_slice()].concat()).unwrap()
    }

    /// Sends with these headers and no others but the length.
    pub fn exchange(&self, request: &Request, headers: &[(String, String)]) -> io::Result<Response> {
        let question = if request.query.is_empty() { "" } else { "?" };
        let mut head = format!("{} {}{question}{} HTTP/1.1\r\n", request.method, request.path, request.query);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let framed = |name: &str| headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(name));
        if !framed("content-length") && !framed("transfer-encoding") {
            head.push_str(&format!("content-length: {}\r\n", request.body.len()));
        }
        head.push_str("connection: close\r\n\r\n");
        self.raw(&[head.as_bytes(), &request.body].concat(), &request.method)
    }

    /// Sends bytes and reads an answer.
    pub fn raw(&self, bytes: &[u8], method: &str) -> io::Result<Response> {
        let mut stream = self.connect()?;
        // A server that refuses early may close before all is sent: its answer counts.
        let _sent = stream.write_all(bytes);
        read_response(stream, method)
    }

    /// A connection, over TLS if this client speaks it.
    pub fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        let name = self.address.rsplit_once(':').unwrap().0.to_owned().try_into().unwrap();
        let connection = ClientConnection::new(Arc::clone(tls), name).map_err(io::Error::other)?;
        Ok(Box::new(StreamOwned::new(connection, stream)))
    }
}

/// What a connection does.
pub trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

fn read_response(stream: Box<dyn Stream>, method: &str) -> io::Result<Response> {
    let mut reader = BufReader::new(stream);
    let broken = || io::Error::from(io::ErrorKind::UnexpectedEof);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let status: u16 = line.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or_else(broken)?;
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        if status == 100 {
            continue;
        }
        let mut answer = Response { status, headers, body: Vec::new() };
        if method == "HEAD" || status == 204 || status == 304 {
            return Ok(answer);
        }
        answer.body = match answer.header("content-length") {
            Some(length) => {
                let mut body = vec![0; length.parse().map_err(|_| broken())?];
                reader.read_exact(&mut body)?;
                body
            }
            None if answer.header("transfer-encoding").is_some() => read_chunked(&mut reader)?,
            None => {
                let mut body = Vec::new();
                reader.read_to_end(&mut body)?;
                body
            }
        };
        return Ok(answer);
    }
}

fn read_chunked(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let broken = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim(), 16).map_err(|_| broken())?;
        let mut piece = vec![0; size + 2];
        reader.read_exact(&mut piece)?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(piece.get(..size).unwrap());
    }
}
