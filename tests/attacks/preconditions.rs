//! Preconditions hold at the moment of the commit, whoever else writes.

use crate::fixture::{BUCKET, client, get, put, refused_as, unharmed};
use crate::support::client::request;

fn remove(key: &str) {
    assert_eq!(client().send(&request("DELETE", &format!("/{BUCKET}/{key}"))).status, 204);
}

#[test]
fn if_none_match_refuses_an_existing_key() {
    let refused = client().send(&put("old", "new").header("if-none-match", "*"));
    refused_as(&refused, 412, "PreconditionFailed");
    assert_eq!(refused.element("Condition"), "If-None-Match");
    assert!(refused.header("waxseal-condition").is_none());
    unharmed(&client(), "none");
}

#[test]
fn of_24_racing_creators_exactly_one_wins() {
    for round in 0..10 {
        let key = format!("race-{round}");
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..24)
                .map(|racer| {
                    let key = &key;
                    scope.spawn(move || client().send(&put(key, format!("{racer}")).header("if-none-match", "*")).status)
                })
                .collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [200, 409, 412].contains(status)), "{statuses:?}");
        remove(&key);
    }
}

#[test]
fn if_match_takes_only_the_current_object() {
    refused_as(&client().send(&put("absent", "x").header("if-match", "\"00\"")), 404, "NoSuchKey");
    refused_as(
        &client().send(&put("old", "x").header("if-match", "\"00000000000000000000000000000000\"")),
        412,
        "PreconditionFailed",
    );
    assert_eq!(client().send(&put("swapped", "one")).status, 200);
    let etag = client().send(&get("swapped")).header("etag").unwrap().to_owned();
    assert_eq!(client().send(&put("swapped", "two").header("if-match", &etag)).status, 200);
    refused_as(&client().send(&put("swapped", "three").header("if-match", &etag)), 412, "PreconditionFailed");
    let current = client().send(&get("swapped")).header("etag").unwrap().to_owned();
    let list = format!("\"00\", {current}");
    assert_eq!(client().send(&get("swapped").header("if-match", &list)).status, 200);
    assert_eq!(client().send(&get("swapped").header("if-none-match", &list)).status, 304);
    assert_eq!(client().send(&get("swapped")).text(), "two");
    remove("swapped");
    unharmed(&client(), "absent");
}

#[test]
fn no_update_is_lost_among_compare_and_swappers() {
    assert_eq!(client().send(&put("counter", "0")).status, 200);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let mut done = 0;
                while done < 5 {
                    let seen = client().send(&get("counter"));
                    let next = seen.text().parse::<u32>().unwrap() + 1;
                    let swap = put("counter", next.to_string()).header("if-match", seen.header("etag").unwrap());
                    done += u32::from(client().send(&swap).status == 200);
                }
            });
        }
    });
    assert_eq!(client().send(&get("counter")).text(), "30");
    remove("counter");
}

#[test]
fn a_reader_sees_one_version_whole() {
    let versions: Vec<Vec<u8>> = (0..4_u8).map(|n| vec![b'a' + n; 300_000 + usize::from(n)]).collect();
    assert_eq!(client().send(&put("versions", versions[0].clone()).unsigned()).status, 200);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..20 {
                assert_eq!(client().send(&put("versions", versions[round % 4].clone()).unsigned()).status, 200);
            }
        });
        while !writer.is_finished() {
            let seen = client().send(&get("versions"));
            assert!(versions.contains(&seen.body), "{} bytes of no version", seen.body.len());
        }
    });
    remove("versions");
}
