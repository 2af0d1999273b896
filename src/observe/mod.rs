//! What is counted and told of an exchange: never a secret, a query, or a byte of content.

mod metrics;
mod request_id;

pub use metrics::{Exchange, Observe};
pub use request_id::RequestId;
