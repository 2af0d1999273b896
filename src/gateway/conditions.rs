//! Preconditions, as RFC 9110 section 13 and S3 order them. Pure: the current object goes in, a verdict comes out.

use super::operation::{Conditions, ETags};
use super::{Error, Refusal};
use crate::store::Millis;

/// What a precondition is held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Current<'a> {
    /// Without quotes.
    pub(super) etag: &'a str,
    /// S3's Last-Modified.
    pub(super) modified: Millis,
}

impl ETags {
    fn matches(&self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|tag| tag == etag),
        }
    }
}

impl Conditions {
    /// Whether nothing is asked for.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Holds the conditions of a read against the object that is there.
    ///
    /// # Errors
    /// `PreconditionFailed` or `NotModified`. If-Match outdoes If-Unmodified-Since, and If-None-Match outdoes
    /// If-Modified-Since, as S3 documents for GetObject.
    pub(super) fn check_read(&self, current: Current<'_>) -> Result<(), Error> {
        match &self.if_match {
            Some(tags) if !tags.matches(current.etag) => return failed("If-Match"),
            None if self.if_unmodified_since.is_some_and(|time| seconds(current.modified) > seconds(time)) => {
                return failed("If-Unmodified-Since");
            }
            Some(_) | None => {}
        }
        let modified = match &self.if_none_match {
            Some(tags) => !tags.matches(current.etag),
            None => self.if_modified_since.is_none_or(|time| seconds(current.modified) > seconds(time)),
        };
        if modified {
            return Ok(());
        }
        let etag = current.etag.to_owned();
        Err(Refusal::NotModified { etag, last_modified: current.modified }.into())
    }

    /// Holds the conditions on the source of a copy: as for a read, but there is no "not modified".
    pub(super) fn check_source(&self, current: Current<'_>) -> Result<(), Error> {
        match self.check_read(current) {
            Err(Error::Refused(Refusal::NotModified { .. })) => failed("x-amz-copy-source-if-…"),
            other => other,
        }
    }

    /// Holds the conditions of a write against what is there, or against there being nothing.
    ///
    /// # Errors
    /// `NoSuchKey` if an ETag is to match and nothing is there, else `PreconditionFailed`.
    pub(super) fn check_write(&self, current: Option<Current<'_>>) -> Result<(), Error> {
        match (&self.if_match, current) {
            (Some(_), None) => return Err(Refusal::NoSuchKey.into()),
            (Some(tags), Some(current)) if !tags.matches(current.etag) => return failed("If-Match"),
            (Some(_) | None, _) => {}
        }
        match (&self.if_none_match, current) {
            (Some(tags), Some(current)) if tags.matches(current.etag) => failed("If-None-Match"),
            (Some(_) | None, _) => Ok(()),
        }
    }

    /// Whether a write may only create, which needs no look at what is there.
    pub(super) fn only_creates(&self) -> bool {
        self.if_match.is_none() && self.if_none_match == Some(ETags::Any)
    }
}

/// HTTP dates have whole seconds; a time between two counts as the earlier.
fn seconds(time: Millis) -> u64 {
    time.0 / 1000
}

fn failed(which: &'static str) -> Result<(), Error> {
    Err(Refusal::PreconditionFailed(which).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Current<'static> = Current { etag: "abc", modified: Millis(5_500) };

    fn one(tag: &str) -> Option<ETags> {
        Some(ETags::OneOf(vec![tag.to_owned()]))
    }

    #[test]
    fn an_etag_that_matches_outdoes_a_date_that_does_not() {
        let conditions = Conditions { if_match: one("abc"), if_unmodified_since: Some(Millis(1_000)), ..Conditions::default() };
        assert!(conditions.check_read(NOW).is_ok());
    }

    #[test]
    fn an_object_of_the_same_second_is_not_modified() {
        let conditions = Conditions { if_modified_since: Some(Millis(5_000)), ..Conditions::default() };
        assert!(matches!(conditions.check_read(NOW), Err(Error::Refused(Refusal::NotModified { .. }))));
    }

    #[test]
    fn a_write_that_must_match_what_is_missing_finds_no_key() {
        let conditions = Conditions { if_match: one("abc"), ..Conditions::default() };
        assert!(matches!(conditions.check_write(None), Err(Error::Refused(Refusal::NoSuchKey))));
        assert!(conditions.check_write(Some(NOW)).is_ok());
    }

    #[test]
    fn a_write_that_must_create_fails_on_what_is_there() {
        let conditions = Conditions { if_none_match: Some(ETags::Any), ..Conditions::default() };
        assert!(conditions.only_creates());
        assert!(conditions.check_write(None).is_ok());
        assert!(conditions.check_write(Some(NOW)).is_err());
    }
}
