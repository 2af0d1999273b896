//! What open transfers cost in resident memory, when clients do not move on.

use crate::Result;
use crate::number::{count, mib, real};
use crate::server::{BUCKET, Server};
use crate::usage::memory;
use std::time::Duration;

const OPEN_PUTS: u64 = 1_000;
const SENT: u64 = 2 << 20;
const OPEN_GETS: u64 = 200;

/// MiB resident.
pub struct Memory {
    /// Before.
    pub idle: f64,
    /// With all the open PUTs.
    pub puts: f64,
    /// For each open PUT of 100 MiB with 2 MiB sent, in KiB.
    pub each_put: f64,
    /// For each GET of 64 MiB whose client reads no further, in KiB.
    pub each_get: f64,
}

/// Measures a server that has just started.
pub fn measure(server: &Server) -> Result<Memory> {
    let mut client = server.connect()?;
    client.text("PUT", &format!("/{BUCKET}"), "")?;
    let size = 64 << 20;
    let key = format!("large-{size}");
    client.put(BUCKET, &key, crate::client::How::Plain)?;
    let idle = memory(server.pid())?.0;
    let gets = held(server, OPEN_GETS, &|client, _| client.stall(BUCKET, &key, None))?;
    let between = memory(server.pid())?.0;
    let puts =
        held(server, OPEN_PUTS, &|client, number| client.stall(BUCKET, &format!("open/{number}-{}", 100 << 20), Some(SENT)))?;
    Ok(Memory {
        idle: mib(idle),
        puts: mib(puts),
        each_put: real(puts.saturating_sub(between)) / real(OPEN_PUTS) / 1024.0,
        each_get: real(gets.saturating_sub(idle)) / real(OPEN_GETS) / 1024.0,
    })
}

/// Resident bytes while `many` transfers hang.
fn held(server: &Server, many: u64, stall: &dyn Fn(&mut crate::client::Client, u64) -> Result<()>) -> Result<u64> {
    let mut open = Vec::new();
    for number in 0..many {
        let mut client = server.connect()?;
        stall(&mut client, number)?;
        open.push(client);
    }
    std::thread::sleep(Duration::from_secs(2));
    let resident = memory(server.pid())?.0;
    if count(open.len()) < many {
        return Err("a transfer was lost".into());
    }
    drop(open);
    std::thread::sleep(Duration::from_secs(1));
    Ok(resident)
}
