//! The store in a bucket of S3, before a real server: `object_store`'s own suite, and what it does not ask.

use super::promises::read;
use super::support::s3_server::{self, ACCESS_KEY, BUCKET, S3Server, SECRET_KEY};
use bytes::Bytes;
use futures::StreamExt;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, integration as suite};
use std::sync::Arc;
use waxseal::store::s3::{Credentials, Keys, S3Store, Settings};
use waxseal::store::{Backend, Buffer, Ends, Fault, Lack, Source, Terms, Upload, Version};

pub fn settings(url: &str, bucket: &str) -> Settings {
    Settings {
        endpoint: url.to_owned(),
        region: "us-east-1".to_owned(),
        bucket: bucket.to_owned(),
        prefix: s3_server::prefix(),
        own_buckets: None,
        path_style: true,
        credentials: Credentials::Keys(Keys::new(ACCESS_KEY.to_owned(), SECRET_KEY.to_owned(), None)),
        authority: None,
        memory: 64 << 20,
        heads: 1 << 20,
        connections: 64,
    }
}

fn over_s3<F: Future<Output = ()>>(case: impl FnOnce(S3Store) -> F) {
    let Some(server) = S3Server::shared() else { return };
    let store = S3Store::new(&settings(&server.url(), BUCKET)).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(case(store));
}

pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

async fn source(store: &S3Store, path: &Path) -> Source {
    let e_tag = store.open(path).await.unwrap().meta().e_tag.clone().unwrap();
    Source { path: path.clone(), version: Version::Null, e_tag }
}

#[test]
fn it_passes_the_suite_of_object_store() {
    over_s3(async |store| suite::put_get_delete_list(&store).await);
    over_s3(async |store| {
        suite::stream_get(&store).await;
        suite::get_opts(&store).await;
    });
    over_s3(async |store| suite::put_opts(&store, true).await);
    over_s3(async |store| suite::list_uses_directories_correctly(&store).await);
    over_s3(async |store| suite::list_with_delimiter(&store).await);
    over_s3(async |store| suite::list_with_offset_exclusivity(&store).await);
    over_s3(async |store| suite::list_paginated(&store, &store).await);
    over_s3(async |store| {
        suite::rename_and_copy(&store).await;
        suite::copy_if_not_exists(&store).await;
        suite::copy_rename_nonexistent_object(&store).await;
    });
    over_s3(async |store| {
        suite::multipart(&store, &store).await;
        suite::multipart_put_part_out_of_order(&store, &store).await;
    });
}

#[test]
fn a_probe_finds_what_a_backend_lacks_and_leaves_nothing() {
    over_s3(async |store| {
        // MinIO does not list a key below another, and lists open uploads by the whole name of their object alone.
        assert_eq!(store.probe("test").await.unwrap(), [Lack::Nested, Lack::Uploads]);
        assert_eq!(store.lacks(), [Lack::Nested, Lack::Uploads]);
        assert_eq!(store.list(None).count().await, 0, "the probe left something");
    });
}

#[test]
fn drafts_of_every_length_come_back() {
    over_s3(async |store| {
        for length in [0, 1, 65_536, 65_537, 8 << 20, (8 << 20) + 1, 20_000_000] {
            let (path, bytes) = (Path::from(format!("b/{length}")), noise(length));
            let mut draft = store.begin(&path).await.unwrap();
            for piece in bytes.chunks(1 << 20) {
                let piece = piece.to_vec();
                draft.write(Box::new(move || Buffer::holding(piece))).await.unwrap();
            }
            let done = draft.finish(Bytes::from_static(b"end"), PutMode::Create.into()).await.unwrap();
            let stored = store.open(&path).await.unwrap();
            assert_eq!(stored.meta().e_tag, done.e_tag);
            assert!(read(&*stored).await.unwrap() == [bytes.as_slice(), b"end"].concat(), "{length}");
            let again = store.begin(&path).await.unwrap().finish(Bytes::from_static(b"x"), PutMode::Create.into()).await;
            assert!(matches!(again, Err(Error::AlreadyExists { .. })));
        }
    });
}

