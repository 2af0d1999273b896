//! GetObjectAttributes: what is known of an object and of its parts, without its content.

use super::Error;
use super::gateway::Gateway;
use super::operation::{Attributes, Checksum, Conditions};
use super::outcome::{Attributed, ObjectPart};
use super::read::Takes;
use crate::access::Permitted;
use crate::envelope::{Entry, Opened};

impl Gateway {
    /// What HEAD tells of an object, and some of the parts it was uploaded in.
    ///
    /// # Errors
    /// As [`Gateway::head`].
    pub async fn attributes(&self, operation: Permitted<Attributes>) -> Result<Attributed, Error> {
        let Attributes { customer, after, limit, .. } = operation.operation();
        let (sealed, described) =
            self.describe(&operation, customer.as_ref(), (None, &Conditions::default()), Takes::Facts).await?;
        let (parts, next) = parts(sealed.opened()?, *after, *limit);
        Ok(Attributed { described, parts, next })
    }
}

/// The parts above a number, and the last of them if there are more. None of an object that was put.
fn parts(opened: &Opened, after: u32, limit: usize) -> (Vec<ObjectPart>, Option<u32>) {
    let mut above = opened.entries().iter().filter(|entry| entry.part_no > after);
    let parts: Vec<_> = above.by_ref().take(limit).map(part).collect();
    let more = above.next().is_some();
    let next = parts.last().map(|part| part.number).filter(|_| more);
    (parts, next)
}

fn part(entry: &Entry) -> ObjectPart {
    let checksum = entry.checksum.as_ref();
    let checksum = checksum.and_then(|field| Some(Checksum { kind: field.kind()?, value: field.value().to_vec() }));
    ObjectPart { number: entry.part_no, size: entry.plain_len, checksum }
}
