//! What `make` says to who has not got everything yet.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a program is, if it is.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// What a target says where these programs are and no others.
fn says(target: &str, programs: &[&str], more: &[(&str, &str)]) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    for name in programs {
        symlink(program(name).unwrap(), folder.path().join(name)).unwrap();
    }
    for (name, script) in more {
        let file = folder.path().join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let mut make = Command::new(program("make").unwrap());
    make.arg(target).current_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).env_clear().env("PATH", folder.path());
    let output = make.output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.success(), said)
}

#[test]
fn what_is_missing_is_named_with_its_remedy() {
    if program("make").is_none() {
        println!("skipped: make is not installed: run `apt-get install make`");
        return;
    }
    let (new, fine) = (("rustc", "echo rustc 1.95.0"), "exit 0");
    let (cargo, cc, python) = (("cargo", fine), ("cc", fine), ("python3", fine));
    /// A target, the programs that are there, and what the remedy says.
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let cases: &[Case<'_>] = &[
        ("need", &[], "rustup.rs"),
        ("build", &[cc], "rustup.rs"),
        ("ci", &[cc, python], "rustup.rs"),
        ("need", &[cargo, cc, ("rustc", "echo rustc 1.94.1")], "rustup update"),
        ("need", &[cargo, new], "build-essential"),
        ("need-python", &[cargo, cc, new], "apt-get install python3"),
        ("need-python", &[cargo, cc, new, ("python3", "exit 1")], "python3-venv"),
        ("fmt", &[("cargo", "exit 1"), cc, new], "rustup component add rustfmt"),
        ("clippy", &[("cargo", "[ $1 = fmt ]"), cc, new], "rustup component add clippy"),
        ("deb", &[cargo, cc, new], "apt-get install dpkg"),
        ("deb", &[cargo, cc, new, ("dpkg-deb", fine)], "apt-get install dpkg-dev"),
        ("image", &[cargo, cc, new], "apt-get install buildah"),
    ];
    for (target, there, remedy) in cases {
        let (done, said) = says(target, &["awk"], there);
        assert!(!done && said.contains(remedy), "make {target} with {there:?}: {said}");
    }
    let (done, said) = says("need-python", &["awk"], &[cargo, cc, new, python]);
    assert!(done, "{said}");
}

#[test]
fn the_skipped_tests_are_counted() {
    let log = "---- a stdout ----\nskipped: one\nskipped: one\n---- b stdout ----\nfine\n---- c stdout ----\nskipped: other\n";
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), log).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/skipped.awk");
    let counted = Command::new("awk").arg("-f").arg(script).arg(file.path()).output().unwrap();
    let said = String::from_utf8(counted.stdout).unwrap();
    assert!(said.starts_with("2 tests were skipped\n") && said.contains("a: one") && said.contains("c: other"), "{said}");
}
