//! A power cut: what was not synced is gone.
//!
//! The store lies on an ext4 in a file, which writes nothing by itself for five minutes. The server is killed, the file
//! copied as it is, and the copy mounted: it holds what a disk would hold after the cut.

use crate::support::client::request;
use crate::support::server::Home;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

/// A mounted file system, unmounted when dropped.
struct Mounted<'p>(&'p Path);

impl<'p> Mounted<'p> {
    fn new(image: &Path, at: &'p Path) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount").args(["-o", "loop,commit=300"]).args([image, at]).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(at))
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

fn content(writer: usize, step: usize) -> Vec<u8> {
    let length = [10, 4_096, 70_000, 200_000][step % 4] + writer;
    format!("{writer}/{step};").bytes().cycle().take(length).collect()
}

#[test]
fn no_acknowledged_write_is_lost_by_a_power_cut() {
    let rounds: usize = std::env::var("WAXSEAL_CUTS").map_or(3, |text| text.parse().unwrap());
    for round in 0..rounds {
        let folder = tempfile::tempdir().unwrap();
        let (image, copy) = (folder.path().join("image"), folder.path().join("copy"));
        let (before, after) = (folder.path().join("before"), folder.path().join("after"));
        std::fs::File::create(&image).unwrap().set_len(512 << 20).unwrap();
        let made = Command::new("mkfs.ext4").arg("-q").arg(&image).output().is_ok_and(|output| output.status.success());
        let Some(mounted) = made.then(|| Mounted::new(&image, &before)).flatten() else {
            println!("skipped: a loop file can be mounted by root only, where mkfs.ext4 is");
            return;
        };
        let server = Home::at(&before).serve();
        let client = server.client();
        assert_eq!(client.send(&request("PUT", "/cut")).status, 200);
        let acknowledged = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let (client, acknowledged) = (&client, &acknowledged);
                scope.spawn(move || {
                    for step in 0..1_000 {
                        let put = request("PUT", &format!("/cut/w{writer}-{step}")).body(content(writer, step)).unsigned();
                        match client.try_send(&put) {
                            Ok(answer) if answer.status == 200 => acknowledged.lock().unwrap().push((writer, step)),
                            Ok(answer) => panic!("{}", answer.text()),
                            Err(_gone) => return,
                        }
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(400 + 100 * round as u64));
            server.kill();
        });
        assert!(
            Command::new("cp")
                .args(["--sparse=always".as_ref(), image.as_os_str(), copy.as_os_str()])
                .status()
                .unwrap()
                .success()
        );
        drop(mounted);
        let cut = Mounted::new(&copy, &after).expect("the file system survives a cut");
        let server = Home::at(&after).serve();
        let acknowledged = acknowledged.into_inner().unwrap();
        assert!(acknowledged.len() > 20, "only {} writes", acknowledged.len());
        for (writer, step) in &acknowledged {
            let answer = server.client().send(&request("GET", &format!("/cut/w{writer}-{step}")));
            assert!(
                answer.status == 200 && answer.body == content(*writer, *step),
                "round {round}: w{writer}-{step} is lost: {}",
                answer.status
            );
        }
        println!("round {round}: {} acknowledged writes survived", acknowledged.len());
        drop((server, cut));
    }
}
