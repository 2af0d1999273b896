//! `waxseal check`.

use super::place::Place;
use super::{End, say};
use crate::config::{Overrides, Storage};
use clap::Args;

/// Show the effective settings, without secrets; or every fault in them at once
///
/// Looks at everything that `serve` looks at: the configuration, root keys, secrets, certificates and the store's directory.
/// The store may be in use.
#[derive(Args)]
pub(super) struct Check {
    #[command(flatten)]
    place: Place,
}

impl Check {
    pub(super) fn run(self) -> Result<(), End> {
        let settings = self.place.check(Overrides::default())?;
        let (server, gateway) = (&settings.server, &settings.gateway);
        say(&format!("data = {:?}\nroot_key = {:?}", settings.data, settings.root_key));
        if let Storage::S3(about) = &settings.backend {
            say("backend.kind = \"s3\"");
            say(&format!("backend.endpoint = {:?}\nbackend.region = {:?}", about.endpoint, about.region));
            say(&format!("backend.bucket = {:?}\nbackend.prefix = {:?}", about.bucket, about.prefix));
            say(&format!("backend.path_style = {}\nbackend.credentials: {}", about.path_style, about.credentials.source()));
            say(&format!("backend.max_connections = {}", about.connections));
            say(&format!("limits.body_memory = {} bytes\ncache.settings_ttl = {:?}", about.memory, gateway.keep_configuration));
        }
        say(&format!("listen = \"{}\"\nadmin_listen = \"{}\"", settings.listen, settings.admin_listen));
        say(&format!("region = {:?}\ndomains = {:?}", settings.s3.region, settings.s3.domains));
        say(&format!("etag = {:?}\nmax_upload = {} bytes", format!("{:?}", gateway.etag).to_lowercase(), gateway.max_upload));
        say(&format!("log_format = {:?}", format!("{:?}", settings.log_format).to_lowercase()));
        say(&format!("danger_allow_sse_c_over_http = {}", settings.s3.keys_over_http));
        say(&format!("limits.connections = {}\nlimits.header_timeout = {:?}", server.connections, server.header_timeout));
        say(&format!("limits.body_timeout = {:?}\nlimits.drain = {:?}", server.body_timeout, server.drain));
        if let Some(tls) = &server.tls {
            say(&format!("tls.certificate = {:?}\ntls.key = {:?}", tls.certificate(), tls.key()));
        }
        say(&format!("cache.keys = {:?}\ncache.heads = {} bytes", settings.keys, gateway.verified));
        say(&format!("cache.index = {} bytes", settings.index));
        settings.kms_keys.iter().for_each(|key| say(&format!("kms_key {}: {:?}", key.id, key.root_key)));
        settings.names.iter().for_each(|name| say(&format!("user {name}: secret not shown")));
        Ok(())
    }
}
