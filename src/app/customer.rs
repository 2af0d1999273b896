//! A customer's key from a file, for whoever holds both it and the store.

use super::{Failure, Result};
use crate::access::erase;
use crate::crypto;
use crate::gateway::Customer;
use std::path::Path;

/// Length of a key.
const LENGTH: usize = 32;

/// Reads a key: its 32 bytes, or their base64 with or without a line end.
pub(super) fn customer_key(file: &Path) -> Result<Customer> {
    let mut bytes = std::fs::read(file).map_err(|error| Failure::of(&file.display().to_string(), error))?;
    let mut whole = bytes.len() == LENGTH;
    let customer = Customer::fill(|key| {
        if whole {
            key.copy_from_slice(&bytes);
            return;
        }
        let mut text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        if base64_simd::STANDARD.decoded_length(text.as_bytes()).is_ok_and(|length| length == LENGTH) {
            whole = base64_simd::STANDARD.decode(text.as_bytes(), base64_simd::Out::from_slice(key)).is_ok();
        }
        erase(&mut text);
    });
    crypto::erase(&mut bytes);
    let fault = || Failure(format!("{} holds no key: write its 32 bytes, or their base64", file.display()));
    if whole { Ok(customer) } else { Err(fault()) }
}
