//! The listener of the S3 protocol.

use super::Settings;
use super::body::Timed;
use super::patient::Patient;
use crate::s3::{Body, Secure, Service};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// What a connection reads at a time, and the longest head of a request, in bytes.
const READ: usize = 128 << 10;

/// The most headers of a request.
const HEADERS: usize = 128;

/// How long accepting rests when the system has no more files or memory for connections.
const REST: Duration = Duration::from_millis(100);

/// Accepts connections until `shutdown`, then lets started answers be completed. Gives how many were cut off.
pub async fn serve(listener: TcpListener, service: Service, settings: Settings, shutdown: impl Future<Output = ()>) -> usize {
    let room = Arc::new(Semaphore::new(settings.connections));
    let (graceful, mut connections) = (GracefulShutdown::new(), JoinSet::new());
    let mut shutdown = std::pin::pin!(shutdown);
    let builder = builder(&settings);
    loop {
        let accept = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            () = &mut shutdown => break,
            Some(_ended) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = accept => accepted,
        };
        let stream = match accepted {
            Ok((stream, _peer)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        let line = Line { builder: builder.clone(), service: service.clone(), settings: settings.clone() };
        let watcher = graceful.watcher();
        connections.spawn(async move {
            line.talk(stream, watcher).await;
            drop(place);
        });
    }
    drop(listener);
    let drained = async {
        graceful.shutdown().await;
        while connections.join_next().await.is_some() {}
    };
    let _cut = tokio::time::timeout(settings.drain, drained).await;
    let left = connections.len();
    connections.abort_all();
    left
}

fn builder(settings: &Settings) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout)
        .max_buf_size(READ)
        .max_headers(HEADERS)
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .max_header_list_size(64 << 10)
        .initial_stream_window_size(1 << 20)
        .keep_alive_interval(settings.header_timeout);
    builder
}

/// What a connection needs to be answered.
struct Line {
    builder: Builder<TokioExecutor>,
    service: Service,
    settings: Settings,
}

impl Line {
    /// Shakes hands, if there is a certificate, and answers until the client leaves.
    async fn talk(self, stream: TcpStream, watcher: Watcher) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection without TCP_NODELAY");
        }
        let Some(tls) = self.settings.tls.clone() else {
            return self.answer(stream, false, watcher).await;
        };
        // A connection without TLS is smaller by what a handshake needs: it is boxed.
        let secured = Box::pin(tokio::time::timeout(self.settings.header_timeout, tls.acceptor.accept(stream))).await;
        match secured {
            Ok(Ok(stream)) => Box::pin(self.answer(stream, true, watcher)).await,
            Ok(Err(error)) => tracing::debug!(%error, "a handshake failed"),
            Err(_elapsed) => tracing::debug!("a handshake took too long"),
        }
    }

    async fn answer<S>(self, stream: S, secure: bool, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let patience = self.settings.body_timeout;
        let stream = Patient::new(stream, self.settings.header_timeout, patience);
        let service = self.service;
        let answer = service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let service = service.clone();
            let mut request = request.map(|body| Body::http_body_unsync(Timed::new(body, patience)));
            if secure {
                request.extensions_mut().insert(Secure);
            }
            async move { Ok::<_, Infallible>(service.answer(request).await) }
        });
        let connection = self.builder.serve_connection(TokioIo::new(stream), answer).into_owned();
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "a connection ended");
        }
    }
}
