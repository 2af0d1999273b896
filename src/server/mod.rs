//! Listeners: limits on connections, heads and slow clients, and an end that lets answers be completed.

mod admin;
mod body;
mod connections;
mod patient;
mod tls;

pub use admin::{Ready, serve_admin};
pub use connections::serve;
pub use tls::{Tls, TlsFault};

use std::time::Duration;

/// What an operator may choose of the listener.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Connections at the same time; more wait to be accepted.
    pub connections: usize,
    /// How long the head of a request may take.
    pub header_timeout: Duration,
    /// How long a client may send nothing within a body.
    pub body_timeout: Duration,
    /// How long answers have to be completed once the program is told to stop.
    pub drain: Duration,
    /// The certificate, if HTTPS is spoken and not HTTP.
    pub tls: Option<Tls>,
}

impl Default for Settings {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connections: 4_096, header_timeout: seconds(15), body_timeout: seconds(30), drain: seconds(30), tls: None }
    }
}
