//! What the seam promises beyond `object_store`'s traits.

use crate::integration::settings;
use crate::support::scratch;
use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt, PutMode};
use std::fs;
use std::sync::Arc;
use waxseal::store::disk::{DiskStore, salvage};
use waxseal::store::{Backend, Buffers, Fault, Source, Stored, Upload, Version};

pub fn run<F: Future<Output = ()>>(case: impl FnOnce(DiskStore, tempfile::TempDir) -> F) {
    let folder = scratch::folder();
    let store = DiskStore::create(folder.path(), settings()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(case(store, folder));
}

async fn put(store: &DiskStore, path: &str, bytes: Vec<u8>) {
    store.put(&Path::from(path), bytes.into()).await.unwrap();
}

pub async fn read(stored: &dyn Stored) -> object_store::Result<Vec<u8>> {
    let mut all = Vec::new();
    let size = stored.meta().size;
    stored.expect(size);
    while u64::try_from(all.len()).unwrap() < size {
        let (done, answer) = tokio::sync::oneshot::channel();
        let at = u64::try_from(all.len()).unwrap();
        let to = size.min(at + 200_000);
        stored.read(at..to, Buffers::new(1).take(), Box::new(move |filled| drop(done.send(filled))));
        all.extend_from_slice(answer.await.unwrap()?.as_ref());
    }
    Ok(all)
}

fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|i| u8::try_from((i * i / 7) % 251).unwrap()).collect()
}

#[test]
fn a_second_owner_is_refused() {
    run(async |store, folder| {
        let refused = DiskStore::open(folder.path(), settings()).unwrap_err();
        assert!(refused.to_string().contains("in use"), "{refused}");
        drop(store);
        DiskStore::open(folder.path(), settings()).unwrap();
    });
}

#[test]
fn a_store_is_made_once_and_opened_only_where_it_is() {
    run(async |store, folder| {
        drop(store);
        assert!(matches!(DiskStore::create(folder.path(), settings()), Err(Error::AlreadyExists { .. })));
        assert!(matches!(DiskStore::open(&folder.path().join("none"), settings()), Err(Error::NotFound { .. })));
    });
}

#[test]
fn what_was_acknowledged_is_there_after_reopening() {
    run(async |store, folder| {
        for length in [0, 1, 1_391, 1_392, 1_393, 67_584, 67_585, 900_000] {
            put(&store, &format!("b/{length}"), noise(length)).await;
        }
        drop(store);
        let store = DiskStore::open(folder.path(), settings()).unwrap();
        for length in [0, 1, 1_391, 1_392, 1_393, 67_584, 67_585, 900_000] {
            let stored = store.open(&Path::from(format!("b/{length}"))).await.unwrap();
            assert!(read(&*stored).await.unwrap() == noise(length), "{length}");
        }
    });
}

#[test]
fn a_version_stays_readable_while_it_is_held() {
    run(async |store, folder| {
        put(&store, "b/k", noise(900_000)).await;
        let held = store.open(&Path::from("b/k")).await.unwrap();
        put(&store, "b/k", vec![7; 800_000]).await;
        store.delete(&Path::from("b/k")).await.unwrap();
        assert!(read(&*held).await.unwrap() == noise(900_000));
        drop(held);
        assert!(soon(folder.path(), 0), "a blob that nothing names stayed");
    });
}

fn files(root: &std::path::Path) -> Vec<std::path::PathBuf> {
    let folders = fs::read_dir(root.join("blobs")).unwrap();
    folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap()).map(|file| file.unwrap().path()).collect()
}

