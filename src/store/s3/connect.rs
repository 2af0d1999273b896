//! Connections to the backend, counted: each is let go when it is closed, and not before.

use hyper::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tower_service::Service;

/// How long a connection may take to be made, TLS and all.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a request waits where all connections are in use.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes connections, as many at a time as are allowed.
#[derive(Clone)]
pub(super) struct Connector {
    inner: HttpsConnector<HttpConnector>,
    room: Arc<Semaphore>,
}

/// A connection, which takes its place among those that are allowed for as long as it is open.
pub(super) struct Counted {
    inner: MaybeHttpsStream<TokioIo<TcpStream>>,
    _place: OwnedSemaphorePermit,
}

impl Connector {
    /// # Errors
    /// If `authority`, a certificate in PEM to be trusted besides those of the system, is none.
    pub(super) fn new(most: usize, authority: Option<&[u8]>) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        let mut trusted = RootCertStore::empty();
        trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for certificate in authority.into_iter().flat_map(CertificateDer::pem_slice_iter) {
            trusted.add(certificate?)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions()?.with_root_certificates(trusted).with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let inner = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().wrap_connector(tcp);
        Ok(Self { inner, room: Arc::new(Semaphore::new(most)) })
    }
}

impl Service<Uri> for Connector {
    type Response = Counted;
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Counted, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (room, mut inner) = (Arc::clone(&self.room), self.inner.clone());
        Box::pin(async move {
            // Whichever comes first, a place or a connection that another request is done with, the request has it.
            let place = timeout(PATIENCE, room.acquire_owned()).await.map_err(|_| slow("all connections are in use"))??;
            let inner = timeout(CONNECT, inner.call(to)).await.map_err(|_| slow("it cannot be connected to"))??;
            Ok(Counted { inner, _place: place })
        })
    }
}

fn slow(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, why)
}

impl Connection for Counted {
    fn connected(&self) -> Connected {
        self.inner.connected()
    }
}

impl Read for Counted {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl Write for Counted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, pieces)
    }
}
