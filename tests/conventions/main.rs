//! The laws of the house, held by machine.

mod make;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            all.push(path);
        }
    }
    all.sort();
    all
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// The table of `lib.rs`: what each module may use.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let lib = text(&root().join("src/lib.rs"));
    let rows = lib.lines().filter_map(|line| line.strip_prefix("//! | ")).skip(1);
    let row = |row: &str| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let uses = cells[1].split(", ").filter(|name| *name != "nothing").map(str::to_owned).collect();
        (cells[0].to_owned(), uses)
    };
    rows.filter(|row| !row.starts_with("---")).map(row).collect()
}

/// The modules that a file names by `crate::`, its own aside.
fn uses(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for piece in code.split("crate::").skip(1) {
        let names = match piece.strip_prefix('{') {
            Some(group) => group.split_once(';').map_or(group, |(names, _)| names),
            None => piece,
        };
        if piece.starts_with('{') {
            let mut depth = 0;
            let mut word = String::new();
            for letter in names.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' => word.clear(),
                    letter if depth == 0 && (letter.is_ascii_alphanumeric() || letter == '_') => word.push(letter),
                    _ => {
                        if depth == 0 && !word.is_empty() {
                            found.insert(std::mem::take(&mut word));
                        }
                    }
                }
                if letter == ',' || letter == '}' {
                    word.clear();
                }
            }
            if !word.is_empty() {
                found.insert(word);
            }
        } else {
            found.insert(names.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect());
        }
    }
    found
}

#[test]
fn modules_name_only_what_the_table_lets_them() {
    let table = table();
    assert!(table.len() >= 12, "{table:?}");
    for (module, allowed) in &table {
        for file in files(&root().join("src").join(module)) {
            for used in uses(&text(&file)).iter().filter(|used| table.contains_key(*used) && *used != module) {
                assert!(allowed.contains(used), "{} names {used}, which {module} may not", name(&file));
            }
        }
    }
    let folders: BTreeSet<String> = fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(folders, table.keys().cloned().collect());
}

#[test]
fn the_table_has_no_cycle() {
    let mut left = table();
    while !left.is_empty() {
        let free: Vec<String> = left
            .iter()
            .filter(|(_, uses)| uses.iter().all(|used| !left.contains_key(used)))
            .map(|(name, _)| name.clone())
            .collect();
        assert!(!free.is_empty(), "a cycle among {:?}", left.keys());
        free.iter().for_each(|name| drop(left.remove(name)));
    }
}

#[test]
fn only_crypto_names_cryptography() {
    let crates = [
        "aes_gcm",
        "hkdf::",
        "hmac::{",
        "hmac::Hmac",
        "sha2::",
        "sha1::",
        "md5::",
        "aws_lc_rs",
        "zeroize::",
        "subtle::",
        "crc_fast",
    ];
    for file in files(&root().join("src")) {
        if name(&file).starts_with("src/crypto/") {
            continue;
        }
        let code = text(&file);
        for named in crates {
            assert!(!code.contains(&format!("use {named}")), "{} names {named}", name(&file));
        }
    }
}

#[test]
fn only_s3_names_s3s_only_the_index_redb_and_only_tls_rustls() {
    for file in files(&root().join("src")) {
        let (code, name) = (text(&file), name(&file));
        assert!(name.starts_with("src/s3/") || !code.contains("s3s::"), "{name} names s3s");
        let index = ["change", "fault", "index", "keep", "versions"].map(|file| format!("src/store/disk/{file}.rs"));
        assert!(index.contains(&name) || !code.contains("redb::"), "{name} names redb");
        let tls = ["src/server/tls.rs", "src/store/s3/connect.rs"];
        assert!(tls.contains(&name.as_str()) || !code.contains("rustls::"), "{name} names rustls");
        for client in ["aws_sdk_s3::", "aws_smithy", "aws_credential", "hyper_util::client"] {
            assert!(name.starts_with("src/store/s3/") || !code.contains(client), "{name} names {client}");
        }
    }
}

