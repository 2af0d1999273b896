//! HTTPS: certificate and key from two files, and what a handshake may agree on.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, ServerConfig};

/// A certificate with its key, ready to shake hands: TLS 1.2 and 1.3, for HTTP/2 and HTTP/1.1.
#[derive(Clone)]
pub struct Tls {
    pub(super) acceptor: TlsAcceptor,
    certificate: PathBuf,
    key: PathBuf,
}

/// Why a certificate cannot be used: which of the two settings is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// In the certificate's file.
    #[error("{0}")]
    Certificate(String),
    /// In the key's file.
    #[error("{0}")]
    Key(String),
}

impl Tls {
    /// Reads both files, and holds them against each other.
    ///
    /// # Errors
    /// A [`TlsFault`] for each file that cannot be read or is not PEM, a key that others than its owner can read, and a key
    /// that is another certificate's.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, Vec<TlsFault>> {
        let (chain, private) = match (chain(certificate), private(key)) {
            (Ok(chain), Ok(private)) => (chain, private),
            (chain, private) => return Err(chain.err().into_iter().chain(private.err()).collect()),
        };
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| vec![TlsFault::Certificate(error.to_string())])?
            .with_no_client_auth()
            .with_single_cert(chain, private);
        let mut config = config.map_err(|error| vec![unfit(certificate, key, &error)])?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { acceptor, certificate: certificate.to_owned(), key: key.to_owned() })
    }

    /// The certificate's file.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// The key's file.
    #[must_use]
    pub fn key(&self) -> &Path {
        &self.key
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls({}, {})", self.certificate.display(), self.key.display())
    }
}

/// The certificates of a file, the server's own first.
fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let fault = |what: String| TlsFault::Certificate(format!("{} {what}", file.display()));
    let text = fs::read(file).map_err(|error| fault(format!("cannot be read: {error}")))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => {
            Err(fault("holds no certificate: give a PEM file, the server's certificate first, then those that signed it".into()))
        }
    }
}

/// The key of a file that nobody but its owner can read.
fn private(file: &Path) -> Result<PrivateKeyDer<'static>, TlsFault> {
    let fault = |what: String| TlsFault::Key(format!("{} {what}", file.display()));
    let about = fs::metadata(file).map_err(|error| fault(format!("cannot be read: {error}")))?;
    if !crate::access::is_private(&about) {
        return Err(fault(format!("can be read by group or others: run `chmod 600 {}`", file.display())));
    }
    let mut text = fs::read_to_string(file).map_err(|error| fault(format!("cannot be read: {error}")))?;
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes());
    crate::access::erase(&mut text);
    key.map_err(|_| fault("holds no private key: give a PEM file of PKCS #8, PKCS #1 or SEC 1, without a passphrase".into()))
}

fn unfit(certificate: &Path, key: &Path, error: &rustls::Error) -> TlsFault {
    match error {
        rustls::Error::InconsistentKeys(_) => TlsFault::Key(format!(
            "{} is not the key of {}: give the key that this certificate was made for",
            key.display(),
            certificate.display()
        )),
        rustls::Error::InvalidCertificate(_) => {
            TlsFault::Certificate(format!("{} is not a valid certificate: {error}", certificate.display()))
        }
        _ => TlsFault::Key(format!("{} cannot be used: {error}", key.display())),
    }
}
