//! Which web pages may use a bucket: CORS rules, and the verdict on a request.

use serde::{Deserialize, Serialize};

/// The most rules of a bucket.
const RULES: usize = 100;

/// The longest id of a rule, in characters.
const ID: usize = 255;

/// The longest configuration, in bytes of its texts.
const TEXT: usize = 64 << 10;

/// The methods a rule may allow.
const METHODS: [&str; 5] = ["GET", "PUT", "HEAD", "POST", "DELETE"];

/// The rules of a bucket, of which the first that fits decides. Only [`Cors::new`] makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    rules: Vec<CorsRule>,
}

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorsRule {
    /// What the client calls it.
    #[serde(default)]
    pub id: Option<String>,
    /// Origins, each with at most one `*` for any text.
    pub origins: Vec<String>,
    /// Methods, in capitals.
    pub methods: Vec<String>,
    /// Headers a request may have, each with at most one `*`.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Headers of answers that pages may read.
    #[serde(default)]
    pub expose: Vec<String>,
    /// How long a browser may remember the answer, in seconds.
    #[serde(default)]
    pub max_age: Option<u32>,
}

/// Why rules are none, in AWS's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum CorsFault {
    #[error("a CORS configuration has rules, and each of them origins and methods")]
    Empty,
    #[error("The number of CORS rules should not exceed allowed limit of 100 rules.")]
    TooMany,
    #[error("The CORS configuration is larger than 64 KiB.")]
    TooLarge,
    #[error("The ID of a CORS rule should not exceed 255 characters.")]
    Id,
    #[error("Found unsupported HTTP method in CORS config. Unsupported method is {0}")]
    Method(String),
    #[error("AllowedOrigin {0:?} can not have more than one wildcard.")]
    Origin(String),
    #[error("AllowedHeader {0:?} can not have more than one wildcard.")]
    Header(String),
    #[error("ExposeHeader {0:?} contains wildcard. We currently do not support wildcard for ExposeHeader.")]
    Wildcard(String),
    #[error("ExposeHeader {0:?} is not the name of a header.")]
    Expose(String),
}

/// What a page asks for, by the headers of its request.
#[derive(Clone, Debug)]
pub struct CorsAsked {
    /// Where the page comes from: `Origin`.
    pub origin: String,
    /// What it wants to do: `Access-Control-Request-Method`, or the method itself.
    pub method: String,
    /// The headers it wants to send: `Access-Control-Request-Headers`.
    pub headers: Vec<String>,
}

/// What a rule lets a page do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsAllowed {
    /// The page's origin, or `*` where every page may.
    pub origin: String,
    /// The methods of the rule.
    pub methods: Vec<String>,
    /// The headers that were asked for.
    pub headers: Vec<String>,
    /// The headers of answers that the page may read.
    pub expose: Vec<String>,
    /// How long this may be remembered, in seconds.
    pub max_age: Option<u32>,
}

/// What the rules of a bucket say to a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsVerdict {
    /// There is no such bucket.
    NoSuchBucket,
    /// The bucket has no rules.
    Unconfigured,
    /// None of its rules fits.
    Refused,
    /// This is what the first rule that fits allows.
    Allowed(CorsAllowed),
}

impl Cors {
    /// Rules that S3 would take.
    ///
    /// # Errors
    /// [`CorsFault`] names the first that it would not.
    pub fn new(rules: Vec<CorsRule>) -> Result<Self, CorsFault> {
        if rules.is_empty() {
            return Err(CorsFault::Empty);
        }
        if rules.len() > RULES {
            return Err(CorsFault::TooMany);
        }
        rules.iter().try_for_each(CorsRule::check)?;
        let text: usize = rules.iter().flat_map(CorsRule::texts).map(String::len).sum();
        if text > TEXT { Err(CorsFault::TooLarge) } else { Ok(Self { rules }) }
    }

    /// The rules, in their order.
    #[must_use]
    pub fn rules(&self) -> &[CorsRule] {
        &self.rules
    }

    /// What the first rule allows that fits origin, method and every header.
    #[must_use]
    pub fn verdict(&self, asked: &CorsAsked) -> CorsVerdict {
        self.rules.iter().find_map(|rule| rule.allows(asked)).map_or(CorsVerdict::Refused, CorsVerdict::Allowed)
    }
}

impl CorsRule {
    fn texts(&self) -> impl Iterator<Item = &String> {
        self.id.iter().chain(&self.origins).chain(&self.methods).chain(&self.headers).chain(&self.expose)
    }

    fn check(&self) -> Result<(), CorsFault> {
        if self.origins.is_empty() || self.methods.is_empty() {
            return Err(CorsFault::Empty);
        }
        if self.id.as_ref().is_some_and(|id| id.chars().count() > ID) {
            return Err(CorsFault::Id);
        }
        if let Some(method) = self.methods.iter().find(|method| !METHODS.contains(&method.as_str())) {
            return Err(CorsFault::Method(method.clone()));
        }
        let wild = |text: &&String| text.matches('*').count() > 1;
        if let Some(origin) = self.origins.iter().find(wild) {
            return Err(CorsFault::Origin(origin.clone()));
        }
        if let Some(header) = self.headers.iter().find(wild) {
            return Err(CorsFault::Header(header.clone()));
        }
        if let Some(header) = self.expose.iter().find(|header| header.contains('*')) {
            return Err(CorsFault::Wildcard(header.clone()));
        }
        let token = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'+-.^_`|~".contains(&byte))
        };
        match self.expose.iter().find(|header| !token(header)) {
            Some(header) => Err(CorsFault::Expose(header.clone())),
            None => Ok(()),
        }
    }

    fn allows(&self, asked: &CorsAsked) -> Option<CorsAllowed> {
        let origin = self.origins.iter().find(|pattern| fits(pattern, &asked.origin))?;
        let header = |header: &String| {
            let header = header.to_ascii_lowercase();
            self.headers.iter().any(|pattern| fits(&pattern.to_ascii_lowercase(), &header))
        };
        if !self.methods.contains(&asked.method) || !asked.headers.iter().all(header) {
            return None;
        }
        Some(CorsAllowed {
            origin: if origin == "*" { origin.clone() } else { asked.origin.clone() },
            methods: self.methods.clone(),
            headers: asked.headers.clone(),
            expose: self.expose.clone(),
            max_age: self.max_age,
        })
    }
}

