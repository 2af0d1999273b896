//! Range headers against a length.

use super::operation::Span;
use super::{Error, Refusal};

/// First and last byte of what a range asks for, both included and both in the object.
///
/// # Errors
/// `InvalidRange` if it asks for nothing that is there, as RFC 9110 section 14.1.2 has it.
pub(super) fn resolve(span: Span, size: u64) -> Result<(u64, u64), Error> {
    let unsatisfiable = Err(Refusal::InvalidRange { size }.into());
    let Some(end) = size.checked_sub(1) else { return unsatisfiable };
    match span {
        Span::From(first, _) if first > end => unsatisfiable,
        Span::From(first, Some(last)) if last < first => unsatisfiable,
        Span::From(first, last) => Ok((first, last.map_or(end, |last| last.min(end)))),
        Span::Last(0) => unsatisfiable,
        Span::Last(count) => Ok((size.saturating_sub(count), end)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_at_the_end_of_the_object() {
        assert_eq!(resolve(Span::From(3, Some(u64::MAX)), 10).unwrap(), (3, 9));
        assert_eq!(resolve(Span::From(9, None), 10).unwrap(), (9, 9));
        assert_eq!(resolve(Span::Last(4), 10).unwrap(), (6, 9));
        assert_eq!(resolve(Span::Last(400), 10).unwrap(), (0, 9));
    }

    #[test]
    fn a_range_outside_the_object_is_refused() {
        for (span, size) in [(Span::From(10, None), 10), (Span::From(0, None), 0), (Span::Last(0), 10), (Span::Last(1), 0)] {
            assert!(matches!(resolve(span, size), Err(Error::Refused(Refusal::InvalidRange { .. }))));
        }
    }
}
