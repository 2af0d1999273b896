//! What such a backend tries.

use crate::backend::Hostile;
use crate::support::scratch::in_memory;
use crate::support::stack::{Dice, Stack};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use std::sync::Arc;
use waxseal::access::{CannedAcl, Operation};
use waxseal::gateway::{Conditions, Copy, Encryption, Error, Head, Lock, Place, Span};

const CHUNK: usize = 65_536;
const SEALED: usize = 65_552;

fn noise(length: usize) -> Vec<u8> {
    let mut dice = Dice(77);
    (0..length).map(|_| dice.next().to_be_bytes()[0]).collect()
}

/// Three chunks, the last not full, and a small object in two buckets.
pub fn run<F: Future<Output = ()>>(case: impl FnOnce(Arc<Stack>, Hostile) -> F) {
    let folder = in_memory();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut hostile = None;
        let stack = Stack::create(folder.path(), |store| {
            let made = Hostile::new(store);
            hostile = Some(made.clone());
            Arc::new(made)
        })
        .await;
        for bucket in ["one", "two"] {
            stack.bucket(bucket).await;
            stack.put(bucket, "object", noise(2 * CHUNK + 100)).await.unwrap();
            stack.put(bucket, "small", noise(100)).await.unwrap();
        }
        case(Arc::new(stack), hostile.unwrap()).await;
    });
}

async fn stored(hostile: &Hostile, path: &str) -> Vec<u8> {
    hostile.inner.get(&Path::from(path)).await.unwrap().bytes().await.unwrap().to_vec()
}

fn is_integrity(error: &Error) -> bool {
    matches!(error, Error::Tampered { .. } | Error::Unavailable(_))
}

/// A lie must be refused whole: no byte, by GET as by HEAD.
async fn refused_whole(stack: &Stack, path: &str, what: &str) {
    let (bucket, key) = path.split_once('/').unwrap();
    let (content, result) = stack.get(bucket, key, None).await;
    let error = result.expect_err(what);
    assert!(content.is_empty() && is_integrity(&error), "{what}: {} bytes, {error}", content.len());
    let conditions = Conditions::default();
    let head = Head { bucket: bucket.into(), key: key.into(), version: None, range: None, conditions, customer: None };
    assert!(is_integrity(&stack.gateway.head(stack.permit(head)).await.expect_err(what)), "HEAD vouched for {what}");
}

/// A lie may be noticed late: then a true beginning, and a break.
async fn broken_off(stack: &Stack, path: &str, plain: &[u8], what: &str) {
    let (bucket, key) = path.split_once('/').unwrap();
    let (content, result) = stack.get(bucket, key, None).await;
    let error = result.expect_err(what);
    assert!(plain.starts_with(&content) && content.len() < plain.len(), "{what}: other bytes");
    assert!(is_integrity(&error), "{what}: {error}");
}

#[test]
fn every_bit_of_head_footer_and_entries_is_vouched_for() {
    run(async |stack, hostile| {
        let genuine = stored(&hostile, "one/small").await;
        let end = genuine.len() - 1_392;
        for bit in 0..1_392 * 8 {
            let mut lie = genuine.clone();
            lie[end + bit / 8] ^= 1 << (bit % 8);
            hostile.serve("one/small", lie);
            refused_whole(&stack, "one/small", &format!("bit {bit}")).await;
        }
    });
}

#[test]
fn every_chunk_is_vouched_for() {
    run(async |stack, hostile| {
        let (genuine, plain) = (stored(&hostile, "one/object").await, noise(2 * CHUNK + 100));
        for chunk in 0..3 {
            let (start, length) = (chunk * SEALED, if chunk == 2 { 116 } else { SEALED });
            for at in [0, 1, length / 2, length - 17, length - 16, length - 1] {
                let mut lie = genuine.clone();
                lie[start + at] ^= 0x10;
                hostile.serve("one/object", lie);
                broken_off(&stack, "one/object", &plain, &format!("byte {at} of chunk {chunk}")).await;
            }
        }
    });
}

#[test]
fn exchanged_objects_are_refused() {
    run(async |stack, hostile| {
        let pairs =
            [("one/object", "two/object"), ("one/object", "one/small"), ("two/small", "one/small"), ("one/small", "one/object")];
        for (path, with) in pairs {
            hostile.serve(path, stored(&hostile, with).await);
            refused_whole(&stack, path, &format!("{with} in place of {path}")).await;
        }
    });
}

