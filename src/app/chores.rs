//! What the service does without being asked.

use crate::gateway::{Followed, Gateway};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Follows the lifecycle rules of all buckets, again and again, until `stopped`.
pub(super) async fn follow_lifecycles(gateway: Arc<Gateway>, often: Duration, stopped: impl Future<Output = ()>) {
    let mut stopped = std::pin::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => return,
            () = tokio::time::sleep(often) => {}
        }
        let followed = tokio::select! {
            () = &mut stopped => return,
            followed = gateway.follow_lifecycles() => followed,
        };
        if followed != Followed::default() {
            let Followed { expired, removed, aborted } = followed;
            tracing::info!(expired, removed, aborted, "lifecycle rules were followed");
        }
    }
}
