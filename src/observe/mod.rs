//! What is counted and told of an exchange: never a secret, a query, or a byte of content.

mod exchange;
mod metrics;
mod request_id;

pub use exchange::{Exchange, Learnt};
pub use metrics::Observe;
pub use request_id::RequestId;
