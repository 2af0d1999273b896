//! LIST: one backend page, and what each object's last bytes tell.

use super::etag;
use super::gateway::{EtagKind, Gateway, bucket_of};
use super::operation::List;
use super::outcome::{Listed, Next, Page};
use super::read::{Glimpse, glimpse};
use super::versions::millis;
use super::{Error, Refusal};
use crate::access::Permitted;
use crate::envelope::{self, ClearHead, Context, Kek, KekId};
use crate::keyring::{Bucket, Listing};
use crate::store::{Ends, Names, WithoutEnds, decode_key, encode_prefix, layout};
use bytes::Bytes;
use object_store::ObjectMeta;
use object_store::list::PaginatedListOptions;
use std::collections::HashMap;
use std::sync::Arc;

/// How many Heads one job opens: about 2 ms of work.
const HEADS_A_JOB: usize = 256;

/// How many entries are asked for where a common prefix may hide most of them.
const FEW: usize = 4;

/// An object of a page: its key, what the backend says of it, and its last bytes, if they are looked at.
pub(super) type Found = (String, ObjectMeta, Option<Bytes>);

/// What a page holds at a place: an object, or all keys with a common prefix.
enum Item {
    Object(String, ObjectMeta, Option<Bytes>),
    Prefix(String),
}

/// How keys are grouped, and where a page begins.
pub(super) struct View<'a> {
    pub(super) bucket: &'a Bucket,
    pub(super) prefix: &'a str,
    pub(super) delimiter: Option<&'a str>,
}

impl Gateway {
    /// A page of a bucket in byte order, with the sizes, ETags and times that HEAD would answer.
    ///
    /// An object that does not verify is listed all the same, for its owner must see it to remove it: with the size
    /// that follows from its length, an opaque ETag and the backend's time. GET and HEAD refuse it.
    ///
    /// Where ETags are opaque, and each object that is looked at would cost the backend a read, none is: all of a page is
    /// shown so then.
    ///
    /// # Errors
    /// `InvalidArgument` for a token that was not made here for this bucket.
    pub async fn list(&self, operation: Permitted<List>) -> Result<Page, Error> {
        let bucket = bucket_of(&operation)?;
        let List { prefix, delimiter, start, limit, .. } = operation.into_operation();
        let listing = Listing::Keys(bucket.uuid);
        let after = self.begin_page(listing, start)?;
        let view = View { bucket: &bucket, prefix: &prefix, delimiter: delimiter.as_deref() };
        let (items, next) = self.collect(&view, after, limit).await?;
        let mut prefixes = Vec::new();
        let mut objects = Vec::new();
        for item in items {
            match item {
                Item::Object(key, meta, end) => objects.push((key, meta, end)),
                Item::Prefix(prefix) => prefixes.push(prefix),
            }
        }
        let objects = self.look_at(&bucket, objects).await?;
        let next = next.map(|after| Next { token: self.keyring.token(listing, &after), after });
        Ok(Page { objects, prefixes, next })
    }

