//! Every `x-amz-*` header that a request may have, and what comes of it. What asks for something that is not done here is
//! refused: ignored, it would be taken for done.

use super::error::{not_implemented, plain};
use http::HeaderMap;
use percent_encoding::percent_decode_str;
use s3s::{S3ErrorCode, S3Result};

/// What comes of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// Operations read it, and refuse values that they cannot follow.
    Read,
    /// It asks for nothing, or for what is so anyway.
    Harmless,
    /// It asks for what is so anyway with this value, and with others for what is not there.
    Only(&'static str),
    /// It asks for what is not there. So does every header that stands in no row.
    NotThere,
}

/// Headers by name, or by what their names begin with if the row ends in a dash. The first row that fits counts.
const HEADERS: &[(&str, Use)] = &[
    // Of every request.
    ("x-amz-content-sha256", Use::Read),
    ("x-amz-date", Use::Read),
    ("x-amz-decoded-content-length", Use::Read),
    ("x-amz-expected-bucket-owner", Use::Read),
    ("x-amz-security-token", Use::Read),
    ("x-amz-source-expected-bucket-owner", Use::Read),
    ("x-amz-trailer", Use::Read),
    // Of objects.
    ("x-amz-acl", Use::Read),
    ("x-amz-bypass-governance-retention", Use::Read),
    ("x-amz-checksum-", Use::Read),
    ("x-amz-copy-source", Use::Read),
    ("x-amz-copy-source-if-", Use::Read),
    ("x-amz-copy-source-range", Use::Read),
    ("x-amz-copy-source-server-side-encryption-customer-", Use::Read),
    ("x-amz-grant-", Use::Read),
    ("x-amz-max-parts", Use::Read),
    ("x-amz-meta-", Use::Read),
    ("x-amz-metadata-directive", Use::Read),
    ("x-amz-mp-object-size", Use::Read),
    ("x-amz-object-attributes", Use::Read),
    ("x-amz-object-lock-", Use::Read),
    ("x-amz-part-number-marker", Use::Read),
    ("x-amz-sdk-checksum-algorithm", Use::Read),
    ("x-amz-server-side-encryption", Use::Read),
    ("x-amz-server-side-encryption-aws-kms-key-id", Use::Read),
    ("x-amz-server-side-encryption-bucket-key-enabled", Use::Read),
    ("x-amz-server-side-encryption-context", Use::Read),
    ("x-amz-server-side-encryption-customer-", Use::Read),
    ("x-amz-storage-class", Use::Read),
    ("x-amz-tagging", Use::Read),
    ("x-amz-tagging-directive", Use::Read),
    ("x-amz-website-redirect-location", Use::Read),
    // Of buckets.
    ("x-amz-bucket-object-lock-enabled", Use::Read),
    ("x-amz-object-ownership", Use::Only("ObjectWriter")),
    // What programs and proxies tell of themselves.
    ("x-amz-api-version", Use::Harmless),
    ("x-amz-cf-id", Use::Harmless),
    ("x-amz-id-2", Use::Harmless),
    ("x-amz-request-id", Use::Harmless),
    ("x-amz-sdk-", Use::Harmless),
    ("x-amz-user-agent", Use::Harmless),
    // Nobody pays for requests; a digest behind an answer is offered, not demanded; nothing is archived; nothing moves to
    // another class; and who sets a rule that shuts themselves out may.
    ("x-amz-confirm-remove-self-bucket-access", Use::Harmless),
    ("x-amz-optional-object-attributes", Use::Harmless),
    ("x-amz-request-payer", Use::Only("requester")),
    ("x-amz-te", Use::Harmless),
    ("x-amz-transition-default-minimum-object-size", Use::Harmless),
    // Known, and not there.
    ("x-amz-bucket-namespace", Use::NotThere),
    ("x-amz-bucket-object-lock-token", Use::NotThere),
    ("x-amz-client-token", Use::NotThere),
    ("x-amz-create-session-mode", Use::NotThere),
    ("x-amz-fwd-", Use::NotThere),
    ("x-amz-if-match-", Use::NotThere),
    ("x-amz-mfa", Use::NotThere),
    ("x-amz-object-annotation-directive", Use::NotThere),
    ("x-amz-rename-source", Use::NotThere),
    ("x-amz-skip-destination-validation", Use::NotThere),
    ("x-amz-write-offset-bytes", Use::NotThere),
];

