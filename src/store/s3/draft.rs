//! An object in the making: what is small goes in one request, what is larger in parts while it comes.

use super::fault::Understood;
use super::{PART, S3Store, fault, uploads};
use crate::store::backend::{Draft, Prepare};
use crate::store::{Fault, Terms};
use async_trait::async_trait;
use bytes::Bytes;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{MultipartId, ObjectStore, PutPayload, PutResult, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

/// How long a transfer waits for memory.
const PATIENCE: Duration = Duration::from_secs(10);

/// An object of unknown length.
pub(super) struct Drafted {
    store: S3Store,
    path: Path,
    /// What is to be the next part.
    pieces: Vec<Bytes>,
    length: usize,
    memory: Option<OwnedSemaphorePermit>,
    upload: Option<Uploading>,
}

/// An upload of ours. Dropped before it is finished, it is given up.
struct Uploading {
    store: S3Store,
    path: Path,
    id: MultipartId,
    parts: Vec<PartId>,
    sending: Option<JoinHandle<Result<PartId>>>,
    finished: bool,
}

impl Drafted {
    pub(super) fn new(store: S3Store, path: Path) -> Self {
        Self { store, path, pieces: Vec::new(), length: 0, memory: None, upload: None }
    }

    fn push(&mut self, bytes: Bytes) {
        self.length = self.length.saturating_add(bytes.len());
        self.pieces.push(bytes);
    }

    fn payload(&mut self) -> PutPayload {
        self.length = 0;
        std::mem::take(&mut self.pieces).into_iter().collect()
    }

    /// Sends what is gathered as the next part, once the one before is there.
    async fn send(&mut self) -> Result<()> {
        let upload = match self.upload.take() {
            Some(upload) => upload,
            None => Uploading::begin(&self.store, &self.path).await?,
        };
        let (payload, memory) = (self.payload(), self.memory.take());
        self.upload.insert(upload).send(payload, memory).await
    }
}

impl S3Store {
    /// Memory for one part, of that which all transfers share.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if there is none for some seconds.
    pub(super) async fn memory(&self) -> Result<OwnedSemaphorePermit> {
        let asked = tokio::time::timeout(PATIENCE, Arc::clone(&self.0.memory).acquire_owned()).await;
        let busy = || Fault::Unavailable("all memory for transfers is in use: try again".to_owned()).in_store(fault::NAME);
        asked.map_err(|_| busy())?.map_err(|_| busy())
    }
}

#[async_trait]
impl Draft for Drafted {
    async fn write(&mut self, prepare: Prepare) -> Result<()> {
        if self.memory.is_none() {
            self.memory = Some(self.store.memory().await?);
        }
        self.push(prepared(prepare).await?);
        if self.length >= PART {
            self.send().await?;
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>, end: Bytes, terms: Terms) -> Result<PutResult> {
        self.push(end.clone());
        if self.upload.is_none() {
            let payload = self.payload();
            return self.store.put_opts(&self.path, payload, terms.into()).await;
        }
        self.send().await?;
        match self.upload.take() {
            Some(upload) => upload.finish(&end, terms).await,
            None => Err(fault::unavailable("an upload was lost")),
        }
    }
}

/// Makes bytes on a thread that may block.
pub(super) async fn prepared(prepare: Prepare) -> Result<Bytes> {
    let made = tokio::task::spawn_blocking(move || prepare().into_bytes()).await;
    made.map_err(|_| fault::unavailable("the program is stopping"))
}

impl Uploading {
    async fn begin(store: &S3Store, path: &Path) -> Result<Self> {
        let id = store.create_multipart(path).await?;
        Ok(Self { store: store.clone(), path: path.clone(), id, parts: Vec::new(), sending: None, finished: false })
    }

    async fn send(&mut self, payload: PutPayload, memory: Option<OwnedSemaphorePermit>) -> Result<()> {
        self.wait().await?;
        let ((place, path), id, index) = (self.store.here(&self.path)?, self.id.clone(), self.parts.len());
        self.sending = Some(tokio::spawn(async move {
            let part = place.client.put_part(&path, &id, index, payload).await.understood()?;
            drop(memory);
            let number = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
            Ok(uploads::content_id(number, &part.content_id))
        }));
        Ok(())
    }

    async fn wait(&mut self) -> Result<()> {
        let Some(sending) = self.sending.take() else { return Ok(()) };
        let sent = sending.await.map_err(|_| fault::unavailable("the program is stopping"))?;
        self.parts.push(sent?);
        Ok(())
    }

    async fn finish(mut self, end: &Bytes, terms: Terms) -> Result<PutResult> {
        self.wait().await?;
        let parts = std::mem::take(&mut self.parts);
        let done = self.store.finish_upload((&self.path, &self.id), parts, end, terms.mode).await?;
        self.finished = true;
        Ok(done)
    }
}

impl Drop for Uploading {
    fn drop(&mut self) {
        if let Some(sending) = self.sending.take() {
            sending.abort();
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.finished {
            return;
        }
        let (store, path, id) = (self.store.clone(), self.path.clone(), self.id.clone());
        runtime.spawn(async move {
            if let Err(error) = store.abort_multipart(&path, &id).await {
                tracing::warn!(%path, %error, "an upload that was given up is left at the backend");
            }
        });
    }
}
