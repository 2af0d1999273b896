//! What a listing asks of its backend: in the order of what it shows, however many keys a common prefix hides.

use crate::cases::run;
use crate::support::stack::Stack;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use waxseal::gateway::{List, Page, Start};

async fn page(stack: &Stack, delimiter: &str, start: Start, limit: usize) -> Page {
    let delimiter = Some(delimiter.to_owned());
    let list = List { bucket: "two".into(), prefix: String::new(), delimiter, start, limit };
    stack.gateway.list(stack.permit(list)).await.unwrap()
}

/// Groups with many keys, groups with one key, keys without a group; with the `object` and `small` that are there.
fn keys() -> Vec<String> {
    let many = (0..30).flat_map(|group| (0..40).map(move |key| format!("many{group:02}/{key:02}")));
    let one = (0..40).map(|group| format!("one{group:02}/key"));
    let plain = (0..40).map(|key| format!("plain{key:02}"));
    many.chain(one).chain(plain).collect()
}

#[test]
fn a_page_asks_for_as_many_entries_as_it_shows_and_not_its_square() {
    run(|stack, hostile| async move {
        for key in keys() {
            stack.put("two", &key, b"x".to_vec()).await.unwrap();
        }
        for (delimiter, limit) in [("/", 25), ("/", 1), ("/", 1_000), ("0/", 25), ("n", 7)] {
            let (mut start, mut shown, mut expected) = (Start::First, Vec::new(), BTreeSet::new());
            for key in keys().into_iter().chain(["object".into(), "small".into()]) {
                let group = key.split_once(delimiter).map(|(group, _)| format!("{group}{delimiter}"));
                expected.insert(group.unwrap_or(key));
            }
            loop {
                let before = hostile.listed.load(Ordering::Relaxed);
                let page = page(&stack, delimiter, start, limit).await;
                let count = page.objects.len() + page.prefixes.len();
                let asked = hostile.listed.load(Ordering::Relaxed) - before;
                assert!(asked <= 6 * (count + 1), "{asked} entries for {count} at {delimiter:?}");
                assert!(count == limit || page.next.is_none(), "a page of {count}");
                let mut names: Vec<_> = page.objects.into_iter().map(|object| object.key).chain(page.prefixes).collect();
                names.sort();
                shown.extend(names);
                match page.next {
                    Some(next) => start = Start::Token(next.token),
                    None => break,
                }
            }
            assert_eq!(shown, expected.into_iter().collect::<Vec<_>>(), "{delimiter:?}");
        }
    });
}
