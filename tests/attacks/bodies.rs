//! Bodies that are not what was declared, signed or promised: refused, with the old object untouched.

use crate::fixture::{BUCKET, OLD, client, get, put, refused, refused_as, unharmed};
use crate::support::client::{Request, Response, hex, now, request, signing_key, stamp};
use waxseal::crypto::{hmac, sha256};

fn base64(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(bytes)
}

#[test]
fn a_body_that_is_not_the_one_hashed_is_refused() {
    let mut request = put("hashed", "x");
    request.payload = Some(hex(&sha256(&[b"y"])));
    refused_as(&client().send(&request), 400, "XAmzContentSHA256Mismatch");
    unharmed(&client(), "hashed");
}

#[test]
fn a_wrong_content_md5_is_refused() {
    let wrong = put("md5", "x").header("content-md5", &base64(&[7; 16]));
    refused_as(&client().send(&wrong), 400, "BadDigest");
    let malformed = put("md5", "x").header("content-md5", "not-base64");
    refused_as(&client().send(&malformed), 400, "InvalidDigest");
    unharmed(&client(), "md5");
}

#[test]
fn a_wrong_checksum_of_any_kind_is_refused() {
    for (name, length) in [("crc32", 4), ("crc32c", 4), ("crc64nvme", 8), ("sha1", 20), ("sha256", 32)] {
        let request = put("checksum", "x").header(&format!("x-amz-checksum-{name}"), &base64(&vec![7; length]));
        let answer = client().send(&request);
        refused(&answer);
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
    }
    unharmed(&client(), "checksum");
}

#[test]
fn a_wrong_checksum_does_not_replace_the_old_object() {
    refused(&client().send(&put("old", "new").header("x-amz-checksum-crc32", &base64(&[7; 4]))));
    unharmed(&client(), "none");
}

/// A signed stream of frames: `aws-chunked` with a signature each.
fn stream(key: &str, frames: &[&[u8]], decoded: usize, tamper: impl Fn(&mut Vec<u8>)) -> Response {
    let (client, time) = (client(), now());
    let mut request = put(key, "").header("content-encoding", "aws-chunked");
    request = request.header("x-amz-decoded-content-length", &decoded.to_string());
    request.time = Some(time);
    request.payload = Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD".into());
    let headers = client.sign(&request);
    let stamp = stamp(time);
    let day = stamp.get(..8).unwrap();
    let signing = signing_key(&client.secret_key, day);
    let mut signature = headers.last().unwrap().1.rsplit('=').next().unwrap().to_owned();
    let mut body = Vec::new();
    for frame in frames.iter().copied().chain([&b""[..]]) {
        let text = format!(
            "AWS4-HMAC-SHA256-PAYLOAD\n{stamp}\n{day}/us-east-1/s3/aws4_request\n{signature}\n{}\n{}",
            hex(&sha256(&[b""])),
            hex(&sha256(&[frame]))
        );
        signature = hex(&hmac(&signing, &[text.as_bytes()]));
        body.extend(format!("{:x};chunk-signature={signature}\r\n", frame.len()).into_bytes());
        body.extend_from_slice(frame);
        body.extend_from_slice(b"\r\n");
    }
    tamper(&mut body);
    client.exchange(&Request { body, ..request }, &headers).unwrap()
}

#[test]
fn a_signed_stream_is_taken() {
    let answer = stream("streamed", &[&[b'a'; 8_192], b"the end"], 8_199, |_| {});
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(client().send(&get("streamed")).body.len(), 8_199);
    assert_eq!(client().send(&request("DELETE", &format!("/{BUCKET}/streamed"))).status, 204);
}

#[test]
fn a_tampered_signed_stream_is_refused() {
    let position = |body: &[u8], what: &[u8]| body.windows(what.len()).position(|window| window == what).unwrap();
    refused(&stream("stream", &[&[b'a'; 8_192], b"the end"], 8_199, |body| {
        let at = position(body, b"aaaa");
        body[at + 9] = b'b';
    }));
    refused(&stream("stream", &[&[b'a'; 8_192], b"the end"], 8_199, |body| {
        let at = position(body, b"the end");
        body[at] = b'T';
    }));
    unharmed(&client(), "stream");
}

