//! What is asked for of an object, against its length and its parts.

use super::operation::Span;
use super::{Error, Refusal};
use crate::envelope::Entry;

/// First and last byte of what is asked for, both included and both in the object. Of an empty part the last is before
/// the first, or there is no range if there are no bytes at all.
///
/// # Errors
/// `InvalidRange` if it asks for nothing that is there, as RFC 9110 section 14.1.2 has it; `InvalidPart` for a part that
/// is not there.
pub(super) fn resolve(span: Span, size: u64, entries: &[Entry]) -> Result<Option<(u64, u64)>, Error> {
    let found = match (span, size.checked_sub(1)) {
        (Span::Part(number), _) => {
            let (before, part) = part(number, entries)?;
            let first = before.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.plain_len));
            return Ok(first.saturating_add(part.plain_len).checked_sub(1).map(|last| (first, last)));
        }
        (Span::From(first, last), Some(end)) => (first, last.map_or(end, |last| last.min(end))),
        (Span::Last(count), Some(end)) => (size.saturating_sub(count), end),
        (Span::From(..) | Span::Last(_), None) => return Err(Refusal::InvalidRange { size }.into()),
    };
    within(found, size).map(Some)
}

/// The segment that came as the part of this number, and those before it. Numbers are the client's own, gaps and all;
/// content that came whole is part 1.
///
/// # Errors
/// `InvalidPart` if none did.
pub(super) fn part(number: u32, entries: &[Entry]) -> Result<(&[Entry], &Entry), Error> {
    let at = entries.iter().position(|entry| entry.part_no.max(1) == number);
    let found = at.and_then(|at| Some((entries.get(..at)?, entries.get(at)?)));
    found.ok_or_else(|| Refusal::InvalidPart { number }.into())
}

/// A range, first and last byte included, that must lie in the object whole.
///
/// # Errors
/// `InvalidRange` if it does not.
pub(super) fn within((first, last): (u64, u64), size: u64) -> Result<(u64, u64), Error> {
    if first > last || last >= size {
        return Err(Refusal::InvalidRange { size }.into());
    }
    Ok((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(part_no: u32, plain_len: u64) -> Entry {
        Entry { part_no, plain_len, seg_salt: [0; 32], commit: [0; 32], checksum: None }
    }

    fn of(span: Span, size: u64) -> Result<Option<(u64, u64)>, Error> {
        resolve(span, size, &[entry(0, size)])
    }

    #[test]
    fn a_range_is_cut_at_the_end_of_the_object() {
        assert_eq!(of(Span::From(3, Some(u64::MAX)), 10).unwrap(), Some((3, 9)));
        assert_eq!(of(Span::From(9, None), 10).unwrap(), Some((9, 9)));
        assert_eq!(of(Span::Last(4), 10).unwrap(), Some((6, 9)));
        assert_eq!(of(Span::Last(400), 10).unwrap(), Some((0, 9)));
    }

    #[test]
    fn a_range_outside_the_object_is_refused() {
        for (span, size) in [
            (Span::From(10, None), 10),
            (Span::From(4, Some(3)), 10),
            (Span::From(0, None), 0),
            (Span::Last(0), 10),
            (Span::Last(1), 0),
        ] {
            assert!(matches!(of(span, size), Err(Error::Refused(Refusal::InvalidRange { .. }))), "{span:?}");
        }
        assert!(within((3, 9), 10).is_ok());
        assert!(within((3, 10), 10).is_err());
    }

    #[test]
    fn a_part_is_found_by_the_number_it_came_with() {
        let entries = [entry(2, 7), entry(5, 3), entry(9, 0)];
        assert_eq!(resolve(Span::Part(2), 10, &entries).unwrap(), Some((0, 6)));
        assert_eq!(resolve(Span::Part(5), 10, &entries).unwrap(), Some((7, 9)));
        assert_eq!(resolve(Span::Part(9), 10, &entries).unwrap(), Some((10, 9)), "an empty part");
        assert_eq!(of(Span::Part(1), 10).unwrap(), Some((0, 9)), "content that came whole");
        assert_eq!(of(Span::Part(1), 0).unwrap(), None, "no content at all");
        for number in [0, 1, 3, 10] {
            let found = resolve(Span::Part(number), 10, &entries);
            assert!(matches!(found, Err(Error::Refused(Refusal::InvalidPart { .. }))), "{number}");
        }
    }
}
