//! Versions against a model: a list for each path, the newest first.

use crate::promises::{read, run};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error, ObjectStore, PutMode, PutPayload};
use std::collections::BTreeMap;
use waxseal::store::disk::DiskStore;
use waxseal::store::{After, Backend, Keep, Terms, Version, Versions};

#[derive(Clone, Debug, PartialEq)]
struct Known {
    version: Version,
    marker: bool,
    bytes: Vec<u8>,
}

type Model = BTreeMap<String, Vec<Known>>;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

fn keep(dice: &mut Dice, step: usize) -> (Keep, Version) {
    match dice.roll(3) {
        0 => (Keep::Named, Version::Null),
        _ => (Keep::All(format!("v{step}")), Version::Named(format!("v{step}"))),
    }
}

fn add(model: &mut Model, path: &str, known: Known) {
    let versions = model.entry(path.to_owned()).or_default();
    if known.version == Version::Null {
        versions.retain(|other| other.version != Version::Null);
    }
    versions.insert(0, known);
}

async fn listed(store: &DiskStore, step: usize) -> Vec<(String, Version, bool, bool)> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = store.list_versions("b/", after.as_ref(), step).await.unwrap();
        let Some(last) = page.last() else { return all };
        let version = Version::of(last.meta.version.as_deref());
        after = Some(After { path: last.meta.location.to_string(), version: Some(version) });
        let row = |one: &waxseal::store::ListedVersion| {
            (one.meta.location.to_string(), Version::of(one.meta.version.as_deref()), one.latest, one.marker)
        };
        all.extend(page.iter().map(row));
    }
}

async fn check(store: &DiskStore, model: &Model) {
    let mut expected = Vec::new();
    for (path, versions) in model {
        for (place, known) in versions.iter().enumerate() {
            expected.push((path.clone(), known.version.clone(), place == 0, known.marker));
            let found = store.open_version(&Path::from(path.as_str()), &known.version).await.unwrap();
            assert_eq!(read(&*found).await.unwrap(), known.bytes);
        }
        let current = versions.first().filter(|newest| !newest.marker);
        match (store.open(&Path::from(path.as_str())).await, current) {
            (Ok(found), Some(known)) => assert_eq!(read(&*found).await.unwrap(), known.bytes),
            (Err(Error::NotFound { .. }), None) => {}
            (found, known) => panic!("{path}: {:?} for {known:?}", found.map(|found| found.meta().clone())),
        }
    }
    assert_eq!(listed(store, 1_000).await, expected);
    assert_eq!(listed(store, 2).await, expected);
}

#[test]
fn versions_are_kept_marked_amended_and_removed_as_a_list_would() {
    run(async |store, folder| {
        let (mut dice, mut model) = (Dice(7), Model::new());
        for step in 0..400 {
            let path = format!("b/{}", ["a", "a/b", "c"][dice.roll(3)]);
            let at = Path::from(path.as_str());
            let bytes = vec![u8::try_from(step % 251).unwrap(); [10, 2_000, 80_000][dice.roll(3)]];
            match dice.roll(10) {
                0..=3 => {
                    let (keep, version) = keep(&mut dice, step);
                    let options = Terms { mode: PutMode::Overwrite, keep }.into();
                    store.put_opts(&at, PutPayload::from(bytes.clone()), options).await.unwrap();
                    add(&mut model, &path, Known { version, marker: false, bytes });
                }
                4 | 5 => {
                    let (keep, version) = keep(&mut dice, step);
                    store.mark(&at, Bytes::from(vec![7; 1_408]), keep).await.unwrap();
                    add(&mut model, &path, Known { version, marker: true, bytes: vec![7; 1_408] });
                }
                6..=8 => {
                    let Some(versions) = model.get_mut(&path).filter(|versions| !versions.is_empty()) else { continue };
                    let gone = versions.remove(dice.roll(versions.len()));
                    store.remove(&at, &gone.version, None, false).await.unwrap();
                    let again = store.remove(&at, &gone.version, None, false).await;
                    assert!(matches!(again, Err(Error::NotFound { .. })));
                }
                _ => {
                    let Some(versions) = model.get_mut(&path).filter(|versions| !versions.is_empty()) else { continue };
                    let place = dice.roll(versions.len());
                    let known = &mut versions[place];
                    let found = store.open_version(&at, &known.version).await.unwrap();
                    let e_tag = found.meta().e_tag.clone().unwrap();
                    let cut = known.bytes.len().saturating_sub(1_000);
                    known.bytes.truncate(cut);
                    known.bytes.extend([9; 1_000]);
                    let change = (u64::try_from(cut).unwrap(), Bytes::from(vec![9; 1_000]));
                    store.amend(&at, &known.version, &e_tag, change.clone()).await.unwrap();
                    let stale = store.amend(&at, &known.version, &e_tag, change).await;
                    assert!(matches!(stale, Err(Error::Precondition { .. })));
                }
            }
            if step % 20 == 0 {
                check(&store, &model).await;
            }
        }
        check(&store, &model).await;
        drop(store);
        let store = DiskStore::open(folder.path(), crate::integration::settings()).unwrap();
        check(&store, &model).await;
        for (path, versions) in &model {
            for known in versions {
                store.remove(&Path::from(path.as_str()), &known.version, None, false).await.unwrap();
            }
        }
        let left = std::fs::read_dir(folder.path().join("blobs")).unwrap();
        let left: usize = left.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum();
        assert_eq!(left, 0, "a blob that no version names stayed");
    });
}

#[test]
fn a_listing_goes_on_where_a_version_was_removed() {
    run(async |store, _folder| {
        for version in ["one", "two", "three"] {
            let options = Terms { mode: PutMode::Overwrite, keep: Keep::All(version.to_owned()) }.into();
            store.put_opts(&Path::from("b/k"), PutPayload::from(version), options).await.unwrap();
        }
        store.remove(&Path::from("b/k"), &Version::Named("three".to_owned()), None, false).await.unwrap();
        let after = After { path: "b/k".to_owned(), version: Some(Version::Named("three".to_owned())) };
        let rest = store.list_versions("b/", Some(&after), 10).await.unwrap();
        let names: Vec<_> = rest.iter().map(|one| one.meta.version.as_deref().unwrap()).collect();
        assert_eq!(names, ["two", "one"]);
    });
}
