//! Commands on a store that nobody serves: verify, cat, keyring show.

use super::customer::customer_key;
use super::stack::Stack;
use super::{Failure, Result};
use crate::gateway::{Chunks, Error, Place};
use crate::keyring::Bucket;
use crate::store;
use futures::TryStreamExt;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// What a verification found.
#[derive(Debug, Default)]
pub struct Verified {
    /// How many objects were read.
    pub objects: u64,
    /// Their plaintext, in bytes.
    pub bytes: u64,
    /// How many of them open only with keys of clients: their Heads were authenticated, and nothing else could be.
    pub locked: u64,
    /// What does not verify: bucket and key, and why.
    pub faults: Vec<(String, String)>,
}

/// Reads and authenticates every version of every object of all buckets, or of one, or below a prefix. Tells `progress` now and then.
///
/// # Errors
/// [`Failure`] if the bucket is not there or the store cannot be listed. Objects that do not verify are no error here.
pub async fn verify(stack: &Stack, what: Option<&str>, mut progress: impl FnMut(&Verified)) -> Result<Verified> {
    let (buckets, prefix) = match what {
        None => (stack.keyring.buckets(), ""),
        Some(what) => {
            let (bucket, prefix) = what.split_once('/').unwrap_or((what, ""));
            (vec![find(stack, bucket)?], prefix)
        }
    };
    let mut found = Verified::default();
    for bucket in buckets {
        let mut after: Option<Place> = None;
        loop {
            let page = stack.gateway.all(&bucket, prefix, after.as_ref()).await;
            let page = page.map_err(|error| Failure::of(&bucket.name, error))?;
            if page.is_empty() {
                break;
            }
            for place in &page {
                match stack.gateway.verify(&bucket, place).await {
                    Ok(None) => found.locked = found.locked.saturating_add(1),
                    Ok(Some(described)) => found.bytes = found.bytes.saturating_add(described.size),
                    Err(error) => found.faults.push((told(place), error.to_string())),
                }
                found.objects = found.objects.saturating_add(1);
                progress(&found);
            }
            after = page.into_iter().last();
        }
    }
    Ok(found)
}

/// How a version is named to an operator.
fn told(place: &Place) -> String {
    let object = format!("{}/{}", place.bucket, place.key);
    match place.version.as_ref().and_then(store::Version::name) {
        Some(version) => format!("{object}?versionId={version}"),
        None => object,
    }
}

fn find(stack: &Stack, bucket: &str) -> Result<Arc<Bucket>> {
    let found = stack.keyring.bucket(bucket);
    found.ok_or_else(|| Failure(format!("there is no bucket {bucket}")))
}

/// How an object is written out.
pub enum Form<'f> {
    /// The sealed bytes, as they are stored.
    Sealed,
    /// The plaintext; with the file of the customer's key, if it is sealed under one.
    Plain(Option<&'f Path>),
}

/// Writes an object to `out`.
///
/// # Errors
/// [`Failure`] if it is not there or does not verify; what was written until then is a true beginning of it.
pub async fn cat(stack: &Stack, object: &str, form: Form<'_>, out: &mut impl Write) -> Result<()> {
    let (bucket, key) = object.split_once('/').ok_or_else(|| Failure("name an object as BUCKET/KEY".to_owned()))?;
    let bucket = find(stack, bucket)?;
    let in_object = |error: Error| Failure::of(object, error);
    let mut chunks: Chunks = match form {
        Form::Sealed => stack.gateway.stored(&bucket, key).await.map_err(in_object)?,
        Form::Plain(file) => {
            let customer = file.map(customer_key).transpose()?;
            stack.gateway.plain(&bucket, key, customer.as_ref()).await.map_err(in_object)?.chunks
        }
    };
    while let Some(piece) = chunks.try_next().await.map_err(in_object)? {
        out.write_all(&piece).map_err(|error| Failure::of("writing", error))?;
    }
    out.flush().map_err(|error| Failure::of("writing", error))
}

/// The keyring file. Every key in it is wrapped.
#[must_use]
pub fn keyring_text(stack: &Stack) -> Vec<u8> {
    stack.keyring.encoded().to_vec()
}
