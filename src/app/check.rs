//! `waxseal check`: everything that `serve` looks at before it serves, without taking the store.

use super::{Failure, administrator, stack};
use crate::config::{self, Fault, Overrides, Settings, Storage};
use crate::keyring::LocalRoot;
use crate::store::{disk, s3};
use std::path::Path;

/// The settings, if `serve` could start with them on this machine.
///
/// A store that is being served may be checked: its lock is not taken and its index not read.
///
/// # Errors
/// Every fault there is, each with its remedy.
pub fn check(file: Option<&Path>, overrides: Overrides) -> Result<Settings, Vec<Fault>> {
    let (settings, mut faults) = config::examine(file, overrides);
    let faulty = !faults.is_empty();
    let mut fault = |key: &str, what: String| faults.push(Fault { key: key.to_owned(), what });
    match &settings.backend {
        Storage::Disk if settings.data.as_os_str().is_empty() => {}
        Storage::Disk => {
            if let Err(error) = disk::look(&settings.data) {
                fault("data", said(&error));
            }
        }
        // Asked only if all of what is said of it could be read.
        Storage::S3(_) if faulty => {}
        Storage::S3(about) => {
            if let Err(error) = ask(about) {
                fault("backend", error.to_string());
            }
        }
    }
    if !settings.root_key.as_os_str().is_empty()
        && let Err(error) = LocalRoot::read(&settings.root_key)
    {
        fault("root_key", error.to_string());
    }
    for (index, key) in settings.kms_keys.iter().enumerate() {
        if let Err(error) = LocalRoot::read(&key.root_key) {
            fault(&format!("kms_key[{index}].root_key"), error.to_string());
        }
    }
    if settings.listen == settings.admin_listen && settings.listen.port() != 0 {
        fault("admin_listen", format!("{} is where S3 is spoken: take another port", settings.listen));
    }
    match administrator::credentials() {
        Ok(administrator) if settings.users.find(&administrator.access_key).is_some() => {
            fault("environment", format!("WAXSEAL_ACCESS_KEY_ID: {} is a user's access key too", administrator.access_key));
        }
        Ok(_) => {}
        Err(failure) => fault("environment", failure.to_string()),
    }
    if faults.is_empty() { Ok(settings) } else { Err(faults) }
}

/// Whether a backend answers, and can do what is needed.
fn ask(about: &s3::Settings) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::of("threads", error))?;
    let store = s3::S3Store::new(about).map_err(|error| Failure(said(&error)))?;
    runtime.block_on(stack::probe(&store))
}

fn said(error: &object_store::Error) -> String {
    match (crate::store::Fault::of(error), error) {
        (Some(fault), _) => fault.to_string(),
        (None, object_store::Error::NotFound { path, source }) => format!("{path}: {source}"),
        (None, error) => error.to_string(),
    }
}