#[test]
fn a_draft_that_is_dropped_leaves_nothing() {
    over_s3(async |store| {
        let path = Path::from("b/dropped");
        let mut draft = store.begin(&path).await.unwrap();
        for _ in 0..20 {
            draft.write(Box::new(|| Buffer::holding(vec![7; 1 << 20]))).await.unwrap();
        }
        assert_eq!(store.uploads("b/dropped", None, 10).await.unwrap().len(), 1);
        drop(draft);
        for _ in 0..100 {
            if store.uploads("b/dropped", None, 10).await.unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(store.uploads("b/dropped", None, 10).await.unwrap().len(), 0);
        assert!(matches!(store.open(&path).await, Err(Error::NotFound { .. })));
    });
}

#[test]
fn parts_stream_and_complete_with_gaps_under_a_precondition() {
    over_s3(async |store| {
        let path = Path::from("b/parts");
        let id = store.create_multipart(&path).await.unwrap();
        let upload = Upload { path: path.clone(), id };
        let mut ids = Vec::new();
        for (number, fill) in [(3, 1), (7, 2), (7, 3)] {
            let length = 6_000_000_u64;
            let mut draft = store.begin_part(&upload, number, Some(length)).await.unwrap();
            for _ in 0..6 {
                draft.write(Box::new(move || Buffer::holding(vec![fill; 1_000_000]))).await.unwrap();
            }
            let part = draft.finish(Bytes::new(), Terms::default()).await.unwrap();
            ids.push(PartId { content_id: part.e_tag.unwrap() });
        }
        let held = store.held(&upload).await.unwrap().unwrap();
        assert!(held.contains(&ids[0].content_id) && held.contains(&ids[2].content_id) && !held.contains(&ids[1].content_id));
        store.put(&path, "there".into()).await.unwrap();
        let named = vec![ids[0].clone(), ids[2].clone()];
        let end = Bytes::from(noise(2_000));
        let refused = store.complete_if(&upload, named.clone(), end.clone(), PutMode::Create.into()).await;
        assert!(matches!(refused, Err(Error::AlreadyExists { .. })), "{refused:?}");
        store.complete_if(&upload, named, end.clone(), PutMode::Overwrite.into()).await.unwrap();
        let whole = read(&*store.open(&path).await.unwrap()).await.unwrap();
        assert!(whole == [vec![1; 6_000_000], vec![3; 6_000_000], end.to_vec()].concat());
    });
}

#[test]
fn a_part_that_ends_early_is_not_acknowledged() {
    over_s3(async |store| {
        let path = Path::from("b/short");
        let id = store.create_multipart(&path).await.unwrap();
        let upload = Upload { path, id };
        let mut draft = store.begin_part(&upload, 1, Some(6_000_000)).await.unwrap();
        draft.write(Box::new(|| Buffer::holding(vec![1; 1_000_000]))).await.unwrap();
        draft.finish(Bytes::new(), Terms::default()).await.unwrap_err();
    });
}

#[test]
fn a_new_end_moves_no_content_and_pins_its_source() {
    over_s3(async |store| {
        for length in [1_000_000, 12_000_000] {
            let from = Path::from(format!("b/from-{length}"));
            store.put(&from, noise(length).into()).await.unwrap();
            let old = source(&store, &from).await;
            let keep = length as u64 - 1_024;
            let end = Bytes::from(vec![9; 1_024]);
            let to = Path::from(format!("b/to-{length}"));
            store.splice(&old, keep, end.clone(), &to, PutMode::Create.into()).await.unwrap();
            let copied = read(&*store.open(&to).await.unwrap()).await.unwrap();
            assert!(copied[..length - 1_024] == noise(length)[..length - 1_024] && copied[length - 1_024..] == end);
            store.put(&from, "another".into()).await.unwrap();
            let late = store.splice(&old, keep, end, &to, PutMode::Overwrite.into()).await;
            assert!(matches!(late, Err(Error::Precondition { .. })), "{late:?}");
            assert_eq!(store.uploads(to.as_ref(), None, 10).await.unwrap().len(), 0);
        }
    });
}

#[test]
fn a_version_that_is_overwritten_while_it_is_read_is_not_mixed_and_not_absent() {
    over_s3(async |store| {
        let path = Path::from("b/changing");
        store.put(&path, noise(3_000_000).into()).await.unwrap();
        let held = store.open(&path).await.unwrap();
        store.put(&path, vec![1; 3_000_000].into()).await.unwrap();
        let failed = read(&*held).await.unwrap_err();
        assert!(matches!(Fault::of(&failed), Some(Fault::Unavailable(_))), "{failed}");
        store.delete(&path).await.unwrap();
        let failed = read(&*held).await.unwrap_err();
        assert!(matches!(Fault::of(&failed), Some(Fault::Unavailable(_))), "{failed}");
    });
}

#[test]
fn listings_bring_the_ends_of_what_they_list() {
    over_s3(async |store| {
        for number in 0..30 {
            store.put(&Path::from(format!("b/{number:02}")), noise(2_000 + number).into()).await.unwrap();
        }
        for _ in 0..2 {
            let options = PaginatedListOptions { max_keys: Some(20), offset: Some("b/04".to_owned()), ..Default::default() };
            let page = store.list_paginated(Some("b/"), options).await.unwrap();
            let ends = page.result.extensions.get::<Ends>().unwrap();
            assert_eq!((page.result.objects.len(), ends.0.len()), (20, 20));
            for (index, (meta, end)) in page.result.objects.iter().zip(&ends.0).enumerate() {
                assert_eq!(meta.location.as_ref(), format!("b/{:02}", index + 5));
                assert!(noise(2_005 + index).ends_with(end) && end.len() == 1_392);
            }
        }
    });
}

#[test]
fn of_24_racing_creators_exactly_one_wins() {
    over_s3(async |store| {
        let racers = (0..24_u8).map(|racer| {
            let store = store.clone();
            let put =
                async move { store.put_opts(&Path::from("b/raced"), vec![racer; 2_000].into(), PutMode::Create.into()).await };
            tokio::spawn(put)
        });
        let results = futures::future::join_all(racers).await;
        assert_eq!(results.into_iter().filter(|result| result.as_ref().unwrap().is_ok()).count(), 1);
    });
}

#[test]
fn a_bucket_that_is_not_there_and_keys_that_are_refused_are_never_an_absent_object() {
    let Some(server) = S3Server::shared() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let gone = settings(&server.url(), "not-there");
    let wrong = Settings {
        credentials: Credentials::Keys(Keys::new(ACCESS_KEY.to_owned(), "wrong".to_owned(), None)),
        ..settings(&server.url(), BUCKET)
    };
    for settings in [gone, wrong] {
        let store = S3Store::new(&settings).unwrap();
        runtime.block_on(async {
            let unavailable = |error: Error| assert!(matches!(Fault::of(&error), Some(Fault::Unavailable(_))), "{error:?}");
            unavailable(store.open(&Path::from("b/k")).await.err().unwrap());
            unavailable(store.head(&Path::from("b/k")).await.unwrap_err());
            unavailable(store.get(&Path::from("b/k")).await.unwrap_err());
            unavailable(store.ready().await.unwrap_err());
            unavailable(store.probe("test").await.unwrap_err());
        });
    }
}

#[test]
fn one_of_no_memory_waits_and_is_told_so() {
    let Some(server) = S3Server::shared() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let store = S3Store::new(&Settings { memory: 0, ..settings(&server.url(), BUCKET) }).unwrap();
    runtime.block_on(async {
        let mut drafts = Vec::new();
        for number in 0..2 {
            let mut draft = store.begin(&Path::from(format!("b/{number}"))).await.unwrap();
            draft.write(Box::new(|| Buffer::holding(vec![1; 1_000]))).await.unwrap();
            drafts.push(draft);
        }
        let (third, freed) = (Arc::new(store.clone()), drafts.pop());
        let waiting = tokio::spawn(async move {
            let mut draft = third.begin(&Path::from("b/third")).await.unwrap();
            draft.write(Box::new(|| Buffer::holding(vec![1; 1_000]))).await
        });
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert!(!waiting.is_finished());
        drop(freed);
        waiting.await.unwrap().unwrap();
    });
}
