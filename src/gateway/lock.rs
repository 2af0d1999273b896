//! Object lock: what keeps a version from being removed. Pure: metadata and a time in, a verdict out.

use super::{Error, Refusal};
use crate::envelope::{self, Kind, Metadata};
use crate::store::{Lock, LockMode, Millis, Retention};

/// Mode(1), time until(8).
const RETENTION: u8 = 0x81;

/// 1 where it is on, 0 where it was taken off.
const HOLD: u8 = 0x82;

const GOVERNANCE: u8 = 1;
const COMPLIANCE: u8 = 2;

/// The lock that is sealed with an object.
///
/// # Errors
/// `malformed` for one that no writer makes: what cannot be read is never unlocked.
pub(super) fn lock_of(metadata: &Metadata) -> envelope::Result<Lock> {
    const BAD: envelope::Error = envelope::Error { kind: Kind::Malformed, why: "metadata: object lock" };
    let retention = match metadata.unknown.get(&RETENTION).map(Vec::as_slice) {
        None => None,
        Some([mode @ (GOVERNANCE | COMPLIANCE), until @ ..]) => {
            let until = until.try_into().map(u64::from_be_bytes).map_err(|_| BAD)?;
            let mode = if *mode == GOVERNANCE { LockMode::Governance } else { LockMode::Compliance };
            Some(Retention { mode, until: Millis(until) })
        }
        Some(_) => return Err(BAD),
    };
    match metadata.unknown.get(&HOLD).map(Vec::as_slice) {
        None => Ok(Lock { retention, hold: None }),
        Some([hold @ (0 | 1)]) => Ok(Lock { retention, hold: Some(*hold == 1) }),
        Some(_) => Err(BAD),
    }
}

/// Seals a lock with an object.
pub(super) fn set_lock(metadata: &mut Metadata, lock: Lock) {
    let retention = lock.retention.map(|Retention { mode, until }| {
        let mode = if mode == LockMode::Governance { GOVERNANCE } else { COMPLIANCE };
        [&[mode][..], &until.0.to_be_bytes()].concat()
    });
    for (tag, value) in [(RETENTION, retention), (HOLD, lock.hold.map(|hold| vec![u8::from(hold)]))] {
        match value {
            Some(value) => drop(metadata.unknown.insert(tag, value)),
            None => drop(metadata.unknown.remove(&tag)),
        }
    }
}

impl Lock {
    /// Whether a version may be removed.
    ///
    /// # Errors
    /// `AccessDenied` while it is held or retained; `bypass` lifts a governance retention and nothing else.
    pub(super) fn admits_removal(self, bypass: bool, now: Millis) -> Result<(), Error> {
        match self.retention.filter(|retention| retention.until > now) {
            _ if self.hold == Some(true) => Err(Refusal::Locked("legal hold").into()),
            Some(Retention { mode: LockMode::Compliance, .. }) => Err(Refusal::Locked("compliance retention").into()),
            Some(Retention { mode: LockMode::Governance, .. }) if !bypass => Err(Refusal::Locked("governance retention").into()),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether a retention may be replaced by another, or by none.
    ///
    /// # Errors
    /// `AccessDenied` where that would let the version go earlier than it was promised.
    pub(super) fn admits_retention(self, new: Option<Retention>, bypass: bool, now: Millis) -> Result<(), Error> {
        let Some(old) = self.retention.filter(|retention| retention.until > now) else { return Ok(()) };
        let longer = new.is_some_and(|new| new.until >= old.until);
        match old.mode {
            LockMode::Compliance if longer && new.is_some_and(|new| new.mode == LockMode::Compliance) => Ok(()),
            LockMode::Governance if bypass || (longer && new.is_some_and(|new| new.mode == old.mode)) => Ok(()),
            LockMode::Compliance | LockMode::Governance => Err(Refusal::Locked("retention").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_000);

    fn retained(mode: LockMode, until: u64) -> Lock {
        Lock { retention: Some(Retention { mode, until: Millis(until) }), hold: None }
    }

    #[test]
    fn a_lock_comes_back_as_it_was_sealed() {
        let year_2140 = 5_364_662_400_000;
        for retention in [None, retained(LockMode::Governance, 5).retention, retained(LockMode::Compliance, year_2140).retention]
        {
            for hold in [None, Some(false), Some(true)] {
                let mut metadata = Metadata::new("key", 1);
                set_lock(&mut metadata, Lock { retention: None, hold: Some(true) });
                set_lock(&mut metadata, Lock { retention, hold });
                assert_eq!(lock_of(&metadata).unwrap(), Lock { retention, hold });
            }
        }
    }

    #[test]
    fn a_lock_that_cannot_be_read_is_never_unlocked() {
        for (tag, bytes) in
            [(RETENTION, &[3, 0, 0, 0, 0, 0, 0, 0, 1][..]), (RETENTION, &[1, 2]), (RETENTION, &[]), (HOLD, &[2]), (HOLD, &[])]
        {
            let mut metadata = Metadata::new("key", 1);
            metadata.unknown.insert(tag, bytes.to_vec());
            assert!(lock_of(&metadata).is_err(), "{tag} {bytes:?}");
        }
    }

    #[test]
    fn a_locked_version_is_not_removed() {
        let hold = Lock { retention: None, hold: Some(true) };
        assert!(hold.admits_removal(true, NOW).is_err());
        assert!(retained(LockMode::Compliance, 1_001).admits_removal(true, NOW).is_err());
        assert!(retained(LockMode::Governance, 1_001).admits_removal(false, NOW).is_err());
        assert!(retained(LockMode::Governance, 1_001).admits_removal(true, NOW).is_ok());
        assert!(retained(LockMode::Compliance, 1_000).admits_removal(false, NOW).is_ok());
    }

    #[test]
    fn a_retention_is_never_shortened_but_by_bypassing_governance() {
        let later = |mode| retained(mode, 3_000).retention;
        let compliance = retained(LockMode::Compliance, 2_000);
        assert!(compliance.admits_retention(later(LockMode::Compliance), false, NOW).is_ok());
        assert!(compliance.admits_retention(later(LockMode::Governance), true, NOW).is_err());
        assert!(compliance.admits_retention(retained(LockMode::Compliance, 1_500).retention, true, NOW).is_err());
        assert!(compliance.admits_retention(None, true, NOW).is_err());
        let governance = retained(LockMode::Governance, 2_000);
        assert!(governance.admits_retention(None, false, NOW).is_err());
        assert!(governance.admits_retention(None, true, NOW).is_ok());
        assert!(governance.admits_retention(later(LockMode::Governance), false, NOW).is_ok());
        assert!(retained(LockMode::Compliance, 900).admits_retention(None, false, NOW).is_ok());
    }
}
