//! The running service.

use super::administrator::{self, Credentials};
use super::chores;
use super::stack::Stack;
use super::{Failure, Result};
use crate::access::Policy;
use crate::config::Settings;
use crate::observe::Observe;
use crate::server::{self, Ready};
use crate::{crypto, s3};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// What there is to say once connections are accepted.
pub struct Started {
    /// Where S3 is spoken.
    pub listen: SocketAddr,
    /// Whether it is spoken over TLS.
    pub secure: bool,
    /// Where health and metrics are.
    pub admin_listen: SocketAddr,
    /// What was drawn, if the store was made just now.
    pub credentials: Option<Credentials>,
    /// The region that clients sign for.
    pub region: String,
}

/// Serves until SIGTERM or SIGINT, then until started answers are complete.
///
/// # Errors
/// [`Failure`] if the service cannot start.
pub async fn serve(mut settings: Settings, may_init: bool, started: impl FnOnce(&Started)) -> Result<()> {
    // Before anything is made: credentials of a store that then could not be served would never be shown.
    let bind = async |address: SocketAddr| {
        TcpListener::bind(address).await.map_err(|error| Failure::of(&format!("listening on {address}"), error))
    };
    let (listener, admin) = (bind(settings.listen).await?, bind(settings.admin_listen).await?);
    let (stack, credentials) = if may_init { Stack::complete(&settings).await? } else { (Stack::open(&settings).await?, None) };
    stack.keyring.mend().await.map_err(|error| Failure::of("the keyring", error))?;
    let mut users = std::mem::take(&mut settings.users);
    administrator::add(&stack.gateway, &mut users).await?;
    let observe = Observe::new().map_err(|error| Failure::of("metrics", error))?;
    observe.backend(&stack.backend.lacks());
    let policy = Arc::new(Policy::new(Arc::clone(&stack.keyring)));
    let service = s3::service(Arc::clone(&stack.gateway), policy, Arc::new(users), Arc::clone(&observe), &settings.s3);
    let service = service.map_err(|fault| Failure::of(fault.key(), fault))?;
    let address = |listener: &TcpListener| listener.local_addr().map_err(|error| Failure::of("listening", error));
    let said = Started {
        listen: address(&listener)?,
        secure: settings.server.tls.is_some(),
        admin_listen: address(&admin)?,
        credentials,
        region: settings.s3.region.clone(),
    };
    let stopping = |error: std::io::Error| Failure::of("signals", error);
    let (mut term, mut int) =
        (signal(SignalKind::terminate()).map_err(stopping)?, signal(SignalKind::interrupt()).map_err(stopping)?);
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(server::serve(listener, service, settings.server.clone(), told(stopped.clone())));
    let often = settings.gateway.day.often().min(settings.gateway.expire);
    let chores = tokio::spawn(chores::work(Arc::clone(&stack.gateway), often, told(stopped.clone())));
    let fresh = settings.gateway.keep_configuration;
    let following =
        stack.keyring.is_shared().then(|| tokio::spawn(chores::follow(Arc::clone(&stack.keyring), fresh, told(stopped.clone()))));
    let telling = tokio::spawn(server::serve_admin(admin, observe, ready(&stack), told(stopped)));
    tracing::info!(listen = %said.listen, admin = %said.admin_listen, provider = crypto::PROVIDER, "serving");
    started(&said);
    drop(said);
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    tracing::info!("stopping: started answers are completed");
    let _nobody_listens = stop.send(true);
    let cut = serving.await.map_err(|error| Failure::of("serving", error))?;
    let _ended = (telling.await, chores.await);
    if let Some(following) = following {
        let _ended = following.await;
    }
    if cut > 0 {
        tracing::warn!(cut, "connections were cut when the time to drain was over");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Completes when the program is told to stop.
async fn told(mut stopped: watch::Receiver<bool>) {
    let _sender_is_gone = stopped.wait_for(|stop| *stop).await;
}

fn ready(stack: &Stack) -> Ready {
    let backend = Arc::clone(&stack.backend);
    Arc::new(move || {
        let backend = Arc::clone(&backend);
        Box::pin(async move {
            backend.ready().await.map_err(|error| error.to_string())?;
            Ok(backend.lacks().iter().map(ToString::to_string).collect())
        })
    })
}
