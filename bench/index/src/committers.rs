//! Group commit, as src/store/disk/committer.rs has it: one thread takes all that wait into one transaction and one sync.

use crate::candidate::{Candidate, Result, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

pub const COMMITTERS: usize = 64;

/// Changes in one transaction at most.
const TOGETHER: usize = 512;

/// An entry with the end of a sealed object, and the rest of an object of 4 KiB.
const ENTRY: usize = 1_480;
const BODY: usize = 4_160;

struct Job {
    write: Write,
    done: SyncSender<()>,
}

/// Bytes like sealed ones: nothing compresses them.
pub fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Object `number`, whose path is in no order of number.
pub fn object(number: u64, sequence: u64, with_body: bool) -> Write {
    let scattered = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let path = format!("bucket/{:03x}/object-{scattered:016x}", scattered >> 52);
    let body = with_body.then(|| noise(BODY, sequence));
    Write { path, entry: noise(ENTRY, sequence), sequence, body, replaced: None }
}

/// Commits objects from `first` on, with 64 that wait for each other's sync, until `stop`. Tells of each that was
/// acknowledged, with how long it took; gives how many commits there were.
pub fn commit_all(
    index: &dyn Candidate,
    first: u64,
    stop: &AtomicBool,
    told: impl Fn(&str, u64, Duration) + Sync,
) -> Result<u64> {
    let next = AtomicU64::new(first);
    let (jobs, waiting) = sync_channel::<Job>(COMMITTERS);
    std::thread::scope(|scope| {
        for _ in 0..COMMITTERS {
            let (jobs, next, told) = (jobs.clone(), &next, &told);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let (write, (done, answer)) = (object(number, number, true), sync_channel(1));
                    let (path, begun) = (write.path.clone(), Instant::now());
                    if jobs.send(Job { write, done }).is_err() || answer.recv().is_err() {
                        return;
                    }
                    told(&path, number, begun.elapsed());
                }
            });
        }
        drop(jobs);
        work(index, &waiting)
    })
}

fn work(index: &dyn Candidate, waiting: &Receiver<Job>) -> Result<u64> {
    let mut commits = 0;
    while let Ok(first) = waiting.recv() {
        let (mut writes, mut done) = (vec![first.write], vec![first.done]);
        while writes.len() < TOGETHER
            && let Ok(Job { write, done: more }) = waiting.try_recv()
        {
            writes.push(write);
            done.push(more);
        }
        index.commit(&writes)?;
        commits += 1;
        for done in done {
            // Who asked may have stopped waiting.
            let _gone = done.send(());
        }
    }
    Ok(commits)
}
