//! The measurements, and the table of what came of them.

use crate::candidate::{Kind, Result};
use crate::committers::{COMMITTERS, commit_all, object};
use crate::kill::kill_and_reopen;
use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How much of each.
pub struct Scale {
    /// Entries in the index before anything is measured.
    entries: u64,
    /// Rounds of each measurement, in turn: the median counts.
    rounds: usize,
    /// How long the committers commit, and how long before a kill.
    commit: Duration,
    /// Objects that are overwritten, and how often.
    overwritten: u64,
    times: u64,
}

impl Scale {
    pub fn usual() -> Self {
        Self { entries: 1_000_000, rounds: 3, commit: Duration::from_secs(10), overwritten: 20_000, times: 10 }
    }
}

/// Rows of a figure for each candidate.
pub struct Table(Vec<(String, Vec<String>)>);

impl Table {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    fn row(&mut self, name: impl Into<String>, figures: Vec<String>) {
        let name = name.into();
        eprintln!("{name}: {}", figures.join(", "));
        self.0.push((name, figures));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | {} |", Kind::ALL.map(Kind::name).join(" | "))?;
        writeln!(f, "|---|{}", "---:|".repeat(Kind::ALL.len()))?;
        self.0.iter().try_for_each(|(name, figures)| writeln!(f, "| {name} | {} |", figures.join(" | ")))
    }
}

type Folders = [(Kind, PathBuf)];

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Bytes that a folder takes of the disk.
fn taken(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        sum += if about.is_dir() { taken(&entry.path())? } else { about.blocks() * 512 };
    }
    Ok(sum)
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

/// Fills each with entries in random order.
pub fn load(folders: &Folders, scale: &Scale, table: &mut Table) -> Result<()> {
    const BATCH: u64 = 10_000;
    let (mut times, mut sizes) = (Vec::new(), Vec::new());
    for (kind, folder) in folders {
        let (index, begun) = (kind.open(folder, false)?, Instant::now());
        for first in (0..scale.entries).step_by(usize::try_from(BATCH)?) {
            let writes: Vec<_> = (first..(first + BATCH).min(scale.entries)).map(|n| object(n, n, false)).collect();
            index.commit(&writes)?;
        }
        drop(index);
        times.push(format!("{:.0} s", begun.elapsed().as_secs_f64()));
        sizes.push(mebibytes(taken(folder)?));
    }
    table.row(format!("loading {} entries in random order", scale.entries), times);
    table.row("size with these entries", sizes);
    Ok(())
}

/// Pages of a listing from anywhere, in microseconds.
pub fn pages(folders: &Folders, scale: &Scale, table: &mut Table) -> Result<()> {
    let mut figures = Vec::new();
    for (kind, folder) in folders {
        let (index, mut times) = (kind.open(folder, false)?, Vec::new());
        for page in 0..scale.rounds * 100 {
            let from = object(u64::try_from(page)? * 7_919 % scale.entries, 0, false).path;
            let begun = Instant::now();
            let length = index.page(&from, 1_000)?;
            times.push(begun.elapsed().as_secs_f64() * 1e6);
            std::hint::black_box(length);
        }
        times.sort_by(f64::total_cmp);
        let (slow, usual) = (times.get(times.len() * 99 / 100).copied().unwrap_or(f64::NAN), median(times));
        figures.push(format!("{usual:.0} µs, p99 {slow:.0}"));
    }
    table.row("a page of 1,000 entries", figures);
    Ok(())
}