/// Blobs go in a thread of their own, soon after the answer.
fn soon(root: &std::path::Path, count: usize) -> bool {
    (0..500).any(|_| {
        let reached = files(root).len() == count;
        if !reached {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        reached
    })
}

#[test]
fn a_draft_that_is_dropped_leaves_nothing() {
    run(async |store, folder| {
        let mut draft = store.begin(&Path::from("b/k")).await.unwrap();
        draft.write(Box::new(|| waxseal::store::Buffer::holding(vec![1; 100_000]))).await.unwrap();
        assert_eq!(files(folder.path()).len(), 1);
        drop(draft);
        assert_eq!(files(folder.path()).len(), 0);
        assert!(matches!(store.open(&Path::from("b/k")).await, Err(Error::NotFound { .. })));
    });
}

#[test]
fn a_new_end_moves_no_content() {
    run(async |store, folder| {
        let from = Path::from("b/from");
        put(&store, "b/from", noise(900_000)).await;
        let source = Source {
            path: from.clone(),
            version: Version::Null,
            e_tag: store.open(&from).await.unwrap().meta().e_tag.clone().unwrap(),
        };
        let end = Bytes::from(vec![9; 1_024]);
        let keep = 900_000 - 1_024;
        store.splice(&source, keep, end.clone(), &Path::from("b/to"), PutMode::Create.into()).await.unwrap();
        assert_eq!(files(folder.path()).len(), 1);
        store.delete(&from).await.unwrap();
        let copied = read(&*store.open(&Path::from("b/to")).await.unwrap()).await.unwrap();
        assert!(copied[..898_976] == noise(900_000)[..898_976] && copied[898_976..] == end);
        let gone = store.splice(&source, keep, end, &Path::from("b/to"), PutMode::Overwrite.into()).await;
        assert!(matches!(gone, Err(Error::NotFound { .. })));
        store.delete(&Path::from("b/to")).await.unwrap();
        assert!(soon(folder.path(), 0), "a blob that nothing names stayed");
    });
}

#[test]
fn an_upload_completes_under_its_precondition_and_gives_up_the_rest() {
    run(async |store, folder| {
        let path = Path::from("b/parts");
        put(&store, "b/parts", vec![1]).await;
        let id = object_store::multipart::MultipartStore::create_multipart(&store, &path).await.unwrap();
        let upload = Upload { path: path.clone(), id };
        let mut ids = Vec::new();
        for number in [1, 2, 2] {
            let mut draft = store.begin_part(&upload, number, None).await.unwrap();
            draft
                .write(Box::new(move || waxseal::store::Buffer::holding(vec![u8::try_from(number).unwrap(); 70_000])))
                .await
                .unwrap();
            let part = draft.finish(Bytes::new(), PutMode::Overwrite.into()).await.unwrap();
            ids.push(object_store::multipart::PartId { content_id: part.e_tag.unwrap() });
        }
        assert_eq!(store.uploads("b/", None, 10).await.unwrap().len(), 1);
        let end = Bytes::from(vec![3; 5_000]);
        let named = vec![ids[0].clone(), ids[2].clone()];
        let refused = store.complete_if(&upload, named.clone(), end.clone(), PutMode::Create.into()).await;
        assert!(matches!(refused, Err(Error::AlreadyExists { .. })));
        store.complete_if(&upload, named, end, PutMode::Overwrite.into()).await.unwrap();
        let whole = read(&*store.open(&path).await.unwrap()).await.unwrap();
        assert!(whole == [vec![1; 70_000], vec![2; 70_000], vec![3; 5_000]].concat());
        assert_eq!(store.uploads("b/", None, 10).await.unwrap().len(), 0);
        assert!(soon(folder.path(), 3), "the attempt that was not named stayed");
        assert!(matches!(store.begin_part(&upload, 3, None).await, Err(Error::NotFound { .. })));
    });
}

#[test]
fn of_64_racing_creators_exactly_one_wins() {
    run(async |store, _folder| {
        let racers = (0..64).map(|racer| {
            let store = store.clone();
            tokio::spawn(async move {
                let options = PutMode::Create.into();
                object_store::ObjectStore::put_opts(&store, &Path::from("b/raced"), vec![racer; 100].into(), options).await
            })
        });
        let results = futures::future::join_all(racers).await;
        assert_eq!(results.into_iter().filter(|result| result.as_ref().unwrap().is_ok()).count(), 1);
    });
}

#[test]
fn blobs_without_an_entry_are_swept_at_start() {
    run(async |store, folder| {
        put(&store, "b/k", noise(900_000)).await;
        drop(store);
        let stray = folder.path().join("blobs/aa");
        fs::create_dir_all(&stray).unwrap();
        fs::write(stray.join("00000000000000aa"), b"left by a crash").unwrap();
        let store = DiskStore::open(folder.path(), settings()).unwrap();
        assert_eq!(files(folder.path()).len(), 1);
        assert!(read(&*store.open(&Path::from("b/k")).await.unwrap()).await.is_ok());
    });
}

#[test]
fn damage_is_noticed_and_never_taken_for_absence() {
    run(async |store, folder| {
        put(&store, "b/large", noise(900_000)).await;
        put(&store, "b/small", noise(3_000)).await;
        let blob = files(folder.path()).pop().unwrap();
        fs::remove_file(blob).unwrap();
        let stored = store.open(&Path::from("b/large")).await.unwrap();
        let error = read(&*stored).await.unwrap_err();
        assert!(matches!(Fault::of(&error), Some(Fault::Damaged(what)) if what.contains("b/large")), "{error}");
        drop((stored, store));
        let index = folder.path().join("index");
        let bytes = fs::read(&index).unwrap();
        let record = bytes.windows(7).rposition(|window| window == b"b/small").unwrap();
        for (at, what) in [(record + 3, "a letter of a name"), (0, "the first byte"), (bytes.len() / 2, "a byte in the middle")] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            fs::write(&index, damaged).unwrap();
            match DiskStore::open(folder.path(), settings()) {
                Ok(store) => {
                    for path in ["b/large", "b/small"] {
                        let found = store.open(&Path::from(path)).await;
                        assert!(
                            !matches!(found, Err(Error::NotFound { .. })),
                            "{path} is taken for absent after damage to {what}"
                        );
                    }
                }
                Err(error) => assert!(!matches!(error, Error::NotFound { .. }), "{error}"),
            }
        }
    });
}

