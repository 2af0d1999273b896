//! Rounds of load: the same step over many connections for a bounded time, servers taking turns.

use crate::Result;
use crate::client::Client;
use crate::number::{count, median, mib, micros, real};
use crate::server::{Kind, Server};
use crate::usage::{Usage, forget_peak, memory};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// One request of a load; gets a number no other request of the run has, answers the bytes it moved.
pub type Step = dyn Fn(&mut Client, u64) -> Result<u64> + Sync;

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// How a load is run.
#[derive(Clone, Copy)]
pub struct Plan {
    /// Connections, each with one request in flight.
    pub connections: usize,
    /// How often each server has its turn.
    pub rounds: usize,
    /// The length of a turn; a request that has begun is finished.
    pub turn: Duration,
}

/// What one server did in all its turns.
pub struct Measured {
    /// Which server.
    pub kind: Kind,
    /// Requests a second, the median of the turns.
    pub rate: f64,
    /// MiB a second, the median of the turns.
    pub mib_rate: f64,
    /// CPU-seconds of the server for each GiB moved.
    pub cpu_gib: f64,
    /// CPU-microseconds of the server for each request.
    pub cpu_request: f64,
    /// Cores that the server kept busy, and this client.
    pub cores: (f64, f64),
    /// Latency of a request in microseconds, at the median and the 99th percentile.
    pub latency: (u32, u32),
    /// Bytes that the server read from its store for each request.
    pub read: f64,
    /// Bytes written towards the disk for each byte received or sent.
    pub written: f64,
    /// Syncs of the store a second.
    pub syncs: Option<f64>,
    /// The most resident memory, in bytes.
    pub peak: u64,
}

impl Measured {
    /// One line for who watches.
    pub fn say(&self) {
        eprintln!(
            "    {}: {:.0}/s, {:.0} MiB/s, {:.2} CPU-s/GiB, {:.0} CPU-µs each, p50 {} µs, p99 {} µs, {:.0} MiB at most",
            self.kind.name(),
            self.rate,
            self.mib_rate,
            self.cpu_gib,
            self.cpu_request,
            self.latency.0,
            self.latency.1,
            mib(self.peak)
        );
    }
}

#[derive(Default)]
struct Turn {
    requests: u64,
    bytes: u64,
    seconds: f64,
    server: Usage,
    client: f64,
    syncs: Option<f64>,
    micros: Vec<u32>,
}

/// The name of the product's counter of syncs.
const SYNCS: &str = "waxseal_store_syncs_total";

/// Runs `step` against each server in turn, round after round.
pub fn run(servers: &[&Server], plan: Plan, step: &Step) -> Result<Vec<Measured>> {
    let mut turns: Vec<Vec<Turn>> = servers.iter().map(|_| Vec::new()).collect();
    for server in servers {
        forget_peak(server.pid())?;
    }
    for _ in 0..plan.rounds {
        for (server, turns) in servers.iter().zip(&mut turns) {
            turns.push(turn(server, plan, step).map_err(|error| format!("{}: {error}", server.kind.name()))?);
        }
    }
    servers.iter().zip(turns).map(|(server, turns)| sum_up(server, turns)).collect()
}

fn turn(server: &Server, plan: Plan, step: &Step) -> Result<Turn> {
    let ready = Barrier::new(plan.connections + 1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..plan.connections).map(|_| scope.spawn(|| work(server, plan.turn, step, &ready))).collect();
        ready.wait();
        let (began, used, own) = (Instant::now(), Usage::of(server.pid())?, Usage::of(std::process::id())?.cpu);
        let syncs = server.metric(SYNCS);
        ready.wait();
        let mut turn = Turn::default();
        for worker in workers {
            let (bytes, times) = worker.join().map_err(|_| "a connection panicked")??;
            turn.requests += count(times.len());
            turn.bytes += bytes;
            turn.micros.extend(times);
        }
        turn.seconds = began.elapsed().as_secs_f64();
        turn.server = Usage::of(server.pid())? - used;
        turn.client = Usage::of(std::process::id())?.cpu - own;
        turn.syncs = server.metric(SYNCS).zip(syncs).map(|(after, before)| after - before);
        Ok(turn)
    })
}

/// One connection: a request to warm up, then requests until the time is over.
fn work(server: &Server, time: Duration, step: &Step, ready: &Barrier) -> Result<(u64, Vec<u32>)> {
    let next = || NUMBER.fetch_add(1, Ordering::Relaxed);
    let warm = server.connect().and_then(|mut client| step(&mut client, next()).map(|_| client));
    ready.wait();
    ready.wait();
    let mut client = warm?;
    let (mut bytes, mut times) = (0, Vec::new());
    let began = Instant::now();
    while began.elapsed() < time {
        let sent = Instant::now();
        bytes += step(&mut client, next())?;
        times.push(micros(sent.elapsed()));
    }
    Ok((bytes, times))
}

fn sum_up(server: &Server, turns: Vec<Turn>) -> Result<Measured> {
    let total = |part: fn(&Turn) -> f64| turns.iter().map(part).sum::<f64>();
    let seconds = total(|turn| turn.seconds);
    let requests = total(|turn| real(turn.requests)).max(1.0);
    let bytes = total(|turn| real(turn.bytes)).max(1.0);
    let cpu = total(|turn| turn.server.cpu);
    let rate = median(turns.iter().map(|turn| real(turn.requests) / turn.seconds).collect());
    let mib_rate = median(turns.iter().map(|turn| real(turn.bytes) / turn.seconds / 1_048_576.0).collect());
    let syncs = turns.iter().map(|turn| turn.syncs).sum::<Option<f64>>().map(|syncs| syncs / seconds);
    let (read, written) = (total(|turn| real(turn.server.read)), total(|turn| real(turn.server.to_disk)));
    let client = total(|turn| turn.client);
    let mut micros: Vec<u32> = turns.into_iter().flat_map(|turn| turn.micros).collect();
    micros.sort_unstable();
    let at = |share: usize| micros.get((micros.len() * share / 100).min(micros.len().saturating_sub(1))).copied();
    Ok(Measured {
        kind: server.kind,
        rate,
        mib_rate,
        cpu_gib: cpu / (bytes / 1_073_741_824.0),
        cpu_request: cpu * 1e6 / requests,
        cores: (cpu / seconds, client / seconds),
        latency: (at(50).unwrap_or(0), at(99).unwrap_or(0)),
        read: read / requests,
        written: written / bytes,
        syncs,
        peak: memory(server.pid())?.1,
    })
}
