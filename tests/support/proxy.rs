//! A backend that misbehaves: a proxy before a real one, which does to its answers what it is told.
//!
//! Requests go through unchanged, so that signatures hold. Every connection is a thread; each carries one request at a
//! time, and is closed after a fault that breaks it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happens to an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status with this S3 code, and the backend does not hear of the request.
    Answer(u16, &'static str),
    /// The backend does what it is asked to, and nobody hears of it.
    LostAnswer,
    /// Nothing comes back, for as long as the proxy is there.
    Hang,
    /// The body comes back a byte a second.
    Trickle,
    /// The connection breaks after so many bytes of the body of the answer.
    CutAnswer(usize),
    /// The connection breaks after so many bytes of the body of the request.
    CutRequest(usize),
    /// A bit of the body of the answer is another.
    Flip,
    /// The body is shorter by a byte, and so says its length.
    Short,
    /// The body is longer by a byte, and so says its length.
    Long,
    /// The answer to a range claims to be the whole.
    Whole,
    /// The body is that of an earlier answer to the same method, of another path, with that answer's headers.
    Other,
}

/// Whether a fault meets a request, by its first line.
type Meets = Box<dyn Fn(&str) -> bool + Send + Sync>;

struct Rule {
    fault: Fault,
    meets: Meets,
    /// How many of a hundred that it meets have it.
    share: u64,
}

/// An answer that was given: the first line of its request, its head and its body.
type Answer = (String, Vec<u8>, Vec<u8>);

struct Shared {
    backend: SocketAddr,
    rule: Mutex<Option<Arc<Rule>>>,
    met: AtomicU64,
    requests: AtomicU64,
    connections: AtomicU64,
    stopped: AtomicBool,
    kept: Mutex<Vec<Answer>>,
}

/// The proxy; it stops when dropped.
pub struct Proxy {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

impl Proxy {
    pub fn before(backend: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            backend,
            rule: Mutex::default(),
            met: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            kept: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let (Ok(stream), shared) = (stream, Arc::clone(&serving)) else { continue };
                shared.connections.fetch_add(1, Ordering::Relaxed);
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        Self { address, shared }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on `share` of a hundred requests whose first line `meets` accepts have the fault.
    pub fn fail(&self, fault: Fault, share: u64, meets: impl Fn(&str) -> bool + Send + Sync + 'static) {
        self.shared.met.store(0, Ordering::Relaxed);
        *self.shared.rule.lock().unwrap() = Some(Arc::new(Rule { fault, meets: Box::new(meets), share }));
    }

    /// All is well again.
    pub fn heal(&self) {
        *self.shared.rule.lock().unwrap() = None;
    }

    /// How many requests the fault met since it was set.
    pub fn met(&self) -> u64 {
        self.shared.met.load(Ordering::Relaxed)
    }

    /// How many requests there were.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// How many connections were made.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(self.address));
    }
}

/// A head as it came, and what it says of the body.
struct Head {
    lines: Vec<String>,
}

impl Head {
    /// None where the connection ends between messages.
    fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if from.read_line(&mut line)? == 0 {
                return if lines.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
            let line = line.trim_end().to_owned();
            if line.is_empty() {
                return Ok(Some(Self { lines }));
            }
            lines.push(line);
        }
    }

    fn first(&self) -> &str {
        &self.lines[0]
    }

    fn method(&self) -> &str {
        self.first().split(' ').next().unwrap_or_default()
    }

    fn get(&self, name: &str) -> Option<&str> {
        let named = |line: &&String| line.split_once(':').is_some_and(|(found, _)| found.eq_ignore_ascii_case(name));
        self.lines.iter().skip(1).find(named).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim())
    }

    fn set(&mut self, name: &str, value: Option<&str>) {
        self.lines.retain(|line| !line.split_once(':').is_some_and(|(found, _)| found.eq_ignore_ascii_case(name)));
        self.lines.extend(value.map(|value| format!("{name}: {value}")));
    }

    fn bytes(&self) -> Vec<u8> {
        let mut text = self.lines.join("\r\n");
        text.push_str("\r\n\r\n");
        text.into_bytes()
    }

    fn status(&self) -> u16 {
        self.first().split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }
}

/// The body of a message as it stands on the wire, chunks and all.
fn copy_body(head: &Head, from: &mut impl BufRead, mut sink: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    if head.get("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        loop {
            let mut line = String::new();
            from.read_line(&mut line)?;
            sink(line.as_bytes())?;
            let length = usize::from_str_radix(line.trim().split(';').next().unwrap_or_default(), 16).unwrap_or(0);
            copy_exact(from, length + 2, &mut sink)?;
            if length == 0 {
                return Ok(());
            }
        }
    }
    let length = head.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    copy_exact(from, length, &mut sink)
}

fn copy_exact(from: &mut impl Read, length: usize, sink: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let (mut rest, mut buffer) = (length, vec![0; 64 << 10]);
    while rest > 0 {
        let want = rest.min(buffer.len());
        let got = from.read(&mut buffer[..want])?;
        if got == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        sink(&buffer[..got])?;
        rest -= got;
    }
    Ok(())
}

impl Shared {
    fn serve(&self, client: TcpStream) {
        let Ok(backend) = TcpStream::connect(self.backend) else { return };
        let both = (client.try_clone(), backend.try_clone());
        let (Ok(to_client), Ok(to_backend)) = both else { return };
        let _ = (to_client.set_nodelay(true), to_backend.set_nodelay(true));
        let mut client = (BufReader::new(client), to_client);
        let mut backend = (BufReader::new(backend), to_backend);
        while let Ok(true) = self.exchange(&mut client, &mut backend) {}
    }

