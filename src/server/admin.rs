//! The listener for operators: /metrics, /healthz, /readyz, and nothing else.

use crate::observe::Observe;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Whether requests can be answered right now, and what clients may miss all the same; or why not.
pub type Ready = Arc<dyn Fn() -> BoxFuture<'static, Result<Vec<String>, String>> + Send + Sync>;

/// Connections at the same time.
const CONNECTIONS: usize = 64;

/// How long the head of a request, and the answer of readiness, may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves until `shutdown`.
pub async fn serve_admin(listener: TcpListener, observe: Arc<Observe>, ready: Ready, shutdown: impl Future<Output = ()>) {
    let (room, mut connections) = (Arc::new(Semaphore::new(CONNECTIONS)), JoinSet::new());
    let mut shutdown = std::pin::pin!(shutdown);
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
        let Ok((stream, _peer)) = accepted else { continue };
        let (observe, ready) = (Arc::clone(&observe), Arc::clone(&ready));
        let answer = service_fn(move |request: Request<Incoming>| {
            let (observe, ready) = (Arc::clone(&observe), Arc::clone(&ready));
            async move { Ok::<_, Infallible>(answer(&request, &observe, &ready).await) }
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
        let connection = builder.serve_connection(TokioIo::new(stream), answer);
        connections.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an admin connection ended");
            }
            drop(place);
        });
    }
}

async fn answer(request: &Request<Incoming>, observe: &Observe, ready: &Ready) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "GET only\n");
    }
    match request.uri().path() {
        "/healthz" => text(StatusCode::OK, "ok\n"),
        "/readyz" => match tokio::time::timeout(PATIENCE, ready()).await {
            Ok(Ok(missing)) => {
                let lines = missing.iter().map(|what| format!("the backend lacks {what}\n"));
                text(StatusCode::OK, ["ready\n".to_owned()].into_iter().chain(lines).collect::<String>())
            }
            Ok(Err(why)) => text(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")),
            Err(_elapsed) => text(StatusCode::SERVICE_UNAVAILABLE, "not ready: the store does not answer\n"),
        },
        "/metrics" => text(StatusCode::OK, observe.metrics()),
        _ => text(StatusCode::NOT_FOUND, "there is /metrics, /healthz and /readyz\n"),
    }
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let plain = http::HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(http::header::CONTENT_TYPE, plain);
    answer
}
