//! An HTTP/1.1 client over one connection that is kept open, as lean as a load generator has to be.

use crate::Result;
use crate::content::Content;
use crate::number::{count, index};
use crate::sign::{Credentials, Signer};
use std::fmt::Write as _;
use std::io::{IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use waxseal::crypto::{Digest, DigestKind, sha256};

const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
const TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const WAIT: Duration = Duration::from_secs(120);
/// As botocore frames its bodies.
const FRAME: u64 = 1 << 20;

/// How the body of a PUT is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Its SHA-256 is part of the signature.
    Signed,
    /// Not signed; its length is declared.
    Plain,
    /// Not signed, in aws-chunked frames, with a CRC-64/NVME after them.
    Trailer,
}

/// What is to be sent.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The path, percent-encoded.
    pub path: &'a str,
    /// The query, percent-encoded and sorted.
    pub query: &'a str,
    /// First and last byte, if not all.
    pub range: Option<(u64, u64)>,
    /// The body.
    pub body: Option<(Content, How)>,
    /// A header of S3's own, signed with the others.
    pub header: Option<(&'a str, &'a str)>,
}

/// Where the body of an answer goes.
enum Sink {
    Kept(Vec<u8>),
    Compared { content: Content, at: u64, end: u64 },
}

impl Sink {
    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Kept(kept) => kept.extend_from_slice(bytes),
            Self::Compared { content, at, end } => {
                let mut rest = bytes;
                while !rest.is_empty() {
                    let want = content.piece(*at, count(rest.len()).min(end.saturating_sub(*at)));
                    let (now, later) = rest.split_at(want.len());
                    if want.is_empty() || now != want {
                        return Err(format!("wrong bytes at offset {at}").into());
                    }
                    *at += count(want.len());
                    rest = later;
                }
            }
        }
        Ok(())
    }
}

