//! Which library the index of the store on disk is: redb, fjall and heed (LMDB), each as the store would use it.
//!
//! `make spike` prints a table; the documentation of src/store/disk/mod.rs has the one that decided. Every commit is
//! synced before it is acknowledged, in all three: redb `Durability::Immediate`, fjall `PersistMode::SyncAll`, heed as it
//! is. The figures are of this machine and its disk: only those of one run can be compared.

mod candidate;
mod committers;
mod kill;
mod measure;
mod with_fjall;
mod with_heed;
mod with_redb;

use candidate::{Kind, Result};
use std::path::{Path, PathBuf};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write", name, folder] => kill::write(Kind::named(name)?, Path::new(folder)),
        [] => run(Path::new("target")),
        [folder] => run(Path::new(folder)),
        _ => Err("usage: index-spike [DIRECTORY ON THE DISK TO MEASURE]".into()),
    }
}

fn run(on: &Path) -> Result<()> {
    let (scale, folder) = (measure::Scale::usual(), tempfile::tempdir_in(on)?);
    let folders: Vec<(Kind, PathBuf)> = Kind::ALL.map(|kind| (kind, folder.path().join(kind.name()))).into();
    let mut table = measure::Table::new();
    measure::load(&folders, &scale, &mut table)?;
    measure::pages(&folders, &scale, &mut table)?;
    measure::commits(&folders, &scale, &mut table)?;
    measure::kills(&folders, &scale, &mut table)?;
    measure::overwrites(folder.path(), &scale, &mut table)?;
    print!("{table}");
    Ok(())
}
