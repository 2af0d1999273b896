//! One target and one set of credentials, whose signature covers the host. Pure: s3s verifies the signature itself.

use super::error::{invalid_request, plain};
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use s3s::dto::{Timestamp, TimestampFormat};
use s3s::{S3ErrorCode, S3Result};

/// When a request was signed.
const DATE: &str = "x-amz-date";

/// How long a presigned URL may live, in seconds.
const LIFETIME: std::ops::RangeInclusive<u32> = 1..=604_800;

/// What makes a request one with a signature in its query.
const IN_QUERY: [&str; 5] = ["X-Amz-Signature", "X-Amz-Credential", "X-Amz-Algorithm", "Signature", "AWSAccessKeyId"];

/// Whether a request has anything of a signature, be it a good one or not.
pub(super) fn any(uri: &Uri, headers: &HeaderMap) -> bool {
    let query = uri.query().unwrap_or_default();
    headers.contains_key(AUTHORIZATION) || IN_QUERY.iter().any(|name| parameter(query, name).is_some())
}

/// Refuses a target that names another host than the Host header, credentials in two places, a URL that lives too
/// long or not at all, and a signature of version 4 that leaves the host out, or the date if it is a header.
///
/// # Errors
/// `InvalidRequest` or `AccessDenied`.
pub(super) fn check(uri: &Uri, headers: &HeaderMap) -> S3Result<()> {
    let host = headers.get(HOST).map(HeaderValue::as_bytes);
    let authority = uri.authority().map(|authority| authority.as_str().as_bytes());
    if let (Some(host), Some(authority)) = (host, authority)
        && !host.eq_ignore_ascii_case(authority)
    {
        return Err(invalid_request("the request target names another host than the Host header"));
    }
    let query = uri.query().unwrap_or_default();
    let presigned = IN_QUERY.iter().any(|name| parameter(query, name).is_some());
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if presigned && headers.contains_key(AUTHORIZATION) {
        return Err(invalid_request("only one authentication mechanism is allowed"));
    }
    let in_query = parameter(query, "X-Amz-SignedHeaders");
    let in_header = authorization
        .and_then(|text| text.split_once("SignedHeaders="))
        .map(|(_, rest)| rest.split(',').next().unwrap_or_default().trim().to_owned());
    if let Some(expires) = parameter(query, "X-Amz-Expires")
        && !expires.parse().is_ok_and(|seconds: u32| LIFETIME.contains(&seconds))
    {
        return Err(plain(S3ErrorCode::AccessDenied, "X-Amz-Expires must be from 1 to 604800 seconds"));
    }
    let Some(signed) = in_header.or(in_query) else { return Ok(()) };
    let unsigned = |name: &str| !signed.split(';').any(|other| other.eq_ignore_ascii_case(name));
    if unsigned("host") || (headers.contains_key(DATE) && unsigned(DATE)) {
        return Err(plain(S3ErrorCode::AccessDenied, "the Host header or the date is not signed"));
    }
    Ok(())
}

/// Says in `x-amz-date` what a signed `Date` header says: S3 takes either, and s3s the former alone.
pub(super) fn dated(headers: &mut HeaderMap) {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = authorization.split_once("SignedHeaders=").map_or("", |(_, rest)| rest.split(',').next().unwrap_or_default());
    let mut dates = headers.get_all(http::header::DATE).iter();
    if let (Some(date), None) = (dates.next(), dates.next())
        && !headers.contains_key(DATE)
        && signed.trim().split(';').any(|name| name.eq_ignore_ascii_case("date"))
        && let Some(stamp) = date.to_str().ok().and_then(stamp)
    {
        headers.insert(DATE, stamp);
    }
}

/// An HTTP date as version 4 writes it: `20261126T080000Z`.
fn stamp(date: &str) -> Option<HeaderValue> {
    // As mail has it: what botocore writes when it is asked for a date.
    let date =
        date.strip_suffix("-0000").or(date.strip_suffix("+0000")).map_or_else(|| date.to_owned(), |date| format!("{date}GMT"));
    let date = date.as_str();
    let mut text = Vec::new();
    Timestamp::parse(TimestampFormat::HttpDate, date).ok()?.format(TimestampFormat::DateTime, &mut text).ok()?;
    let text = String::from_utf8(text).ok()?;
    let seconds: String = text.split('.').next()?.chars().filter(char::is_ascii_alphanumeric).collect();
    HeaderValue::from_str(&format!("{}Z", seconds.trim_end_matches('Z'))).ok()
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
    fn a_signed_date_header_dates_a_request_that_has_no_other() {
        let date = |authorization: &str, more: Option<(&'static str, &str)>| {
            let mut headers = HeaderMap::new();
            headers.insert("date", "Thu, 26 Nov 2026 08:05:09 GMT".parse().unwrap());
            headers.insert(AUTHORIZATION, authorization.parse().unwrap());
            if let Some((name, value)) = more {
                headers.append(name, value.parse().unwrap());
            }
            dated(&mut headers);
            headers.get(DATE).map(|value| value.to_str().unwrap().to_owned())
        };
        let signed = "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=date;host, Signature=b";
        assert_eq!(date(signed, None).as_deref(), Some("20261126T080509Z"));
        assert_eq!(date("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=b", None), None);
        assert_eq!(date(signed, Some((DATE, "20200101T000000Z"))).as_deref(), Some("20200101T000000Z"));
        assert_eq!(date(signed, Some(("date", "Thu, 26 Nov 2026 09:05:09 GMT"))), None);
    }

    #[test]
    fn a_date_as_mail_has_it_is_one_too() {
        for zone in ["GMT", "-0000", "+0000"] {
            let found = stamp(&format!("Thu, 26 Nov 2026 08:05:09 {zone}"));
            assert_eq!(found, Some(HeaderValue::from_static("20261126T080509Z")), "{zone}");
        }
        assert_eq!(stamp("Thu, 26 Nov 2026 08:05:09 +0100"), None);
    }

    #[test]
    fn a_date_beside_the_signature_is_refused() {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, "20261126T080509Z".parse().unwrap());
        headers.insert(AUTHORIZATION, "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=b".parse().unwrap());
        assert!(check(&"/".parse().unwrap(), &headers).is_err());
    }

    #[test]
    fn a_url_lives_from_a_second_to_a_week() {
        for (expires, taken) in [("1", true), ("604800", true), ("0", false), ("-7", false), ("604801", false), ("x", false)] {
            assert_eq!(verdict(&format!("/?X-Amz-SignedHeaders=host&X-Amz-Expires={expires}"), None).is_ok(), taken, "{expires}");
        }
    }

    #[test]
    fn credentials_come_in_one_place_and_for_one_host() {
        assert!(verdict("/?X-Amz-Signature=a", Some("AWS4-HMAC-SHA256 SignedHeaders=host")).is_err());
        assert!(verdict("http://other.example.com/", None).is_err());
        assert!(verdict("http://S3.example.com/", None).is_ok());
    }
}