    /// Walks the backend's pages until the limit is reached; a common prefix is passed over in one step.
    ///
    /// Keys of a group that came with the page are skipped; those that did not are never asked for. So that few come in
    /// vain, a walk among groups asks for few, and for twice as many as long as most are shown: whatever the delimiter,
    /// what is asked for is in the order of what is shown.
    async fn collect(&self, view: &View<'_>, after: Option<String>, limit: usize) -> Result<(Vec<Item>, Option<String>), Error> {
        let mut items: Vec<Item> = Vec::new();
        let mut at = after.map(|after| view.past(&after, view.group(&after) == Some(after.as_str())));
        if limit == 0 {
            return Ok((items, None));
        }
        let mut wanted = if view.delimiter.is_some() { FEW } else { usize::MAX };
        loop {
            wanted = wanted.min(limit.saturating_add(1).saturating_sub(items.len()));
            let (page, more) = self.page(view, at.take(), wanted).await?;
            let (fetched, before) = (page.len(), items.len());
            let mut last = None;
            for (key, meta, end) in page {
                last = Some(meta.location.to_string());
                let item = match view.group(&key) {
                    Some(group) if items.last().is_some_and(|item| item.is_prefix(group)) => continue,
                    Some(group) => Item::Prefix(group.to_owned()),
                    None => Item::Object(key, meta, end),
                };
                if items.len() == limit {
                    let next = items.last().map(|item| item.name().to_owned());
                    return Ok((items, next));
                }
                items.push(item);
            }
            let shown = items.len().saturating_sub(before);
            wanted = if shown >= fetched / 2 { wanted.saturating_mul(2) } else { FEW };
            at = match items.last() {
                _ if !more => return Ok((items, None)),
                Some(Item::Prefix(group)) => Some(view.past(group, true)),
                Some(Item::Object(..)) => last,
                None => return Ok((items, None)),
            };
        }
    }

    /// One page of the backend, with the last bytes of each object, and whether there are more.
    pub(super) async fn page(&self, view: &View<'_>, offset: Option<String>, limit: usize) -> Result<(Vec<Found>, bool), Error> {
        let mut options = PaginatedListOptions { offset, max_keys: Some(limit.min(1_000)), ..PaginatedListOptions::default() };
        if self.settings.etag == EtagKind::Opaque {
            options.extensions.insert(WithoutEnds);
        }
        let from = layout::prefix(&view.bucket.name, view.prefix);
        let found = self.backend.list_paginated(Some(&from), options).await?;
        let more = found.page_token.is_some();
        let mut ends = found.result.extensions.get::<Ends>().map(|ends| ends.0.clone().into_iter());
        let start = view.bucket.name.len() + 1;
        let mut page = Vec::with_capacity(found.result.objects.len());
        for meta in found.result.objects {
            let name = meta.location.as_ref().get(start..).unwrap_or_default();
            let key = decode_key(name).ok_or_else(|| Error::Internal(format!("no key has the name {}", meta.location)))?;
            page.push((key, meta, ends.as_mut().map(|ends| ends.next().unwrap_or_default())));
        }
        Ok((page, more))
    }

    /// Opens the Head and tail of each object, many at a time.
    async fn look_at(&self, bucket: &Arc<Bucket>, objects: Vec<Found>) -> Result<Vec<Listed>, Error> {
        let eye = Arc::new(self.eye(bucket, &objects).await?);
        let mut jobs = Vec::new();
        let mut objects = objects.into_iter().peekable();
        while objects.peek().is_some() {
            let some: Vec<_> = objects.by_ref().take(HEADS_A_JOB).collect();
            let eye = Arc::clone(&eye);
            let look = move || some.into_iter().map(|object| eye.look(object)).collect::<Vec<_>>();
            jobs.push(tokio::task::spawn_blocking(look));
        }
        let mut listed = Vec::new();
        for job in jobs {
            for (object, glimpse) in job.await.map_err(Error::job)? {
                listed.push(self.listed(bucket, object, glimpse).await?);
            }
        }
        Ok(listed)
    }