/// What a signature of version 4 in the query is made of.
const SIGNATURE: &[&str] = &[
    "x-amz-algorithm",
    "x-amz-content-sha256",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-signature",
    "x-amz-signedheaders",
];

fn use_of(name: &str) -> Use {
    let fits = |row: &str| if row.ends_with('-') { name.starts_with(row) } else { name == row };
    HEADERS.iter().find(|(row, _)| fits(row)).map_or(Use::NotThere, |(_, found)| *found)
}

/// Refuses headers that ask for what is not there.
///
/// # Errors
/// `NotImplemented`, naming the header.
pub(super) fn check_headers(headers: &HeaderMap, query: &str) -> S3Result<()> {
    for (name, value) in headers.iter().filter(|(name, _)| name.as_str().starts_with("x-amz-")) {
        let done = match use_of(name.as_str()) {
            // Without an upload a copy is of the whole object.
            Use::Read if name == "x-amz-copy-source-range" => query.split('&').any(|pair| pair.starts_with("uploadId=")),
            Use::Read | Use::Harmless => true,
            Use::Only(only) => value.as_bytes() == only.as_bytes(),
            Use::NotThere => false,
        };
        if !done {
            return Err(not_implemented(&format!("the header {name}")));
        }
    }
    Ok(())
}

/// Refuses parameters that stand for headers, as they may in presigned URLs, where they are not read. Those of checksums,
/// which some programs put there before there is a body, count for nothing in S3 either.
///
/// # Errors
/// `NotImplemented`, naming the parameter.
pub(super) fn check_parameter(name: &str) -> S3Result<()> {
    let counts_for_nothing = name.starts_with("x-amz-checksum-") || name.starts_with("x-amz-sdk-");
    match use_of(name) {
        _ if SIGNATURE.contains(&name) || counts_for_nothing => Ok(()),
        Use::Harmless | Use::Only("requester") => Ok(()),
        Use::Read if OWNERS.contains(&name) => Ok(()),
        Use::Read | Use::Only(_) | Use::NotThere => {
            Err(not_implemented(&format!("{} as a query parameter", name.escape_default())))
        }
    }
}

/// Who is expected to own the bucket that is asked for, and the one that is copied from.
const OWNERS: [&str; 2] = ["x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"];

/// Whom a request expects to own its buckets.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected(Vec<(String, Vec<u8>)>);

impl Expected {
    /// What a request about `bucket` says, in headers and in its query.
    pub(super) fn of(bucket: &str, headers: &HeaderMap, query: &str) -> Self {
        let source = headers.get("x-amz-copy-source").map(|source| source_bucket(source.as_bytes()));
        let buckets = [bucket.to_owned(), source.unwrap_or_else(|| bucket.to_owned())];
        let mut expected = Vec::new();
        for (name, bucket) in OWNERS.into_iter().zip(buckets) {
            let parameters = query.split('&').filter_map(|pair| pair.split_once('='));
            let parameters = parameters
                .filter(|(other, _)| percent_decode_str(other).collect::<Vec<u8>>().eq_ignore_ascii_case(name.as_bytes()));
            let in_query = parameters.map(|(_, value)| percent_decode_str(value).collect());
            let in_headers = headers.get_all(name).iter().map(|value| value.as_bytes().to_vec());
            expected.extend(in_headers.chain(in_query).map(|owner| (bucket.clone(), owner)));
        }
        Self(expected)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whose owners have to be known for [`Self::check`].
    pub(super) fn buckets(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(bucket, _)| bucket.as_str())
    }

