//! What systemd is told of a service that says itself when it is ready (`Type=notify`).

use super::say_error;
use crate::config::environment;
use std::os::unix::net::UnixDatagram;

/// Tells whoever started us, if it asked to be told, that connections are accepted: a message to the socket that
/// NOTIFY_SOCKET names, as in sd_notify(3). If that fails the service runs all the same, until systemd's patience ends.
pub(super) fn ready() {
    let Some(name) = environment("NOTIFY_SOCKET") else { return };
    let told = UnixDatagram::unbound().and_then(|socket| socket.send_to(b"READY=1", &name));
    if let Err(error) = told {
        say_error(&format!("NOTIFY_SOCKET {name}: {error}"));
    }
}