    /// What opens the Heads of a page: the keys that they name, mostly one.
    pub(super) async fn eye(&self, bucket: &Arc<Bucket>, objects: &[Found]) -> Result<Eye, Error> {
        let mut keks = HashMap::new();
        for (_, meta, end) in objects {
            let Some(Ok(clear)) = end.as_ref().map(|end| ClearHead::find(meta.size, end)) else { continue };
            let id = clear.kek_id();
            if keks.contains_key(&id) {
                continue;
            }
            match self.keyring.kek(bucket.uuid, id).await.map_err(Error::from) {
                Ok(kek) => drop(keks.insert(id, kek)),
                Err(Error::Tampered { .. } | Error::Refused(Refusal::KmsKeyAbsent)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Eye { bucket: Arc::clone(bucket), keks, show: (self.settings.etag, self.names()) })
    }

    async fn listed(&self, bucket: &Bucket, object: (String, ObjectMeta), glimpse: Look) -> Result<Listed, Error> {
        let (key, meta) = object;
        let size = envelope::plain_length(meta.size);
        let glimpse = match glimpse {
            Ok(Some(glimpse)) if size.is_ok() => Ok(glimpse),
            Ok(_) => match self.find(bucket, &key).await {
                Ok(found) => Ok(found.glimpse()),
                Err(Error::Tampered { why, .. }) => Err(why),
                Err(Error::Refused(_)) => Err(envelope::Error { kind: envelope::Kind::Truncated, why: "gone while listed" }),
                Err(error) => return Err(error),
            },
            Err(why) => Err(why),
        };
        let glimpse = glimpse.unwrap_or_else(|why| {
            tracing::error!(path = %meta.location, %why, "an object in a listing does not verify");
            unopened(&meta)
        });
        let Glimpse { etag, modified, checksum, owner } = glimpse;
        let owner = owner.unwrap_or_else(|| bucket.owner.clone());
        Ok(Listed { key, size: size.unwrap_or(0), etag, modified, checksum, owner })
    }
}

pub(super) type Look = envelope::Result<Option<Glimpse>>;

/// What a listing shows of an object that was not opened.
pub(super) fn unopened(meta: &ObjectMeta) -> Glimpse {
    let etag = etag::opaque(meta.e_tag.as_deref().unwrap_or_default());
    Glimpse { etag, modified: millis(meta.last_modified), checksum: None, owner: None }
}

/// Opens the Heads of one bucket's objects.
pub(super) struct Eye {
    bucket: Arc<Bucket>,
    keks: HashMap<KekId, Arc<Kek>>,
    show: (EtagKind, Names),
}

impl Eye {
    pub(super) fn look(&self, (key, meta, end): Found) -> ((String, ObjectMeta), Look) {
        let seen = match end {
            None => Ok(Some(unopened(&meta))),
            Some(end) if end.is_empty() => Ok(None),
            Some(end) => ClearHead::find(meta.size, &end).and_then(|clear| match self.keks.get(&clear.kek_id()) {
                Some(kek) => {
                    let context = Context { bucket: self.bucket.uuid, key: &key };
                    glimpse((&meta, &end), kek, &context, self.show)
                }
                None => Err(envelope::Error { kind: envelope::Kind::WrongKey, why: "no KEK of this id" }),
            }),
        };
        ((key, meta), seen)
    }
}

impl Item {
    fn name(&self) -> &str {
        match self {
            Self::Object(key, _, _) => key,
            Self::Prefix(prefix) => prefix,
        }
    }

    fn is_prefix(&self, prefix: &str) -> bool {
        matches!(self, Self::Prefix(own) if own == prefix)
    }
}

impl View<'_> {
    /// The common prefix a key is shown under, if it is.
    pub(super) fn group<'k>(&self, key: &'k str) -> Option<&'k str> {
        let delimiter = self.delimiter?;
        let rest = key.strip_prefix(self.prefix)?;
        let end = self.prefix.len() + rest.find(delimiter)? + delimiter.len();
        key.get(..end)
    }

    /// The offset behind a key, or behind all keys of a group.
    ///
    /// No key of a group is above the group's name followed by 257 of the greatest character: that would be more
    /// than the 1,024 bytes a key can have.
    pub(super) fn past(&self, key: &str, group: bool) -> String {
        if group {
            let mut offset = format!("{}/{}", self.bucket.name, encode_prefix(key));
            offset.extend(std::iter::repeat_n(char::MAX, 257));
            return offset;
        }
        match layout::object(&self.bucket.name, key) {
            Ok(path) => path.to_string(),
            Err(_) => layout::prefix(&self.bucket.name, key),
        }
    }
}
