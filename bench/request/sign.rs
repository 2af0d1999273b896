//! AWS Signature Version 4 in the `Authorization` header, as a client makes it.

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};
use waxseal::crypto::{hmac, sha256};

const REGION: &str = "us-east-1";

/// What a server knows its one user by.
#[derive(Clone)]
pub struct Credentials {
    /// Access key id.
    pub access: String,
    /// Secret access key.
    pub secret: String,
}

/// Signs requests of one client.
pub struct Signer {
    credentials: Credentials,
    day: Mutex<(String, [u8; 32])>,
}

impl Signer {
    /// A signer for these credentials.
    pub fn new(credentials: Credentials) -> Self {
        Self { credentials, day: Mutex::new((String::new(), [0; 32])) }
    }

    /// The `x-amz-date` and `authorization` lines for a request whose other signed headers are given sorted.
    ///
    /// `path` and `query` are percent-encoded and sorted already; `headers` hold `host` and `x-amz-*` without the date.
    pub fn lines(&self, method: &str, path: &str, query: &str, headers: &[(&str, &str)], hash: &str) -> String {
        let time = now();
        let day = time.get(..8).unwrap_or_default();
        let mut named: Vec<(&str, &str)> = headers.to_vec();
        named.push(("x-amz-date", &time));
        named.sort_unstable();
        let names = named.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines = named.iter().fold(String::new(), |text, (name, value)| text + name + ":" + value + "\n");
        let canonical = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{hash}");
        let scope = format!("{day}/{REGION}/s3/aws4_request");
        let digest = hex_simd::encode_to_string(sha256(&[canonical.as_bytes()]), hex_simd::AsciiCase::Lower);
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}");
        let signature = hex_simd::encode_to_string(hmac(&self.key(day), &[text.as_bytes()]), hex_simd::AsciiCase::Lower);
        let access = &self.credentials.access;
        format!(
            "x-amz-date: {time}\r\nauthorization: AWS4-HMAC-SHA256 Credential={access}/{scope}, \
             SignedHeaders={names}, Signature={signature}\r\n"
        )
    }

    fn key(&self, day: &str) -> [u8; 32] {
        let mut kept = self.day.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if kept.0 != day {
            let secret = format!("AWS4{}", self.credentials.secret);
            let key = hmac(secret.as_bytes(), &[day.as_bytes()]);
            let key = [REGION, "s3", "aws4_request"].iter().fold(key, |key, part| hmac(&key, &[part.as_bytes()]));
            *kept = (day.to_owned(), key);
        }
        kept.1
    }
}

/// The time as signatures write it, `20261124T110000Z`.
#[expect(clippy::disallowed_methods, reason = "a client has no other clock to sign with")]
fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let time = i64::try_from(seconds).ok().and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0));
    time.map(|time| time.format("%Y%m%dT%H%M%SZ").to_string()).unwrap_or_default()
}
