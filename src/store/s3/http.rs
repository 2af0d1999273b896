//! One HTTP client under both clients of S3: one pool of connections, one trust, never more connections than the
//! operator allows, and no patience with a backend that is silent while it is its turn.
//!
//! A client that sends slowly is none of the backend's silence: while a body waits for its next bytes, no time counts.

use super::connect::Connector;
use super::{SILENCE, Settings, fault};
use async_trait::async_trait;
use aws_sdk_s3::config::http::{HttpRequest as SdkRequest, HttpResponse as SdkResponse};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::result::ConnectorError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::client::{
    HttpClient, HttpConnector as Connects, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use object_store::{ClientOptions, Result};
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// How long a connection that nobody uses is kept.
const IDLE: Duration = Duration::from_mins(1);

type BoxError = Box<dyn StdError + Send + Sync>;

/// Connections to the backend. Clones share them.
#[derive(Clone)]
pub(super) struct Http(Client<Connector, BoxBody<Bytes, BoxError>>);

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

impl Http {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        let connector = Connector::new(settings.connections, settings.authority.as_deref());
        let connector = connector.map_err(|error| fault::unavailable(error.to_string()))?;
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE);
        Ok(Self(builder.build(connector)))
    }

    async fn send<B>(&self, request: http::Request<B>) -> Result<http::Response<Answer>, BoxError>
    where
        B: Body<Data = Bytes> + Send + Sync + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let turn = Arc::new(Mutex::new(Turn::Backend(Instant::now())));
        let request = request.map(|body| BoxBody::new(Sending { body: body.map_err(Into::into), turn: Arc::clone(&turn) }));
        let mut answer = std::pin::pin!(self.0.request(request));
        let mut look = Instant::now() + SILENCE;
        loop {
            tokio::select! {
                answered = &mut answer => return Ok(answered?.map(|body| Answer { body, silence: None })),
                () = sleep_until(look) => {
                    let Turn::Backend(since) = *turn.lock().unwrap_or_else(PoisonError::into_inner) else {
                        look = Instant::now() + SILENCE;
                        continue;
                    };
                    look = since + SILENCE;
                    if look <= Instant::now() {
                        return Err(silent().into());
                    }
                }
            }
        }
    }
}

fn silent() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "it has been silent for too long")
}

/// Who has to do something next.
#[derive(Clone, Copy)]
enum Turn {
    /// The backend, since then.
    Backend(Instant),
    /// Whoever makes the body of the request.
    Client,
}

/// The body of a request, which says whose turn it is.
struct Sending<B> {
    body: B,
    turn: Arc<Mutex<Turn>>,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Sending<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let turn = if polled.is_pending() { Turn::Client } else { Turn::Backend(Instant::now()) };
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = turn;
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer, which fails when nothing comes for too long.
struct Answer {
    body: Incoming,
    silence: Option<Pin<Box<Sleep>>>,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.silence = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let silence = self.silence.get_or_insert_with(|| Box::pin(sleep(SILENCE)));
        ready!(silence.as_mut().poll(context));
        Poll::Ready(Some(Err(silent().into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Whether a request that failed so may be sent again, as `object_store` judges.
fn kind(error: &(dyn StdError + 'static)) -> HttpErrorKind {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(hyper_util::client::legacy::Error::is_connect) {
            return HttpErrorKind::Connect;
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            if error.is_closed() || error.is_incomplete_message() || error.is_body_write_aborted() || error.is_canceled() {
                return HttpErrorKind::Request;
            }
            if error.is_timeout() {
                return HttpErrorKind::Timeout;
            }
        }
        match error.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::TimedOut) => return HttpErrorKind::Timeout,
            Some(
                io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof,
            ) => return HttpErrorKind::Interrupted,
            _ => {}
        }
        cause = error.source();
    }
    HttpErrorKind::Unknown
}

fn http_error(error: BoxError) -> HttpError {
    HttpError::new_boxed(kind(&*error), error)
}

fn connector_error(error: BoxError) -> ConnectorError {
    match kind(&*error) {
        HttpErrorKind::Timeout => ConnectorError::timeout(error),
        HttpErrorKind::Connect | HttpErrorKind::Request | HttpErrorKind::Interrupted => ConnectorError::io(error),
        _ => ConnectorError::other(error, None),
    }
}

/// For `object_store`'s client.
#[async_trait]
impl HttpService for Http {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = self.send(request).await.map_err(http_error)?;
        Ok(answer.map(|body| HttpResponseBody::new(body.map_err(http_error))))
    }
}

/// Whatever its options: they are those of [`Http::new`].
impl Connects for Http {
    fn connect(&self, _options: &ClientOptions) -> Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

/// For the SDK.
impl HttpConnector for Http {
    fn call(&self, request: SdkRequest) -> HttpConnectorFuture {
        let http = self.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let answer = http.send(request).await.map_err(connector_error)?;
            SdkResponse::try_from(answer.map(SdkBody::from_body_1_x)).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