#[test]
fn files_are_short_and_lints_are_not_silenced() {
    for file in files(&root().join("src")) {
        let (code, name) = (text(&file), name(&file));
        assert!(code.lines().count() < 450, "{name} has {} lines", code.lines().count());
        assert!(code.starts_with("//!"), "{name} does not say what it is for");
        for forbidden in ["#[allow", "#![allow", "TODO", "FIXME", "unsafe {", "dbg!"] {
            assert!(!code.contains(forbidden), "{name} has {forbidden}");
        }
        assert!(name.starts_with("src/cli/") || !code.contains("println!"), "{name} prints");
    }
}

#[test]
fn the_top_level_is_exactly_what_it_should_be() {
    let expected = [
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "Makefile",
        "README.md",
        "bench",
        "config",
        "helm",
        "src",
        "tests",
    ];
    let ignored = ["target", "data"];
    let found: BTreeSet<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && !ignored.contains(&name.as_str()))
        .collect();
    assert_eq!(found, expected.into_iter().map(str::to_owned).collect());
}

#[test]
fn every_dependency_says_why_it_is_here() {
    let manifest = text(&root().join("Cargo.toml"));
    let (mut within, mut before) = (false, "");
    for line in manifest.lines() {
        if line.starts_with('[') {
            within = line == "[dependencies]" || line == "[dev-dependencies]";
        } else if within && !line.starts_with('#') && line.contains('=') {
            assert!(before.starts_with('#'), "{line} has no reason above it");
        }
        before = line;
    }
}

#[test]
fn the_configuration_documents_every_key() {
    let file = text(&root().join("config/waxseal.toml"));
    let mut section = String::new();
    let mut documented = BTreeSet::new();
    for line in file.lines() {
        let line = line.trim_start_matches("# ");
        if let Some(name) = line.strip_prefix("[[").and_then(|line| line.strip_suffix("]]")) {
            section = format!("{name}.");
        } else if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = format!("{name}.");
        } else if let Some((key, _)) =
            line.split_once(" = ").filter(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        {
            documented.insert(format!("{section}{key}"));
        }
    }
    assert_eq!(documented, waxseal::config::KEYS.into_iter().map(str::to_owned).collect());
}

#[test]
fn the_documented_defaults_are_the_defaults() {
    let overrides = || waxseal::config::Overrides { data: Some("d".into()), root_key: Some("r".into()), ..Default::default() };
    let plain = waxseal::config::load(None, overrides()).ok().unwrap();
    let file = root().join("config/waxseal.toml");
    let documented = waxseal::config::load(Some(&file), overrides()).ok().unwrap();
    let show = |settings: &waxseal::config::Settings| {
        format!(
            "{} {} {:?} {:?} {:?} {:?} {} {:?}",
            settings.listen,
            settings.admin_listen,
            settings.s3,
            settings.gateway,
            settings.server,
            settings.keys,
            settings.index,
            settings.log_format
        )
    };
    assert_eq!(show(&plain), show(&documented));
}

/// Every test by its name: `fn` of Rust, `def` of Python.
fn tests() -> BTreeSet<String> {
    let folders = ["src", "tests"].map(|folder| root().join(folder));
    let texts = folders.iter().flat_map(|folder| files(folder)).map(|file| text(&file));
    let python = fs::read_dir(root().join("tests/e2e")).unwrap().map(|entry| entry.unwrap().path());
    let python = python.filter(|path| path.extension().is_some_and(|extension| extension == "py")).map(|file| text(&file));
    let name = |line: &str| {
        let rest = line.trim_start().trim_start_matches("async ");
        let rest = rest.strip_prefix("fn ").or(rest.strip_prefix("def "))?;
        Some(rest.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect::<String>())
    };
    texts.chain(python).flat_map(|text| text.lines().filter_map(name).collect::<Vec<_>>()).collect()
}

