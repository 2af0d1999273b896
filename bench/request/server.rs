//! The servers that are measured, each a child process on a port and a directory of its own.

use crate::Result;
use crate::client::Client;
use crate::sign::Credentials;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

const START: Duration = Duration::from_secs(60);
/// The bucket of everything but the listings.
pub const BUCKET: &str = "bench";

/// Which server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The same stack with nothing behind it.
    Null,
    /// Waxseal as it comes.
    Waxseal,
    /// Waxseal without MD5 in its `ETag`.
    Opaque,
    /// `rclone serve s3` over a crypt remote on local disk.
    Rclone,
    /// A real S3 server.
    Minio,
    /// Waxseal before that server.
    Before,
    /// Waxseal before that server, with opaque `ETag`s.
    BeforeOpaque,
}

impl Kind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Waxseal => "waxseal",
            Self::Opaque => "waxseal, opaque ETag",
            Self::Rclone => "rclone crypt",
            Self::Minio => "MinIO alone",
            Self::Before => "waxseal before MinIO",
            Self::BeforeOpaque => "waxseal before MinIO, opaque ETag",
        }
    }
}

/// A server that runs until this is dropped.
pub struct Server {
    /// Which it is.
    pub kind: Kind,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where its metrics are, if it has any.
    pub admin: Option<SocketAddr>,
    /// Its one user.
    pub credentials: Credentials,
    child: Child,
}

impl Server {
    /// Starts `null`: this program again, with another argument.
    pub fn null(credentials: &Credentials) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--serve-null", &credentials.access, &credentials.secret]);
        Self::start(Kind::Null, command, credentials)
    }

    /// Starts the product over `data`, which is made if it is not there.
    pub fn waxseal(program: &Path, kind: Kind, data: &Path, credentials: &Credentials) -> Result<Self> {
        let root = data.with_extension("root");
        let config = data.with_extension("toml");
        let etag = if kind == Kind::Opaque { "opaque" } else { "md5" };
        fs::write(&config, settings(data, &root, etag))?;
        Self::configured(program, kind, &config, credentials)
    }

    /// Starts a real S3 server, of one drive.
    pub fn minio(program: &Path, data: &Path, credentials: &Credentials) -> Result<Self> {
        fs::create_dir_all(data)?;
        let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(program);
        command.args(["server", "--address", &free.to_string()]).arg(data);
        command.env("MINIO_ROOT_USER", &credentials.access).env("MINIO_ROOT_PASSWORD", &credentials.secret);
        let server = Self::start(Kind::Minio, command, credentials)?;
        let began = Instant::now();
        // It says where it listens some time before it serves.
        while server.connect().and_then(|mut client| client.text("PUT", "/sealed", "")).is_err() {
            if began.elapsed() > START {
                return Err("MinIO does not serve".into());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(server)
    }

    /// Starts the product before an S3, under a prefix of its own.
    pub fn before(program: &Path, kind: Kind, data: &Path, credentials: &Credentials, s3: SocketAddr) -> Result<Self> {
        let (config, secret) = (data.with_extension("toml"), data.with_extension("secret"));
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&secret)?;
        file.write_all(credentials.secret.as_bytes())?;
        let etag = if kind == Kind::BeforeOpaque { "opaque" } else { "md5" };
        let name = data.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let backend = format!(
            "[backend]\nkind = \"s3\"\nendpoint = \"http://{s3}\"\nbucket = \"sealed\"\nprefix = {name:?}\n\
             access_key_id = {:?}\nsecret_access_key_file = {secret:?}\n",
            credentials.access
        );
        fs::write(&config, settings(data, &data.with_extension("root"), etag) + &backend)?;
        Self::configured(program, kind, &config, credentials)
    }

    fn configured(program: &Path, kind: Kind, config: &Path, credentials: &Credentials) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--init", "--config"]).arg(config);
        command.env("WAXSEAL_ACCESS_KEY_ID", &credentials.access);
        command.env("WAXSEAL_SECRET_ACCESS_KEY", &credentials.secret);
        Self::start(kind, command, credentials)
    }

    /// Starts rclone over a crypt remote in `data`.
    pub fn rclone(program: &Path, data: &Path, credentials: &Credentials) -> Result<Self> {
        fs::create_dir_all(data)?;
        let hidden = Command::new(program).args(["obscure", &credentials.secret]).output()?;
        let password = String::from_utf8(hidden.stdout)?;
        let config = data.with_extension("conf");
        fs::write(&config, format!("[sealed]\ntype = crypt\nremote = {}\npassword = {password}\n", data.display()))?;
        let mut command = Command::new(program);
        command.args(["serve", "s3", "sealed:", "--addr", "127.0.0.1:0", "--config"]).arg(&config);
        command.args(["--auth-key", &format!("{},{}", credentials.access, credentials.secret)]);
        Self::start(Kind::Rclone, command, credentials)
    }

    fn start(kind: Kind, mut command: Command, credentials: &Credentials) -> Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let heard = listen(child.stdout.take(), child.stderr.take());
        let credentials = credentials.clone();
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { kind, address: nowhere, admin: None, credentials, child };
        let wants_admin = matches!(kind, Kind::Waxseal | Kind::Opaque | Kind::Before | Kind::BeforeOpaque);
        while server.address.port() == 0 || (wants_admin && server.admin.is_none()) {
            let line = heard.recv_timeout(START).map_err(|_| format!("{} did not start", kind.name()))?;
            let Some(address) = address(&line) else { continue };
            if line.contains("admin on") {
                server.admin = Some(address);
            } else {
                server.address = address;
            }
        }
        std::thread::spawn(move || heard.into_iter().for_each(drop));
        Ok(server)
    }

    /// A new connection.
    pub fn connect(&self) -> Result<Client> {
        Client::connect(self.address, self.credentials.clone())
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A counter of its metrics, the sum of all its labels; `None` if it has no such.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let mut stream = TcpStream::connect(self.admin?).ok()?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let figures = text.lines().filter_map(|line| {
            let (sample, figure) = line.rsplit_once(' ')?;
            (sample.split('{').next()? == name).then(|| figure.parse::<f64>().ok())?
        });
        figures.fold(None, |sum, figure| Some(sum.unwrap_or(0.0) + figure))
    }
}

