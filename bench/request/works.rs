//! The transfers of the table: what is set up, what one request is.

use crate::Result;
use crate::client::{Client, How};
use crate::load::{Measured, Plan, run};
use crate::number::{median, micros};
use crate::server::{BUCKET, Kind, Server};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

const LARGE: u64 = 64 << 20;
const SMALL: u64 = 4 << 10;
const HUGE: u64 = 1 << 30;
const RANGE: u64 = 64 << 10;
/// Small objects that are read in turns.
const SMALLS: u64 = 1_000;

/// A load of servers in turns.
pub type Work = fn(&[&Server], Plan) -> Result<Vec<Measured>>;

/// Makes the bucket, and what the reads read.
pub fn prepare(server: &Server) -> Result<()> {
    let mut client = server.connect()?;
    client.text("PUT", &format!("/{BUCKET}"), "")?;
    if server.kind == Kind::Null {
        return Ok(());
    }
    for connection in 0..8 {
        client.put(BUCKET, &large(connection), How::Plain)?;
    }
    client.put(BUCKET, &huge(), How::Plain)?;
    let lanes = 16;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..lanes)
            .map(|lane| {
                scope.spawn(move || {
                    let mut client = server.connect()?;
                    (lane..SMALLS).step_by(16).try_for_each(|at| client.put(BUCKET, &small(at), How::Signed).map(drop))
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a connection panicked")?)
    })
}

fn large(at: u64) -> String {
    format!("large/{at}-{LARGE}")
}

fn huge() -> String {
    format!("huge-{HUGE}")
}

fn small(at: u64) -> String {
    format!("small/{at}-{SMALL}")
}

/// GET of 64 MiB.
pub fn get_large(servers: &[&Server], plan: Plan) -> Result<Vec<Measured>> {
    run(servers, Plan { connections: 8, ..plan }, &|client, number| client.get(BUCKET, &large(number % 8), None))
}

/// PUT of 64 MiB, not signed, with a CRC-64/NVME in the trailer (rclone: without), over few names again and again.
pub fn put_large(servers: &[&Server], plan: Plan) -> Result<Vec<Measured>> {
    let put = |servers: &[&Server], how| {
        run(servers, Plan { connections: 4, ..plan }, &move |client, number| {
            client.put(BUCKET, &format!("written/{}-{LARGE}", number % 8), how)
        })
    };
    let measured = put(servers, How::Trailer)?;
    check(servers, &format!("written/0-{LARGE}"))?;
    Ok(measured)
}

/// GET of 4 KiB.
pub fn get_small(servers: &[&Server], plan: Plan) -> Result<Vec<Measured>> {
    run(servers, Plan { connections: 8, ..plan }, &|client, number| client.get(BUCKET, &small(scatter(number) % SMALLS), None))
}

/// PUT of 4 KiB, each under a new name.
pub fn put_small(servers: &[&Server], plan: Plan) -> Result<Vec<Measured>> {
    run(servers, Plan { connections: 64, ..plan }, &|client, number| {
        client.put(BUCKET, &format!("new/{number}-{SMALL}"), How::Signed)
    })
}

/// GET of 64 KiB anywhere in 1 GiB.
pub fn get_range(servers: &[&Server], plan: Plan) -> Result<Vec<Measured>> {
    run(servers, Plan { connections: 8, ..plan }, &|client, number| {
        let first = scatter(number) % (HUGE - RANGE);
        client.get(BUCKET, &huge(), Some((first, first + RANGE - 1)))
    })
}

/// Copies the object of 1 GiB.
pub fn copy_huge(client: &mut Client, to: u64) -> Result<u64> {
    client.copy(BUCKET, &huge(), &format!("copied/{to}"))?;
    Ok(HUGE)
}

/// Reads back what was written during a load.
fn check(servers: &[&Server], key: &str) -> Result<()> {
    servers
        .iter()
        .filter(|server| server.kind != Kind::Null)
        .try_for_each(|server| server.connect()?.get(BUCKET, key, None).map(drop))
}

/// Numbers in an order without pattern.
pub fn scatter(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 8
}

/// Milliseconds that an fsync of 4 KiB more in a file takes on this disk: the median, and the 99th percentile.
pub fn sync_latency(at: &Path, time: Duration) -> Result<(f64, f64)> {
    let mut file = File::create(at)?;
    let (began, mut times) = (Instant::now(), Vec::new());
    while began.elapsed() < time {
        file.write_all(&[1; 4_096])?;
        let asked = Instant::now();
        file.sync_data()?;
        times.push(f64::from(micros(asked.elapsed())) / 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    let last = times.get(times.len() * 99 / 100).copied().unwrap_or_default();
    Ok((median(times), last))
}
