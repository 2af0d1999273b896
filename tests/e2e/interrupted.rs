//! A set-up that was interrupted between any two of its steps is gone on with; one that was completed is left alone.

use crate::support::client::request;
use crate::support::server::{Home, waxseal};
use crate::support::stack::settings;
use crate::tool::output;
use object_store::ObjectStoreExt;
use std::fs;
use std::sync::Arc;
use std::time::Duration;
use waxseal::keyring::{self, Keyring, LocalRoot, OsRandom};
use waxseal::store::disk::DiskStore;

/// How far the set-up came.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Came {
    Root,
    Directory,
    EmptyIndex,
    HalfAnIndex,
    Index,
    Format,
    OneKeyring,
    BothKeyrings,
}

/// Makes the steps that the program makes, by its own functions, and no more.
fn make(home: &Home, came: Came) {
    let root = Arc::new(LocalRoot::create(&home.root_key(), &mut OsRandom).unwrap());
    if came == Came::Directory {
        fs::create_dir(home.store()).unwrap();
    }
    if came <= Came::Directory {
        return;
    }
    let store = DiskStore::create(&home.store(), settings()).unwrap();
    if came >= Came::OneKeyring {
        let keys = keyring::Settings { clock: settings().clock, cache: Duration::from_secs(1), shared: false };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            Keyring::create(Arc::new(store.clone()), root, keys).await.unwrap();
            if came == Came::OneKeyring {
                store.delete(&".waxseal/keyring.copy".into()).await.unwrap();
            }
        });
    }
    drop(store);
    if came < Came::Format {
        fs::remove_file(home.store().join("format")).unwrap();
        let index = fs::OpenOptions::new().write(true).open(home.store().join("index")).unwrap();
        let length = index.metadata().unwrap().len();
        match came {
            Came::EmptyIndex => index.set_len(0).unwrap(),
            Came::HalfAnIndex => index.set_len(length / 2).unwrap(),
            _ => {}
        }
    }
}

/// The store serves, and `init` leaves it alone.
fn is_complete(home: &Home) {
    let server = home.serve();
    assert_eq!(server.client().send(&request("PUT", "/clinic")).status, 200);
    assert_eq!(server.client().send(&request("PUT", "/clinic/scan").body("a scan")).status, 200);
    assert!(server.stop().success());
    let (root, again) = (fs::read(home.root_key()).unwrap(), output(waxseal().arg("init").args(home.place())));
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(!again.status.success() && said.contains("nothing was changed"), "{said}");
    assert_eq!(fs::read(home.root_key()).unwrap(), root);
    assert_eq!(home.serve().client().send(&request("GET", "/clinic/scan")).body, b"a scan");
}

#[test]
fn an_interrupted_init_is_gone_on_with() {
    use Came::{BothKeyrings, Directory, EmptyIndex, Format, HalfAnIndex, Index, OneKeyring, Root};
    for came in [Root, Directory, EmptyIndex, HalfAnIndex, Index, Format, OneKeyring, BothKeyrings] {
        let home = Home::in_memory();
        make(&home, came);
        let root = fs::read(home.root_key()).unwrap();
        // The same by both ways that make a store.
        if came != Format {
            let made = output(waxseal().args(["init", "--json"]).args(home.place()));
            assert!(made.status.success(), "{came:?}: {}", String::from_utf8_lossy(&made.stderr));
            assert!(String::from_utf8_lossy(&made.stdout).contains("secret_key"), "{came:?}");
        }
        is_complete(&home);
        assert_eq!(fs::read(home.root_key()).unwrap(), root, "{came:?}: the root key was replaced");
    }
}

#[test]
fn init_killed_at_any_moment_is_gone_on_with() {
    let home = Home::in_memory();
    for delay in 0..25 {
        let _gone_already = fs::remove_dir_all(home.store());
        let _gone_already = fs::remove_file(home.root_key());
        let mut init = waxseal();
        init.arg("init").args(home.place()).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut child = init.spawn().unwrap();
        std::thread::sleep(Duration::from_micros(400 * delay));
        child.kill().unwrap();
        child.wait().unwrap();
        let made = output(waxseal().args(["init", "--json"]).args(home.place()));
        let said = String::from_utf8_lossy(&made.stderr).into_owned();
        assert!(made.status.success() || said.contains("nothing was changed"), "after {delay}: {said}");
    }
    is_complete(&home);
}

#[test]
fn a_store_with_objects_is_never_made_anew() {
    let home = Home::in_memory();
    let server = home.serve();
    assert_eq!(server.client().send(&request("PUT", "/clinic")).status, 200);
    assert_eq!(server.client().send(&request("PUT", "/clinic/scan").body("a scan")).status, 200);
    assert!(server.stop().success());
    let format = fs::read(home.store().join("format")).unwrap();
    let refused = |why: &str| {
        let made = output(waxseal().args(["init", "--json"]).args(home.place()));
        assert!(!made.status.success(), "{why}: {}", String::from_utf8_lossy(&made.stdout));
    };
    fs::remove_file(home.store().join("format")).unwrap();
    refused("without its format");
    fs::write(home.store().join("format"), format).unwrap();
    let root = home.path().join("moved");
    fs::rename(home.root_key(), &root).unwrap();
    refused("without its root");
    assert!(!home.root_key().exists());
    LocalRoot::create(&home.root_key(), &mut OsRandom).unwrap();
    refused("with another's root");
    fs::rename(root, home.root_key()).unwrap();
    assert_eq!(home.serve().client().send(&request("GET", "/clinic/scan")).body, b"a scan");
}
