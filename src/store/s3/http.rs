//! One HTTP client under both clients of S3: one pool of connections, one trust, and no more connections than the
//! operator allows.

use super::{SILENCE, Settings, fault};
use async_trait::async_trait;
use aws_sdk_s3::config::http::{HttpRequest as SdkRequest, HttpResponse as SdkResponse};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::result::ConnectorError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use object_store::client::{
    HttpClient, HttpConnector as Connects, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use object_store::{ClientOptions, Result};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a request waits for one of the connections.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections to the backend. Clones share them.
#[derive(Clone)]
pub(super) struct Http {
    client: reqwest::Client,
    /// Requests that may still begin: each has a connection of its own.
    connections: Arc<Semaphore>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Http({} connections left)", self.connections.available_permits())
    }
}

impl Http {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        // It takes the process's provider of TLS; one that is there already is the same.
        let _installed = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
        let wrong = |error: reqwest::Error| fault::unavailable(error.to_string());
        let mut builder = reqwest::Client::builder()
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE);
        if let Some(pem) = &settings.authority {
            builder = builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem).map_err(wrong)?);
        }
        let client = builder.build().map_err(wrong)?;
        // A connection is back among those that are free a moment after its answer has ended: so some are left over.
        let requests = settings.connections.saturating_sub(settings.connections / 8).saturating_sub(1).max(1);
        Ok(Self { client, connections: Arc::new(Semaphore::new(requests)) })
    }

    /// The right to one connection, until the answer that comes over it has ended.
    async fn connection(&self) -> io::Result<OwnedSemaphorePermit> {
        let busy = || io::Error::new(io::ErrorKind::TimedOut, "all connections to the backend are in use");
        let asked = tokio::time::timeout(PATIENCE, Arc::clone(&self.connections).acquire_owned()).await;
        asked.map_err(|_| busy())?.map_err(|_| busy())
    }

    async fn send(&self, request: SdkRequest) -> Result<SdkResponse, ConnectorError> {
        let permit = self.connection().await.map_err(|error| ConnectorError::timeout(error.into()))?;
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap));
        let request = request.map_err(|error| ConnectorError::user(error.into()))?;
        let answer = self.client.execute(request).await.map_err(connector_error)?;
        let answer = http::Response::from(answer).map(|body| SdkBody::from_body_1_x(Held { body, permit: Some(permit) }));
        SdkResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
    }
}

fn connector_error(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_connect() || error.is_request() {
        ConnectorError::io(error.into())
    } else {
        ConnectorError::other(error.into(), None)
    }
}

/// For the SDK.
impl HttpConnector for Http {
    fn call(&self, request: SdkRequest) -> HttpConnectorFuture {
        let http = self.clone();
        HttpConnectorFuture::new(async move { http.send(request).await })
    }
}

/// For `object_store`'s client.
#[async_trait]
impl HttpService for Http {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let permit = self.connection().await.map_err(|error| HttpError::new(HttpErrorKind::Timeout, error))?;
        let answer = HttpService::call(&self.client, request).await?;
        Ok(answer.map(|body| HttpResponseBody::new(Held { body, permit: Some(permit) })))
    }
}

/// Whatever its options: they are those of [`Http::new`].
impl Connects for Http {
    fn connect(&self, _options: &ClientOptions) -> Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

/// A body that holds its connection for as long as it has not ended.
struct Held<B> {
    body: B,
    permit: Option<OwnedSemaphorePermit>,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Held<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) || self.body.is_end_stream() {
            self.permit = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
