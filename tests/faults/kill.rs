//! kill -9 under 16 writers.

use crate::support::client::{Client, request};
use crate::support::server::Home;
use crate::writer::Writer;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const WRITERS: usize = 16;

#[test]
fn no_acknowledged_effect_is_lost_by_kill_nine_under_16_writers() {
    let rounds: usize = std::env::var("WAXSEAL_KILLS").map_or(50, |text| text.parse().unwrap());
    let home = Home::in_memory();
    let mut server = home.serve();
    assert_eq!(server.client().send(&request("PUT", "/killed")).status, 200);
    let mut writers: Vec<Writer> = (0..WRITERS).map(Writer::new).collect();
    for round in 0..rounds {
        let (client, stop) = (server.client(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for writer in &mut writers {
                let (client, stop) = (&client, &stop);
                scope.spawn(move || writer.work(client, round, stop));
            }
            std::thread::sleep(Duration::from_millis(100 + 10 * (round as u64 % 20)));
            server.kill();
            stop.store(true, Ordering::Relaxed);
        });
        let begun = Instant::now();
        server = home.serve();
        assert!(begun.elapsed() < Duration::from_secs(5), "not ready in time: {:?}", begun.elapsed());
        check(&server.client(), &mut writers, round);
    }
    let acknowledged = writers.iter().fold([0; 6], |sums, writer| std::array::from_fn(|at| sums[at] + writer.acknowledged[at]));
    println!("acknowledged: {acknowledged:?} puts, copies, deletes, parts, completed and aborted uploads");
    assert!(rounds < 10 || acknowledged.iter().all(|count| *count > 0), "some effects were never tried: {acknowledged:?}");
    assert!(server.stop().success());
    let verified = crate::support::server::waxseal().arg("verify").args(home.place()).output().unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

fn check(client: &Client, writers: &mut [Writer], round: usize) {
    for writer in writers {
        writer.check_uploads(client, round);
        writer.check_keys(client, round);
    }
}