#[test]
fn a_salvage_finds_every_object_of_a_store_that_does_not_open() {
    run(async |store, folder| {
        for length in [10, 3_000, 60_000, 900_000] {
            put(&store, &format!("b/{length}"), noise(length)).await;
        }
        drop(store);
        let index = folder.path().join("index");
        let mut bytes = fs::read(&index).unwrap();
        bytes[..4_096].fill(0);
        fs::write(&index, bytes).unwrap();
        assert!(DiskStore::open(folder.path(), settings()).is_err());
        let found = salvage(folder.path()).unwrap();
        for length in [10, 3_000, 60_000, 900_000] {
            let mut buffer = vec![0; length];
            let path = format!("b/{length}");
            assert_eq!(found.size(&path, 0), Some(u64::try_from(length).unwrap()));
            assert!(found.read(&path, 0, 0, &mut buffer).is_some() && buffer == noise(length), "{path}");
        }
    });
}

#[test]
fn a_full_disk_refuses_writes_and_takes_deletes() {
    let folder = scratch::folder();
    let mounted =
        std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=48m", "tmpfs"]).arg(folder.path()).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        println!("skipped: a tmpfs can be mounted by root only");
        return;
    }
    let root = folder.path().join("store");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Arc::new(DiskStore::create(&root, settings()).unwrap());
        let mut kept = Vec::new();
        let error = loop {
            let path = Path::from(format!("b/{}", kept.len()));
            let length = if kept.len() % 2 == 0 { 1_000_000 } else { 60_000 };
            match store.put(&path, noise(length).into()).await {
                Ok(_) => kept.push((path, length)),
                Err(error) => break error,
            }
            assert!(kept.len() < 200, "it never was full");
        };
        assert_eq!(Fault::of(&error), Some(&Fault::Full), "{error}");
        for (path, length) in &kept {
            assert!(read(&*store.open(path).await.unwrap()).await.unwrap() == noise(*length), "{path}");
        }
        for (path, _) in &kept {
            store.delete(path).await.unwrap();
        }
        store.put(&Path::from("b/again"), noise(1_000_000).into()).await.unwrap();
    });
    drop(runtime);
    let _unmounted = std::process::Command::new("umount").arg("-l").arg(folder.path()).status();
}
