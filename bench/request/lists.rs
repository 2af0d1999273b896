//! Pages of 1,000 from buckets of growing size.

use crate::Result;
use crate::client::{Client, How};
use crate::number::{micros, real};
use crate::server::{Kind, Scratch, Server};
use crate::sign::Credentials;
use crate::works::scatter;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Entries of a page.
const PAGE: u64 = 1_000;
/// Pages that are asked for in each bucket.
const PAGES: u64 = 200;
/// Connections that fill a bucket: one sync of the store commits what waits on all of them.
const LOADERS: usize = 256;
/// Bytes of each object.
const SIZE: usize = 16;

/// How fast pages of one bucket came.
pub struct Listing {
    /// Keys in the bucket.
    pub keys: u64,
    /// Milliseconds a page, at the median.
    pub p50: f64,
    /// Milliseconds a page, at the 99th percentile.
    pub p99: f64,
}

/// Fills a bucket of each size and asks for pages that begin anywhere in it, over one connection.
pub fn measure(program: &Path, scratch: &Scratch, credentials: &Credentials, quick: bool) -> Result<Vec<Listing>> {
    let server = Server::waxseal(program, Kind::Waxseal, &scratch.join("lists"), credentials)?;
    let sizes: &[u64] = if quick { &[1_000, 100_000] } else { &[1_000, 100_000, 1_000_000] };
    let buckets = sizes.iter().map(|&keys| {
        let bucket = format!("list-{keys}");
        server.connect()?.text("PUT", &format!("/{bucket}"), "")?;
        eprintln!("LIST: filling a bucket with {keys} keys");
        fill(&server, &bucket, keys)?;
        // A connection made now: the server does not keep one that is idle for as long as filling takes.
        pages(&mut server.connect()?, &bucket, keys)
    });
    buckets.collect()
}

/// The key at a place in a bucket; in order, as the numbers are.
fn key(number: u64) -> String {
    format!("folder/object/{number:09}-{SIZE}")
}

/// Loads in an order without pattern, as buckets grow.
fn fill(server: &Server, bucket: &str, keys: u64) -> Result<()> {
    let next = AtomicU64::new(0);
    let load = || -> Result<()> {
        let mut client = server.connect()?;
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= keys {
                return Ok(());
            }
            client.put(bucket, &key(shuffled(number, keys)), How::Plain)?;
        }
    };
    std::thread::scope(|scope| {
        let loaders: Vec<_> = (0..LOADERS).map(|_| scope.spawn(load)).collect();
        loaders.into_iter().try_for_each(|loader| loader.join().map_err(|_| "a connection panicked")?)
    })
}

/// A permutation of the numbers below a power of ten: its factor has no divisor in common with ten.
fn shuffled(number: u64, keys: u64) -> u64 {
    number.wrapping_mul(611_953) % keys
}

fn pages(client: &mut Client, bucket: &str, keys: u64) -> Result<Listing> {
    let mut times = Vec::new();
    for page in 0..PAGES {
        let first = scatter(page) % (keys - PAGE + 1);
        let query = match first {
            0 => "list-type=2&max-keys=1000".to_owned(),
            // After the key before the first: the page begins with it.
            _ => format!("list-type=2&max-keys=1000&start-after={}", key(first - 1).replace('/', "%2F")),
        };
        let asked = Instant::now();
        let text = client.text("GET", &format!("/{bucket}"), &query)?;
        times.push(f64::from(micros(asked.elapsed())) / 1_000.0);
        let (expected, sized) = (key(first), format!("<Size>{SIZE}</Size>"));
        let whole = text.matches(&sized).count() == crate::number::index(PAGE) && text.contains(&expected);
        if !whole {
            return Err(format!("a page of {bucket} that begins with {expected} is not whole").into());
        }
    }
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    eprintln!("    {keys} keys: {:.2} ms a page, {:.2} at the 99th percentile of {:.0}", at(50), at(99), real(PAGES));
    Ok(Listing { keys, p50: at(50), p99: at(99) })
}
