//! What a backend can do, found by trying: before anything is served from it.

use super::{PART, S3Store};
use crate::envelope::UNIT;
use crate::store::backend::{Backend, Source, Upload};
use crate::store::{Lack, Terms, Version, layout};
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload, Result, UpdateVersion};
use std::sync::PoisonError;

impl S3Store {
    /// What the backend has not. Tries what is needed, under a name of its own below the system prefix, and removes what it wrote.
    ///
    /// # Errors
    /// If the backend cannot be asked: it is not there, or refuses our credentials.
    pub async fn probe(&self, name: &str) -> Result<Vec<Lack>> {
        let folder = format!("{}/{name}", layout::PROBES);
        let found = self.try_all(&folder).await;
        let left: Vec<Path> = self.list(Some(&Path::from(folder))).map_ok(|meta| meta.location).try_collect().await?;
        for path in left {
            self.delete(&path).await?;
        }
        let found = found?;
        self.0.lacks.write().unwrap_or_else(PoisonError::into_inner).clone_from(&found);
        Ok(found)
    }

    async fn try_all(&self, folder: &str) -> Result<Vec<Lack>> {
        let mut lacks = Vec::new();
        let at = |name: &str| Path::from(format!("{folder}/{name}"));
        let (first, second) = (Bytes::from_static(b"first"), Bytes::from_static(b"second"));
        let made = self.put_opts(&at("object"), first.clone().into(), PutMode::Create.into()).await?;
        if self.get(&at("object")).await?.bytes().await? != first {
            lacks.push(Lack::Consistency);
        }
        let again = self.put_opts(&at("object"), second.clone().into(), PutMode::Create.into()).await;
        if !refused(again)? {
            lacks.push(Lack::Create);
        }
        let wrong = self.put_opts(&at("object"), second.clone().into(), another().into()).await;
        let right = UpdateVersion { e_tag: made.e_tag, version: None };
        if !refused(wrong)? || refused(self.put_opts(&at("object"), second.into(), PutMode::Update(right).into()).await)? {
            lacks.push(Lack::Update);
        }
        lacks.extend(self.try_copy(&at("large"), &at("object")).await?);
        lacks.extend(self.try_order(folder).await?);
        let nested = [at("nested/a"), at("nested/a/b")];
        let mut there = true;
        for path in &nested {
            there = there && self.put(path, PutPayload::from_static(b"x")).await.is_ok();
        }
        let listed: Vec<_> = self.list(Some(&at("nested"))).map_ok(|meta| meta.location).try_collect().await?;
        if !there || listed != nested {
            lacks.push(Lack::Nested);
        }
        for path in nested {
            self.delete(&path).await?;
        }
        let upload = Upload { path: at("upload"), id: self.create_multipart(&at("upload")).await? };
        let listed = self.uploads(&format!("{folder}/"), None, 10).await;
        self.abort_multipart(&upload.path, &upload.id).await?;
        if !listed.is_ok_and(|listed| listed.iter().any(|open| open.upload == upload)) {
            lacks.push(Lack::Uploads);
        }
        Ok(lacks)
    }

    /// A large object, copied by its parts to a name of its own, and not over one that is there.
    async fn try_copy(&self, large: &Path, there: &Path) -> Result<Vec<Lack>> {
        let mut lacks = Vec::new();
        let bytes = Bytes::from(vec![b'x'; PART]);
        let made = self.put_opts(large, PutPayload::from(bytes), PutMode::Overwrite.into()).await?;
        let source = Source { path: large.clone(), version: Version::Null, e_tag: made.e_tag.unwrap_or_default() };
        let to = Path::from(format!("{large}-copy"));
        let copied = self.splice(&source, UNIT, Bytes::from_static(b"end"), &to, Terms::default()).await;
        let whole = match copied {
            Ok(_) => self.head(&to).await?.size == UNIT + 3,
            Err(_) => false,
        };
        if !whole {
            lacks.push(Lack::CopyPart);
        }
        for mode in [PutMode::Create, another()] {
            let id = self.create_multipart(there).await?;
            let part: PartId = self.put_part(there, &id, 0, PutPayload::from_static(b"third")).await?;
            let completed = self.finish_upload((there, &id), vec![part], &Bytes::new(), mode).await;
            if refused(completed).unwrap_or(false) {
                self.abort_multipart(there, &id).await?;
            } else if !lacks.contains(&Lack::CompleteIf) {
                lacks.push(Lack::CompleteIf);
            }
        }
        Ok(lacks)
    }

    async fn try_order(&self, folder: &str) -> Result<Vec<Lack>> {
        const NAMES: [&str; 4] = ["order/A", "order/a", "order/a-b", "order/b"];
        for name in NAMES.iter().rev() {
            self.put(&Path::from(format!("{folder}/{name}")), PutPayload::from_static(b"x")).await?;
        }
        let all = |listed: Vec<object_store::ObjectMeta>| -> Vec<String> {
            let name = |meta: object_store::ObjectMeta| meta.location.to_string().replacen(&format!("{folder}/"), "", 1);
            listed.into_iter().map(name).collect()
        };
        let under = Path::from(format!("{folder}/order"));
        let listed = all(self.list(Some(&under)).try_collect().await?);
        let offset = Path::from(format!("{folder}/{}", NAMES[1]));
        let after = all(self.list_with_offset(Some(&under), &offset).try_collect().await?);
        Ok(if listed == NAMES && after == NAMES[2..] { Vec::new() } else { vec![Lack::Order] })
    }
}

/// Only over an object that is not there.
fn another() -> PutMode {
    PutMode::Update(UpdateVersion { e_tag: Some("\"00000000000000000000000000000000\"".to_owned()), version: None })
}

/// Whether a conditional write was refused for its condition.
fn refused<T>(result: Result<T>) -> Result<bool> {
    match result {
        Ok(_) | Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => Ok(false),
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}
