//! The frozen vectors: each succeeds with the stated bytes, or fails with the stated kind.

use crate::operations;
use crate::vector::{Vector, digest};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// SHA-256 of every file's name and content, in order of name: the vectors of format version 1 never change.
const FROZEN: &str = "555d14404c7fdeb53709a62b37099a2b2532186e62ef40c350899f59eeef2d70";

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/frozen");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn the_vectors_are_the_frozen_ones() {
    let mut all = Vec::new();
    for file in files() {
        all.extend_from_slice(file.file_name().unwrap().as_encoded_bytes());
        all.push(0);
        all.extend_from_slice(digest(&fs::read(&file).unwrap()).as_bytes());
        all.push(b'\n');
    }
    assert_eq!(digest(&all), FROZEN);
}

#[test]
fn the_format_is_the_frozen_one() {
    let format = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/envelope/FORMAT.md");
    assert_eq!(digest(&fs::read(format).unwrap()), "ed011edfb602a66c4db410eecddc93a39b3421f6f08fb3b3b070d8b4d38da4ad");
}

#[test]
fn every_vector_gives_the_stated_result() {
    let (mut counts, mut failures) = (BTreeMap::new(), Vec::new());
    for file in files().iter().filter(|file| file.extension().is_some_and(|ending| ending == "txt")) {
        let vector = Vector::parse(&fs::read_to_string(file).unwrap());
        let expected = vector.text("expect");
        let got = match operations::run(&vector) {
            Ok(()) => "success".to_owned(),
            Err(error) => error.kind.to_string(),
        };
        *counts.entry(expected.to_owned()).or_insert(0) += 1;
        if got != expected {
            failures.push(format!("{}: expected {expected}, got {got}", file.display()));
        }
    }
    println!("{counts:?}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(counts.values().sum::<i32>(), 385);
}