impl Drop for Server {
    /// No drain: its directory goes with it.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A directory that goes with the run.
pub struct Scratch(PathBuf);

impl Scratch {
    /// An empty directory on the disk that is measured.
    pub fn new(parent: &Path) -> Result<Self> {
        let path = parent.join(format!("run-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// A name in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// All lines that a child says, from both its outputs.
fn listen(out: Option<ChildStdout>, err: Option<ChildStderr>) -> std::sync::mpsc::Receiver<String> {
    let (say, heard) = sync_channel(64);
    let also = say.clone();
    let hear = |lines: Box<dyn Read + Send>, say: std::sync::mpsc::SyncSender<String>| {
        std::thread::spawn(move || {
            for line in BufReader::new(lines).lines().map_while(std::io::Result::ok) {
                let _ = say.send(line);
            }
        });
    };
    if let (Some(out), Some(err)) = (out, err) {
        hear(Box::new(out), say);
        hear(Box::new(err), also);
    }
    heard
}

/// The address after `http://` in a line.
fn address(line: &str) -> Option<SocketAddr> {
    let after = line.split("http://").nth(1)?;
    after.split(|letter: char| letter != '.' && letter != ':' && !letter.is_ascii_digit()).next()?.parse().ok()
}

/// A configuration with nothing in it but what differs.
fn settings(data: &Path, root: &Path, etag: &str) -> String {
    format!("data = {data:?}\nroot_key = {root:?}\netag = {etag:?}\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n")
}