    /// What is to happen to a request.
    fn fault(&self, line: &str) -> Option<Fault> {
        let rule = self.rule.lock().unwrap().clone()?;
        if !(rule.meets)(line) {
            return None;
        }
        let number = self.requests.load(Ordering::Relaxed);
        let hit = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        (hit % 100 < rule.share).then(|| {
            self.met.fetch_add(1, Ordering::Relaxed);
            rule.fault.clone()
        })
    }

    /// One request and its answer; false if the connection is to end.
    fn exchange(&self, client: &mut End, backend: &mut End) -> io::Result<bool> {
        let Some(request) = Head::read(&mut client.0)? else { return Ok(false) };
        self.requests.fetch_add(1, Ordering::Relaxed);
        let fault = self.fault(request.first());
        match &fault {
            Some(Fault::Answer(status, code)) => {
                let expects = request.get("expect").is_some();
                if !expects {
                    copy_body(&request, &mut client.0, |_| Ok(()))?;
                }
                let body = format!("<Error><Code>{code}</Code><Message>as told</Message></Error>");
                let body = if request.method() == "HEAD" { "" } else { &body };
                let head =
                    format!("HTTP/1.1 {status} Told\r\ncontent-type: application/xml\r\ncontent-length: {}\r\n", body.len());
                client.1.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes())?;
                return Ok(false);
            }
            Some(Fault::Hang) => {
                while !self.stopped.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(50));
                }
                return Ok(false);
            }
            _ => {}
        }
        backend.1.write_all(&request.bytes())?;
        let mut early = None;
        if request.get("expect").is_some() {
            let said = Head::read(&mut backend.0)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if said.status() == 100 {
                client.1.write_all(&said.bytes())?;
            } else {
                early = Some(said);
            }
        }
        if early.is_none() {
            let mut room = match fault {
                Some(Fault::CutRequest(after)) => after,
                _ => usize::MAX,
            };
            copy_body(&request, &mut client.0, |bytes| {
                let take = bytes.len().min(room);
                room -= take;
                backend.1.write_all(&bytes[..take])?;
                if take < bytes.len() { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
            })?;
        }
        let answer = match early {
            Some(answer) => answer,
            None => Head::read(&mut backend.0)?.ok_or(io::ErrorKind::UnexpectedEof)?,
        };
        let empty = request.method() == "HEAD" || matches!(answer.status(), 204 | 304);
        self.answer(&request, answer, fault, (&mut client.1, &mut backend.0), empty)
    }

    fn answer(
        &self,
        request: &Head,
        mut answer: Head,
        fault: Option<Fault>,
        (client, backend): (&mut TcpStream, &mut BufReader<TcpStream>),
        empty: bool,
    ) -> io::Result<bool> {
        if fault.is_none() {
            client.write_all(&answer.bytes())?;
            if !empty {
                let kept = self.kept(request, &answer);
                let mut copy = Vec::new();
                copy_body(&answer, backend, |bytes| {
                    if kept {
                        copy.extend_from_slice(bytes);
                    }
                    client.write_all(bytes)
                })?;
                if kept {
                    self.kept.lock().unwrap().push((request.first().to_owned(), answer.bytes(), copy));
                }
            }
            return Ok(answer.get("connection").is_none_or(|what| !what.eq_ignore_ascii_case("close")));
        }
        let mut body = Vec::new();
        if !empty {
            copy_body(&answer, backend, |bytes| {
                body.extend_from_slice(bytes);
                Ok(())
            })?;
        }
        match fault {
            Some(Fault::LostAnswer) => return Ok(false),
            Some(Fault::CutAnswer(after)) => {
                client.write_all(&answer.bytes())?;
                client.write_all(&body[..body.len().min(after)])?;
                return Ok(false);
            }
            Some(Fault::Trickle) => {
                client.write_all(&answer.bytes())?;
                for byte in body {
                    client.write_all(&[byte])?;
                    if self.stopped.load(Ordering::Relaxed) {
                        return Ok(false);
                    }
                    std::thread::sleep(Duration::from_secs(1));
                }
                return Ok(false);
            }
            Some(Fault::Flip) => {
                // Where content is, of what is short, and not the tail, which may be known already.
                let place = body.len() / 4;
                body.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1);
            }
            Some(Fault::Short) => drop(body.pop()),
            Some(Fault::Long) => body.push(0),
            Some(Fault::Whole) => {
                answer.lines[0] = "HTTP/1.1 200 OK".to_owned();
                answer.set("content-range", None);
            }
            Some(Fault::Other) => {
                let kept = self.kept.lock().unwrap();
                if let Some((_, head, other)) = kept.iter().find(|(line, ..)| line != request.first()) {
                    client.write_all(head)?;
                    client.write_all(other)?;
                    return Ok(true);
                }
            }
            _ => {}
        }
        if !empty {
            answer.set("content-length", Some(&body.len().to_string()));
        }
        client.write_all(&answer.bytes())?;
        client.write_all(&body)?;
        Ok(true)
    }

    /// Whether an answer is kept, to be given for another: the first few of GET.
    fn kept(&self, request: &Head, answer: &Head) -> bool {
        let length = answer.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(usize::MAX);
        request.method() == "GET"
            && matches!(answer.status(), 200 | 206)
            && !request.first().contains('?')
            && length < 1 << 20
            && self.kept.lock().unwrap().len() < 16
    }
}

/// Both directions of a connection.
type End = (BufReader<TcpStream>, TcpStream);
