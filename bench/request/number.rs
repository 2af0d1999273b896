//! Conversions between the kinds of numbers that a measurement meets.

use std::time::Duration;

/// A count as a real number; exact below 2^53.
pub fn real(count: u64) -> f64 {
    let high = u32::try_from(count >> 32).map_or(f64::MAX, f64::from);
    let low = u32::try_from(count & 0xffff_ffff).map_or(f64::MAX, f64::from);
    high * 4_294_967_296.0 + low
}

/// A count as an index; what does not fit is the largest.
pub fn index(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// A length as a count.
pub fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Microseconds, at most an hour or so.
pub fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

/// The middle of several figures, 0 of none.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// Bytes in MiB.
pub fn mib(bytes: u64) -> f64 {
    real(bytes) / 1_048_576.0
}
