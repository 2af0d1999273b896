//! The cipher alone: the crypto module beside aws-lc-rs called directly, on one core, taking turns.

use crate::Result;
use crate::number::{count, median, real};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, Tag, UnboundKey};
use std::time::{Duration, Instant};
use waxseal::crypto::Gcm;

const CHUNK: usize = 65_536;
const NONCE: [u8; 12] = [7; 12];

/// GB/s of both: sealing ours and theirs, opening ours and theirs.
pub struct Sealing {
    /// Ours and aws-lc-rs.
    pub seal: (f64, f64),
    /// Ours and aws-lc-rs.
    pub open: (f64, f64),
}

/// Measures for about eight times `turn` a round.
pub fn run(rounds: usize, turn: Duration) -> Result<Sealing> {
    let ours = Gcm::new(&[3; 32]);
    let theirs = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[3; 32])?);
    let mut figures: [Vec<f64>; 4] = Default::default();
    let mut text = vec![1_u8; CHUNK];
    for _ in 0..rounds {
        let samples = [
            speed(turn, || {
                let _tag = std::hint::black_box(ours.seal(&NONCE, &mut text));
                Ok(())
            })?,
            speed(turn, || {
                let _tag = std::hint::black_box(seal_theirs(&theirs, &mut text)?);
                Ok(())
            })?,
            open_ours(&ours, turn)?,
            open_theirs(&theirs, turn)?,
        ];
        for (figures, sample) in figures.iter_mut().zip(samples) {
            figures.push(sample);
        }
    }
    let [seal_ours, seal_theirs, open_ours, open_theirs] = figures.map(median);
    Ok(Sealing { seal: (seal_ours, seal_theirs), open: (open_ours, open_theirs) })
}

/// Opening in place destroys what was sealed, so each pass begins with a copy; both pay the same for it.
fn open_ours(key: &Gcm, turn: Duration) -> Result<f64> {
    let mut sealed = vec![1; CHUNK];
    let tag = key.seal(&NONCE, &mut sealed);
    let mut text = sealed.clone();
    speed(turn, || {
        text.copy_from_slice(&sealed);
        Ok(key.open(&NONCE, &mut text, &tag).map_err(|_| "what we sealed does not open")?)
    })
}

fn open_theirs(key: &LessSafeKey, turn: Duration) -> Result<f64> {
    let mut sealed = vec![1; CHUNK];
    let tag = seal_theirs(key, &mut sealed)?;
    sealed.extend_from_slice(tag.as_ref());
    let mut text = sealed.clone();
    speed(turn, || {
        text.copy_from_slice(&sealed);
        key.open_in_place(nonce(), Aad::empty(), &mut text)?;
        Ok(())
    })
}

fn seal_theirs(key: &LessSafeKey, text: &mut [u8]) -> Result<Tag> {
    Ok(key.seal_in_place_separate_tag(nonce(), Aad::empty(), text)?)
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key(NONCE)
}

/// GB/s of a step over one chunk.
fn speed(turn: Duration, mut step: impl FnMut() -> Result<()>) -> Result<f64> {
    let (began, mut chunks) = (Instant::now(), 0_u64);
    while began.elapsed() < turn {
        for _ in 0..64 {
            step()?;
        }
        chunks += 64;
    }
    Ok(real(chunks) * real(count(CHUNK)) / began.elapsed().as_secs_f64() / 1e9)
}