/// One connection.
pub struct Client {
    stream: TcpStream,
    host: String,
    signer: Signer,
    buffer: Vec<u8>,
    /// Where the bytes lie that were received and not yet used.
    unread: std::ops::Range<usize>,
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr, credentials: Credentials) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, WAIT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(WAIT))?;
        stream.set_write_timeout(Some(WAIT))?;
        let signer = Signer::new(credentials);
        Ok(Self { stream, host: address.to_string(), signer, buffer: vec![0; 256 << 10], unread: 0..0 })
    }

    /// Puts the content of `key`.
    pub fn put(&mut self, bucket: &str, key: &str, how: How) -> Result<u64> {
        let content = Content::of(key).ok_or("a key without a size")?;
        let path = format!("/{bucket}/{key}");
        let ask = Ask { method: "PUT", path: &path, query: "", range: None, body: Some((content, how)), header: None };
        self.send_head(&ask)?;
        self.send_body(content, how)?;
        self.answer(Sink::Kept(Vec::new()))?;
        Ok(content.size)
    }

    /// Gets `range` of an object, first and last byte, or all of it, and compares every byte.
    pub fn get(&mut self, bucket: &str, key: &str, range: Option<(u64, u64)>) -> Result<u64> {
        let content = Content::of(key).ok_or("a key without a size")?;
        let (first, last) = range.unwrap_or((0, content.size.saturating_sub(1)));
        self.send_head(&Ask { method: "GET", path: &format!("/{bucket}/{key}"), query: "", range, body: None, header: None })?;
        let end = last + 1;
        match self.answer(Sink::Compared { content, at: first, end })? {
            Sink::Compared { at, .. } if at == end => Ok(end - first),
            _ => Err("a body that ends early".into()),
        }
    }

    /// Sends a request without a body; answers the body of the answer.
    pub fn text(&mut self, method: &str, path: &str, query: &str) -> Result<String> {
        self.send_head(&Ask { method, path, query, range: None, body: None, header: None })?;
        match self.answer(Sink::Kept(Vec::new()))? {
            Sink::Kept(kept) => Ok(String::from_utf8(kept)?),
            Sink::Compared { .. } => Ok(String::new()),
        }
    }

    /// Copies an object.
    pub fn copy(&mut self, bucket: &str, from: &str, to: &str) -> Result<()> {
        let (path, source) = (format!("/{bucket}/{to}"), format!("/{bucket}/{from}"));
        let header = Some(("x-amz-copy-source", source.as_str()));
        self.send_head(&Ask { method: "PUT", path: &path, query: "", range: None, body: None, header })?;
        match self.answer(Sink::Kept(Vec::new()))? {
            Sink::Kept(kept) if String::from_utf8_lossy(&kept).contains("CopyObjectResult") => Ok(()),
            _ => Err("a copy that was not made".into()),
        }
    }

    /// Makes a bucket that keeps versions: one for object lock does so without being asked in a body.
    pub fn make_versioned(&mut self, bucket: &str) -> Result<()> {
        let header = Some(("x-amz-bucket-object-lock-enabled", "true"));
        let path = format!("/{bucket}");
        self.send_head(&Ask { method: "PUT", path: &path, query: "", range: None, body: None, header })?;
        self.answer(Sink::Kept(Vec::new()))?;
        Ok(())
    }

    /// Begins a transfer that is never finished: a PUT with `sent` bytes of its body, or a GET whose answer has begun.
    pub fn stall(&mut self, bucket: &str, key: &str, put: Option<u64>) -> Result<()> {
        let content = Content::of(key).ok_or("a key without a size")?;
        let path = format!("/{bucket}/{key}");
        let method = if put.is_some() { "PUT" } else { "GET" };
        let body = put.map(|_| (content, How::Plain));
        self.send_head(&Ask { method, path: &path, query: "", range: None, body, header: None })?;
        let Some(sent) = put else { return self.fill().map(drop) };
        let mut at = 0;
        while at < sent {
            let piece = content.piece(at, sent - at);
            self.stream.write_all(piece)?;
            at += count(piece.len());
        }
        Ok(())
    }

    fn send_head(&mut self, ask: &Ask) -> Result<()> {
        let mut signed = vec![("host", self.host.clone())];
        let mut plain = String::new();
        let hash = match ask.body {
            None => EMPTY.to_owned(),
            Some((content, How::Plain)) => length(&mut plain, content.size, UNSIGNED)?,
            Some((content, How::Signed)) => {
                let hash = sha256(&[content.piece(0, content.size)]);
                length(&mut plain, content.size, &hex_simd::encode_to_string(hash, hex_simd::AsciiCase::Lower))?
            }
            Some((content, How::Trailer)) => {
                signed.push(("x-amz-decoded-content-length", content.size.to_string()));
                signed.push(("x-amz-trailer", "x-amz-checksum-crc64nvme".to_owned()));
                plain.push_str("content-encoding: aws-chunked\r\n");
                length(&mut plain, framed(content.size), TRAILER)?
            }
        };
        if let Some((first, last)) = ask.range {
            write!(plain, "range: bytes={first}-{last}\r\n")?;
        }
        if ask.body.is_none() && ask.method == "PUT" {
            plain.push_str("content-length: 0\r\n");
        }
        signed.extend(ask.header.map(|(name, value)| (name, value.to_owned())));
        signed.push(("x-amz-content-sha256", hash.clone()));
        let named: Vec<_> = signed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let lines = self.signer.lines(ask.method, ask.path, ask.query, &named, &hash);
        let mark = if ask.query.is_empty() { "" } else { "?" };
        let mut head = format!("{} {}{mark}{} HTTP/1.1\r\n{plain}{lines}", ask.method, ask.path, ask.query);
        for (name, value) in named {
            write!(head, "{name}: {value}\r\n")?;
        }
        head.push_str("\r\n");
        Ok(self.stream.write_all(head.as_bytes())?)
    }

    fn send_body(&mut self, content: Content, how: How) -> Result<()> {
        let mut crc = Digest::new(DigestKind::Crc64Nvme);
        let mut at = 0;
        while at < content.size {
            let piece = content.piece(at, FRAME.min(content.size - at));
            at += count(piece.len());
            if how != How::Trailer {
                self.stream.write_all(piece)?;
                continue;
            }
            crc.update(piece);
            let size = format!("{:07x}\r\n", piece.len());
            self.send_all(&mut [IoSlice::new(size.as_bytes()), IoSlice::new(piece), IoSlice::new(b"\r\n")])?;
        }
        if how == How::Trailer {
            let crc = base64_simd::STANDARD.encode_to_string(crc.finish());
            self.stream.write_all(format!("0\r\nx-amz-checksum-crc64nvme:{crc}\r\n\r\n").as_bytes())?;
        }
        Ok(())
    }

    fn send_all(&mut self, mut parts: &mut [IoSlice]) -> Result<()> {
        while !parts.is_empty() {
            let sent = self.stream.write_vectored(parts)?;
            IoSlice::advance_slices(&mut parts, sent);
        }
        Ok(())
    }

    /// Receives more bytes behind those that are unread.
    fn fill(&mut self) -> Result<&[u8]> {
        if self.unread.is_empty() {
            self.unread = 0..0;
        } else if self.unread.end == self.buffer.len() {
            self.buffer.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
        }
        let room = self.buffer.get_mut(self.unread.end..).unwrap_or_default();
        let got = self.stream.read(room)?;
        if got == 0 {
            return Err("the connection was closed, or a head is too long".into());
        }
        self.unread.end += got;
        Ok(self.buffer.get(self.unread.clone()).unwrap_or_default())
    }

    fn answer(&mut self, mut sink: Sink) -> Result<Sink> {
        let head = self.line(b"\r\n\r\n")?.to_ascii_lowercase();
        let status = head.get(9..12).unwrap_or_default().to_owned();
        let bad = !status.starts_with('2');
        if bad {
            sink = Sink::Kept(Vec::new());
        }
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if header("transfer-encoding:") == Some("chunked") {
            loop {
                let size = u64::from_str_radix(self.line(b"\r\n")?.trim(), 16)?;
                self.body(size, &mut sink)?;
                self.line(b"\r\n")?;
                if size == 0 {
                    break;
                }
            }
        } else {
            let size = header("content-length:").map_or(Ok(0), str::parse)?;
            self.body(size, &mut sink)?;
        }
        if let (true, Sink::Kept(text)) = (bad, &sink) {
            return Err(format!("status {status}: {}", String::from_utf8_lossy(text)).into());
        }
        Ok(sink)
    }

    /// The bytes up to and with `end`, which a head or the size of a chunk has.
    fn line(&mut self, end: &[u8]) -> Result<String> {
        loop {
            let unread = self.buffer.get(self.unread.clone()).unwrap_or_default();
            if let Some(at) = unread.windows(end.len()).position(|window| window == end) {
                let text = String::from_utf8_lossy(unread.get(..at).unwrap_or_default()).into_owned();
                self.unread.start += at + end.len();
                return Ok(text);
            }
            self.fill()?;
        }
    }

    fn body(&mut self, size: u64, sink: &mut Sink) -> Result<()> {
        let mut left = size;
        while left > 0 {
            if self.unread.is_empty() {
                self.fill()?;
            }
            let take = self.unread.len().min(index(left));
            let until = self.unread.start + take;
            sink.take(self.buffer.get(self.unread.start..until).unwrap_or_default())?;
            self.unread.start = until;
            left -= count(take);
        }
        Ok(())
    }
}

/// Writes the length of the body; answers what the signature says of it.
fn length(lines: &mut String, size: u64, hash: &str) -> Result<String> {
    write!(lines, "content-length: {size}\r\n")?;
    Ok(hash.to_owned())
}

/// The length of a body in frames, with its trailer.
fn framed(size: u64) -> u64 {
    const AROUND: u64 = 7 + 2 + 2;
    const END: u64 = 3 + 25 + 12 + 4;
    size + size.div_ceil(FRAME) * AROUND + END
}
