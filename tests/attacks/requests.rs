//! Requests that are malformed, oversized or strange: a clear error, and the next request is served.

use crate::fixture::{BUCKET, OLD, client, get, put, refused, refused_as, unharmed};
use crate::support::client::request;
use std::io::Write;
use std::net::TcpStream;

#[test]
fn ranges_never_give_wrong_bytes() {
    let length = OLD.len();
    let cases = [
        (format!("bytes=0-{}", i64::MAX), OLD),
        ("bytes=5-9".into(), &OLD[5..10]),
        ("bytes=-4".into(), &OLD[length - 4..]),
        (format!("bytes={}-", length - 1), &OLD[length - 1..]),
        ("bytes=0-0".into(), &OLD[..1]),
    ];
    for (range, expected) in cases {
        let answer = client().send(&get("old").header("range", &range));
        assert_eq!((answer.status, answer.body.as_slice()), (206, expected), "{range}");
    }
    for range in ["bytes=42-", "bytes=-0", "bytes=99999999999999999999-", "bytes=9-5", "bytes=0-1,3-4", "bytes=a-b", "lines=1-2"]
    {
        let answer = client().send(&get("old").header("range", range));
        assert!([200, 206, 400, 416].contains(&answer.status), "{range}: {answer:?}");
        if answer.status == 200 {
            assert_eq!(answer.body, OLD, "{range}");
        }
        assert!(answer.status < 500);
    }
}

#[test]
fn entity_expansion_is_refused() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]><Delete><Object><Key>&lol2;</Key></Object></Delete>";
    let answer = client().send(&request("POST", &format!("/{BUCKET}?delete")).body(bomb).header("content-md5", "x"));
    refused(&answer);
    unharmed(&client(), "none");
}

#[test]
fn a_thousand_and_one_keys_are_too_many_to_delete() {
    let objects = "<Object><Key>old</Key></Object>".repeat(1_001);
    let answer = client().send(&delete_objects(&format!("<Delete>{objects}</Delete>")));
    refused_as(&answer, 400, "MalformedXML");
    unharmed(&client(), "none");
}

fn delete_objects(body: &str) -> crate::support::client::Request {
    let mut digest = waxseal::crypto::Digest::new(waxseal::crypto::DigestKind::Md5);
    digest.update(body.as_bytes());
    let md5 = base64_simd::STANDARD.encode_to_string(digest.finish());
    request("POST", &format!("/{BUCKET}?delete")).body(body).header("content-md5", &md5)
}

#[test]
fn a_delete_whose_body_was_altered_deletes_nothing() {
    let body = "<Delete><Object><Key>old</Key></Object></Delete>";
    let genuine = delete_objects(body);
    let mut altered = genuine.clone();
    altered.body = body.replace("old", "0ld").into();
    altered.payload = Some("UNSIGNED-PAYLOAD".into());
    refused_as(&client().send(&altered), 400, "BadDigest");
    let other = request("POST", &format!("/{BUCKET}?delete")).body(body).header("x-amz-checksum-crc32", "AAAAAA==");
    refused_as(&client().send(&other), 400, "BadDigest");
    unharmed(&client(), "none");
}

#[test]
fn a_delete_of_a_key_that_xml_cannot_repeat_deletes_nothing() {
    refused_as(
        &client().send(&delete_objects("<Delete><Object><Key>&#1;</Key></Object><Object><Key>old</Key></Object></Delete>")),
        400,
        "MalformedXML",
    );
    unharmed(&client(), "none");
}

#[test]
fn a_silent_connection_is_closed_in_time() {
    use std::io::Read;
    let begun = std::time::Instant::now();
    let mut silent: Vec<TcpStream> = (0..3).map(|_| TcpStream::connect(client().address).unwrap()).collect();
    silent[1].write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").unwrap();
    silent[2].write_all(b"PRI * HTTP/2.0\r\n").unwrap();
    for stream in &mut silent {
        stream.set_read_timeout(Some(std::time::Duration::from_secs(25))).unwrap();
        let mut answer = Vec::new();
        let closed = stream.read_to_end(&mut answer);
        assert!(closed.is_ok() || begun.elapsed().as_secs() < 25, "a silent connection was held");
    }
    unharmed(&client(), "none");
}

#[test]
fn a_control_body_of_64_mebibytes_is_refused_early() {
    let request = request("POST", &format!("/{BUCKET}?delete")).unsigned();
    let mut headers = client().sign(&request);
    headers.push(("content-length".into(), (1_u64 << 30).to_string()));
    let body = crate::support::client::Request { body: vec![b' '; 8 << 20], ..request };
    refused(&client().exchange(&body, &headers).unwrap());
    unharmed(&client(), "none");
}

