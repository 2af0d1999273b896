//! The real program on a directory of its own.

use super::client::Client;
use super::s3_server::{self, S3Server};
use super::scratch;
use super::tls::Certificate;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

pub const ACCESS_KEY: &str = "WAXTESTACCESSKEY0001";
pub const SECRET_KEY: &str = "tests-only/Yk3vQ9zR7mW1xB5nC8dF2gH4";

/// The second user of [`Home::serve_two`], whose id is `other`.
pub const OTHER_ACCESS_KEY: &str = "WAXTESTACCESSKEY0002";
pub const OTHER_SECRET_KEY: &str = "tests-only/pR6wL1sK9dT4vZ8yJ3hN5bQ7";

/// A running server, killed when dropped.
pub struct Server {
    child: Child,
    pub url: String,
    pub admin: String,
    certificate: Option<Certificate>,
}

/// Whether this run has its stores behind a real S3 server: in one bucket of it (`WAXSEAL_TEST_BACKEND=s3`), or in one for each
/// of ours (`s3-own`).
pub fn is_before_s3() -> bool {
    std::env::var("WAXSEAL_TEST_BACKEND").is_ok_and(|backend| backend == "s3" || backend == "s3-own")
}

/// Whether each of our buckets has one of that server's for its own.
pub fn has_own_buckets() -> bool {
    std::env::var("WAXSEAL_TEST_BACKEND").is_ok_and(|backend| backend == "s3-own")
}

/// The program as cargo built it.
pub fn waxseal() -> Command {
    Command::new(env!("CARGO_BIN_EXE_waxseal"))
}

/// A store, its root and its log.
pub struct Home {
    path: PathBuf,
    _folder: Option<TempDir>,
}

impl Home {
    pub fn new() -> Self {
        Self::of(scratch::folder())
    }

    /// The section that puts the store behind a real S3 server instead of into a directory, where the run is to have it
    /// so ([`is_before_s3`]).
    fn backend(&self) -> Option<String> {
        if is_before_s3() {
            let server = S3Server::shared().expect("no S3 server is installed");
            let own = if has_own_buckets() { format!("own_buckets = {:?}\n", self.own_buckets()) } else { String::new() };
            return Some(s3_server::section(self.path(), &server.url(), &self.prefix()) + &own);
        }
        None
    }

    fn of(folder: TempDir) -> Self {
        Self { path: folder.path().to_owned(), _folder: Some(folder) }
    }

