//! Which bucket a Host header names: one label under a domain of ours, or none.

use s3s::S3Result;
use s3s::host::{S3Host, VirtualHost};

/// The domains under which buckets are hosts. Every other host is path style, never a bucket of its own name.
pub(super) struct Domains(pub(super) Vec<String>);

impl S3Host for Domains {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
        for domain in &self.0 {
            let bucket = name.strip_suffix(domain.as_str()).and_then(|rest| rest.strip_suffix('.'));
            if let Some(bucket) = bucket.filter(|bucket| !bucket.is_empty()) {
                return Ok(VirtualHost::new(domain.as_str()).with_bucket(bucket.to_owned()));
            }
        }
        Ok(VirtualHost::new(host))
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
}
