//! A sealed file opened with no store and no server: root file and keyring are enough.

use super::customer::customer_key;
use super::stack::root;
use super::{Failure, Result};
use crate::envelope::{self, ClearHead, Context, END, HEAD, Head, Kek, Opened, SEALED_CHUNK, Tail};
use crate::gateway::Customer;
use crate::keyring::Roots;
use crate::keyring::file::Ring;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// How many chunks are read at once.
const RUN: u32 = 16;

/// Sealed bytes that can be read anywhere.
pub(super) trait Bytes {
    fn size(&self) -> u64;

    /// Fills the buffer from an offset.
    fn read(&self, at: u64, buffer: &mut [u8]) -> std::io::Result<()>;
}

impl Bytes for File {
    fn size(&self) -> u64 {
        self.metadata().map_or(0, |about| about.len())
    }

    fn read(&self, at: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        self.read_exact_at(buffer, at)
    }
}

/// The last bytes, as many as asked or as there are.
pub(super) fn last(bytes: &dyn Bytes, count: usize) -> Result<Vec<u8>> {
    let size = bytes.size();
    let count = usize::try_from(size).unwrap_or(usize::MAX).min(count);
    let mut end = vec![0; count];
    let at = size.saturating_sub(u64::try_from(count).unwrap_or(size));
    bytes.read(at, &mut end).map_err(|error| Failure::of("reading", error))?;
    Ok(end)
}

/// Verifies a Head in its place.
pub(super) fn head(bytes: &dyn Bytes, kek: &Kek, context: &Context<'_>, overflow: Option<&[u8]>) -> Result<Head> {
    let clear = ClearHead::find(bytes.size(), &last(bytes, HEAD)?);
    clear.and_then(|clear| clear.unwrap(kek, context, overflow)).map_err(unverified)
}

/// Verifies the tail; with the customer's key if it is sealed under one.
pub(super) fn tail(bytes: &dyn Bytes, head: &Head, customer: Option<&Customer>) -> Result<Opened> {
    let (size, mut end) = (bytes.size(), last(bytes, END)?);
    let mut keys = head.open(customer.map(Customer::key)).map_err(unverified)?;
    loop {
        match keys.tail(size, &end).map_err(unverified)? {
            Tail::Opened(opened) => return Ok(opened),
            Tail::NeedMore(same, more) => {
                keys = same;
                end = last(bytes, usize::try_from(more).unwrap_or(usize::MAX))?;
            }
        }
    }
}

fn unverified(error: envelope::Error) -> Failure {
    Failure(format!("it does not verify: {error}"))
}

/// Opens every chunk, in order, and hands each on once it verified.
pub(super) fn open_all(bytes: &dyn Bytes, opened: &Opened, mut out: impl FnMut(&[u8]) -> std::io::Result<()>) -> Result<()> {
    check_padding(bytes, opened)?;
    for run in opened.whole(RUN) {
        let segment = opened.segment(run.segment).map_err(unverified)?;
        let length = usize::try_from(run.sealed.end.saturating_sub(run.sealed.start)).unwrap_or(usize::MAX);
        let mut sealed = vec![0; length];
        bytes.read(run.sealed.start, &mut sealed).map_err(|error| Failure::of("reading", error))?;
        for (index, chunk) in (run.first_chunk..).zip(sealed.chunks_mut(SEALED_CHUNK)) {
            let length = segment.open_chunk(index, chunk).map_err(unverified)?;
            let text = chunk.get(..length).unwrap_or_default();
            out(text).map_err(|error| Failure::of("writing", error))?;
        }
    }
    Ok(())
}

fn check_padding(bytes: &dyn Bytes, opened: &Opened) -> Result<()> {
    let padding = opened.padding();
    let mut zeros = vec![0; usize::try_from(padding.end.saturating_sub(padding.start)).unwrap_or(usize::MAX)];
    bytes.read(padding.start, &mut zeros).map_err(|error| Failure::of("reading", error))?;
    if zeros.iter().any(|byte| *byte != 0) {
        return Err(Failure("it does not verify: tampered: padding is not zero".to_owned()));
    }
    Ok(())
}

/// What opens a sealed file.
pub struct OpenWith<'f> {
    /// The root key's file; then those of keys that clients name.
    pub root_keys: &'f [PathBuf],
    /// The keyring, as `waxseal keyring show` prints it.
    pub keyring: &'f Path,
    /// The customer's key, if it is sealed under one.
    pub customer_key: Option<&'f Path>,
}

/// Opens a sealed file to `out`.
///
/// # Errors
/// [`Failure`] if it does not verify as this key of this bucket. Metadata longer than its Head is not at hand here, so
/// an object that has it is refused.
pub async fn open_file(file: &Path, with: OpenWith<'_>, place: (&str, &str), out: &mut impl Write) -> Result<()> {
    let (OpenWith { root_keys, keyring, customer_key: customer }, (bucket, key)) = (with, place);
    let roots: Roots = root_keys.iter().map(|file| root(file)).collect::<Result<Vec<_>>>()?.into_iter().collect();
    let customer = customer.map(customer_key).transpose()?;
    let text = std::fs::read(keyring).map_err(|error| Failure::of(&keyring.display().to_string(), error))?;
    let ring = Ring::open(&text, &roots, 0).await.map_err(|error| Failure::of("the keyring", error))?;
    let line = ring.buckets.iter().find(|(_, line)| line.name == bucket);
    let (uuid, _) = line.ok_or_else(|| Failure(format!("the keyring has no bucket {bucket}")))?;
    let sealed = File::open(file).map_err(|error| Failure::of(&file.display().to_string(), error))?;
    let end = last(&sealed, HEAD)?;
    let clear = ClearHead::find(Bytes::size(&sealed), &end).map_err(|error| Failure::of(&file.display().to_string(), error))?;
    let kek = ring.kek(*uuid, clear.kek_id(), &roots).await.map_err(|error| Failure::of("the keyring", error))?;
    let head = head(&sealed, &kek, &Context { bucket: *uuid, key }, None)?;
    let opened = tail(&sealed, &head, customer.as_ref())?;
    open_all(&sealed, &opened, |text| out.write_all(text))?;
    out.flush().map_err(|error| Failure::of("writing", error))
}