#[test]
fn every_behaviour_names_tests_that_exist() {
    let semantics = text(&root().join("src/gateway/SEMANTICS.md"));
    let tests = tests();
    let mut rows = 0;
    for row in
        semantics.lines().filter(|line| line.starts_with('|') && !line.starts_with("| behaviour") && !line.starts_with("|--"))
    {
        let cells: Vec<&str> = row.trim_matches('|').rsplitn(2, '|').map(str::trim).collect();
        let [named, behaviour] = cells.as_slice() else { panic!("{row} is no behaviour and test") };
        assert!(behaviour.ends_with('.') && !behaviour.contains(". "), "{behaviour} is not one sentence");
        for name in named.split(',').map(str::trim) {
            let name = name.strip_prefix('`').and_then(|name| name.strip_suffix('`')).unwrap_or_else(|| panic!("{named}"));
            assert!(tests.contains(name), "{behaviour}: there is no test {name}");
        }
        rows += 1;
    }
    assert!(rows > 40, "{rows} behaviours");
}

#[test]
fn every_threat_names_tests_that_exist() {
    let threats = text(&root().join("src/THREATS.md"));
    let (defended, _) = threats.split_once("## Not defended").unwrap();
    let tests = tests();
    let rows = defended.lines().filter(|line| line.starts_with("| ") && !line.contains("| prevented by |"));
    let mut count = 0;
    for row in rows {
        let (_, named) = row.trim_end_matches(" |").rsplit_once("| ").unwrap();
        for name in named.split(", ") {
            let name = name.strip_prefix('`').and_then(|name| name.strip_suffix('`')).unwrap_or_else(|| panic!("{row}"));
            assert!(tests.contains(name), "{row}: there is no test {name}");
        }
        count += 1;
    }
    assert!(count > 30, "{count} threats");
}

#[test]
fn what_is_not_there_is_what_is_documented_so() {
    let semantics = text(&root().join("src/gateway/SEMANTICS.md"));
    let (_, documented) = semantics.split_once("## Not there").unwrap();
    let documented: BTreeSet<&str> = documented.lines().filter_map(|line| line.strip_prefix("- `")?.strip_suffix('`')).collect();
    let code = text(&root().join("src/s3/resources.rs"));
    let (_, list) = code.split_once("const NOT_THERE: &[&str] = &[").unwrap();
    let (list, _) = list.split_once("];").unwrap();
    assert_eq!(documented, list.split('"').skip(1).step_by(2).collect());
}

#[test]
fn every_portable_test_passes_or_has_a_reason() {
    let folder = root().join("tests/conformance");
    let passed = text(&folder.join("portable.pass"));
    let passed: Vec<&str> = passed.lines().collect();
    assert!(passed.is_sorted_by(|one, next| one < next), "portable.pass is not sorted, or names a test twice");
    let misses = text(&folder.join("misses.md"));
    let misses: Vec<String> = misses
        .lines()
        .filter_map(|line| line.strip_prefix("- `")?.strip_suffix('`'))
        .map(|name| format!("test_s3::{name}"))
        .collect();
    for name in &misses {
        assert!(!passed.contains(&name.as_str()), "{name} passes, and is among the misses");
    }
    let all: BTreeSet<&str> = passed.iter().copied().chain(misses.iter().map(String::as_str)).collect();
    assert_eq!((all.len(), passed.len() + misses.len()), (654, 654));
    let before_s3 = text(&folder.join("minio.md"));
    for (section, count) in before_s3.split("\n## ").skip(1).zip([13, 74]) {
        let names: BTreeSet<&str> = section.lines().filter_map(|line| line.strip_prefix("- `")?.strip_suffix('`')).collect();
        assert!(names.iter().all(|name| passed.contains(&format!("test_s3::{name}").as_str())));
        assert_eq!(names.len(), count);
    }
}
