//! A backend that fails: the exact bytes or an error, never another object, and never that there is none.

use crate::support::client::{Client, Response, now, request};
use crate::support::proxy::{Fault, Proxy};
use crate::support::s3_server::S3Server;
use crate::support::server::{Home, Server};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const LARGE: usize = 3_000_000;

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect()
}

struct Case {
    _home: Home,
    server: Server,
    proxy: Proxy,
    client: Client,
}

/// The program behind a proxy, with an object in one chunk and one in many.
fn case() -> Option<Case> {
    let backend = S3Server::shared()?;
    let home = Home::in_memory();
    let proxy = Proxy::before(backend.address);
    let server = home.serve_before(&proxy.url());
    let client = server.client();
    assert_eq!(client.send(&request("PUT", "/b-ad")).status, 200);
    for (key, length) in [("other", 100_000), ("small", 1_000), ("large", LARGE)] {
        assert_eq!(client.send(&request("PUT", &format!("/b-ad/{key}")).body(content(length))).status, 200);
        // Read once, so that the proxy has answers to confuse.
        assert_eq!(client.send(&request("GET", &format!("/b-ad/{key}"))).status, 200);
    }
    Some(Case { _home: home, server, proxy, client })
}

/// Whether a request of the backend is about content of the bucket.
fn about_objects(line: &str) -> bool {
    line.contains("/b-ad/")
}

/// Neither other bytes, nor fewer that look whole, nor "there is none".
fn honest(answer: io::Result<Response>, key: &str, length: usize) -> Option<u16> {
    let answer = answer.ok()?;
    assert_ne!(answer.status, 404, "{key} was said not to be there");
    if answer.status == 200 {
        assert!(answer.body == content(length), "{key} came with other bytes");
    }
    Some(answer.status)
}

impl Case {
    fn read(&self, key: &str, length: usize) -> Option<u16> {
        honest(self.client.try_send(&request("GET", &format!("/b-ad/{key}"))), key, length)
    }

    fn write(&self, key: &str) -> u16 {
        let put = request("PUT", &format!("/b-ad/{key}")).body(content(2_000)).header("if-none-match", "*");
        self.client.try_send(&put).map_or(0, |answer| answer.status)
    }

    /// Within ten seconds after the fault all is as before, without a restart.
    fn recovers(&self) {
        self.proxy.heal();
        let begun = Instant::now();
        loop {
            let (small, large) = (self.read("small", 1_000), self.read("large", LARGE));
            if (small, large) == (Some(200), Some(200)) {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "{small:?} {large:?} ten seconds after the fault");
            std::thread::sleep(Duration::from_millis(100));
        }
        let ready = Client::new(&self.server.admin, "", "").anonymous(&request("GET", "/readyz"));
        assert_eq!(ready.status, 200);
    }
}

#[test]
fn errors_of_the_backend_are_errors_and_never_absence() {
    let Some(case) = case() else { return };
    let answers =
        [(500, "InternalError"), (503, "SlowDown"), (429, "TooManyRequests"), (403, "InvalidAccessKeyId"), (404, "NoSuchBucket")];
    for (number, (status, code)) in answers.into_iter().enumerate() {
        case.proxy.fail(Fault::Answer(status, code), 100, |_| true);
        let begun = Instant::now();
        assert_eq!(case.read("small", 1_000), Some(503), "{code}");
        assert_eq!(case.read("large", LARGE), Some(503), "{code}");
        assert_eq!(case.write(&format!("new-{number}")), 503, "{code}");
        let head = case.client.send(&request("HEAD", "/b-ad/small"));
        assert_eq!(head.status, 503, "{code}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{code} took {:?}", begun.elapsed());
        let ready = Client::new(&case.server.admin, "", "").anonymous(&request("GET", "/readyz"));
        assert_ne!(ready.status, 200, "{code}");
        case.recovers();
        let after = case.client.send(&request("HEAD", &format!("/b-ad/new-{number}")));
        assert_eq!(after.status, 404, "a write that was refused left something behind");
    }
}

#[test]
fn a_bucket_that_cannot_be_looked_for_is_not_said_to_be_absent() {
    let Some(case) = case() else { return };
    let asks = [request("GET", "/b-ad-2/key"), request("HEAD", "/b-ad-2"), request("GET", "/"), request("GET", "/b-ad?tagging")];
    let statuses = || asks.each_ref().map(|ask| case.client.send(ask).status);
    assert_eq!(statuses(), [404, 404, 200, 404]);
    case.proxy.fail(Fault::Answer(500, "InternalError"), 100, |_| true);
    assert_eq!(statuses(), [503; 4]);
    case.recovers();
    assert_eq!(statuses(), [404, 404, 200, 404]);
}

