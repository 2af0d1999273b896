//! As whom requests to the backend are signed: one source for both clients, which asks for others before they expire.

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_s3::config::Credentials as SdkCredentials;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsCredentialProvider};

/// Where an access key comes from.
#[derive(Clone)]
pub enum Credentials {
    /// From the operator, for good.
    Keys(Keys),
    /// From STS, for a token in a file (AssumeRoleWithWebIdentity): service accounts of Kubernetes.
    WebIdentity {
        /// The file that holds the token, read whenever it is needed.
        token_file: String,
        /// The role that it may take on, as an ARN.
        role: String,
        /// What the session is called.
        session: Option<String>,
        /// STS, if it is not that of the region.
        endpoint: Option<String>,
    },
    /// From the agent beside a container: ECS, or Pod Identity of EKS.
    Container(Agent),
    /// From the machine's metadata service (IMDS, version 2).
    Instance {
        /// Where it is, if not where it always is.
        endpoint: Option<String>,
    },
}

/// An agent that gives credentials to a container.
#[derive(Clone)]
pub enum Agent {
    /// At the well-known address, under this path.
    Path(String),
    /// At a URL, for a token in a file.
    Url {
        /// Whole.
        url: String,
        /// The file that holds the token, read whenever it is needed.
        token_file: String,
    },
}

/// An access key and its secret, which is erased with it and prints nowhere.
#[derive(Clone)]
pub struct Keys(SdkCredentials);

impl Keys {
    /// Of an id, a secret, and the token of a session if they are those of one.
    #[must_use]
    pub fn new(id: String, secret: String, token: Option<String>) -> Self {
        Self(SdkCredentials::new(id, secret, token, None, SOURCE))
    }
}

const SOURCE: &str = "configuration";

impl Credentials {
    /// A word for where it comes from.
    #[must_use]
    pub fn source(&self) -> String {
        match self {
            Self::Keys(keys) => format!("access key {}", keys.0.access_key_id()),
            Self::WebIdentity { role, .. } => format!("the role {role}, by web identity"),
            Self::Container(_) => "those of the container".to_owned(),
            Self::Instance { .. } => "those of the instance".to_owned(),
        }
    }

    pub(super) fn give(&self, builder: AmazonS3Builder) -> AmazonS3Builder {
        let set = |builder: AmazonS3Builder, key, value: &Option<String>| match value {
            Some(value) => builder.with_config(key, value),
            None => builder,
        };
        match self {
            Self::Keys(Keys(keys)) => {
                let builder = builder.with_access_key_id(keys.access_key_id()).with_secret_access_key(keys.secret_access_key());
                set(builder, AmazonS3ConfigKey::Token, &keys.session_token().map(str::to_owned))
            }
            Self::WebIdentity { token_file, role, session, endpoint } => {
                let builder = builder.with_config(AmazonS3ConfigKey::WebIdentityTokenFile, token_file);
                let builder = builder.with_config(AmazonS3ConfigKey::RoleArn, role);
                let builder = set(builder, AmazonS3ConfigKey::RoleSessionName, session);
                set(builder, AmazonS3ConfigKey::StsEndpoint, endpoint)
            }
            Self::Container(Agent::Path(path)) => builder.with_config(AmazonS3ConfigKey::ContainerCredentialsRelativeUri, path),
            Self::Container(Agent::Url { url, token_file }) => builder
                .with_config(AmazonS3ConfigKey::ContainerCredentialsFullUri, url)
                .with_config(AmazonS3ConfigKey::ContainerAuthorizationTokenFile, token_file),
            Self::Instance { endpoint } => set(builder, AmazonS3ConfigKey::MetadataEndpoint, endpoint),
        }
    }
}

/// The source of `object_store`'s client, for the SDK. It remembers what it was given for as long as that holds.
#[derive(Debug)]
pub(super) struct Shared(pub(super) AwsCredentialProvider);

impl ProvideCredentials for Shared {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let now = self.0.get_credential().await.map_err(CredentialsError::provider_error)?;
            Ok(SdkCredentials::new(&now.key_id, &now.secret_key, now.token.clone(), None, SOURCE))
        })
    }
}
