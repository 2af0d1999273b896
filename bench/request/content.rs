//! What objects hold: bytes that follow from the key, so that every answer can be checked.

use crate::number::{count, index};
use std::sync::LazyLock;

/// No multiple of a chunk, so that chunks in the wrong order do not look right.
const PERIOD: usize = (1 << 20) + 4_099;
/// The most bytes handed out at once.
const PIECE: usize = 1 << 20;

static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut period = Vec::with_capacity(PERIOD + 8);
    while period.len() < PERIOD {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        period.extend_from_slice(&state.to_le_bytes());
    }
    period.truncate(PERIOD);
    period.extend_from_within(..PIECE);
    period
});

/// The content of one object.
#[derive(Clone, Copy)]
pub struct Content {
    start: usize,
    /// Bytes in all.
    pub size: u64,
}

impl Content {
    /// The content that belongs to a key; the size is what follows its last `-`.
    pub fn of(key: &str) -> Option<Self> {
        let size = key.rsplit('-').next()?.parse().ok()?;
        let hash =
            key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Some(Self { start: index(hash >> 8) % PERIOD, size })
    }

    /// The bytes from `at`: at most `want`, at most 1 MiB, none past the end.
    pub fn piece(self, at: u64, want: u64) -> &'static [u8] {
        let left = self.size.saturating_sub(at).min(want);
        let from = (self.start + index(at % count(PERIOD))) % PERIOD;
        let len = index(left).min(PIECE).min(BYTES.len() - from);
        BYTES.get(from..from + len).unwrap_or_default()
    }
}
