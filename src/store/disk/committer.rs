//! The one commit point: a thread that takes all changes that wait into one transaction and one sync.

use super::blobs::{Blobs, Writing};
use super::change::{Change, Done, Tables};
use super::fault;
use super::folder::Folder;
use super::index::Index;
use super::removal::Removal;
use crate::store::{Clock, Fault};
use object_store::Result;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Changes that may wait.
const WAITING: usize = 1_024;

/// Changes in one transaction at most.
const TOGETHER: usize = 512;

struct Job {
    change: Change,
    /// The blob that the change names: kept if it is made, and removed if it is refused.
    writing: Option<Writing>,
    done: oneshot::Sender<Result<Done>>,
}

/// Hands changes to the thread.
pub(super) struct Committer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread works with.
pub(super) struct Workshop {
    /// Dropped, and with it ended, before the folder is anyone else's.
    pub(super) removal: Removal,
    pub(super) folder: Folder,
    pub(super) index: Index,
    pub(super) blobs: Arc<Blobs>,
    pub(super) clock: Clock,
}

impl Workshop {
    /// Whether so many more bytes leave the reserve untouched, once what was given up is removed.
    pub(super) fn has_room(&self, more: u64) -> Result<bool> {
        if self.folder.has_room(more)? {
            return Ok(true);
        }
        self.removal.wait();
        self.folder.has_room(more)
    }
}

impl Committer {
    pub(super) fn start(workshop: Arc<Workshop>) -> Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let thread = std::thread::Builder::new().name("committer".to_owned());
        let thread = thread.spawn(move || work(&workshop, waiting)).map_err(|error| fault::io(&error))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Makes a change, which is made or refused also if the caller is gone before the answer.
    pub(super) async fn commit(&self, change: Change, writing: Option<Writing>) -> Result<Done> {
        let (done, answer) = oneshot::channel();
        let stopped = || fault::unavailable("the store is closing");
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(Job { change, writing, done }).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("the committer ended in a panic");
        }
    }
}

fn work(workshop: &Workshop, mut waiting: mpsc::Receiver<Job>) {
    while let Some(first) = waiting.blocking_recv() {
        let mut jobs = vec![first];
        while jobs.len() < TOGETHER
            && let Ok(next) = waiting.try_recv()
        {
            jobs.push(next);
        }
        commit(workshop, jobs);
    }
}

fn commit(workshop: &Workshop, jobs: Vec<Job>) {
    let room = jobs.iter().fold(0_u64, |sum, job| sum.saturating_add(job.change.room()));
    let has_room = workshop.has_room(room);
    let (mut changes, mut waiting) = (Vec::with_capacity(jobs.len()), Vec::with_capacity(jobs.len()));
    for Job { change, writing, done } in jobs {
        match &has_room {
            Ok(true) => {}
            Ok(false) | Err(_) if change.room() == 0 => {}
            Ok(false) | Err(_) => {
                drop(done.send(Err(fault::full())));
                continue;
            }
        }
        changes.push(change);
        waiting.push((done, writing));
    }
    if changes.is_empty() {
        return;
    }
    let committed = workshop.index.write(|transaction| {
        let mut tables = Tables::open(transaction, (workshop.clock)())?;
        let mut results = Vec::with_capacity(changes.len());
        for change in changes {
            match tables.apply(change) {
                Err(error) if Fault::of(&error).is_some_and(|fault| !matches!(fault, Fault::Damaged(_))) => return Err(error),
                result => results.push(result),
            }
        }
        Ok((results, std::mem::take(&mut tables.freed)))
    });
    match committed {
        Ok((results, freed)) => {
            for ((done, writing), result) in waiting.into_iter().zip(results) {
                if let (Ok(_), Some(writing)) = (&result, writing) {
                    writing.keep();
                }
                drop(done.send(result));
            }
            workshop.removal.remove(freed);
        }
        Err(error) => {
            tracing::error!(%error, "a commit failed");
            if let Err(error) = workshop.index.reopen() {
                tracing::error!(%error, "the index could not be opened again");
            }
            let again = Fault::of(&error).cloned().unwrap_or_else(|| Fault::Unavailable(error.to_string()));
            for (done, writing) in waiting {
                // Nobody knows whether the index names it: if not, it is swept at the next start.
                writing.into_iter().for_each(Writing::keep);
                drop(done.send(Err(again.clone().in_store(fault::NAME))));
            }
        }
    }
}
