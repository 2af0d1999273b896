//! Blobs that nothing names go in a thread of their own: what waits for a commit does not wait for the disk to free
//! what the last one left behind.

use super::blobs::Blobs;
use super::fault;
use object_store::Result;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Commits whose blobs may wait to be removed; the next one removes its own and waits.
const WAITING: usize = 64;

enum Work {
    Remove(Vec<u64>),
    /// Says when all before it is done.
    Tell(SyncSender<()>),
}

/// Hands blobs to the thread.
pub(super) struct Removal {
    work: Mutex<Option<SyncSender<Work>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Removal {
    pub(super) fn start(blobs: Arc<Blobs>) -> Result<Self> {
        let (work, waiting) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("removal".to_owned());
        let thread = thread.spawn(move || remove(&blobs, &waiting)).map_err(|error| fault::io(&error))?;
        Ok(Self { work: Mutex::new(Some(work)), thread: Mutex::new(Some(thread)) })
    }

    /// Removes blobs that nothing names, soon. Those that stay because the program ends are swept at the next start.
    pub(super) fn remove(&self, blobs: Vec<u64>) {
        if !blobs.is_empty() {
            self.send(Work::Remove(blobs));
        }
    }

    /// Waits until everything that was to be removed is.
    pub(super) fn wait(&self) {
        let (done, told) = sync_channel(1);
        self.send(Work::Tell(done));
        let _nothing_is_removed_any_more = told.recv();
    }

    fn send(&self, work: Work) {
        let sender = self.work.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if sender.is_none_or(|sender| sender.send(work).is_err()) {
            tracing::error!("blobs are no longer removed; they will be swept at the next start");
        }
    }
}

impl Drop for Removal {
    fn drop(&mut self) {
        drop(self.work.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(_)) = thread.map(JoinHandle::join) {
            tracing::error!("the removal of blobs ended in a panic");
        }
    }
}

fn remove(blobs: &Blobs, waiting: &Receiver<Work>) {
    for work in waiting {
        match work {
            Work::Remove(gone) => blobs.remove(&gone),
            Work::Tell(done) => drop(done.send(())),
        }
    }
}
