//! Query parameters: which sub-resources there are, of what and by which methods. s3s takes one that it does not look for
//! as nothing at all: a PUT of the policy of an object would become a PUT of the object.

use super::error::{invalid_argument, not_implemented, plain};
use super::known;
use http::Method;
use s3s::{S3ErrorCode, S3Result};

/// Sub-resources that are there, with the methods by which a bucket, and an object, has them.
const THERE: &[(&str, &[&str], &[&str])] = &[
    ("accelerate", &["GET", "PUT"], &[]),
    ("acl", &["GET", "PUT"], &["GET", "PUT"]),
    ("analytics", &["GET", "PUT", "DELETE"], &[]),
    ("attributes", &[], &["GET"]),
    ("cors", &["GET", "PUT", "DELETE"], &[]),
    ("delete", &["POST"], &[]),
    ("encryption", &["GET", "PUT", "DELETE"], &["PUT"]),
    ("id", &["GET", "PUT", "DELETE"], &[]),
    ("intelligent-tiering", &["GET", "PUT", "DELETE"], &[]),
    ("inventory", &["GET", "PUT", "DELETE"], &[]),
    ("legal-hold", &[], &["GET", "PUT"]),
    ("lifecycle", &["GET", "PUT", "DELETE"], &[]),
    ("location", &["GET"], &[]),
    ("logging", &["GET", "PUT"], &[]),
    ("metrics", &["GET", "PUT", "DELETE"], &[]),
    ("notification", &["GET", "PUT"], &[]),
    ("object-lock", &["GET", "PUT"], &[]),
    ("ownershipControls", &["GET", "PUT", "DELETE"], &[]),
    ("policy", &["GET", "PUT", "DELETE"], &[]),
    ("policyStatus", &["GET"], &[]),
    ("publicAccessBlock", &["GET", "PUT", "DELETE"], &[]),
    ("replication", &["GET", "PUT", "DELETE"], &[]),
    ("requestPayment", &["GET", "PUT"], &[]),
    ("retention", &[], &["GET", "PUT"]),
    ("tagging", &["GET", "PUT", "DELETE"], &["GET", "PUT", "DELETE"]),
    ("uploadId", &[], &["GET", "PUT", "POST", "DELETE"]),
    ("uploads", &["GET"], &["POST"]),
    ("versioning", &["GET", "PUT"], &[]),
    ("versions", &["GET"], &[]),
    ("website", &["GET", "PUT", "DELETE"], &[]),
];

/// Sub-resources that a bucket has many of, told apart by `id`.
const MANY: [&str; 4] = ["analytics", "inventory", "metrics", "intelligent-tiering"];

/// Sub-resources of operations that are not there: `SEMANTICS.md` has the same.
const NOT_THERE: &[&str] = &[
    "append",
    "metadataConfiguration",
    "metadataTable",
    "renameObject",
    "restore",
    "select",
    "select-type",
    "session",
    "torrent",
];

/// Parameters of operations; `x-amz-*`, `x-id` and `response-*` besides. The last line are those of presigned URLs of
/// version 2, which aws-cli 1 and boto3 still make unless told otherwise.
#[rustfmt::skip]
const PARAMETERS: &[&str] = &[
    "bucket-region", "continuation-token", "delimiter", "encoding-type", "fetch-owner", "key-marker", "list-type", "marker",
    "max-buckets", "max-keys", "max-parts", "max-uploads", "part-number-marker", "partNumber", "prefix", "start-after",
    "upload-id-marker", "version-id-marker", "versionId",
    "AWSAccessKeyId", "Expires", "Signature",
];

