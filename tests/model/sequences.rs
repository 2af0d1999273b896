//! 10^4 sequences: what an operation that was abandoned leaves is the old state or the new one.

use crate::support::scratch::in_memory;
use crate::support::stack::{Dice, Stack};
use crate::uploads::{Scene, Uploads};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use waxseal::access::CannedAcl;
use waxseal::gateway::{Conditions, Copy, Delete, Doomed, Encryption, Error, List, Lock, Place, Refusal, Start};
use waxseal::store::Backend;

pub const KEYS: [&str; 5] = ["a", "a/b", "a//b", "b", "z"];

/// A future that is abandoned after so many polls.
pub struct Abandoned<F> {
    pub inner: Pin<Box<F>>,
    pub polls: usize,
}

impl<F: Future> Future for Abandoned<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        self.inner.as_mut().poll(context).map(Some)
    }
}

type Model = BTreeMap<&'static str, Vec<u8>>;

pub async fn state(stack: &Stack, key: &str) -> Option<Vec<u8>> {
    match stack.get("model", key, None).await {
        (content, Ok(())) => Some(content),
        (_, Err(Error::Refused(Refusal::NoSuchKey))) => None,
        (_, Err(error)) => panic!("{key}: {error}"),
    }
}

/// One operation; gives what it makes of its key, and whether it was seen to end.
async fn step(stack: &Stack, dice: &mut Dice, model: &Model, polls: usize) -> (&'static str, Option<Vec<u8>>, bool) {
    let key = KEYS[dice.below(KEYS.len())];
    match dice.below(5) {
        0..3 => {
            let large = if dice.below(8) == 0 { 6 } else { 4 };
            let length = [0, 1, 100, 5_000, 70_000, 300_000][dice.below(large)];
            let byte = dice.next().to_be_bytes()[0];
            let content: Vec<u8> = (0..length).map(|i| byte.wrapping_add(i as u8)).collect();
            let put = stack.put("model", key, content.clone());
            let ended = Abandoned { inner: Box::pin(put), polls }.await;
            (key, Some(content), ended.inspect(|result| assert!(result.is_ok(), "{result:?}")).is_some())
        }
        3 => {
            let delete = Delete {
                bucket: "model".into(),
                doomed: vec![Doomed { key: key.into(), version: None, if_match: None }],
                bypass: false,
            };
            let delete = stack.gateway.delete(stack.permit(delete));
            let ended = Abandoned { inner: Box::pin(delete), polls }.await;
            (key, None, ended.is_some())
        }
        _ => {
            let from = KEYS[dice.below(KEYS.len())];
            let copy = Copy {
                bucket: "model".into(),
                key: key.into(),
                source: Place { bucket: "model".into(), key: from.into(), version: None },
                about: Some(waxseal::gateway::About::default()),
                conditions: Conditions::default(),
                source_conditions: Conditions::default(),
                tags: None,
                lock: Lock::default(),
                acl: CannedAcl::Private,
                encryption: Encryption::Usual,
                source_customer: None,
                checksum: None,
            };
            let copy = stack.gateway.copy(stack.permit(copy));
            let ended = Abandoned { inner: Box::pin(copy), polls }.await;
            if let Some(result) = &ended {
                assert_eq!(result.is_ok(), model.contains_key(from), "{result:?}");
            }
            let becomes = model.get(from).or(model.get(key)).cloned();
            (key, becomes, ended.is_some())
        }
    }
}

async fn sequence((stack, backend): (&Stack, &dyn Backend), dice: &mut Dice, (model, uploads): (&mut Model, &mut Uploads)) {
    for _ in 0..1 + dice.below(6) {
        let abandon = dice.below(3) == 0;
        let polls = if abandon { dice.below(4) } else { usize::MAX };
        if dice.below(3) == 0 {
            let changed = uploads.step(Scene { stack, backend, dice, polls }).await;
            model.extend(changed);
            continue;
        }
        let (key, becomes, ended) = step(stack, dice, model, polls).await;
        let before = model.get(key).cloned();
        let after = if ended {
            becomes
        } else {
            // What was already handed to the store is done before this is.
            backend.ready().await.unwrap();
            let found = state(stack, key).await;
            assert!(found == before || found == becomes, "{key}: neither the old nor the new state");
            found
        };
        match after {
            Some(content) => drop(model.insert(key, content)),
            None => drop(model.remove(key)),
        }
    }
    let list = List { bucket: "model".into(), prefix: String::new(), delimiter: None, start: Start::First, limit: 100 };
    let page = stack.gateway.list(stack.permit(list)).await.unwrap();
    let listed: Vec<(&str, usize)> = page.objects.iter().map(|object| (object.key.as_str(), object.size as usize)).collect();
    let expected: Vec<(&str, usize)> = model.iter().map(|(key, content)| (*key, content.len())).collect();
    assert_eq!(listed, expected);
    let key = KEYS[dice.below(KEYS.len())];
    assert!(state(stack, key).await == model.get(key).cloned(), "{key} holds something else");
}

#[test]
fn ten_thousand_sequences_agree_with_the_model() {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (count, seed) = (number("WAXSEAL_SEQUENCES", 10_000), number("WAXSEAL_SEED", 20_261_124));
    println!("seed {seed}, {count} sequences");
    let folder = in_memory();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut dice = Dice(seed | 1);
    runtime.block_on(async {
        let stack = Stack::create(folder.path(), |store| Arc::new(store)).await;
        stack.bucket("model").await;
        drop(stack);
        let (mut model, mut uploads) = (Model::new(), Uploads::default());
        let mut left = count;
        while left > 0 {
            let (stack, store) = Stack::open(folder.path()).await;
            for _ in 0..500.min(left) {
                sequence((&stack, &store), &mut dice, (&mut model, &mut uploads)).await;
            }
            left = left.saturating_sub(500);
            for key in KEYS {
                assert!(state(&stack, key).await == model.get(key).cloned());
            }
            uploads.check(&stack).await;
            // Jobs that were abandoned may still hold the store for a moment.
            drop((stack, store));
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    });
}
