//! The S3 protocol: a strict front layer, then s3s, then one thin translator per operation.
//!
//! No other module names s3s. What s3s does not check stands in `front` (before it) and in `body` and `checksum` (after).

mod about;
mod acl;
mod adapter;
mod attributes;
mod body;
mod buckets;
mod checksum;
mod control;
mod cors;
mod counted;
mod credentials;
mod deletes;
mod encryption;
mod error;
mod form;
mod framing;
mod front;
mod host;
mod known;
mod lifecycle;
mod listing;
mod lock;
mod objects;
mod origins;
mod resources;
mod sse;
mod tags;
mod time;
mod unset;
mod upload_lists;
mod uploads;
mod users;
mod versioning;
mod versions;

pub use front::{Answer, Service, Slow};
pub use s3s::Body;

use crate::access::{Policy, Principal, Users};
use crate::gateway::Gateway;
use crate::observe::Observe;
use adapter::Adapter;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::host::MultiDomain;
use s3s::service::S3ServiceBuilder;
use std::sync::Arc;

/// Marks a request, among its extensions, that came over TLS.
#[derive(Clone, Copy, Debug)]
pub struct Secure;

/// What an operator may choose of the protocol.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The region that clients sign for.
    pub region: String,
    /// Domains below which a host names a bucket; path style needs none.
    pub domains: Vec<String>,
    /// The largest object of one request, in bytes.
    pub max_upload: u64,
    /// Whether keys of clients (SSE-C) are taken over plain HTTP, which S3 refuses.
    pub keys_over_http: bool,
}

impl Settings {
    /// Everything that is wrong with them.
    #[must_use]
    pub fn faults(&self) -> Vec<SettingsFault> {
        let region = self.region.parse::<s3s::region::Region>().is_err();
        let region = region.then(|| SettingsFault::Region(self.region.clone()));
        let domains = if self.domains.is_empty() { None } else { MultiDomain::new(&self.domains).err() };
        region.into_iter().chain(domains.map(|error| SettingsFault::Domains(error.to_string()))).collect()
    }
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsFault {
    /// No such region.
    #[error("{0:?} is not valid: use a name like us-east-1")]
    Region(String),
    /// No such domain.
    #[error("are not valid: {0}")]
    Domains(String),
}

impl SettingsFault {
    /// Which setting it is.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Region(_) => "region",
            Self::Domains(_) => "domains",
        }
    }
}

/// The largest XML body, in bytes: a Complete of 10,000 parts has about 1.5 MiB.
const XML_MAX: usize = 2 << 20;

/// The largest frame of a signed stream, in bytes: it is held until its signature verified.
const FRAME_MAX: usize = 16 << 20;

/// The protocol over a gateway.
///
/// # Errors
/// [`SettingsFault`] for a region or domain that cannot be one.
pub fn service(
    gateway: Arc<Gateway>,
    policy: Arc<Policy>,
    users: Arc<Users>,
    observe: Arc<Observe>,
    settings: &Settings,
) -> Result<Service, SettingsFault> {
    if let Some(fault) = settings.faults().into_iter().next() {
        return Err(fault);
    }
    let region = settings.region.parse().map_err(|_| SettingsFault::Region(settings.region.clone()))?;
    let mut config = S3Config::default();
    config.xml_max_body_size = XML_MAX;
    config.put_object_max_size = Some(settings.max_upload);
    config.aws_chunked_stream_max_chunk_size = FRAME_MAX;
    // Forms never come so far: `form` makes PUTs of them.
    config.post_object_max_file_size = 0;
    config.form_max_fields_size = 0;
    config.allow_post_signature = false;
    config.expected_region = Some(region);
    config.sig_v4_allowed_services = vec!["s3".to_owned()];
    // The strict layer sees to it, and dates requests by their Date header.
    config.unsigned_amz_header_allowlist = vec!["x-amz-date".to_owned()];
    // For presigned URLs alone: the strict layer refuses it in headers.
    config.enable_sig_v2 = true;
    let adapter = Adapter {
        gateway: Arc::clone(&gateway),
        policy,
        users: Arc::clone(&users),
        anonymous: Arc::new(Principal::anonymous()),
        observe: Arc::clone(&observe),
        region: settings.region.clone(),
        keys_over_http: settings.keys_over_http,
    };
    let mut builder = S3ServiceBuilder::new(adapter);
    builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
    builder.set_auth(users::Auth(Arc::clone(&users)));
    builder.set_access(users::Door);
    let domains = host::Domains(settings.domains.iter().map(|domain| domain.to_ascii_lowercase()).collect());
    builder.set_host(domains.clone());
    let (region, max_upload) = (settings.region.clone(), settings.max_upload);
    let forms = form::Forms { gateway: Arc::clone(&gateway), users, domains: domains.clone(), region, max_upload };
    Ok(Service::new(builder.build(), observe, origins::Origins::new(gateway, domains), forms))
}
