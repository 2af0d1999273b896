//! Any S3 as the store: one sealed object is one object there, and no other bytes are.
//!
//! ```text
//! PREFIX/BUCKET/KEY          a sealed object, exactly as FORMAT has it, under its encoded key
//! PREFIX/.waxseal/…          the keyring, records of buckets, of users and of open uploads
//! ```
//!
//! `object_store`'s client reads ranges, lists and puts what is small. The SDK does what that client cannot: parts of
//! any size that stream through, parts that the backend copies, uploads completed with gaps in their numbers and under
//! conditions, and the listing of uploads. No state is kept here that another process would miss.
//!
//! The backend has to be strongly consistent, and to honour `If-None-Match` and `If-Match` on writes; see [`S3Store::probe`].
//! It keeps one version of each object, unless each of our buckets has one of the backend's for its own
//! ([`Settings::own_buckets`]): then versions and object lock are the backend's, and lie there as
//!
//! ```text
//! OWN_BUCKETS+BUCKET   KEY
//! ```
//!
//! What was seen of an object is remembered with its ETag, and used for the version of that ETag alone: who reads a
//! stretch of what he has seen asks for that stretch, on the condition that nothing has come in its place.
//!
//! Memory: a transfer holds at most two parts of 8 MiB, and all of them together at most what
//! [`Settings::memory`] says; who comes then waits a little and is told to come again later.

mod buckets;
mod connect;
mod credentials;
mod draft;
mod fault;
mod http;
mod locks;
mod objects;
mod order;
mod part;
mod place;
mod probe;
mod seam;
mod seen;
mod stored;
mod uploads;
mod versions;

pub use credentials::{Agent, Credentials, Keys};

use crate::store::Lack;
use aws_sdk_s3::config::{BehaviorVersion, IdentityCache, Region, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_smithy_runtime_api::client::http::{SharedHttpConnector, http_client_fn};
use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, Result, RetryConfig};
use place::{Place, Places};
use std::fmt;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Bytes of a part of what we upload ourselves.
const PART: usize = 8 << 20;

/// How long a backend may send nothing, and how long a request is tried again.
const SILENCE: Duration = Duration::from_secs(30);

/// Which S3, and as whom.
#[derive(Clone)]
pub struct Settings {
    /// `https://…`, or `http://…` where nobody listens between.
    pub endpoint: String,
    /// The region that requests are signed for.
    pub region: String,
    /// The bucket that holds everything.
    pub bucket: String,
    /// What all names in it begin with, without a slash at either end; may be empty.
    pub prefix: String,
    /// What the names of backend buckets begin with, where each of our buckets has one of its own.
    pub own_buckets: Option<String>,
    /// Whether the bucket stands in the path, not in the host.
    pub path_style: bool,
    /// As whom.
    pub credentials: Credentials,
    /// A certificate in PEM that signs the endpoint's, besides those of the system.
    pub authority: Option<Vec<u8>>,
    /// Connections at the same time.
    pub connections: usize,
    /// Bytes that transfers may hold in memory, all together.
    pub memory: usize,
    /// Bytes for the ends of objects that were seen last.
    pub heads: u64,
}

/// A store in a bucket of S3. Clones share connections and caches.
#[derive(Clone)]
pub struct S3Store(Arc<Inner>);

struct Inner {
    places: Places,
    region: String,
    sdk: aws_sdk_s3::Client,
    seen: seen::All,
    /// What the last probe found.
    lacks: RwLock<Vec<Lack>>,
    memory: Arc<Semaphore>,
}

impl S3Store {
    /// A client of the backend. Nothing is asked of it yet.
    ///
    /// # Errors
    /// If the settings make no client: an endpoint that is no URL, a certificate that is none.
    pub fn new(settings: &Settings) -> Result<Self> {
        let http = http::Http::new(settings)?;
        let client = client(settings, http.clone())?;
        let credentials = Arc::clone(client.credentials());
        let sdk = sdk(settings, credentials::Shared(Arc::clone(&credentials)), http.clone());
        let shared = Place::shared(client, &settings.bucket, &settings.prefix);
        let template = settings.clone();
        let connect = move |bucket: &str| {
            // Whoever gives credentials is asked by one client for all.
            let settings = Settings { bucket: bucket.to_owned(), ..template.clone() };
            builder(&settings, http.clone()).with_credentials(Arc::clone(&credentials)).build()
        };
        Ok(Self(Arc::new(Inner {
            places: Places::new(shared, settings.own_buckets.clone(), Box::new(connect)),
            region: settings.region.clone(),
            sdk,
            seen: seen::memory(settings.heads),
            lacks: RwLock::default(),
            memory: Arc::new(Semaphore::new((settings.memory / PART).max(2))),
        })))
    }

    /// The bucket of the backend that a path lies in, and where in it.
    fn here(&self, path: &Path) -> Result<(Arc<Place>, Path)> {
        let place = self.0.places.of(path.as_ref())?;
        let at = place.at(path);
        Ok((place, at))
    }
}

fn client(settings: &Settings, http: http::Http) -> Result<AmazonS3> {
    settings.credentials.give(builder(settings, http)).build()
}

fn builder(settings: &Settings, http: http::Http) -> AmazonS3Builder {
    let retry = RetryConfig { backoff: BackoffConfig::default(), max_retries: 4, retry_timeout: SILENCE };
    AmazonS3Builder::new()
        .with_endpoint(endpoint(settings))
        .with_region(&settings.region)
        .with_bucket_name(&settings.bucket)
        .with_virtual_hosted_style_request(!settings.path_style)
        .with_unsigned_payload(true)
        .with_disable_tagging(true)
        .with_disable_bulk_delete(true)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_client_options(ClientOptions::new().with_allow_http(true))
        .with_http_connector(http)
        .with_retry(retry)
}

/// As `object_store` wants it: with the bucket where that stands in the host.
fn endpoint(settings: &Settings) -> String {
    match settings.endpoint.split_once("://") {
        Some((scheme, host)) if !settings.path_style => format!("{scheme}://{}.{host}", settings.bucket),
        _ => settings.endpoint.clone(),
    }
}

fn sdk(settings: &Settings, credentials: credentials::Shared, http: http::Http) -> aws_sdk_s3::Client {
    let connector = SharedHttpConnector::new(http);
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&settings.endpoint)
        .region(Region::new(settings.region.clone()))
        .credentials_provider(credentials)
        .identity_cache(IdentityCache::no_cache())
        .force_path_style(settings.path_style)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .http_client(http_client_fn(move |_timeouts, _components| connector.clone()));
    aws_sdk_s3::Client::from_conf(config.build())
}

impl fmt::Display for S3Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3 {}/{}", self.0.places.shared.bucket, self.0.places.shared.name("").trim_end_matches('/'))
    }
}

impl fmt::Debug for S3Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3Store({self})")
    }
}
