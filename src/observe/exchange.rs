//! One request and its answer, and the one line that tells of them when the answer's body has ended, however it ended.

use super::{Observe, RequestId};
use crate::access::Principal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// What is learnt of a request on its way, by whoever learns it first.
#[derive(Default)]
pub struct Learnt {
    operation: OnceLock<&'static str>,
    asker: OnceLock<Arc<Principal>>,
    received: AtomicU64,
}

impl Learnt {
    /// What is asked, as S3 names it.
    pub fn operation(&self, name: &'static str) {
        let _known_already = self.operation.set(name);
    }

    /// Who asks: the signature verified.
    pub fn asker(&self, principal: &Arc<Principal>) {
        let _known_already = self.asker.set(Arc::clone(principal));
    }

    /// So many bytes of the body came in.
    pub fn received(&self, bytes: usize) {
        self.received.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// A request whose answer has not ended. Dropped, it has: its line is written then.
///
/// The line names the request, the operation, the path without its query, the answer's status and S3 code, the public
/// half of the credentials that signed, the bytes of both bodies as they were on the wire, and the microseconds from
/// the head of the request to the end of the answer. It says `answered`, `broken off` if the body did not end as it was
/// to, or `given up` if the client went away before there was an answer.
pub struct Exchange {
    observe: Arc<Observe>,
    id: RequestId,
    method: &'static str,
    path: String,
    begun: Instant,
    learnt: Arc<Learnt>,
    status: Option<u16>,
    code: Option<String>,
    sent: u64,
    whole: bool,
}

impl Exchange {
    pub(super) fn begin(observe: Arc<Observe>, id: RequestId, method: &'static str, path: String) -> Self {
        let (begun, learnt) = (Instant::now(), Arc::default());
        Self { observe, id, method, path, begun, learnt, status: None, code: None, sent: 0, whole: false }
    }

    /// Where more is learnt of it.
    #[must_use]
    pub fn learnt(&self) -> &Arc<Learnt> {
        &self.learnt
    }

    /// The head of the answer is ready.
    pub fn answered(&mut self, status: u16, code: Option<String>) {
        self.observe.count(self.method, status, self.begun.elapsed());
        (self.status, self.code) = (Some(status), code);
    }

    /// So many bytes of the answer's body went out.
    pub fn sent(&mut self, bytes: usize) {
        self.sent = self.sent.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// The answer is complete.
    pub fn complete(&mut self) {
        self.whole = true;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.observe.ended();
        let outcome = match self.status {
            None => "given up",
            Some(_) if self.whole => "answered",
            Some(_) => "broken off",
        };
        tracing::info!(
            request = %self.id,
            method = self.method,
            operation = self.learnt.operation.get().copied().unwrap_or_default(),
            path = %self.path,
            status = self.status.unwrap_or_default(),
            code = self.code.as_deref().unwrap_or_default(),
            key = self.learnt.asker.get().map_or("", |asker| asker.access_key_id.as_str()),
            received = self.learnt.received.load(Ordering::Relaxed),
            sent = self.sent,
            micros = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX),
            "{outcome}"
        );
    }
}