#[test]
fn a_signed_stream_of_another_length_is_refused() {
    refused(&stream("stream-length", &[b"seven.."], 8, |_| {}));
    refused(&stream("stream-length", &[b"seven.."], 6, |_| {}));
    unharmed(&client(), "stream-length");
}

#[test]
fn a_signed_stream_without_its_last_frame_is_refused() {
    refused(&stream("stream-cut", &[b"seven.."], 7, |body| {
        let at = body.windows(4).rposition(|window| window == b"\r\n0;").unwrap();
        body.truncate(at + 2);
    }));
    unharmed(&client(), "stream-cut");
}

/// An unsigned body with a trailer.
fn trailer(key: &str, trailer: &str) -> Response {
    let mut request = put(key, format!("7\r\nseven..\r\n0\r\n{trailer}\r\n"))
        .header("content-encoding", "aws-chunked")
        .header("x-amz-decoded-content-length", "7")
        .header("x-amz-trailer", "x-amz-checksum-crc32");
    request.payload = Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER".into());
    client().send(&request)
}

#[test]
fn a_bad_trailer_checksum_is_refused() {
    refused(&trailer("trailer", "x-amz-checksum-crc32:AAAAAA==\r\n"));
    refused(&trailer("trailer", "x-amz-checksum-crc32:not\r\n"));
    refused(&trailer("trailer", ""));
    refused(&trailer("trailer", "x-amz-checksum-sha256:AAAAAA==\r\n"));
    unharmed(&client(), "trailer");
}

#[test]
fn an_unsigned_trailer_with_a_forged_signature_stores_nothing() {
    let mut request = put("forged", "7\r\nseven..\r\n0\r\n\r\n")
        .header("content-encoding", "aws-chunked")
        .header("x-amz-decoded-content-length", "7")
        .header("x-amz-trailer", "x-amz-checksum-crc32");
    request.payload = Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER".into());
    let mut headers = client().sign(&request);
    let authorization = headers.last_mut().unwrap();
    authorization.1.replace_range(authorization.1.len() - 4.., "0000");
    refused_as(&client().exchange(&request, &headers).unwrap(), 403, "SignatureDoesNotMatch");
    unharmed(&client(), "forged");
}

#[test]
fn a_hang_up_in_mid_upload_leaves_nothing() {
    use std::io::Write;
    let request = put("hang-up", vec![b'h'; 1_000_000]).unsigned();
    let mut head = format!("PUT {} HTTP/1.1\r\ncontent-length: 1000000\r\n", request.path);
    client().sign(&request).iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    let mut stream = std::net::TcpStream::connect(client().address).unwrap();
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    stream.write_all(&[b'h'; 300_000]).unwrap();
    drop(stream);
    unharmed(&client(), "hang-up");
}

#[test]
fn a_body_larger_than_any_object_is_refused_before_it_is_sent() {
    let request = put("huge", "").unsigned();
    let mut headers = client().sign(&request);
    headers.push(("content-length".into(), (6_u64 << 40).to_string()));
    headers.push(("expect".into(), "100-continue".into()));
    refused_as(&client().exchange(&request, &headers).unwrap(), 400, "EntityTooLarge");
    unharmed(&client(), "huge");
}

#[test]
fn a_bad_signature_is_refused_before_the_body() {
    let request = put("expected", "").unsigned();
    let mut headers = client().sign(&request);
    headers.push(("content-length".into(), "1000000".into()));
    headers.push(("expect".into(), "100-continue".into()));
    headers.iter_mut().filter(|(name, _)| name == "authorization").for_each(|(_, value)| value.push('0'));
    refused(&client().exchange(&request, &headers).unwrap());
    unharmed(&client(), "expected");
}

#[test]
fn a_gzip_bomb_is_bytes_like_any_other() {
    let bomb = [b"\x1f\x8b\x08\x00".to_vec(), vec![0; 5_000]].concat();
    assert_eq!(client().send(&put("bomb", bomb.clone()).header("content-encoding", "gzip")).status, 200);
    assert_eq!(client().send(&get("bomb")).body, bomb);
    assert_eq!(client().send(&request("DELETE", &format!("/{BUCKET}/bomb"))).status, 204);
    assert_eq!(client().send(&get("old")).body, OLD);
}
