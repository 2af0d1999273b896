//! The headers of encryption: what a client asks for, and what it is told.

use super::Secure;
use super::adapter::Adapter;
use super::error::{invalid_argument, invalid_request, not_implemented, plain};
use crate::access::erase;
use crate::gateway::{Customer, Encryption, Kms, ServerSide};
use http::{Extensions, HeaderMap};
use s3s::dto::ServerSideEncryption;
use s3s::{S3ErrorCode, S3Result};

/// The only algorithm of SSE-C.
const AES256: &str = "AES256";

/// The longest encryption context, as S3 has it.
const CONTEXT_MAX: usize = 8_192;

/// The three headers of a customer's key.
#[derive(Default)]
pub(super) struct KeyHeaders {
    pub(super) algorithm: Option<String>,
    pub(super) key: Option<String>,
    pub(super) md5: Option<String>,
}

impl Drop for KeyHeaders {
    fn drop(&mut self) {
        if let Some(key) = &mut self.key {
            erase(key);
        }
    }
}

/// All headers of encryption that a request which makes an object may have.
pub(super) struct Given {
    pub(super) kind: Option<ServerSideEncryption>,
    pub(super) kms_key: Option<String>,
    pub(super) kms_context: Option<String>,
    pub(super) bucket_key: Option<bool>,
    pub(super) customer: KeyHeaders,
}

/// The headers of a customer's key, taken out of an input.
macro_rules! key_headers {
    ($input:expr) => {
        $crate::s3::sse::KeyHeaders {
            algorithm: $input.sse_customer_algorithm.take(),
            key: $input.sse_customer_key.take(),
            md5: $input.sse_customer_key_md5.take(),
        }
    };
}
pub(super) use key_headers;

/// The headers of the customer's key of a copy's source, taken out of an input.
macro_rules! source_key_headers {
    ($input:expr) => {
        $crate::s3::sse::KeyHeaders {
            algorithm: $input.copy_source_sse_customer_algorithm.take(),
            key: $input.copy_source_sse_customer_key.take(),
            md5: $input.copy_source_sse_customer_key_md5.take(),
        }
    };
}
pub(super) use source_key_headers;

/// All headers of encryption, taken out of an input.
macro_rules! given {
    ($input:expr) => {
        $crate::s3::sse::Given {
            kind: $input.server_side_encryption.take(),
            kms_key: $input.ssekms_key_id.take(),
            kms_context: $input.ssekms_encryption_context.take(),
            bucket_key: $input.bucket_key_enabled.take(),
            customer: $crate::s3::sse::key_headers!($input),
        }
    };
}
pub(super) use given;

impl Adapter {
    /// Whether a customer's key may come by this request's way.
    fn may_carry_keys(&self, extensions: &Extensions) -> bool {
        self.keys_over_http || extensions.get::<Secure>().is_some()
    }

    /// What a request asks of encryption.
    ///
    /// # Errors
    /// `InvalidArgument` for headers that do not go together, as S3 has it; then as [`Adapter::customer`].
    pub(super) fn asked(&self, given: Given, extensions: &Extensions) -> S3Result<Encryption> {
        let Given { kind, kms_key, kms_context, bucket_key, customer } = given;
        if let Some(customer) = self.customer(&customer, extensions)? {
            if kind.is_some() || kms_key.is_some() || kms_context.is_some() {
                return Err(invalid_argument(
                    "server-side encryption with a customer provided key is incompatible with the encryption method specified",
                ));
            }
            return Ok(Encryption::Customer(customer));
        }
        let kms = match kind.as_ref().map(ServerSideEncryption::as_str) {
            None | Some(AES256) if kms_key.is_some() || kms_context.is_some() => {
                return Err(invalid_argument("a KMS key or encryption context belongs to x-amz-server-side-encryption: aws:kms"));
            }
            None => return Ok(Encryption::Usual),
            Some(AES256) => return Ok(Encryption::Server(ServerSide::S3)),
            Some("aws:kms") => Kms::with(kms_key),
            Some("aws:kms:dsse") => return Err(not_implemented("x-amz-server-side-encryption: aws:kms:dsse")),
            Some(_) => return Err(invalid_argument("the encryption method specified is not supported")),
        };
        let context = kms_context.map(context).transpose()?;
        Ok(Encryption::Server(ServerSide::Kms(Kms { bucket_key: bucket_key.unwrap_or(false), context, ..kms })))
    }