/// Refuses parameters that are repeated, those of writes that belong to no operation, and sub-resources where they are not.
///
/// # Errors
/// `NotImplemented`, `MethodNotAllowed`, `InvalidArgument`, or `InvalidToken` for session tokens.
pub(super) fn check(method: &Method, query: &str, of_object: bool) -> S3Result<()> {
    let mut seen: Vec<String> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        let name = percent_encoding::percent_decode_str(name).decode_utf8();
        let name = name.map_err(|_| invalid_argument("a query parameter is not UTF-8"))?.into_owned();
        let lower = name.to_ascii_lowercase();
        check_one(method, &name, of_object)?;
        if seen.contains(&lower) {
            return Err(invalid_argument(format!("the query parameter {name} is repeated")));
        }
        seen.push(lower);
    }
    // Alone it names nothing, and what is left would be done to the bucket itself.
    if seen.iter().any(|name| name == "id") && !MANY.iter().any(|many| seen.iter().any(|name| name == many)) {
        return Err(not_implemented("the query parameter id"));
    }
    Ok(())
}

/// Whether the query of a PUT says that it configures, and carries no content.
pub(super) fn configures(query: &str) -> bool {
    let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    let mut names = names.map(|name| percent_encoding::percent_decode_str(name).decode_utf8_lossy());
    names.any(|name| name != "uploadId" && THERE.iter().any(|(there, ..)| *there == name))
}

fn check_one(method: &Method, name: &str, of_object: bool) -> S3Result<()> {
    let lower = name.to_ascii_lowercase();
    if lower == "x-amz-security-token" {
        return Err(plain(S3ErrorCode::InvalidToken, "there are no session tokens here"));
    }
    if NOT_THERE.contains(&name) {
        return Err(not_implemented(&format!("the sub-resource {name}")));
    }
    if let Some((_, of_buckets, of_objects)) = THERE.iter().find(|(there, ..)| *there == name) {
        let methods = if of_object { of_objects } else { of_buckets };
        let allowed = methods.contains(&method.as_str());
        return if allowed {
            Ok(())
        } else {
            Err(plain(S3ErrorCode::MethodNotAllowed, "the specified method is not allowed against this resource"))
        };
    }
    if lower.starts_with("x-amz-") {
        return known::check_parameter(&lower);
    }
    // One of no operation, as pages and caches make them up: reading is the same without.
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let free = reads || name == "x-id" || name.starts_with("response-") || PARAMETERS.contains(&name);
    if free { Ok(()) } else { Err(not_implemented(&format!("the query parameter {}", name.escape_default()))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sub_resource_is_one_only_where_it_belongs() {
        let code =
            |method: Method, query: &str, of_object| check(&method, query, of_object).err().map(|error| error.code().clone());
        assert_eq!(code(Method::GET, "cors", false), None);
        assert_eq!(code(Method::PUT, "cors", true), Some(S3ErrorCode::MethodNotAllowed));
        assert_eq!(code(Method::PUT, "c%6Frs", true), Some(S3ErrorCode::MethodNotAllowed));
        assert_eq!(code(Method::POST, "cors", false), Some(S3ErrorCode::MethodNotAllowed));
        assert_eq!(code(Method::POST, "uploads", true), None);
        assert_eq!(code(Method::POST, "uploads", false), Some(S3ErrorCode::MethodNotAllowed));
        assert_eq!(code(Method::PUT, "torrent", true), Some(S3ErrorCode::NotImplemented));
        assert_eq!(code(Method::PUT, "nosuchthing", true), Some(S3ErrorCode::NotImplemented));
        assert_eq!(code(Method::GET, "nosuchthing", false), None);
        assert_eq!(code(Method::GET, "prefix=a&prefix=b", false), Some(S3ErrorCode::InvalidArgument));
        assert_eq!(code(Method::GET, "X-Amz-Date=a&x-amz-date=b", false), Some(S3ErrorCode::InvalidArgument));
        assert_eq!(code(Method::GET, "X-Amz-Security-Token=a", false), Some(S3ErrorCode::InvalidToken));
    }

    #[test]
    fn no_sub_resource_is_there_and_not_there() {
        assert!(THERE.iter().all(|(name, ..)| !NOT_THERE.contains(name) && !PARAMETERS.contains(name)));
    }
}