#[test]
fn one_error_in_ten_is_tried_again() {
    let Some(case) = case() else { return };
    case.proxy.fail(Fault::Answer(503, "SlowDown"), 10, about_objects);
    for number in 0..40 {
        assert_eq!(case.read("small", 1_000), Some(200));
        assert_eq!(case.read("large", LARGE), Some(200));
        let put = request("PUT", &format!("/b-ad/often-{number}")).body(content(3_000));
        assert_eq!(case.client.send(&put).status, 200);
    }
    assert!(case.proxy.met() > 5);
    case.recovers();
}

#[test]
fn wrong_answers_are_noticed() {
    let Some(case) = case() else { return };
    for fault in [Fault::Flip, Fault::Short, Fault::Long, Fault::Whole, Fault::Other] {
        case.proxy.fail(fault.clone(), 100, |line| line.starts_with("GET ") && about_objects(line));
        for (key, length) in [("small", 1_000), ("large", LARGE)] {
            let status = case.read(key, length);
            assert!(status != Some(200) || fault == Fault::Whole, "{fault:?} of {key} was not noticed");
        }
        assert!(case.proxy.met() > 0);
        case.recovers();
    }
}

#[test]
fn a_connection_that_breaks_is_gone_on_with_or_broken_off() {
    let Some(case) = case() else { return };
    for after in [0, 1_000, 65_536, 1_000_000] {
        case.proxy.fail(Fault::CutAnswer(after), 50, |line| line.starts_with("GET ") && about_objects(line));
        for _ in 0..4 {
            case.read("small", 1_000);
            case.read("large", LARGE);
        }
        case.recovers();
        case.proxy.fail(Fault::CutRequest(after), 100, |line| line.starts_with("PUT ") && about_objects(line));
        let put = request("PUT", "/b-ad/cut").body(content(LARGE));
        let status = case.client.try_send(&put).map_or(0, |answer| answer.status);
        assert_ne!(status, 200, "a write that never arrived was acknowledged");
        case.recovers();
    }
}

#[test]
fn an_answer_that_is_lost_makes_no_second_object_and_no_refusal() {
    let Some(case) = case() else { return };
    case.proxy.fail(Fault::LostAnswer, 50, |line| line.starts_with("PUT ") && about_objects(line));
    for number in 0..20 {
        let (key, status) = (format!("lost-{number}"), case.write(&format!("lost-{number}")));
        assert!(matches!(status, 200 | 503), "{status}: our own object was taken for another's");
        if status == 200 {
            assert_eq!(honest(case.client.try_send(&request("GET", &format!("/b-ad/{key}"))), &key, 2_000), Some(200));
        }
    }
    assert!(case.proxy.met() > 2);
    case.recovers();
}

#[test]
fn a_client_that_is_slow_is_no_fault_of_the_backend() {
    const PIECES: usize = 36;
    let Some(case) = case() else { return };
    let begun = case.client.send(&request("POST", "/b-ad/slowly?uploads"));
    let id = begun.element("UploadId");
    let part = case.client.presign("PUT", &format!("/b-ad/slowly?partNumber=1&uploadId={id}"), 600, now());
    let content = content(6 << 20);
    let mut stream = TcpStream::connect(&case.client.address).unwrap();
    let (address, length) = (&case.client.address, content.len());
    write!(stream, "PUT {part} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n").unwrap();
    for piece in content.chunks(content.len().div_ceil(PIECES)) {
        stream.write_all(piece).unwrap();
        std::thread::sleep(Duration::from_secs(1));
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_backend_that_hangs_is_told_of_within_a_minute() {
    let Some(case) = case() else { return };
    for fault in [Fault::Hang, Fault::Trickle] {
        case.proxy.fail(fault.clone(), 100, about_objects);
        let begun = Instant::now();
        let reading = std::thread::spawn({
            let client = case.client.clone();
            move || client.try_send(&request("GET", "/b-ad/small"))
        });
        // An answer without a body cannot come slowly.
        let status = case.write("hung");
        assert!(status != 200 || fault == Fault::Trickle);
        let read = honest(reading.join().unwrap(), "small", 1_000);
        assert_ne!(read, Some(200), "{fault:?}");
        assert!(begun.elapsed() < Duration::from_secs(65), "{fault:?} took {:?}", begun.elapsed());
        case.recovers();
    }
}