    /// The customer's key of a request, if it has one.
    ///
    /// # Errors
    /// `InvalidRequest` where it came in the clear, `InvalidEncryptionAlgorithmError`, `InvalidArgument` for a key that is
    /// not whole.
    pub(super) fn customer(&self, headers: &KeyHeaders, extensions: &Extensions) -> S3Result<Option<Customer>> {
        const ABOUT: &str = "requests specifying server-side encryption with customer provided keys must";
        if headers.algorithm.is_none() && headers.key.is_none() && headers.md5.is_none() {
            return Ok(None);
        }
        if !self.may_carry_keys(extensions) {
            return Err(invalid_request(format!("{ABOUT} be made over a secure connection")));
        }
        match headers.algorithm.as_deref() {
            None => return Err(invalid_argument(format!("{ABOUT} provide a valid encryption algorithm"))),
            Some(AES256) => {}
            Some(_) => {
                let message = "the encryption request you specified is not valid: the valid value is AES256";
                return Err(plain(S3ErrorCode::InvalidEncryptionAlgorithmError, message));
            }
        }
        let Some(key) = headers.key.as_deref() else {
            return Err(invalid_argument(format!("{ABOUT} provide an appropriate secret key")));
        };
        let Some(md5) = headers.md5.as_deref() else {
            return Err(invalid_argument(format!("{ABOUT} provide the client calculated MD5 of the secret key")));
        };
        let mut whole = false;
        let customer = Customer::fill(|place| {
            // Decoding wants room for all of it.
            if base64_simd::STANDARD.decoded_length(key.as_bytes()).is_ok_and(|length| length == place.len()) {
                whole = base64_simd::STANDARD.decode(key.as_bytes(), base64_simd::Out::from_slice(place)).is_ok();
            }
        });
        if !whole {
            return Err(invalid_argument("the secret key was invalid for the specified algorithm"));
        }
        if base64_simd::STANDARD.encode_to_string(customer.md5()) != md5 {
            return Err(invalid_argument("the calculated MD5 hash of the key did not match the hash that was provided"));
        }
        Ok(Some(customer))
    }
}

impl Adapter {
    /// The customer's key of a request that reads.
    ///
    /// # Errors
    /// `InvalidArgument` if it says how the server should encrypt, which is the object's; then as [`Adapter::customer`].
    pub(super) fn reading(&self, key: &KeyHeaders, headers: &HeaderMap, extensions: &Extensions) -> S3Result<Option<Customer>> {
        const WRITING: [&str; 4] = [
            "x-amz-server-side-encryption",
            "x-amz-server-side-encryption-aws-kms-key-id",
            "x-amz-server-side-encryption-context",
            "x-amz-server-side-encryption-bucket-key-enabled",
        ];
        match WRITING.iter().find(|name| headers.contains_key(**name)) {
            Some(name) => Err(invalid_argument(format!("the header {name} is not supported for this operation"))),
            None => self.customer(key, extensions),
        }
    }
}

/// An encryption context: a JSON object of texts, in base64. It is kept as it was sent.
fn context(text: String) -> S3Result<String> {
    let bytes = Some(&text).filter(|text| text.len() <= CONTEXT_MAX);
    let bytes = bytes.and_then(|text| base64_simd::STANDARD.decode_to_vec(text).ok());
    let pairs = bytes.and_then(|bytes| serde_json::from_slice::<std::collections::BTreeMap<String, String>>(&bytes).ok());
    match pairs {
        Some(_) => Ok(text),
        None => Err(invalid_argument("the encryption context must be a JSON object of texts, in base64")),
    }
}

/// What was understood of a request, and the fault to answer with once it is known that the asker may ask.
pub(super) fn apart<T: Default>(result: S3Result<T>) -> (T, S3Result<()>) {
    match result {
        Ok(value) => (value, Ok(())),
        Err(fault) => (T::default(), Err(fault)),
    }
}

/// What an answer tells of encryption, in the fields that s3s has for it.
#[derive(Default)]
pub(super) struct Told {
    pub(super) server_side_encryption: Option<ServerSideEncryption>,
    pub(super) ssekms_key_id: Option<String>,
    pub(super) ssekms_encryption_context: Option<String>,
    pub(super) bucket_key_enabled: Option<bool>,
    pub(super) sse_customer_algorithm: Option<String>,
    pub(super) sse_customer_key_md5: Option<String>,
}

impl Told {
    /// Of an object that is told to be encrypted so, in answer to a request with this key.
    pub(super) fn new(encryption: Option<&ServerSide>, customer: Option<&Customer>) -> Self {
        let mut told = Self::default();
        match encryption {
            None => {}
            Some(ServerSide::S3) => told.server_side_encryption = Some(AES256.to_owned().into()),
            Some(ServerSide::Kms(kms)) => {
                told.server_side_encryption = Some("aws:kms".to_owned().into());
                told.ssekms_key_id = Some(kms.id().to_owned());
                told.ssekms_encryption_context.clone_from(&kms.context);
                told.bucket_key_enabled = kms.bucket_key.then_some(true);
            }
        }
        if let Some(customer) = customer {
            told.sse_customer_algorithm = Some(AES256.to_owned());
            told.sse_customer_key_md5 = Some(base64_simd::STANDARD.encode_to_string(customer.md5()));
        }
        told
    }

    /// The headers of a customer's key, for answers that s3s has no field for it in.
    pub(super) fn customer_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let pairs = [("algorithm", &self.sse_customer_algorithm), ("key-md5", &self.sse_customer_key_md5)];
        for (name, value) in pairs {
            let name = http::HeaderName::try_from(format!("x-amz-server-side-encryption-customer-{name}"));
            if let (Ok(name), Some(Ok(value))) = (name, value.as_ref().map(|value| value.parse())) {
                headers.insert(name, value);
            }
        }
        headers
    }
}

/// Puts into an output what is told of encryption: by the server, and in the fields that are named besides.
macro_rules! tell {
    ($output:ident, $told:expr $(, $field:ident)*) => {
        let told = $told;
        $output.server_side_encryption = told.server_side_encryption;
        $output.ssekms_key_id = told.ssekms_key_id;
        $output.bucket_key_enabled = told.bucket_key_enabled;
        $($output.$field = told.$field;)*
    };
}
pub(super) use tell;
