//! What the service does without being asked.

use crate::gateway::{Followed, Gateway};
use crate::keyring::Keyring;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Follows the lifecycle rules of all buckets and gives up uploads that are over, again and again, until `stopped`.
pub(super) async fn work(gateway: Arc<Gateway>, often: Duration, stopped: impl Future<Output = ()>) {
    again(often, stopped, || round(&gateway)).await;
}

/// Takes what other replicas wrote into the keyring, again and again, until `stopped`.
pub(super) async fn follow(keyring: Arc<Keyring>, often: Duration, stopped: impl Future<Output = ()>) {
    let refresh = || async {
        if let Err(error) = keyring.refresh().await {
            tracing::warn!(%error, "the keyring could not be read again: what was known of it stands");
        }
    };
    again(often, stopped, refresh).await;
}

/// Waits and does something, until `stopped`: then what is being done is broken off.
async fn again<R: Future<Output = ()>>(often: Duration, stopped: impl Future<Output = ()>, round: impl Fn() -> R) {
    let mut stopped = std::pin::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => return,
            () = tokio::time::sleep(often) => {}
        }
        tokio::select! {
            () = &mut stopped => return,
            () = round() => {}
        }
    }
}

async fn round(gateway: &Gateway) {
    let followed = gateway.follow_lifecycles().await;
    if followed != Followed::default() {
        let Followed { expired, removed, aborted } = followed;
        tracing::info!(expired, removed, aborted, "lifecycle rules were followed");
    }
    let expired = gateway.expire_uploads().await;
    if expired > 0 {
        tracing::info!(expired, "uploads that nobody completed were given up");
    }
}
