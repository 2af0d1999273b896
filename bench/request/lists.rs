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

/// Keys of a folder.
const FOLDER: u64 = 10;
/// A bucket of so many keys has pages of every kind.
const DEEP: u64 = 100_000;
/// Entries of a page.
const PAGE: u64 = 1_000;
/// Pages that are asked for in each bucket.
const PAGES: u64 = 200;
/// Connections that fill a bucket: one sync of the store commits what waits on all of them.
const LOADERS: usize = 256;
/// Bytes of each object.
const SIZE: usize = 16;

/// What a page is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Keys.
    Keys,
    /// Folders of [`FOLDER`] keys each: common prefixes.
    Folders,
    /// Versions.
    Versions,
}

impl Page {
    /// As the table calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keys => "LIST",
            Self::Folders => "LIST by delimiter",
            Self::Versions => "ListObjectVersions",
        }
    }

    /// The page that begins with the first key of the folder of `first`.
    fn query(self, first: u64) -> String {
        // After the key before the first, or after the folder before: the page begins with it.
        let before = first.checked_sub(1).map(|before| key(before).replace('/', "%2F"));
        match (self, before) {
            (Self::Keys, None) => "list-type=2&max-keys=1000".to_owned(),
            (Self::Keys, Some(before)) => format!("list-type=2&max-keys=1000&start-after={before}"),
            (Self::Folders, None) => "delimiter=%2F&list-type=2&max-keys=1000&prefix=folder%2F".to_owned(),
            (Self::Folders, Some(before)) => {
                format!("delimiter=%2F&list-type=2&max-keys=1000&prefix=folder%2F&start-after={before}")
            }
            (Self::Versions, None) => "max-keys=1000&versions=".to_owned(),
            (Self::Versions, Some(before)) => format!("key-marker={before}&max-keys=1000&versions="),
        }
    }

    /// What stands in the page once for each of its entries.
    fn entry(self) -> String {
        match self {
            Self::Keys | Self::Versions => format!("<Size>{SIZE}</Size>"),
            Self::Folders => "<CommonPrefixes>".to_owned(),
        }
    }
}

/// How fast pages of one bucket came.
pub struct Listing {
    /// What they were of.
    pub page: Page,
    /// Keys in the bucket; a tenth of them have two versions.
    pub keys: u64,
    /// Milliseconds a page, at the median.
    pub p50: f64,
    /// Milliseconds a page, at the 99th percentile.
    pub p99: f64,
}

/// Fills a bucket of each size and asks for pages that begin anywhere in it, over one connection: of keys, and from
/// [`DEEP`] keys on of folders and versions too.
pub fn measure(program: &Path, scratch: &Scratch, credentials: &Credentials, quick: bool) -> Result<Vec<Listing>> {
    let server = Server::waxseal(program, Kind::Waxseal, &scratch.join("lists"), credentials)?;
    let sizes: &[u64] = if quick { &[1_000, 100_000] } else { &[1_000, 100_000, 1_000_000] };
    let mut found = Vec::new();
    for &keys in sizes {
        let bucket = format!("list-{keys}");
        server.connect()?.make_versioned(&bucket)?;
        eprintln!("LIST: filling a bucket with {keys} keys");
        fill(&server, &bucket, keys, keys)?;
        fill(&server, &bucket, keys, keys / 10)?;
        let kinds: &[Page] = if keys < DEEP { &[Page::Keys] } else { &[Page::Keys, Page::Folders, Page::Versions] };
        for &page in kinds {
            // A connection made now: the server does not keep one that is idle for as long as filling takes.
            found.push(pages(&mut server.connect()?, page, &bucket, keys)?);
        }
    }
    Ok(found)
}

/// The key at a place in a bucket; in order, as the numbers are.
fn key(number: u64) -> String {
    format!("folder/{:09}/{}-{SIZE}", number / FOLDER, number % FOLDER)
}

/// Loads so many of the keys, in an order without pattern, as buckets grow.
fn fill(server: &Server, bucket: &str, keys: u64, many: u64) -> Result<()> {
    let next = AtomicU64::new(0);
    let load = || -> Result<()> {
        let mut client = server.connect()?;
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= many {
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

fn pages(client: &mut Client, page: Page, bucket: &str, keys: u64) -> Result<Listing> {
    let mut times = Vec::new();
    for number in 0..PAGES {
        let last = if page == Page::Folders { keys.saturating_sub(PAGE * FOLDER) } else { keys - PAGE };
        let first = scatter(number) % (last + 1) / FOLDER * FOLDER;
        let asked = Instant::now();
        let text = client.text("GET", &format!("/{bucket}"), &page.query(first))?;
        times.push(f64::from(micros(asked.elapsed())) / 1_000.0);
        let first = key(first);
        let expected = if page == Page::Folders { first.trim_end_matches(|at| at != '/') } else { &first };
        let whole = text.matches(&page.entry()).count() == crate::number::index(PAGE) && text.contains(expected);
        if !whole {
            return Err(format!("a page of {bucket} that begins with {expected} is not whole").into());
        }
    }
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    eprintln!(
        "    {} of {keys} keys: {:.2} ms a page, {:.2} at the 99th percentile of {:.0}",
        page.name(),
        at(50),
        at(99),
        real(PAGES)
    );
    Ok(Listing { page, keys, p50: at(50), p99: at(99) })
}
