//! Versions that are the backend's own, in a bucket of it for each of ours.

use crate::s3::{noise, settings};
use crate::support::client::request;
use crate::support::s3_server::{BUCKET, S3Server};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload};
use std::sync::atomic::{AtomicU64, Ordering};
use waxseal::store::s3::{S3Store, Settings};
use waxseal::store::{After, Backend, Fault, Keep, ListedVersion, Terms, Version, Versions};

/// Beginnings of names that nobody else in this process uses.
fn own() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("own{}-{}-", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn over_own<F: Future<Output = ()>>(case: impl FnOnce(S3Store, String) -> F) {
    let Some(server) = S3Server::shared() else { return };
    let own = own();
    let store = S3Store::new(&Settings { own_buckets: Some(own.clone()), ..settings(&server.url(), BUCKET) }).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(case(store, own));
}

async fn put(store: &S3Store, path: &Path, text: &str) -> Option<String> {
    store.put_opts(path, PutPayload::from(text.to_owned()), PutMode::Overwrite.into()).await.unwrap().version
}

fn names(listed: &[ListedVersion]) -> Vec<(String, Option<String>, bool, bool)> {
    let one = |one: &ListedVersion| (one.meta.location.to_string(), one.meta.version.clone(), one.latest, one.marker);
    listed.iter().map(one).collect()
}

#[test]
fn versions_and_markers_are_listed_in_their_order_and_in_pages() {
    over_own(async |store, _| {
        store.make_bucket("b", false).await.unwrap();
        let (one, two) = (Path::from("b/one"), Path::from("b/two"));
        assert_eq!(put(&store, &one, "null").await, None, "nothing has a name before versions are kept");
        store.keep("b", true).await.unwrap();
        let first = put(&store, &one, "first").await;
        let mark = store.mark(&one, Bytes::new(), Keep::Nothing).await.unwrap().version;
        let last = put(&store, &one, "last").await;
        let other = put(&store, &two, "other").await;
        let (one, two) = (one.to_string(), two.to_string());
        let expected = [
            (one.clone(), last.clone(), true, false),
            (one.clone(), mark.clone(), false, true),
            (one.clone(), first.clone(), false, false),
            (one.clone(), None, false, false),
            (two, other.clone(), true, false),
        ];
        assert!(first.is_some() && mark.is_some() && last.is_some());
        let all = store.list_versions("b/", None, 10).await.unwrap();
        assert_eq!(names(&all), expected);
        assert_eq!(all.iter().map(|one| one.end.as_ref()).collect::<Vec<_>>(), [&b"last"[..], b"", b"first", b"null", b"other"]);
        for at in 0..expected.len() {
            let (path, version, ..) = expected[at].clone();
            let after = After { path, version: Some(Version::of(version.as_deref())) };
            for limit in 1..4 {
                let page = store.list_versions("b/", Some(&after), limit).await.unwrap();
                let rest = &expected[at + 1..];
                assert_eq!(names(&page), rest[..rest.len().min(limit)], "after {at}, {limit}");
            }
        }
        let past = store.list_versions("b/", Some(&After { path: one, version: None }), 10).await.unwrap();
        assert_eq!(names(&past), expected[4..]);
    });
}

#[test]
fn every_version_is_read_by_its_name_and_a_marker_is_told_from_what_is_not_there() {
    over_own(async |store, _| {
        store.make_bucket("b", false).await.unwrap();
        let path = Path::from("b/k");
        put(&store, &path, "null").await;
        store.keep("b", true).await.unwrap();
        let large = noise(20_000_000);
        let mut draft = store.begin(&path).await.unwrap();
        for piece in large.chunks(1 << 20) {
            let piece = piece.to_vec();
            draft.write(Box::new(move || waxseal::store::Buffer::holding(piece))).await.unwrap();
        }
        let named = draft.finish(Bytes::new(), Terms::default()).await.unwrap().version;
        let mark = store.mark(&path, Bytes::new(), Keep::Nothing).await.unwrap().version;
        assert!(matches!(store.open(&path).await.err().unwrap(), Error::NotFound { .. }));
        let latest = store.latest(&path).await.unwrap().unwrap();
        assert!(latest.marker && latest.meta.version == mark);
        let open = async |version: Option<&str>| store.open_version(&path, &Version::of(version)).await;
        assert_eq!(open(None).await.unwrap().end().as_ref(), b"null");
        assert!(crate::promises::read(&*open(named.as_deref()).await.unwrap()).await.unwrap() == large);
        let refused = open(mark.as_deref()).await.err().unwrap();
        assert!(matches!(Fault::of(&refused), Some(Fault::Marker(since)) if since.0 > 1_700_000_000_000), "{refused:?}");
        let absent = open(Some("00000000-0000-4000-8000-000000000000")).await.err().unwrap();
        assert!(matches!(absent, Error::NotFound { .. }), "{absent:?}");
        let none = open(Some("no version")).await.err().unwrap();
        assert!(matches!(none, Error::NotSupported { .. }), "{none:?}");
        store.remove(&path, &Version::of(mark.as_deref()), None, false).await.unwrap();
        assert_eq!(store.open(&path).await.unwrap().meta().version, named, "it is there again");
    });
}

#[test]
fn a_bucket_of_the_backend_that_holds_something_is_never_taken() {
    over_own(async |store, own| {
        let server = S3Server::shared().unwrap();
        let foreign = format!("/{own}foreign");
        assert_eq!(server.client().send(&request("PUT", &foreign)).status, 200);
        store.make_bucket("foreign", false).await.unwrap();
        store.make_bucket("foreign", true).await.unwrap();
        assert_eq!(server.client().send(&request("PUT", &format!("{foreign}/theirs")).body(*b"x")).status, 200);
        for locks in [false, true] {
            let refused = store.make_bucket("foreign", locks).await.unwrap_err();
            assert!(matches!(refused, Error::AlreadyExists { .. }), "{refused:?}");
        }
        assert!(store.drop_bucket("foreign").await.is_err(), "it is not empty");
        let refused = store.make_bucket(&"b".repeat(63), false).await.unwrap_err();
        assert!(matches!(refused, Error::NotSupported { .. }), "{refused:?}");
        store.drop_bucket("never-made").await.unwrap();
    });
}

#[test]
fn a_backend_bucket_that_keeps_versions_of_all_serves_as_one_that_does_not() {
    let Some(server) = S3Server::shared() else { return };
    let bucket = format!("{}kept", own());
    let client = server.client();
    assert_eq!(client.send(&request("PUT", &format!("/{bucket}"))).status, 200);
    let enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    assert_eq!(client.send(&request("PUT", &format!("/{bucket}?versioning=")).body(enabled)).status, 200);
    let store = S3Store::new(&settings(&server.url(), &bucket)).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let path = Path::from("b/k");
        assert_eq!(put(&store, &path, "first").await, None);
        assert_eq!(put(&store, &path, "second").await, None);
        let found = store.open(&path).await.unwrap();
        assert_eq!((found.meta().version.as_deref(), found.end().as_ref()), (None, &b"second"[..]));
        assert_eq!(names(&store.list_versions("b/", None, 10).await.unwrap()), [("b/k".to_owned(), None, true, false)]);
        store.delete(&path).await.unwrap();
        assert!(matches!(store.open(&path).await.err().unwrap(), Error::NotFound { .. }));
    });
}
