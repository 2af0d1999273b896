//! What a client asks of encryption, and what it is told of it. Every object is sealed, whatever is asked.

use super::configuration::DefaultEncryption;
use super::gateway::{EtagKind, Gateway, bucket_of};
use super::lock::lock_of;
use super::operation::{GetEncryption, PutEncryption, UpdateEncryption};
use super::{Error, Refusal, items};
use crate::access::Permitted;
use crate::envelope::{CustomerKey, Kek, Metadata};
use crate::keyring::Bucket;
use std::fmt;
use std::sync::Arc;

/// The id that the bucket's own key is announced under.
pub const DEFAULT_KMS_KEY: &str = "alias/waxseal";

/// The id that S3 has for its own key: taken for ours.
const AWS_DEFAULT: &str = "alias/aws/s3";

/// Encryption by the server, as S3 names it. It is kept with the object, and told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerSide {
    /// `AES256`: SSE-S3.
    S3,
    /// `aws:kms`: SSE-KMS.
    Kms(Kms),
}

/// What belongs to SSE-KMS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kms {
    /// Id of a key that the operator configured; none for the bucket's own.
    pub key: Option<String>,
    /// Whether bucket keys were asked for. Every bucket has its own keys here: it is kept and told, and changes nothing.
    pub bucket_key: bool,
    /// The encryption context, as it was sent.
    pub context: Option<String>,
}

impl Kms {
    /// With a key by its id, which may be one of the names of the bucket's own.
    #[must_use]
    pub fn with(id: Option<String>) -> Self {
        Self { key: id.filter(|id| id != DEFAULT_KMS_KEY && id != AWS_DEFAULT), ..Self::default() }
    }

    /// The id that the key is announced under.
    #[must_use]
    pub fn id(&self) -> &str {
        self.key.as_deref().unwrap_or(DEFAULT_KMS_KEY)
    }
}

/// A key that a client sends with each request: SSE-C.
///
/// It lives as long as the requests that hold it, is erased then, and is neither printed nor kept anywhere else.
#[derive(Clone)]
pub struct Customer(Arc<CustomerKey>);

impl Customer {
    /// Has the key's 32 bytes filled in, in the place where they stay.
    pub fn fill(fill: impl FnOnce(&mut [u8; 32])) -> Self {
        Self(CustomerKey::shared(fill))
    }

    /// The MD5 that clients send beside the key.
    #[must_use]
    pub fn md5(&self) -> [u8; 16] {
        self.0.md5()
    }

    /// The key itself.
    #[must_use]
    pub fn key(&self) -> &CustomerKey {
        &self.0
    }
}

impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Customer(..)")
    }
}

/// What a client asks for an object that it makes.
#[derive(Clone, Debug, Default)]
pub enum Encryption {
    /// Nothing: the bucket's default, if it has one.
    #[default]
    Usual,
    /// By keys of the server.
    Server(ServerSide),
    /// By a key of its own besides.
    Customer(Customer),
}

impl Encryption {
    /// The key that the client sent, if it wants one of its own.
    #[must_use]
    pub fn customer(&self) -> Option<&Customer> {
        match self {
            Self::Customer(customer) => Some(customer),
            Self::Usual | Self::Server(_) => None,
        }
    }

    /// Whether nothing is asked.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        matches!(self, Self::Usual)
    }
}

/// What an object gets: at most one of the two.
#[derive(Default)]
pub(super) struct Chosen {
    pub(super) server: Option<ServerSide>,
    pub(super) customer: Option<Customer>,
}

impl Chosen {
    pub(super) fn key(&self) -> Option<&CustomerKey> {
        self.customer.as_ref().map(Customer::key)
    }

    /// A listing, which has no customer's key, must show the ETag that GET shows: so it is opaque.
    pub(super) fn etag(&self, usual: EtagKind) -> EtagKind {
        if self.customer.is_some() { EtagKind::Opaque } else { usual }
    }
}

