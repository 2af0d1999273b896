//! Uploads that are sent to, completed and given up all at once: one of the two ends them, and nothing else is left.

use crate::support::scratch::in_memory;
use crate::support::stack::{Stack, body};
use futures::StreamExt;
use std::path::Path;
use std::sync::Arc;
use waxseal::gateway::{
    Abort, About, Complete, Conditions, CreateUpload, Declared, Encryption, Expected, NamedPart, PutPart, Refusal,
};
use waxseal::gateway::{Delete, Doomed, Error, Written};
use waxseal::store::Backend;
use waxseal::store::disk::DiskStore;

const BUCKET: &str = "model";

async fn begin(stack: &Stack, key: &str) -> String {
    let (about, encryption) = (About::default(), Encryption::Usual);
    let create = CreateUpload { bucket: BUCKET.into(), key: key.into(), about, checksum: None, encryption };
    stack.gateway.create_upload(stack.permit(create)).await.unwrap().upload_id
}

async fn part(stack: Arc<Stack>, key: String, upload_id: String, number: u32) -> Result<Written, Error> {
    let content = vec![7; 300_000];
    let declared = Declared { length: Some(content.len() as u64), ..Declared::default() };
    let put = PutPart { bucket: BUCKET.into(), key, upload_id, number, declared, customer: None };
    stack.gateway.put_part(stack.permit(put), body(content)).await
}

fn blobs(folder: &Path) -> usize {
    let within = std::fs::read_dir(folder.join("store/blobs")).unwrap();
    within.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
}

/// Whether so many blobs are left: they go in a thread of their own, soon after the answer.
fn left(folder: &Path, count: usize) -> bool {
    (0..500).any(|_| {
        let reached = blobs(folder) == count;
        if !reached {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        reached
    })
}

async fn records(store: &DiskStore) -> Vec<String> {
    let below = object_store::path::Path::from(".waxseal/uploads");
    object_store::ObjectStore::list(store, Some(&below)).map(|meta| meta.unwrap().location.to_string()).collect().await
}

#[test]
fn nothing_is_left_of_uploads_that_end_in_a_race() {
    let folder = in_memory();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut kept = None;
        let stack = Stack::create(folder.path(), |store| {
            kept = Some(store.clone());
            Arc::new(store)
        });
        let (stack, store) = (Arc::new(stack.await), kept.unwrap());
        stack.bucket(BUCKET).await;
        let mut ends = [0, 0];
        for round in 0..30 {
            let key = format!("key-{round}");
            let id = begin(&stack, &key).await;
            let first = part(Arc::clone(&stack), key.clone(), id.clone(), 1).await.unwrap();
            let late = (2..5).map(|number| tokio::spawn(part(Arc::clone(&stack), key.clone(), id.clone(), number)));
            let late: Vec<_> = late.collect();
            let named = NamedPart { number: 1, etag: first.etag, checksum: None };
            let complete = Complete {
                bucket: BUCKET.into(),
                key: key.clone(),
                upload_id: id.clone(),
                parts: vec![named],
                expected: Expected::default(),
                conditions: Conditions::default(),
                customer: None,
            };
            let abort = Abort { bucket: BUCKET.into(), key: key.clone(), upload_id: id };
            let (one, other) = (Arc::clone(&stack), Arc::clone(&stack));
            let completed = tokio::spawn(async move { one.gateway.complete(one.permit(complete)).await });
            if round % 3 == 0 {
                tokio::task::yield_now().await;
            }
            let aborted = tokio::spawn(async move { other.gateway.abort(other.permit(abort)).await });
            let (completed, aborted) = (completed.await.unwrap(), aborted.await.unwrap());
            assert!(completed.is_ok() != aborted.is_ok(), "round {round}: {completed:?} {aborted:?}");
            for late in late {
                match late.await.unwrap() {
                    Ok(_) | Err(Error::Refused(Refusal::NoSuchUpload)) => {}
                    Err(error) => panic!("round {round}: {error}"),
                }
            }
            assert_eq!(records(&store).await, Vec::<String>::new(), "round {round}");
            assert!(store.uploads("", None, 10).await.unwrap().is_empty(), "round {round}");
            assert!(left(folder.path(), usize::from(completed.is_ok())), "round {round}: {} blobs", blobs(folder.path()));
            ends[usize::from(completed.is_ok())] += 1;
            let doomed = vec![Doomed { key, version: None, if_match: None }];
            let delete = Delete { bucket: BUCKET.into(), doomed, bypass: false };
            stack.gateway.delete(stack.permit(delete)).await.unwrap();
        }
        assert!(ends.iter().all(|count| *count > 0), "one side never won: {ends:?}");
    });
}
