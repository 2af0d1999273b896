//! Counters of exchanges.

use super::{Exchange, RequestId};
use crate::store::Lack;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};
use std::sync::Arc;
use std::time::Duration;

/// All counters of the program.
pub struct Observe {
    registry: Registry,
    exchanges: IntCounterVec,
    seconds: HistogramVec,
    in_flight: IntGauge,
    received: IntCounter,
    sent: IntCounter,
    integrity: IntCounter,
    lacks: IntGaugeVec,
}

impl Observe {
    /// Counters at zero.
    ///
    /// # Errors
    /// None in practice: the names are constants and distinct.
    pub fn new() -> Result<Arc<Self>, prometheus::Error> {
        let by = &["method", "status"];
        let observe = Self {
            registry: Registry::new(),
            exchanges: IntCounterVec::new(Opts::new("waxseal_exchanges_total", "Answers, by method and status."), by)?,
            seconds: HistogramVec::new(
                HistogramOpts::new("waxseal_exchange_seconds", "Time from the head of a request to the head of its answer."),
                &["method"],
            )?,
            in_flight: IntGauge::new("waxseal_exchanges_in_flight", "Requests whose answers have not ended.")?,
            received: IntCounter::new("waxseal_received_bytes_total", "Bytes of plaintext taken in.")?,
            sent: IntCounter::new("waxseal_sent_bytes_total", "Bytes of plaintext given out.")?,
            integrity: IntCounter::new("waxseal_integrity_errors_total", "Stored bytes that did not verify.")?,
            lacks: IntGaugeVec::new(
                Opts::new("waxseal_backend_lacks", "1 for what the backend was found to lack at start."),
                &["capability"],
            )?,
        };
        observe.registry.register(Box::new(observe.exchanges.clone()))?;
        observe.registry.register(Box::new(observe.seconds.clone()))?;
        observe.registry.register(Box::new(observe.in_flight.clone()))?;
        observe.registry.register(Box::new(observe.received.clone()))?;
        observe.registry.register(Box::new(observe.sent.clone()))?;
        observe.registry.register(Box::new(observe.integrity.clone()))?;
        observe.registry.register(Box::new(observe.lacks.clone()))?;
        Ok(Arc::new(observe))
    }

    /// All counters, in Prometheus' text format.
    #[must_use]
    pub fn metrics(&self) -> Vec<u8> {
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut text) {
            tracing::error!(%error, "metrics could not be written");
        }
        text
    }

    /// Tells what the backend was found to lack.
    pub fn backend(&self, lacks: &[Lack]) {
        for lack in Lack::ALL {
            self.lacks.with_label_values(&[lack.name()]).set(lacks.contains(&lack).into());
        }
    }

    /// Counts bytes of content that came in.
    pub fn received(&self, bytes: u64) {
        self.received.inc_by(bytes);
    }

    /// Counts bytes of content that went out.
    pub fn sent(&self, bytes: u64) {
        self.sent.inc_by(bytes);
    }

    /// Counts stored bytes that did not verify.
    pub fn tampered(&self) {
        self.integrity.inc();
    }

    /// An exchange begins.
    #[must_use]
    pub fn begin(self: &Arc<Self>, id: RequestId, method: &'static str, path: String) -> Exchange {
        self.in_flight.inc();
        Exchange::begin(Arc::clone(self), id, method, path)
    }

    /// The head of an answer is ready.
    pub(super) fn count(&self, method: &str, status: u16, elapsed: Duration) {
        self.exchanges.with_label_values(&[method, &status.to_string()]).inc();
        self.seconds.with_label_values(&[method]).observe(elapsed.as_secs_f64());
    }

    /// An exchange has ended.
    pub(super) fn ended(&self) {
        self.in_flight.dec();
    }
}