impl Gateway {
    /// What an object of this bucket gets when a client asks for this.
    ///
    /// # Errors
    /// `NoSuchKmsKey` for a key that is not configured.
    pub(super) async fn choose(&self, bucket: &Bucket, asked: Encryption) -> Result<Chosen, Error> {
        let server = match asked {
            Encryption::Customer(customer) => return Ok(Chosen { server: None, customer: Some(customer) }),
            Encryption::Server(server) => Some(server),
            Encryption::Usual => self.configuration_of(bucket).await?.encryption.as_ref().map(DefaultEncryption::applied),
        };
        self.check_named(server.as_ref())?;
        Ok(Chosen { server, customer: None })
    }

    fn check_named(&self, server: Option<&ServerSide>) -> Result<(), Error> {
        match server {
            Some(ServerSide::Kms(Kms { key: Some(id), .. })) if !self.keyring.has_named(id) => {
                Err(Refusal::NoSuchKmsKey(id.clone()).into())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The default encryption of a bucket.
    ///
    /// # Errors
    /// `NoDefaultEncryption` where none was set.
    pub async fn default_encryption(&self, operation: &Permitted<GetEncryption>) -> Result<DefaultEncryption, Error> {
        let default = self.configuration(operation).await?.encryption.clone();
        default.ok_or_else(|| Refusal::NoDefaultEncryption.into())
    }

    /// Sets the default encryption of a bucket, or removes it. Objects that are there stay as they are.
    ///
    /// # Errors
    /// `NoSuchKmsKey` for a key that is not configured.
    pub async fn put_default_encryption(&self, operation: Permitted<PutEncryption>) -> Result<(), Error> {
        let bucket = bucket_of(&operation)?;
        let default = &operation.operation().default;
        self.check_named(default.as_ref().map(DefaultEncryption::applied).as_ref())?;
        self.configure(&bucket, |configuration| {
            configuration.encryption.clone_from(default);
            Ok(())
        })
        .await
    }

    /// Wraps an object by another key of the server. Its Head alone is written: content, ETag and times stay.
    ///
    /// # Errors
    /// `InvalidRequest` for an object that is sealed under a customer's key; `AccessDenied` for a locked one, as S3 has
    /// it; `NoSuchKmsKey`; as [`Gateway::head`].
    pub async fn update_encryption(&self, operation: Permitted<UpdateEncryption>) -> Result<(), Error> {
        let bucket = bucket_of(&operation)?;
        let UpdateEncryption { key, version, kms, .. } = operation.operation();
        let server = ServerSide::Kms(kms.clone());
        self.check_named(Some(&server))?;
        let found = self.find_to_read(&bucket, key, version.as_ref()).await?;
        if found.opened().is_err() {
            let why = "objects with server-side encryption with customer-provided keys are not supported";
            return Err(Refusal::InvalidRequest(why.to_owned()).into());
        }
        let (path, now) = (found.path.to_string(), self.now());
        let edit = |metadata: &mut Metadata| {
            let lock = lock_of(metadata).map_err(|why| Error::Tampered { path: path.clone(), why })?;
            lock.admits_removal(false, now)?;
            items::set_encryption(metadata, Some(&server));
            Ok(())
        };
        self.amend(&bucket, (key, version.as_ref()), edit).await?;
        Ok(())
    }

    /// The KEK that wraps an object which is told to be encrypted so. No Head is wrapped under another.
    pub(super) async fn kek_for(&self, bucket: &Bucket, server: Option<&ServerSide>) -> Result<Arc<Kek>, Error> {
        Ok(match server {
            Some(ServerSide::Kms(Kms { key: Some(id), .. })) => self.keyring.named_kek(bucket.uuid, id).await?,
            Some(ServerSide::Kms(_) | ServerSide::S3) | None => self.keyring.active_kek(bucket.uuid).await?,
        })
    }
}

/// Whether the key that came with a request is one that can open what it is for.
///
/// # Errors
/// `CustomerKeyMissing`, or `CustomerKeyUnasked` if there is nothing for it to open.
pub(super) fn fitting(needed: bool, customer: Option<&Customer>) -> Result<(), Refusal> {
    match (needed, customer) {
        (true, None) => Err(Refusal::CustomerKeyMissing),
        (false, Some(_)) => Err(Refusal::CustomerKeyUnasked),
        (true, Some(_)) | (false, None) => Ok(()),
    }
}
