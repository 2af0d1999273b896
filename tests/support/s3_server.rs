//! A real S3 server for the program to stand before: MinIO, or versitygw where the run says so (`WAXSEAL_TEST_S3=versitygw`);
//! `make tools` builds both where there is Go.

use super::client::{Client, request};
use super::scratch;
use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The bucket that holds everything.
pub const BUCKET: &str = "sealed";
pub const ACCESS_KEY: &str = "BACKENDACCESSKEY01";
pub const SECRET_KEY: &str = "tests-only/bK2cX7nV4qL9wE5tR8yU1iO3";

/// Which server it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    MinIO,
    Versitygw,
}

impl Kind {
    /// The one that this run is to have.
    pub fn of_run() -> Self {
        match std::env::var("WAXSEAL_TEST_S3").as_deref() {
            Ok("versitygw") => Self::Versitygw,
            Ok(other) => panic!("WAXSEAL_TEST_S3: {other} is no server that is known here"),
            Err(_) => Self::MinIO,
        }
    }

    fn program(self) -> &'static str {
        match self {
            Self::MinIO => "minio",
            Self::Versitygw => "versitygw",
        }
    }

    /// The command that serves a folder.
    fn command(self, program: &Path, address: SocketAddr, folder: &Path) -> Command {
        let (data, mut command) = (folder.join("data"), Command::new(program));
        std::fs::create_dir(&data).unwrap();
        match self {
            Self::MinIO => command.args(["server", "--address", &address.to_string()]).arg(data),
            Self::Versitygw => {
                let versions = folder.join("versions");
                std::fs::create_dir(&versions).unwrap();
                command.args(["--port", &address.to_string(), "--quiet", "--keep-alive", "posix", "--versioning-dir"]);
                command.arg(versions).arg(data)
            }
        };
        for name in ["MINIO_ROOT_USER", "ROOT_ACCESS_KEY"] {
            command.env(name, ACCESS_KEY);
        }
        for name in ["MINIO_ROOT_PASSWORD", "ROOT_SECRET_KEY"] {
            command.env(name, SECRET_KEY);
        }
        command
    }
}

/// A running server, which ends with this process however that ends.
pub struct S3Server {
    pub address: SocketAddr,
    _server: Child,
    folder: TempDir,
}

impl S3Server {
    /// The one that all tests of this process share. None, said aloud, where it is not installed.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<S3Server>> = OnceLock::new();
        let shared = SHARED.get_or_init(Self::start).as_ref();
        if shared.is_none() {
            println!("skipped: {} is not installed; `make tools` builds it where there is Go", Kind::of_run().program());
        }
        shared
    }

    fn start() -> Option<Self> {
        let kind = Kind::of_run();
        let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin").join(kind.program());
        if !program.exists() {
            return None;
        }
        let folder = scratch::in_memory();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let server = kind
            .command(&program, address, folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        scratch::ends_with_this_process(&server);
        let server = Self { address, _server: server, folder };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{} does not listen", kind.program());
            std::thread::sleep(Duration::from_millis(20));
        }
        // It listens some time before it serves.
        while server.client().send(&request("PUT", &format!("/{BUCKET}"))).status != 200 {
            assert!(begun.elapsed() < Duration::from_secs(30), "{} does not serve", kind.program());
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(server)
    }

    /// Where its files lie.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Who may do everything there.
    pub fn client(&self) -> Client {
        Client::new(&self.url(), ACCESS_KEY, SECRET_KEY)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// A prefix that nobody else in this process uses.
pub fn prefix() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("store-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The section of a configuration that puts the store there. The secret is written to a file in `folder`.
pub fn section(folder: &Path, url: &str, prefix: &str) -> String {
    let secret = folder.join("backend.secret");
    std::fs::write(&secret, SECRET_KEY).unwrap();
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    format!(
        "[backend]\nkind = \"s3\"\nendpoint = \"{url}\"\nbucket = \"{BUCKET}\"\nprefix = \"{prefix}\"\n\
         access_key_id = \"{ACCESS_KEY}\"\nsecret_access_key_file = {secret:?}\n"
    )
}