#[test]
fn an_object_that_is_cut_grown_or_reordered_is_refused() {
    run(async |stack, hostile| {
        let (genuine, plain) = (stored(&hostile, "one/object").await, noise(2 * CHUNK + 100));
        let cut = |from: usize, to: usize| [&genuine[..from], &genuine[to..]].concat();
        let doubled = [&genuine[..SEALED], &genuine[..]].concat();
        let lies = [
            ("nothing", Vec::new()),
            ("the first byte", genuine[..1].to_vec()),
            ("no first chunk", cut(0, SEALED)),
            ("no second chunk", cut(SEALED, 2 * SEALED)),
            ("no last chunk", cut(2 * SEALED, 2 * SEALED + 116)),
            ("no chunks", cut(0, 2 * SEALED + 116)),
            ("no Head", genuine[..genuine.len() - 1_024].to_vec()),
            ("a chunk twice", doubled),
            ("zeros before", [vec![0; 16], genuine.clone()].concat()),
            ("zeros behind", [genuine.clone(), vec![0; 16]].concat()),
            ("plaintext", plain.clone()),
        ];
        for (what, lie) in lies {
            hostile.serve("one/object", lie);
            refused_whole(&stack, "one/object", what).await;
        }
        let mut swapped = genuine.clone();
        swapped[..SEALED].copy_from_slice(&genuine[SEALED..2 * SEALED]);
        swapped[SEALED..2 * SEALED].copy_from_slice(&genuine[..SEALED]);
        hostile.serve("one/object", swapped);
        broken_off(&stack, "one/object", &plain, "chunks in another order").await;
    });
}

#[test]
fn a_range_outside_the_damage_succeeds_and_inside_gives_no_byte_of_it() {
    run(async |stack, hostile| {
        let (mut lie, plain) = (stored(&hostile, "one/object").await, noise(2 * CHUNK + 100));
        lie[SEALED + 9] ^= 1;
        hostile.serve("one/object", lie);
        let range = |first: usize, last: usize| Some(Span::From(first as u64, Some(last as u64)));
        let (before, result) = stack.get("one", "object", range(0, CHUNK - 1)).await;
        assert!(result.is_ok() && before == plain[..CHUNK]);
        let (after, result) = stack.get("one", "object", range(2 * CHUNK, 2 * CHUNK + 99)).await;
        assert!(result.is_ok() && after == plain[2 * CHUNK..]);
        for (first, last) in [(CHUNK, CHUNK), (2 * CHUNK - 1, 2 * CHUNK - 1), (CHUNK + 9, CHUNK + 9), (CHUNK - 1, CHUNK)] {
            let (content, result) = stack.get("one", "object", range(first, last)).await;
            assert!(result.is_err() && plain[first..].starts_with(&content) && content.len() < last - first + 1);
        }
    });
}

#[test]
fn a_damaged_object_is_not_copied() {
    run(async |stack, hostile| {
        let mut lie = stored(&hostile, "one/small").await;
        let at = lie.len() - 500;
        lie[at] ^= 1;
        hostile.serve("one/small", lie);
        let copy = Copy {
            bucket: "two".into(),
            key: "copied".into(),
            source: Place { bucket: "one".into(), key: "small".into(), version: None },
            about: None,
            conditions: Conditions::default(),
            source_conditions: Conditions::default(),
            tags: None,
            lock: Lock::default(),
            acl: CannedAcl::Private,
            encryption: Encryption::Usual,
            source_customer: None,
            checksum: None,
        };
        assert_eq!(copy.source().map(|source| source.bucket), Some("one"));
        assert!(is_integrity(&stack.gateway.copy(stack.permit(copy)).await.unwrap_err()));
        assert!(stack.get("two", "copied", None).await.1.is_err());
        hostile.honest();
        assert_eq!(stack.get("one", "small", None).await.0, noise(100));
    });
}

#[test]
fn ten_thousand_mutants_give_true_beginnings_and_one_kind_of_error() {
    run(async |stack, hostile| {
        let mut dice = Dice(20_261_124);
        let (small, object) = (stored(&hostile, "one/small").await, stored(&hostile, "one/object").await);
        for round in 0..10_000 {
            let (path, genuine, plain) =
                if round % 16 == 0 { ("one/object", &object, noise(2 * CHUNK + 100)) } else { ("one/small", &small, noise(100)) };
            let mut lie = genuine.clone();
            match dice.below(4) {
                0 => {
                    let at = dice.below(lie.len());
                    lie[at] ^= 1 << dice.below(8);
                }
                1 => lie.truncate(dice.below(genuine.len())),
                2 => {
                    let (at, length) = (dice.below(lie.len()), dice.below(200) + 1);
                    drop(lie.splice(at..at, vec![0; length]));
                }
                _ => {
                    let (a, b) = (dice.below(lie.len() - 16), dice.below(lie.len() - 16));
                    let piece = lie[a..a + 16].to_vec();
                    lie[b..b + 16].copy_from_slice(&piece);
                }
            }
            if lie == *genuine {
                continue;
            }
            hostile.serve(path, lie);
            let (content, result) = stack.get("one", path.split_once('/').unwrap().1, None).await;
            let error = result.expect_err("a mutant was served");
            assert!(plain.starts_with(&content) && content.len() <= plain.len(), "round {round}: other bytes");
            assert!(matches!(error, Error::Tampered { .. }), "round {round}: {error}");
        }
    });
}
