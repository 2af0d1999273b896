//! Running other people's programs.

use crate::support::server::{ACCESS_KEY, SECRET_KEY, Server, python_tool};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A client of the virtual environment, told who it is; none if it is not installed.
pub fn client(name: &str, home: &Path) -> Option<Command> {
    let mut command = Command::new(python_tool(name)?);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home).env("LANG", "C.UTF-8");
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", SECRET_KEY).env("AWS_DEFAULT_REGION", "us-east-1");
    Some(command)
}

pub fn aws(server: &Server, home: &Path) -> Option<Command> {
    let mut command = client("aws", home)?;
    command.args(["--endpoint-url", &server.url]);
    Some(command)
}

/// Runs to success; gives what it said.
pub fn run(command: &mut Command) -> String {
    let output = output(command);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

pub fn output(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// Bytes that repeat nowhere near and are the same in every run.
pub fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_769) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A folder of 200 small files in ten folders.
pub fn two_hundred_files(folder: &Path) {
    for number in 0..200_usize {
        let within = folder.join(format!("d{}", number % 10));
        fs::create_dir_all(&within).unwrap();
        fs::write(within.join(format!("file {number}.bin")), noise(number * 37, 7)).unwrap();
    }
}

/// Whether two folders hold the same files.
pub fn same_files(one: &Path, other: &Path) {
    let said = run(Command::new("diff").arg("-r").arg(one).arg(other));
    assert_eq!(said, "");
}