#[test]
fn a_length_beside_a_transfer_encoding_is_refused() {
    let request = put("smuggled", "").unsigned();
    let mut head = format!("PUT {} HTTP/1.1\r\n", request.path);
    client().sign(&request).iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    head.push_str("content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    let answer = client().raw(head.as_bytes(), "PUT");
    assert!(answer.is_err() || answer.unwrap().status >= 400);
    unharmed(&client(), "smuggled");
}

#[test]
fn huge_and_very_many_headers_are_refused() {
    let huge = client().try_send(&get("old").header("x-huge", &"h".repeat(200_000)));
    assert!(huge.is_err() || huge.unwrap().status >= 400);
    let mut many = get("old");
    many.headers = (0..2_000).map(|n| (format!("x-many-{n}"), "m".to_owned())).collect();
    let many = client().try_send(&many);
    assert!(many.is_err() || many.unwrap().status >= 400);
    unharmed(&client(), "none");
}

#[test]
fn metadata_of_more_than_two_kibibytes_is_refused() {
    let answer = client().send(&put("metadata", "x").header("x-amz-meta-big", &"m".repeat(2_049)));
    refused_as(&answer, 400, "MetadataTooLarge");
    unharmed(&client(), "metadata");
}

#[test]
fn a_line_break_in_an_override_splits_no_response() {
    let path = format!("/{BUCKET}/old?response-content-type=text%2Fplain%0D%0Ax-injected%3A%201");
    let answer = client().send(&request("GET", &path));
    assert!(answer.header("x-injected").is_none());
    assert!(answer.status < 500, "{answer:?}");
}

#[test]
fn unknown_methods_and_sub_resources_are_refused() {
    for method in ["TRACE", "PATCH", "CONNECT", "PROPFIND", "FOO"] {
        let answer = client().try_send(&request(method, &format!("/{BUCKET}/old")));
        assert!(answer.is_err() || (400..=501).contains(&answer.unwrap().status), "{method}");
    }
    for sub in [
        "acl",
        "policy",
        "tagging",
        "lifecycle",
        "cors",
        "website",
        "replication",
        "encryption",
        "versions",
        "object-lock",
        "nosuchthing",
    ] {
        let answer = client().send(&request("GET", &format!("/{BUCKET}?{sub}")));
        assert!([200, 400, 404, 501].contains(&answer.status), "{sub}: {answer:?}");
        let answer = client().send(&request("PUT", &format!("/{BUCKET}/old?{sub}")).body("<x/>"));
        assert!((400..=501).contains(&answer.status), "{sub}: {answer:?}");
    }
    unharmed(&client(), "none");
}

#[test]
fn hostile_listing_parameters_are_refused_or_escaped() {
    let hostile = [
        "list-type=2&max-keys=-1",
        "list-type=2&max-keys=x",
        "list-type=2&max-keys=99999999999999999999",
        "list-type=2&continuation-token=forged",
        "list-type=2&prefix=%3Cscript%3E%26",
        "list-type=9",
        "list-type=2&encoding-type=morse",
        "prefix=%00",
        "marker=%FF",
        "uploads&max-uploads=-5",
    ];
    for query in hostile {
        let answer = client().send(&request("GET", &format!("/{BUCKET}?{query}")));
        assert!(answer.status == 200 || (400..500).contains(&answer.status), "{query}: {answer:?}");
        assert!(!answer.text().contains("<script>"), "{query} was not escaped");
    }
}

#[test]
fn garbage_and_silence_do_not_stop_the_server() {
    let mut held = Vec::new();
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\0\0\0\0",
        b"PUT /attacked/x HTTP/1.1\r\n",
    ] {
        let mut stream = TcpStream::connect(client().address).unwrap();
        stream.write_all(garbage).unwrap();
        held.push(stream);
    }
    held.extend((0..200).map(|_| TcpStream::connect(client().address).unwrap()));
    unharmed(&client(), "x");
}

#[test]
fn five_hundred_requests_on_one_connection_are_answered_in_order() {
    use std::io::{BufRead, BufReader, Read};
    let mut stream = TcpStream::connect(client().address).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    for number in 0..500 {
        let key = if number % 2 == 0 { "old" } else { "none" };
        let asked = get(key);
        let mut head = format!("GET {} HTTP/1.1\r\n", asked.path);
        client().sign(&asked).iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        let (mut line, mut length) = (String::new(), 0);
        reader.read_line(&mut line).unwrap();
        assert_eq!(line.contains(" 200 "), number % 2 == 0, "{line}");
        while line.trim() != "" {
            line.clear();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        reader.read_exact(&mut vec![0; length]).unwrap();
    }
}

#[test]
fn errors_tell_no_paths_traces_or_secrets() {
    let answers = [
        client().send(&get("none")),
        client().send(&put("old", "x").header("content-md5", "x")),
        client().send(&request("GET", "/nobodys-bucket")),
    ];
    for answer in answers {
        for secret in ["/src/", "panicked", "waxseal-test-", crate::support::server::SECRET_KEY, "blobs/"] {
            assert!(!answer.text().contains(secret), "{}", answer.text());
        }
    }
}
