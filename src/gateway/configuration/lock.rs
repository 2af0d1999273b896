//! Object lock of a bucket: what new versions are locked by if a request says nothing.

use crate::store::{LockMode, Millis, Retention};
use serde::{Deserialize, Serialize};

/// Object lock is enabled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockRule {
    /// What new versions are retained by.
    pub default: Option<DefaultRetention>,
}

/// The retention of versions whose request names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultRetention {
    /// How strict it is.
    pub mode: LockMode,
    /// How long it lasts.
    pub period: Period,
}

/// A count of days or years, at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// Days of 24 hours.
    Days(u32),
    /// Years of 365 days, as S3 counts them.
    Years(u32),
}

const DAY: u64 = 86_400_000;

impl DefaultRetention {
    /// The retention of a version that is created at this time.
    #[must_use]
    pub fn from(self, created: Millis) -> Retention {
        let days = match self.period {
            Period::Days(days) => u64::from(days),
            Period::Years(years) => u64::from(years).saturating_mul(365),
        };
        Retention { mode: self.mode, until: Millis(created.0.saturating_add(days.saturating_mul(DAY))) }
    }
}