/// Whether a text is the pattern, in which one `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => text.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    fn rule(origins: &[&str], methods: &[&str]) -> CorsRule {
        CorsRule { origins: texts(origins), methods: texts(methods), ..CorsRule::default() }
    }

    fn asked(origin: &str, method: &str, headers: &[&str]) -> CorsAsked {
        CorsAsked { origin: origin.to_owned(), method: method.to_owned(), headers: texts(headers) }
    }

    fn origin_for(cors: &Cors, asked: &CorsAsked) -> Option<String> {
        match cors.verdict(asked) {
            CorsVerdict::Allowed(allowed) => Some(allowed.origin),
            CorsVerdict::NoSuchBucket | CorsVerdict::Unconfigured | CorsVerdict::Refused => None,
        }
    }

    #[test]
    fn one_wildcard_of_an_origin_stands_for_any_text() {
        let cors = Cors::new(vec![rule(&["*suffix", "start*end", "prefix*", "http://exact.example"], &["GET"])]).unwrap();
        for origin in ["foo.suffix", "suffix", "startend", "start12end", "prefix", "prefix.suffix", "http://exact.example"] {
            assert_eq!(origin_for(&cors, &asked(origin, "GET", &[])).as_deref(), Some(origin));
        }
        for origin in ["foo.suffix.get", "0start12end", "starend", "bla.prefix", "https://exact.example", "", "*"] {
            assert_eq!(origin_for(&cors, &asked(origin, "GET", &[])), None, "{origin}");
        }
    }

    #[test]
    fn where_every_page_may_the_answer_is_the_same_for_all() {
        let cors = Cors::new(vec![rule(&["*"], &["GET"])]).unwrap();
        assert_eq!(origin_for(&cors, &asked("http://anyone.example", "GET", &[])).as_deref(), Some("*"));
    }

    #[test]
    fn the_first_rule_that_fits_all_of_a_request_decides() {
        let mut narrow = rule(&["http://a.example"], &["PUT", "POST"]);
        narrow.headers = texts(&["x-amz-*", "Content-Type"]);
        narrow.max_age = Some(600);
        narrow.expose = texts(&["ETag"]);
        let cors = Cors::new(vec![narrow, rule(&["http://a.example"], &["GET"])]).unwrap();
        let CorsVerdict::Allowed(allowed) = cors.verdict(&asked("http://a.example", "PUT", &["X-Amz-Date", "content-type"]))
        else {
            panic!("a request that fits was refused")
        };
        assert_eq!((allowed.methods, allowed.max_age), (texts(&["PUT", "POST"]), Some(600)));
        assert_eq!((allowed.headers, allowed.expose), (texts(&["X-Amz-Date", "content-type"]), texts(&["ETag"])));
        assert_eq!(cors.verdict(&asked("http://a.example", "PUT", &["x-other"])), CorsVerdict::Refused);
        assert_eq!(cors.verdict(&asked("http://a.example", "GET", &["x-amz-date"])), CorsVerdict::Refused);
        assert_eq!(cors.verdict(&asked("http://a.example", "DELETE", &[])), CorsVerdict::Refused);
        assert_eq!(cors.verdict(&asked("http://a.example", "get", &[])), CorsVerdict::Refused);
    }

    #[test]
    fn rules_that_s3_would_not_take_are_refused() {
        let fault = |rule: CorsRule| Cors::new(vec![rule]).unwrap_err();
        let usual = || rule(&["*"], &["GET"]);
        assert_eq!(Cors::new(Vec::new()).unwrap_err(), CorsFault::Empty);
        assert_eq!(Cors::new(vec![usual(); 101]).unwrap_err(), CorsFault::TooMany);
        assert!(Cors::new(vec![usual(); 100]).is_ok());
        assert_eq!(fault(rule(&[], &["GET"])), CorsFault::Empty);
        assert_eq!(fault(rule(&["*"], &[])), CorsFault::Empty);
        assert_eq!(fault(rule(&["http://*.*"], &["GET"])), CorsFault::Origin("http://*.*".into()));
        for method in ["OPTIONS", "get", "PATCH", "*"] {
            assert_eq!(fault(rule(&["*"], &[method])), CorsFault::Method(method.into()));
        }
        assert_eq!(fault(CorsRule { headers: texts(&["x-*-*"]), ..usual() }), CorsFault::Header("x-*-*".into()));
        assert_eq!(fault(CorsRule { expose: texts(&["x-*"]), ..usual() }), CorsFault::Wildcard("x-*".into()));
        assert_eq!(fault(CorsRule { expose: texts(&["a\r\nb"]), ..usual() }), CorsFault::Expose("a\r\nb".into()));
        assert_eq!(fault(CorsRule { id: Some("i".repeat(256)), ..usual() }), CorsFault::Id);
        assert_eq!(fault(CorsRule { headers: vec!["h".repeat(65 << 10)], ..usual() }), CorsFault::TooLarge);
    }
}
