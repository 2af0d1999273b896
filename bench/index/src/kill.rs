//! kill -9 while 64 commit: how long the next opening takes, and whether all that was acknowledged is there.

use crate::candidate::{Kind, Result};
use crate::committers::commit_all;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// The child: writes until it is killed, and says what was acknowledged, a line each.
pub fn write(kind: Kind, folder: &Path) -> Result<()> {
    let index = kind.open(folder, false)?;
    // Above all that were written before it.
    let first = (1_u64 << 40) + (u64::from(std::process::id()) << 24);
    let told = |path: &str, sequence: u64, _took: Duration| {
        // Nobody reads once the parent is gone, and then it is over anyway.
        let _gone = std::io::stdout().lock().write_all(format!("{path} {sequence}\n").as_bytes());
    };
    commit_all(&*index, first, &AtomicBool::new(false), told)?;
    Ok(())
}

/// What came of one kill.
pub struct Reopened {
    pub took: Duration,
    pub acknowledged: usize,
    pub lost: usize,
}

pub fn kill_and_reopen(kind: Kind, folder: &Path, after: Duration, whole: bool) -> Result<Reopened> {
    let mut child = Command::new(std::env::current_exe()?);
    child.args(["write", kind.name()]).arg(folder).stdout(Stdio::piped());
    let mut child = child.spawn()?;
    let out = child.stdout.take().ok_or("no output")?;
    let reader = std::thread::spawn(move || {
        let mut lines = Vec::new();
        let (mut out, mut line) = (BufReader::new(out), String::new());
        while out.read_line(&mut line).is_ok_and(|length| length > 0) {
            // A line that was cut off is no acknowledgement.
            lines.extend(line.strip_suffix('\n').map(str::to_owned));
            line.clear();
        }
        lines
    });
    std::thread::sleep(after);
    child.kill()?;
    child.wait()?;
    let acknowledged = reader.join().map_err(|_| "the reader ended in a panic")?;
    let begun = Instant::now();
    let index = kind.open(folder, whole)?;
    let took = begun.elapsed();
    let mut lost = 0;
    for line in &acknowledged {
        let (path, sequence) = line.split_once(' ').ok_or("a line of two words")?;
        if !index.holds(path, sequence.parse()?)? {
            lost += 1;
        }
    }
    Ok(Reopened { took, acknowledged: acknowledged.len(), lost })
}