    /// Holds it against who owns a bucket. One that is not there would be the asker's.
    ///
    /// # Errors
    /// `AccessDenied` if any bucket is another's.
    pub(super) fn check(&self, asker: &str, owner: impl Fn(&str) -> Option<String>) -> S3Result<()> {
        let holds =
            |(bucket, expected): &(String, Vec<u8>)| owner(bucket).as_deref().unwrap_or(asker).as_bytes() == expected.as_slice();
        if self.0.iter().all(holds) { Ok(()) } else { Err(plain(S3ErrorCode::AccessDenied, "access denied")) }
    }
}

/// The bucket of a copy source, `bucket/key` or `/bucket/key`, encoded.
fn source_bucket(source: &[u8]) -> String {
    let decoded = percent_encoding::percent_decode(source).decode_utf8_lossy().into_owned();
    let path = decoded.strip_prefix('/').unwrap_or(&decoded);
    path.split('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    fn headers(list: &[(&str, &str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_header_that_asks_for_what_is_not_there_is_not_ignored() {
        for (name, value) in [
            ("x-amz-mfa", "serial 123456"),
            ("x-amz-nobody-knows", "1"),
            ("x-amz-object-ownership", "BucketOwnerEnforced"),
            ("x-amz-copy-source-range", "bytes=0-1"),
            ("x-amz-if-match-size", "1"),
        ] {
            let refused = check_headers(&headers(&[(name, value)]), "").unwrap_err();
            assert_eq!(*refused.code(), S3ErrorCode::NotImplemented, "{name}");
            assert!(refused.message().unwrap().contains(name));
        }
        for (name, value) in [
            ("x-amz-request-payer", "requester"),
            ("x-amz-object-ownership", "ObjectWriter"),
            ("x-amz-meta-anything", "1"),
            ("x-amz-checksum-crc32", "AAAAAA=="),
            ("x-amz-cf-id", "1"),
            ("amz-sdk-request", "attempt=1"),
            ("x-amzn-trace-id", "1"),
        ] {
            assert!(check_headers(&headers(&[(name, value)]), "").is_ok(), "{name}");
        }
        assert!(check_headers(&headers(&[("x-amz-copy-source-range", "bytes=0-1")]), "partNumber=1&uploadId=x").is_ok());
    }

    #[test]
    fn a_header_in_the_query_of_a_url_is_not_ignored() {
        for name in ["x-amz-date", "x-amz-checksum-crc32", "x-amz-sdk-checksum-algorithm", "x-amz-user-agent"] {
            assert!(check_parameter(name).is_ok(), "{name}");
        }
        for name in ["x-amz-acl", "x-amz-meta-a", "x-amz-server-side-encryption", "x-amz-mfa"] {
            assert!(check_parameter(name).is_err(), "{name}");
        }
    }

    #[test]
    fn every_expected_owner_is_held_against_the_owner_of_its_bucket() {
        let owner = |bucket: &str| match bucket {
            "ours" => Some("us".to_owned()),
            "theirs" => Some("them".to_owned()),
            _ => None,
        };
        let verdict = |list: &[(&str, &str)], query: &str| Expected::of("ours", &headers(list), query).check("us", owner).is_ok();
        let (expected, source) = (OWNERS[0], OWNERS[1]);
        assert!(verdict(&[(expected, "us")], ""));
        assert!(!verdict(&[(expected, "them")], ""));
        assert!(!verdict(&[], "X-Amz-Expected-Bucket-Owner=them"));
        assert!(verdict(&[(source, "them"), ("x-amz-copy-source", "/theirs/key")], ""));
        assert!(!verdict(&[(source, "us"), ("x-amz-copy-source", "theirs%2Fkey")], ""));
        assert!(!verdict(&[(expected, "us"), (source, "them")], ""));
    }

    #[test]
    fn no_row_hides_behind_another() {
        for (at, (row, _)) in HEADERS.iter().enumerate() {
            let before = HEADERS.iter().take(at);
            let hidden = before.clone().any(|(other, found)| {
                *other == *row || (other.ends_with('-') && row.starts_with(other) && *found == use_of(row))
            });
            assert!(!hidden, "{row} is in an earlier row");
        }
    }
}
