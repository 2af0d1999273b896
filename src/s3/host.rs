//! Which bucket a Host header names: one label under a domain of ours, or none.

use http::{HeaderMap, Uri};
use percent_encoding::percent_decode_str;
use s3s::S3Result;
use s3s::host::{S3Host, VirtualHost};

/// The domains under which buckets are hosts. Every other host is path style, never a bucket of its own name.
#[derive(Clone)]
pub(super) struct Domains(pub(super) Vec<String>);

impl Domains {
    /// The domain of ours that a host is in, and the bucket that it names.
    fn split(&self, host: &str) -> Option<(&str, String)> {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
        self.0.iter().find_map(|domain| {
            let bucket = name.strip_suffix(domain.as_str())?.strip_suffix('.')?;
            (!bucket.is_empty()).then(|| (domain.as_str(), bucket.to_owned()))
        })
    }

    /// The bucket a request is about, by its host or by its path, and whether it is about an object in it. The name is
    /// empty if it is about no bucket.
    pub(super) fn place(&self, uri: &Uri, headers: &HeaderMap) -> (String, bool) {
        let host = headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
        let host = host.or(uri.authority().map(http::uri::Authority::as_str)).unwrap_or_default();
        let path = uri.path().strip_prefix('/').unwrap_or_default();
        if let Some((_, bucket)) = self.split(host) {
            return (bucket, !path.is_empty());
        }
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        (percent_decode_str(bucket).decode_utf8_lossy().into_owned(), !key.is_empty())
    }
}

impl S3Host for Domains {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        Ok(match self.split(host) {
            Some((domain, bucket)) => VirtualHost::new(domain).with_bucket(bucket),
            None => VirtualHost::new(host),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_under_our_domain_is_a_bucket_and_nothing_else_is() {
        let domains = Domains(vec!["s3.example.com".to_owned()]);
        let bucket = |host| domains.parse_host_header(host).unwrap().bucket().map(str::to_owned);
        assert_eq!(bucket("Photos.s3.example.com:9000").as_deref(), Some("photos"));
        assert_eq!(bucket("my.photos.s3.example.com").as_deref(), Some("my.photos"));
        assert_eq!(bucket("s3.example.com"), None);
        assert_eq!(bucket("other.example.net"), None);
        assert_eq!(bucket("photoss3.example.com"), None);
    }

    #[test]
    fn a_request_is_about_a_bucket_or_an_object_by_host_or_by_path() {
        let domains = Domains(vec!["s3.example.com".to_owned()]);
        let place = |host: &str, target: &str| {
            let headers = HeaderMap::from_iter([(http::header::HOST, host.parse().unwrap())]);
            domains.place(&target.parse().unwrap(), &headers)
        };
        assert_eq!(place("photos.s3.example.com", "/other/key"), ("photos".into(), true));
        assert_eq!(place("photos.s3.example.com", "/?acl"), ("photos".into(), false));
        assert_eq!(place("s3.example.com", "/photos/a/key?acl"), ("photos".into(), true));
        assert_eq!(place("s3.example.com", "/photos//"), ("photos".into(), true));
        assert_eq!(place("s3.example.com", "/photos/"), ("photos".into(), false));
        assert_eq!(place("s3.example.com", "/photos?acl"), ("photos".into(), false));
        assert_eq!(place("s3.example.com", "/"), (String::new(), false));
    }
}
