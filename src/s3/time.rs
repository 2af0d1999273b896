//! Times, which S3 has in whole seconds on the wire and we in milliseconds.

use crate::gateway::Millis;
use s3s::dto::{Timestamp, TimestampFormat};
use std::time::{Duration, UNIX_EPOCH};

pub(super) fn timestamp(millis: Millis) -> Timestamp {
    Timestamp::from(UNIX_EPOCH + Duration::from_millis(millis.0))
}

/// Whole seconds, as milliseconds; times before 1970 are 0.
pub(super) fn millis(timestamp: &Timestamp) -> Millis {
    let mut text = Vec::new();
    let written = timestamp.format(TimestampFormat::EpochSeconds, &mut text);
    let text = written.ok().and_then(|()| String::from_utf8(text).ok()).unwrap_or_default();
    let seconds = text.split('.').next().and_then(|seconds| seconds.parse::<u64>().ok()).unwrap_or(0);
    Millis(seconds.saturating_mul(1_000))
}
