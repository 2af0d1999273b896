//! `waxseal copy-store`: sealed objects, records and keyring from one store to another, without opening any.

use super::stack::{is_made, store};
use super::{Failure, Result};
use crate::config::{self, Settings};
use crate::envelope::END;
use crate::store::{Backend, Buffers, Names, Stored, Terms, layout};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, PutOptions, PutPayload};
use std::sync::Arc;

/// Objects that are copied at the same time.
const AT_ONCE: usize = 8;

/// Objects up to so many bytes are put at once.
const SMALL: u64 = 64 << 10;

/// What was copied.
#[derive(Debug, Default)]
pub struct CopiedStore {
    /// Objects and records that were copied.
    pub copied: u64,
    /// Those that were there already, from a copy that was interrupted.
    pub there: u64,
    /// Bytes that were copied.
    pub bytes: u64,
}

/// A store by its directory, or by the configuration file that names it.
fn settings(place: &std::path::Path) -> Result<Settings> {
    // The root key is not asked for: nothing is opened.
    let overrides = config::Overrides { root_key: Some(std::path::PathBuf::new()), ..config::Overrides::default() };
    let (file, overrides) = if place.is_file() {
        (Some(place), overrides)
    } else {
        (None, config::Overrides { data: Some(place.to_owned()), ..overrides })
    };
    config::load(file, overrides).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Failure(faults.join("\n"))
    })
}

async fn open(place: &std::path::Path, may_make: bool) -> Result<Arc<dyn Backend>> {
    let settings = settings(place)?;
    store(&settings, !may_make || is_made(&settings)).await
}

/// Copies a store. What is there already with the same end is left alone, so that a copy that was interrupted goes on; the
/// keyring comes last, and without it nothing is served. Uploads that are not completed stay behind.
///
/// # Errors
/// [`Failure`] if the source keeps versions, which are not copied, or either store fails.
pub async fn copy_store(
    from: &std::path::Path,
    to: &std::path::Path,
    mut progress: impl FnMut(&CopiedStore),
) -> Result<CopiedStore> {
    let (from, to) = (open(from, false).await?, open(to, true).await?);
    let in_store = |error: object_store::Error| Failure::of("copying", error);
    if [&from, &to].iter().any(|store| store.versions().is_some_and(|versions| versions.names() == Names::Backend)) {
        return Err(Failure("stores with backend buckets of their own (backend.own_buckets) are not copied yet".to_owned()));
    }
    refuse_versions(&*from).await?;
    let mut copied = CopiedStore::default();
    let listed = from.list(None).map_ok(|meta| meta.location).map_err(in_store);
    let paths = listed.try_filter(|path| std::future::ready(is_copied(path)));
    let (source, target, buffers) = (&from, &to, &Buffers::new(AT_ONCE));
    let mut copies = paths
        .map(|path| async move {
            let path = path?;
            copy(&**source, &**target, &path, buffers).await.map_err(|error| Failure::of(path.as_ref(), error))
        })
        .buffer_unordered(AT_ONCE);
    while let Some(bytes) = copies.next().await {
        copied.count(bytes?);
        progress(&copied);
    }
    for keyring in layout::KEYRINGS {
        copied.count(copy(&*from, &*to, &Path::from(keyring), buffers).await.map_err(in_store)?);
    }
    Ok(copied)
}

impl CopiedStore {
    fn count(&mut self, bytes: Option<u64>) {
        match bytes {
            Some(bytes) => {
                self.copied = self.copied.saturating_add(1);
                self.bytes = self.bytes.saturating_add(bytes);
            }
            None => self.there = self.there.saturating_add(1),
        }
    }
}

fn is_copied(path: &Path) -> bool {
    let path = path.as_ref();
    !layout::KEYRINGS.contains(&path) && !path.starts_with(&format!("{}/", layout::uploads()))
}

async fn refuse_versions(from: &dyn Backend) -> Result<()> {
    let Some(versions) = from.versions().filter(|versions| versions.names() == Names::Writer) else { return Ok(()) };
    let mut after = None;
    loop {
        let page = versions.list_versions("", after.as_ref(), 1_000).await;
        let page = page.map_err(|error| Failure::of("listing versions", error))?;
        let Some(last) = page.last() else { return Ok(()) };
        if let Some(one) = page.iter().find(|version| version.marker || version.meta.version.is_some()) {
            return Err(Failure(format!("{} has versions: stores with versions are not copied yet", one.meta.location)));
        }
        after = Some(crate::store::After { path: last.meta.location.to_string(), version: None });
    }
}

/// Copies one object; none if it is there already.
async fn copy(from: &dyn Backend, to: &dyn Backend, path: &Path, buffers: &Buffers) -> object_store::Result<Option<u64>> {
    let stored = from.open(path).await?;
    let size = stored.meta().size;
    let all_end = stored.end();
    let end = all_end.slice(all_end.len().saturating_sub(END)..);
    if let Ok(there) = to.open(path).await
        && there.meta().size == size
        && there.end().ends_with(&end)
    {
        return Ok(None);
    }
    let body = size.saturating_sub(u64::try_from(end.len()).unwrap_or(u64::MAX));
    if size <= SMALL {
        let bytes = read(&*stored, 0..body, buffers).await?;
        to.put_opts(path, PutPayload::from_iter([bytes, end]), PutOptions::default()).await?;
        return Ok(Some(size));
    }
    stored.expect(body);
    let (mut draft, mut at) = (to.begin(path).await?, 0);
    while at < body {
        let buffer = buffers.take();
        let next = body.min(at.saturating_add(u64::try_from(buffer.capacity()).unwrap_or(u64::MAX)));
        let filled = stored.fill(at..next, buffer).await?;
        draft.write(Box::new(move || filled)).await?;
        at = next;
    }
    draft.finish(end, Terms::default()).await?;
    Ok(Some(size))
}

async fn read(stored: &dyn Stored, range: std::ops::Range<u64>, buffers: &Buffers) -> object_store::Result<Bytes> {
    if range.is_empty() {
        return Ok(Bytes::new());
    }
    Ok(stored.fill(range, buffers.take()).await?.into_bytes())
}
