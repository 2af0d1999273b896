//! kill -9 under 16 writers.

use crate::support::client::{Client, request};
use crate::support::server::Home;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const WRITERS: usize = 16;
const KEYS: usize = 4;

/// What a key may hold: what was acknowledged last, or what was attempted since.
#[derive(Clone, Default)]
struct Known {
    acknowledged: Option<Vec<u8>>,
    attempted: Vec<Option<Vec<u8>>>,
}

fn content(writer: usize, round: usize, step: usize) -> Vec<u8> {
    let length = [10, 4_096, 70_000, 300_000][step % 4] + writer;
    let mark = format!("{writer}/{round}/{step};");
    mark.bytes().cycle().take(length).collect()
}

/// Writes, overwrites, copies and deletes until the server is gone.
fn work(client: &Client, writer: usize, round: usize, known: &mut HashMap<String, Known>, stop: &AtomicBool) {
    for step in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let key = format!("w{writer}-k{}", step % KEYS);
        let path = format!("/killed/{key}");
        let (asked, becomes) = match step % 7 {
            5 => (request("DELETE", &path), None),
            6 => {
                let from = format!("w{writer}-k{}", (step + 1) % KEYS);
                let Some(Known { acknowledged: Some(content), .. }) = known.get(&from).filter(|known| known.attempted.is_empty())
                else {
                    continue;
                };
                (request("PUT", &path).header("x-amz-copy-source", &format!("/killed/{from}")), Some(content.clone()))
            }
            _ => {
                let content = content(writer, round, step);
                (request("PUT", &path).body(content.clone()).unsigned(), Some(content))
            }
        };
        let entry = known.entry(key).or_default();
        entry.attempted.push(becomes.clone());
        match client.try_send(&asked) {
            Ok(answer) if answer.status < 300 => {
                entry.acknowledged = becomes;
                entry.attempted.clear();
            }
            Ok(answer) => panic!("{} {}: {}", asked.method, path, answer.text()),
            Err(_gone) => return,
        }
    }
}

#[test]
fn no_acknowledged_effect_is_lost_by_kill_nine_under_16_writers() {
    let rounds: usize = std::env::var("WAXSEAL_KILLS").map_or(50, |text| text.parse().unwrap());
    let home = Home::in_memory();
    let mut server = home.serve();
    assert_eq!(server.client().send(&request("PUT", "/killed")).status, 200);
    let mut all: Vec<HashMap<String, Known>> = vec![HashMap::new(); WRITERS];
    for round in 0..rounds {
        let (client, stop) = (server.client(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for (writer, known) in all.iter_mut().enumerate() {
                let (client, stop) = (&client, &stop);
                scope.spawn(move || work(client, writer, round, known, stop));
            }
            std::thread::sleep(Duration::from_millis(100 + 10 * (round as u64 % 20)));
            server.kill();
            stop.store(true, Ordering::Relaxed);
        });
        let begun = Instant::now();
        server = home.serve();
        assert!(begun.elapsed() < Duration::from_secs(5), "not ready in time: {:?}", begun.elapsed());
        let client = server.client();
        for known in &mut all {
            for (key, known) in known {
                let answer = client.send(&request("GET", &format!("/killed/{key}")));
                let found = match answer.status {
                    200 => Some(answer.body),
                    404 => None,
                    status => panic!("round {round}, {key}: {status} {}", answer.text()),
                };
                let allowed = found == known.acknowledged || known.attempted.contains(&found);
                assert!(
                    allowed,
                    "round {round}, {key}: {:?} bytes are neither what was acknowledged nor attempted",
                    found.map(|b| b.len())
                );
                (known.acknowledged, known.attempted) = (found, Vec::new());
            }
        }
    }
    assert!(server.stop().success());
    let verified = crate::support::server::waxseal().arg("verify").args(home.place()).output().unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}