    /// In a folder that is there already, and stays.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), _folder: None }
    }

    /// In memory: for tests that sync often and do not measure it.
    pub fn in_memory() -> Self {
        Self::of(scratch::in_memory())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn store(&self) -> PathBuf {
        self.path().join("store")
    }

    pub fn root_key(&self) -> PathBuf {
        self.path().join("root.key")
    }

    pub fn log(&self) -> PathBuf {
        self.path().join("log")
    }

    /// What names this store on every command line.
    pub fn place(&self) -> [String; 4] {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        ["--data".into(), text(self.store()), "--root-key".into(), text(self.root_key())]
    }

    /// A command on this store, wherever the run has it, with more in the configuration.
    pub fn command(&self, arguments: &[&str], configuration: Option<&Path>) -> Command {
        let mut command = waxseal();
        command.args(arguments);
        let said = configuration.map(|file| std::fs::read_to_string(file).unwrap()).unwrap_or_default();
        let (file, backend) = (self.path().join("command.toml"), self.backend().unwrap_or_default());
        std::fs::write(&file, format!("data = {:?}\nroot_key = {:?}\n{said}\n{backend}", self.store(), self.root_key())).unwrap();
        command.arg("--config").arg(file);
        command
    }

    pub fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// Serves two users, under a configuration.
    pub fn serve_two(&self, configuration: &str) -> Server {
        let (secret, file) = (self.path().join("other.secret"), self.path().join("two.toml"));
        std::fs::write(&secret, OTHER_SECRET_KEY).unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        let user = "name = \"other\"\nid = \"other\"\ndisplay_name = \"The Other\"\nemail = \"other@example.org\"";
        let key = format!("access_key = \"{OTHER_ACCESS_KEY}\"\nsecret_file = {secret:?}");
        std::fs::write(&file, format!("{configuration}\n[[user]]\n{user}\n{key}\n")).unwrap();
        self.serve_with(&["--config", file.to_str().unwrap()])
    }

    /// Serves HTTPS, with a certificate made for it.
    pub fn serve_https(&self) -> (Server, Certificate) {
        let made = Certificate::make(self.path());
        let (certificate, key) = (made.certificate.to_str().unwrap(), made.key.to_str().unwrap());
        let mut server = self.serve_with(&["--tls-certificate", certificate, "--tls-key", key]);
        server.certificate = Some(made.clone());
        (server, made)
    }

    /// Serves a store in a bucket of S3 at this address, whatever the run is to have. A home may serve more than one
    /// replica of it.
    pub fn serve_before(&self, url: &str) -> Server {
        let file = self.path().join("before.toml");
        std::fs::write(&file, s3_server::section(self.path(), url, &self.prefix())).unwrap();
        self.serve_with(&["--config", file.to_str().unwrap()])
    }

    /// Serves the store on disk, whatever the run is to have.
    pub fn serve_on_disk(&self) -> Server {
        let file = self.path().join("disk.toml");
        std::fs::write(&file, "[backend]\nkind = \"disk\"\n").unwrap();
        self.serve_with(&["--config", file.to_str().unwrap()])
    }

    /// What the names of a store in a bucket of S3 begin with.
    /// What the names of its backend buckets begin with, where they are its own.
    fn own_buckets(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.path().hash(&mut hasher);
        format!("own-{:x}-", hasher.finish())
    }

    pub fn prefix(&self) -> String {
        self.path().to_str().unwrap().trim_matches('/').replace('/', "-")
    }

    /// Serves on free ports, initialised if need be, with more arguments.
    pub fn serve_with(&self, more: &[&str]) -> Server {
        self.serve_in(&[], more)
    }

    /// The same, with more in the environment.
    pub fn serve_in(&self, environment: &[(&str, &str)], more: &[&str]) -> Server {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let mut command = waxseal();
        command.arg("serve").arg("--init").args(self.place());
        command.args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log-format", "json"]);
        let mut more: Vec<String> = more.iter().map(|&argument| argument.to_owned()).collect();
        let is_said = |file: &String| std::fs::read_to_string(file).is_ok_and(|text| text.contains("[backend]"));
        if let Some(backend) = self.backend().filter(|_| !more.iter().any(is_said)) {
            let file = self.path().join("backend.toml");
            let given = more.iter().position(|argument| argument == "--config").map(|at| (at, more.remove(at + 1)));
            let said = given.as_ref().map(|(_, file)| std::fs::read_to_string(file).unwrap()).unwrap_or_default();
            std::fs::write(&file, format!("{said}\n{backend}")).unwrap();
            if let Some((at, _)) = given {
                more.remove(at);
            }
            more.extend(["--config".to_owned(), file.to_str().unwrap().to_owned()]);
        }
        command.args(more).envs(environment.iter().copied());
        command.env("WAXSEAL_ACCESS_KEY_ID", ACCESS_KEY).env("WAXSEAL_SECRET_ACCESS_KEY", SECRET_KEY);
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut url, mut admin, mut said) = (None, None, String::new());
        while url.is_none() || admin.is_none() {
            let Some(Ok(line)) = lines.next() else {
                panic!("the server ended before it listened: {said}\n{}", std::fs::read_to_string(self.log()).unwrap());
            };
            url = url.or(line.strip_prefix("listening on ").map(str::to_owned));
            admin = admin.or(line.strip_prefix("admin on ").map(str::to_owned));
            said.push_str(&line);
            said.push('\n');
        }
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, url: url.unwrap(), admin: admin.unwrap(), certificate: None }
    }
}

impl Server {
    pub fn client(&self) -> Client {
        let tls = self.certificate.as_ref().map(|certificate| Arc::new(certificate.trusted()));
        Client { tls, ..Client::new(&self.url, ACCESS_KEY, SECRET_KEY) }
    }

    /// The second user of [`Home::serve_two`].
    pub fn other(&self) -> Client {
        Client::new(&self.url, OTHER_ACCESS_KEY, OTHER_SECRET_KEY)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Never dropped, as what is static is not: ends with this process.
    pub fn kept(self) -> Self {
        scratch::ends_with_this_process(&self.child);
        self
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and what came of it.
    pub fn stop(mut self) -> ExitStatus {
        let id = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(id, Signal::TERM).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

/// A program of the virtual environment that `make` fills, or why the test is skipped.
pub fn python_tool(name: &str) -> Option<PathBuf> {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin").join(name);
    if tool.exists() {
        return Some(tool);
    }
    println!("skipped: {name} is not installed: run `make tools`");
    None
}
