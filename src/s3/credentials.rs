//! One target and one set of credentials, whose signature covers the host. Pure: s3s verifies the signature itself.

use super::error::{invalid_request, plain};
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, Uri};
use percent_encoding::percent_decode_str;
use s3s::{S3ErrorCode, S3Result};

/// Refuses a target that names another host than the Host header, credentials in two places, and a signature of
/// version 4 that leaves the host out.
///
/// # Errors
/// `InvalidRequest` or `AccessDenied`.
pub(super) fn check(uri: &Uri, headers: &HeaderMap) -> S3Result<()> {
    let host = headers.get(HOST).map(http::HeaderValue::as_bytes);
    let authority = uri.authority().map(|authority| authority.as_str().as_bytes());
    if let (Some(host), Some(authority)) = (host, authority)
        && !host.eq_ignore_ascii_case(authority)
    {
        return Err(invalid_request("the request target names another host than the Host header"));
    }
    let query = uri.query().unwrap_or_default();
    let presigned = ["X-Amz-Signature", "X-Amz-Credential", "X-Amz-Algorithm", "Signature", "AWSAccessKeyId"];
    let presigned = presigned.iter().any(|name| parameter(query, name).is_some());
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if presigned && headers.contains_key(AUTHORIZATION) {
        return Err(invalid_request("only one authentication mechanism is allowed"));
    }
    let in_query = parameter(query, "X-Amz-SignedHeaders");
    let in_header = authorization
        .and_then(|text| text.split_once("SignedHeaders="))
        .map(|(_, rest)| rest.split(',').next().unwrap_or_default().trim().to_owned());
    match in_header.or(in_query) {
        Some(signed) if !signed.split(';').any(|name| name == "host") => {
            Err(plain(S3ErrorCode::AccessDenied, "the Host header is not signed"))
        }
        Some(_) | None => Ok(()),
    }
}

/// A parameter's value, by its name in any case.
fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    pairs
        .map(|(other, value)| (decoded(other), value))
        .find(|(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| decoded(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(target: &str, authorization: Option<&str>) -> S3Result<()> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "s3.example.com".parse().unwrap());
        if let Some(text) = authorization {
            headers.insert(AUTHORIZATION, text.parse().unwrap());
        }
        check(&target.parse().unwrap(), &headers)
    }

    #[test]
    fn a_signature_covers_the_host() {
        assert!(verdict("/", Some("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host;x-amz-date, Signature=b")).is_ok());
        assert!(verdict("/", Some("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=x-amz-date, Signature=b")).is_err());
        assert!(verdict("/?X-Amz-SignedHeaders=range", None).is_err());
        assert!(verdict("/?X-Amz-SignedHeaders=host%3Brange", None).is_ok());
    }

    #[test]
    fn credentials_come_in_one_place_and_for_one_host() {
        assert!(verdict("/?X-Amz-Signature=a", Some("AWS4-HMAC-SHA256 SignedHeaders=host")).is_err());
        assert!(verdict("http://other.example.com/", None).is_err());
        assert!(verdict("http://S3.example.com/", None).is_ok());
    }
}
