//! A gateway in this process, over a store in memory.

use futures::{FutureExt, TryStreamExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use waxseal::access::{CannedAcl, CanonicalId, Operation, Permitted, Policy, Principal};
use waxseal::gateway::{
    self, About, Body, Conditions, CreateBucket, Declared, Encryption, Gateway, Get, Made, Opened, Put, Span,
};
use waxseal::keyring::{Keyring, LocalRoot, OsRandom, Roots};
use waxseal::store::disk::{DiskStore, Settings};
use waxseal::store::{Backend, Buffers, Clock, Millis};

pub struct Stack {
    pub gateway: Arc<Gateway>,
    pub policy: Policy,
    pub principal: Arc<Principal>,
    pub keyring: Arc<Keyring>,
}

/// A clock that goes on by one with every look.
pub fn clock() -> Clock {
    static NOW: AtomicU64 = AtomicU64::new(1_767_225_600_000);
    Arc::new(|| Millis(NOW.fetch_add(1, Ordering::Relaxed)))
}

pub fn settings() -> Settings {
    Settings { clock: clock(), cache: 16 << 20 }
}

fn keys() -> waxseal::keyring::Settings {
    waxseal::keyring::Settings { clock: clock(), cache: Duration::from_secs(300), shared: false }
}

impl Stack {
    /// A new store in a folder, with its root beside it.
    pub async fn create(folder: &std::path::Path, over: impl FnOnce(DiskStore) -> Arc<dyn Backend>) -> Self {
        let store = DiskStore::create(&folder.join("store"), settings()).unwrap();
        let root = Arc::new(LocalRoot::create(&folder.join("root"), &mut OsRandom).unwrap());
        let backend = over(store);
        let keyring = Keyring::create(Arc::clone(&backend), root, keys()).await.unwrap();
        Self::over(backend, keyring)
    }

    /// The store that is there.
    pub async fn open(folder: &std::path::Path) -> (Self, DiskStore) {
        let store = DiskStore::open(&folder.join("store"), settings()).unwrap();
        let root: Arc<dyn waxseal::keyring::Root> = Arc::new(LocalRoot::read(&folder.join("root")).unwrap());
        let backend: Arc<dyn Backend> = Arc::new(store.clone());
        let keyring = Keyring::load(Arc::clone(&backend), Roots::from(root), keys()).await.unwrap();
        (Self::over(backend, keyring), store)
    }

    fn over(backend: Arc<dyn Backend>, keyring: Keyring) -> Self {
        let keyring = Arc::new(keyring);
        let settings = gateway::Settings::default();
        let made = Made { backend, keyring: Arc::clone(&keyring), buffers: Buffers::new(8), clock: clock(), settings };
        let id = CanonicalId(Arc::from("tester"));
        let principal = Principal { id, display_name: "tester".into(), email: None, access_key_id: "TESTER".into() };
        let policy = Policy::new(Arc::clone(&keyring));
        Self { gateway: Arc::new(Gateway::new(made)), policy, principal: Arc::new(principal), keyring }
    }

    pub fn permit<O: Operation>(&self, operation: O) -> Permitted<O> {
        let permitted = self.policy.permit(&*self.gateway, &self.principal, operation).now_or_never();
        permitted.unwrap().unwrap_or_else(|_| panic!("not permitted"))
    }

    pub async fn bucket(&self, name: &str) {
        self.gateway
            .create_bucket(self.permit(CreateBucket { name: name.into(), lock: false, acl: CannedAcl::Private }))
            .await
            .unwrap();
    }

    pub async fn put(&self, bucket: &str, key: &str, content: Vec<u8>) -> Result<(), gateway::Error> {
        let (about, conditions) = (About::default(), Conditions::default());
        let declared = Declared { length: Some(content.len() as u64), ..Declared::default() };
        let encryption = Encryption::Usual;
        let put = Put { bucket: bucket.into(), key: key.into(), about, declared, conditions, encryption };
        self.gateway.put(self.permit(put), body(content)).await.map(drop)
    }

    pub async fn open_object(&self, bucket: &str, key: &str, range: Option<Span>) -> Result<Opened, gateway::Error> {
        let conditions = Conditions::default();
        let get = Get { bucket: bucket.into(), key: key.into(), version: None, range, conditions, customer: None };
        self.gateway.get(self.permit(get)).await
    }

    /// What came of the content before it ended or broke, and whether it broke.
    pub async fn get(&self, bucket: &str, key: &str, range: Option<Span>) -> (Vec<u8>, Result<(), gateway::Error>) {
        let mut content = Vec::new();
        let opened = match self.open_object(bucket, key, range).await {
            Ok(opened) => opened,
            Err(error) => return (content, Err(error)),
        };
        let mut chunks = opened.chunks;
        loop {
            match chunks.try_next().await {
                Ok(Some(piece)) => content.extend_from_slice(&piece),
                Ok(None) => return (content, Ok(())),
                Err(error) => return (content, Err(error)),
            }
        }
    }
}

pub fn body(content: Vec<u8>) -> Body {
    let pieces: Vec<_> = content.chunks(100_000).map(|piece| Ok(bytes::Bytes::copy_from_slice(piece))).collect();
    Body { pieces: Box::pin(futures::stream::iter(pieces)), trailer: None }
}

/// xorshift64*.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}