/// 64 that commit small objects, each acknowledged after a sync.
pub fn commits(folders: &Folders, scale: &Scale, table: &mut Table) -> Result<()> {
    let mut found: BTreeMap<&str, [Vec<f64>; 3]> = BTreeMap::new();
    for round in 0..scale.rounds {
        for (kind, folder) in folders {
            let (index, stop, times) = (kind.open(folder, false)?, AtomicBool::new(false), Mutex::new(Vec::new()));
            let first = (u64::try_from(round)? + 1) << 32;
            let begun = Instant::now();
            let commits = std::thread::scope(|scope| {
                scope.spawn(|| {
                    std::thread::sleep(scale.commit);
                    stop.store(true, Ordering::Relaxed);
                });
                commit_all(&*index, first, &stop, |_, _, took| {
                    times.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(took.as_secs_f64() * 1e3);
                })
            })?;
            let seconds = begun.elapsed().as_secs_f64();
            let mut times = times.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
            times.sort_by(f64::total_cmp);
            let [rate, slow, together] = found.entry(kind.name()).or_default();
            rate.push(times.len() as f64 / seconds);
            slow.push(times.get(times.len() * 99 / 100).copied().unwrap_or(f64::NAN));
            together.push(times.len() as f64 / commits as f64);
        }
    }
    let figure = |which: usize, show: fn(f64) -> String| {
        Kind::ALL.map(|kind| found.get(kind.name()).map_or_else(String::new, |all| show(median(all[which].clone())))).into()
    };
    table.row(format!("{COMMITTERS} committers, objects a second"), figure(0, |rate| format!("{rate:.0}")));
    table.row("the slowest of a hundred of them", figure(1, |slow| format!("{slow:.1} ms")));
    table.row("objects that share a sync", figure(2, |together| format!("{together:.0}")));
    Ok(())
}

/// Opening after kill -9, and opening it with all of it read.
pub fn kills(folders: &Folders, scale: &Scale, table: &mut Table) -> Result<()> {
    let mut acknowledged = vec![(0, 0); folders.len()];
    for (whole, name) in [(false, "opening after kill -9"), (true, "the same, and reading all of it")] {
        let mut figures = Vec::new();
        for ((kind, folder), (written, lost)) in folders.iter().zip(&mut acknowledged) {
            let mut times = Vec::new();
            for _ in 0..scale.rounds {
                let reopened = kill_and_reopen(*kind, folder, scale.commit / 3, whole)?;
                times.push(reopened.took.as_secs_f64());
                *written += reopened.acknowledged;
                *lost += reopened.lost;
            }
            figures.push(format!("{:.2} s", median(times)));
        }
        table.row(name, figures);
    }
    let lost = acknowledged.iter().map(|(written, lost)| format!("{lost} of {written}")).collect();
    table.row("acknowledged objects that were lost", lost);
    table.row("size then", folders.iter().map(|(_, folder)| Ok(mebibytes(taken(folder)?))).collect::<Result<_>>()?);
    Ok(())
}

/// What the same objects take after each was overwritten again and again, 64 in a transaction.
pub fn overwrites(folder: &Path, scale: &Scale, table: &mut Table) -> Result<()> {
    let figures = Kind::ALL.map(|kind| -> Result<String> {
        let folder = folder.join("overwritten").join(kind.name());
        let index = kind.open(&folder, false)?;
        let mut content = 0;
        for time in 0..=scale.times {
            let numbers: Vec<u64> = (0..scale.overwritten).collect();
            for some in numbers.chunks(COMMITTERS) {
                let write = |number: &u64| {
                    let sequence = |time: u64| time * scale.overwritten + number;
                    let mut write = object(*number, sequence(time), true);
                    write.replaced = time.checked_sub(1).map(sequence);
                    write
                };
                let writes: Vec<_> = some.iter().map(write).collect();
                if time == 0 {
                    content +=
                        writes.iter().map(|w| w.path.len() + w.entry.len() + w.body.as_ref().map_or(0, Vec::len)).sum::<usize>();
                }
                index.commit(&writes)?;
            }
        }
        drop(index);
        let taken = taken(&folder)?;
        Ok(format!("{}, {:.2} times", mebibytes(taken), taken as f64 / content as f64))
    });
    let (objects, times) = (scale.overwritten, scale.times);
    table.row(format!("{objects} objects after {times} overwrites"), figures.into_iter().collect::<Result<_>>()?);
    Ok(())
}
