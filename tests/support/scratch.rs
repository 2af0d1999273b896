//! Folders and servers that are gone when this process is, however it ends: what a killed run leaves in memory would
//! be missing to the next.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use tempfile::TempDir;

/// What memory has to have free for folders to be made in it, in KiB.
const PLENTY: u64 = 6 << 20;

/// What is told to end with this process: a shell that reads the ids of processes until this one is gone.
struct Watch {
    disk: PathBuf,
    memory: PathBuf,
    shell: Mutex<Child>,
}

fn watch() -> &'static Watch {
    static WATCH: OnceLock<Watch> = OnceLock::new();
    WATCH.get_or_init(|| {
        let made = |at: &Path| tempfile::Builder::new().prefix("waxseal-test-").tempdir_in(at).unwrap().keep();
        let disk = made(&std::env::temp_dir());
        let memory = if memory_is_plenty() { made(Path::new("/dev/shm")) } else { made(&disk) };
        let script = "while read id; do kept=\"$kept $id\"; done; \
                      if [ \"$kept\" ]; then kill -9 $kept; sleep 1; fi; rm -rf \"$0\" \"$1\"";
        let mut shell = Command::new("sh");
        // A group of its own, which Ctrl-C does not reach.
        let shell = shell
            .args(["-c", script])
            .args([&memory, &disk])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Watch { disk, memory, shell: Mutex::new(shell) }
    })
}

/// A folder on disk.
pub fn folder() -> TempDir {
    tempfile::tempdir_in(&watch().disk).unwrap()
}

/// A folder in memory where there is plenty: for tests that sync often and do not measure it.
pub fn in_memory() -> TempDir {
    tempfile::tempdir_in(&watch().memory).unwrap()
}

/// Ends a process with this one.
pub fn ends_with_this_process(child: &Child) {
    let mut shell = watch().shell.lock().unwrap();
    writeln!(shell.stdin.as_mut().unwrap(), "{}", child.id()).unwrap();
}

fn memory_is_plenty() -> bool {
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available = memory.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let free = available.and_then(|text| text.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    Path::new("/dev/shm").is_dir() && free.is_some_and(|free| free > PLENTY)
}
