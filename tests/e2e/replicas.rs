//! Any number of the program before one bucket of S3: they share nothing else.

use crate::parts::{UNIT, Upload, done, elements, get, put};
use crate::support::client::{Client, request};
use crate::support::proxy::Proxy;
use crate::support::s3_server::{self, BUCKET, Kind, S3Server};
use crate::support::server::{Home, Server, waxseal};
use crate::tool::{client, noise, output, run};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

/// Replicas of one store, which is made by the first.
fn replicas<const N: usize>(home: &Home, backend: &S3Server) -> [Server; N] {
    std::array::from_fn(|_| home.serve_before(&backend.url()))
}

/// Asks until it is answered so: what one replica knows the others know within two seconds.
fn soon(client: &Client, path: &str, status: u16) {
    let begun = Instant::now();
    while client.send(&request("HEAD", path)).status != status {
        assert!(begun.elapsed() < Duration::from_secs(4), "{path} is not {status} after four seconds");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_the_backend_holds_opens_for_an_independent_reader() {
    let Some(backend) = S3Server::shared() else { return };
    let home = Home::in_memory();
    let server = home.serve_before(&backend.url());
    done(server.client().send(&request("PUT", "/clinic")), 200);
    let large = noise(2 * UNIT + 12_345, 1);
    done(server.client().send(&put("/clinic/small", &noise(70_000, 2))), 200);
    done(server.client().send(&put("/clinic/large", &large)), 200);
    let upload = Upload::begin(&server.client(), "/clinic/parts");
    let etags = [upload.part(1, &large[..UNIT]), upload.part(7, &large[UNIT..2 * UNIT]), upload.part(9, &large[2 * UNIT..])];
    done(upload.complete(&[(1, &etags[0]), (7, &etags[1]), (9, &etags[2])]), 200);
    let raw = |name: &str| done(backend.client().send(&get(&format!("/{BUCKET}/{}/{name}", home.prefix()))), 200).body;
    let ring = raw(".waxseal/keyring");
    std::fs::write(home.path().join("keyring"), &ring).unwrap();
    let Some(_) = client("python", home.path()) else { return };
    let ring = String::from_utf8(ring).unwrap();
    let line = ring.lines().find(|line| line.starts_with("bucket ") && line.ends_with(" clinic")).unwrap();
    let uuid = line.split(' ').nth(1).unwrap();
    for (key, body) in [("small", noise(70_000, 2)), ("large", large.clone()), ("parts", large)] {
        let file = home.path().join("sealed");
        let sealed = raw(&format!("clinic/{key}"));
        assert!(!sealed.windows(64).any(|window| window == &body[..64]));
        std::fs::write(&file, sealed).unwrap();
        let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/waxseal_ref.py");
        let mut python = client("python", home.path()).unwrap();
        python.arg(reader).args(["open", "--keyring"]).arg(home.path().join("keyring")).arg("--root").arg(home.root_key());
        let opened = output(python.args(["--bucket-uuid", uuid, "--key", key]).arg(&file));
        assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
        assert!(opened.stdout == body, "the reference opened {key} to something else");
    }
}

#[test]
fn replicas_that_start_first_and_together_make_one_store() {
    let Some(backend) = S3Server::shared() else { return };
    for _ in 0..3 {
        let home = Home::in_memory();
        let made = output(waxseal().args(["keyring", "new-root"]).arg(home.root_key()));
        assert!(made.status.success());
        let section = s3_server::section(home.path(), &backend.url(), &home.prefix());
        let files: Vec<_> = (0..3).map(|number| home.path().join(format!("{number}.toml"))).collect();
        files.iter().for_each(|file| std::fs::write(file, &section).unwrap());
        let servers: Vec<Server> = std::thread::scope(|scope| {
            let home = &home;
            let start = |file: &Path| home.serve_with(&["--config", file.to_str().unwrap()]);
            let started: Vec<_> = files.iter().map(|file| scope.spawn(move || start(file))).collect();
            started.into_iter().map(|one| one.join().unwrap()).collect()
        });
        done(servers[0].client().send(&request("PUT", "/together")), 200);
        for server in &servers {
            done(server.client().send(&put("/together/key", b"content")), 200);
        }
    }
}

#[test]
fn which_buckets_of_the_backend_hold_a_store_is_chosen_when_it_is_made() {
    let Some(backend) = S3Server::shared() else { return };
    let home = Home::in_memory();
    drop(home.serve_before(&backend.url()));
    let (file, root) = (home.path().join("own.toml"), home.root_key());
    let section = s3_server::section(home.path(), &backend.url(), &home.prefix());
    let verify = |own: &str| {
        std::fs::write(&file, format!("root_key = {root:?}\n{section}{own}")).unwrap();
        output(waxseal().arg("verify").arg("--config").arg(&file))
    };
    assert!(verify("").status.success());
    let refused = verify("own_buckets = \"own-\"\n");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("remove backend.own_buckets"), "{said}");
}

#[test]
fn what_the_backend_lacks_is_told_where_operators_look() {
    let Some(backend) = S3Server::shared() else { return };
    let home = Home::in_memory();
    let server = home.serve_before(&backend.url());
    let asked = |path: &str| Client::new(&server.admin, "", "").anonymous(&request("GET", path)).text();
    assert!(asked("/readyz").starts_with("ready\nthe backend lacks keys below keys"), "{}", asked("/readyz"));
    let metrics = asked("/metrics");
    let uploads = u8::from(Kind::of_run() == Kind::MinIO);
    for (capability, lacks) in [("create", 0), ("complete_if", 0), ("nested", 1), ("uploads", uploads)] {
        let line = format!("waxseal_backend_lacks{{capability=\"{capability}\"}} {lacks}\n");
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
}

#[test]
fn a_store_is_copied_to_s3_and_back_without_being_opened() {
    let Some(backend) = S3Server::shared() else { return };
    let (home, there, back) = (Home::in_memory(), Home::in_memory(), Home::in_memory());
    let large = noise(2 * UNIT + 777, 4);
    let server = home.serve_on_disk();
    done(server.client().send(&request("PUT", "/moved")), 200);
    for number in 0..30_usize {
        done(server.client().send(&put(&format!("/moved/{number}"), &noise(number * 5_000, 5))), 200);
    }
    done(server.client().send(&put("/moved/large", &large).header("x-amz-meta-note", &"n".repeat(1_500))), 200);
    assert!(server.stop().success());
    std::fs::copy(home.root_key(), there.root_key()).unwrap();
    std::fs::copy(home.root_key(), back.root_key()).unwrap();
    let file = there.path().join("copy.toml");
    let section = s3_server::section(there.path(), &backend.url(), &there.prefix());
    std::fs::write(&file, format!("root_key = {:?}\n{section}", there.root_key())).unwrap();
    let copy = |from: &Path, to: &Path| run(waxseal().arg("copy-store").arg(from).arg(to));
    let first = copy(&home.store(), &file);
    assert!(first.contains(" 0 there already"), "{first}");
    let again = copy(&home.store(), &file);
    assert!(again.starts_with("0 copied"), "{again}");
    let moved = run(waxseal().arg("verify").arg("--config").arg(&file));
    assert!(moved.contains("sound: 31 objects"), "{moved}");
    let server = there.serve_before(&backend.url());
    assert!(done(server.client().send(&get("/moved/large")), 200).body == large);
    assert!(done(server.client().send(&get("/moved/7")), 200).body == noise(35_000, 5));
    drop(server);
    copy(&file, &back.store());
    let back_again = run(waxseal().arg("verify").args(back.place()));
    assert!(back_again.contains("sound: 31 objects"), "{back_again}");
}

#[test]
fn what_one_replica_does_to_buckets_the_others_tell_of_at_once() {
    let Some(backend) = S3Server::shared() else { return };
    let home = Home::in_memory();
    let servers: [Server; 3] = replicas(&home, backend);
    let clients = servers.each_ref().map(Server::client);
    for turn in 0..6 {
        let [one, two, three] = [0, 1, 2].map(|at| &clients[(turn + at) % 3]);
        let bucket = format!("/at-once-{turn}");
        done(one.send(&request("PUT", &bucket)), 200);
        let foreign = put(&format!("{bucket}/key"), b"x").header("x-amz-expected-bucket-owner", "somebody");
        assert_eq!(three.send(&foreign).code(), "AccessDenied");
        done(two.send(&put(&format!("{bucket}/key"), b"content")), 200);
        assert_eq!(done(three.send(&get(&format!("{bucket}/key"))), 200).body, b"content");
        assert!(elements(&done(three.send(&request("GET", "/")), 200).text(), "Name").contains(&bucket[1..].to_owned()));
        for value in ["first", "second"] {
            let tags = format!("<Tagging><TagSet><Tag><Key>k</Key><Value>{value}</Value></Tag></TagSet></Tagging>");
            done(one.send(&request("PUT", &format!("{bucket}?tagging")).body(tags)), 200);
            for other in [two, three] {
                let told = done(other.send(&request("GET", &format!("{bucket}?tagging"))), 200).text();
                assert_eq!(elements(&told, "Value"), [value]);
            }
        }
        done(two.send(&request("DELETE", &format!("{bucket}/key"))), 204);
        done(two.send(&request("DELETE", &bucket)), 204);
        assert_eq!(three.send(&request("HEAD", &bucket)).status, 404);
        assert_eq!(one.send(&request("DELETE", &bucket)).code(), "NoSuchBucket");
        assert!(!elements(&done(one.send(&request("GET", "/")), 200).text(), "Name").contains(&bucket[1..].to_owned()));
    }
}

#[test]
fn parts_of_one_upload_go_through_all_replicas() {
    let Some(backend) = S3Server::shared() else { return };
    let home = Home::in_memory();
    let [one, two, three] = replicas(&home, backend).map(|server: Server| (server.client(), server));
    done(one.0.send(&request("PUT", "/shared")), 200);
    soon(&two.0, "/shared", 200);
    soon(&three.0, "/shared", 200);
    let bytes = noise(UNIT + 30_000, 3);
    let upload = Upload::begin(&one.0, "/shared/k");
    let through = |client: &Client| Upload { client: client.clone(), path: upload.path.clone(), id: upload.id.clone() };
    let other = through(&two.0).part(1, &noise(UNIT, 9));
    let first = through(&three.0).part(1, &bytes[..UNIT]);
    let last = through(&two.0).part(2, &bytes[UNIT..]);
    assert_ne!(other, first);
    let listed = done(through(&three.0).list(""), 200).text();
    assert_eq!(elements(&listed, "PartNumber"), ["1", "2"]);
    let replaced = through(&two.0).complete(&[(1, &other), (2, &last)]);
    assert_ne!(replaced.status, 200, "an attempt that was replaced was taken");
    let completed = done(through(&two.0).complete(&[(1, &first), (2, &last)]), 200);
    let again = done(through(&three.0).complete(&[(1, &first), (2, &last)]), 200);
    assert_eq!(completed.element("ETag"), again.element("ETag"));
    assert!(done(one.0.send(&get("/shared/k")), 200).body == bytes);
    done(three.0.send(&request("DELETE", "/shared/k")), 204);
    done(two.0.send(&request("DELETE", "/shared")), 204);
    soon(&one.0, "/shared", 404);
}

#[test]
fn what_was_seen_is_read_in_one_request_and_only_while_it_is_current() {
    let Some(backend) = S3Server::shared() else { return };
    let (home, proxy) = (Home::in_memory(), Proxy::before(backend.address));
    let (near, far) = (home.serve_before(&proxy.url()), home.serve_before(&backend.url()));
    let (near, far) = (near.client(), far.client());
    done(near.send(&request("PUT", "/seen")), 200);
    soon(&far, "/seen", 200);
    let (old, new) = (noise(UNIT, 1), noise(UNIT, 2));
    for key in ["/seen/replaced", "/seen/removed"] {
        done(near.send(&put(key, &old)), 200);
        let span = |bytes: &[u8], first: usize, last: usize| {
            let before = proxy.requests();
            let answer = done(near.send(&get(key).header("range", &format!("bytes={first}-{last}"))), 206);
            assert!(answer.body == bytes[first..=last], "{key} {first}-{last}");
            proxy.requests() - before
        };
        assert_eq!(span(&old, 0, 9), 2, "its end, and what was asked for");
        assert_eq!(span(&old, 65_000, 131_000), 1);
        assert_eq!(span(&old, UNIT - 10, UNIT - 1), 1);
        assert!(done(near.send(&get(key)), 200).body == old);
        if key == "/seen/replaced" {
            done(far.send(&put(key, &new)), 200);
            assert_eq!(span(&new, 0, 9), 3, "the old one is refused first");
            assert_eq!(span(&new, 100_000, 200_000), 1);
            assert!(done(near.send(&get(key)), 200).body == new);
        } else {
            done(far.send(&request("DELETE", key)), 204);
            assert_eq!(near.send(&get(key).header("range", "bytes=0-9")).code(), "NoSuchKey");
        }
    }
}

#[test]
fn a_listing_with_opaque_etags_reads_no_object_and_agrees_with_get_and_head() {
    let Some(backend) = S3Server::shared() else { return };
    let (home, proxy) = (Home::in_memory(), Proxy::before(backend.address));
    let sealed_with_md5 = home.serve_before(&backend.url());
    let client = sealed_with_md5.client();
    done(client.send(&request("PUT", "/opaque")), 200);
    let first = done(client.send(&put("/opaque/0", &noise(0, 1))), 200);
    let file = home.path().join("opaque.toml");
    let section = s3_server::section(home.path(), &proxy.url(), &home.prefix());
    std::fs::write(&file, format!("etag = \"opaque\"\n{section}")).unwrap();
    let server = home.serve_with(&["--config", file.to_str().unwrap()]);
    let client = server.client();
    for number in 1..40_usize {
        done(client.send(&put(&format!("/opaque/{number}"), &noise(number * 7_001, 1))), 200);
    }
    let upload = Upload::begin(&client, "/opaque/parts");
    let parts = [(1, upload.part(1, &noise(UNIT, 1))), (2, upload.part(2, b"end"))];
    let completed = done(upload.complete(&[(1, &parts[0].1), (2, &parts[1].1)]), 200);
    done(client.send(&request("PUT", "/opaque/copy").header("x-amz-copy-source", "/opaque/3")), 200);
    done(client.send(&request("GET", "/opaque")), 200);
    let before = proxy.requests();
    let listed = done(client.send(&request("GET", "/opaque?list-type=2")), 200).text();
    assert_eq!(proxy.requests() - before, 1, "requests of a page");
    let (keys, etags) = (elements(&listed, "Key"), elements(&listed, "ETag"));
    let sizes = elements(&listed, "Size");
    assert_eq!(keys.len(), 42);
    for (place, key) in keys.iter().enumerate() {
        let head = done(client.send(&request("HEAD", &format!("/opaque/{key}"))), 200);
        let get = done(client.send(&get(&format!("/opaque/{key}"))), 200);
        let etag = head.header("etag").unwrap();
        assert_eq!(etags[place].replace("&quot;", "\""), etag, "{key}");
        assert_eq!(get.header("etag"), Some(etag), "{key}");
        assert!(etag.ends_with("-0\""), "{key} {etag}");
        assert_eq!(sizes[place], get.body.len().to_string(), "{key}");
    }
    let place = keys.iter().position(|key| key == "parts").unwrap();
    assert_eq!(completed.element("ETag").replace("&quot;", "\""), etags[place].replace("&quot;", "\""));
    assert_ne!(first.header("etag").unwrap(), etags[keys.iter().position(|key| key == "0").unwrap()].replace("&quot;", "\""));
    assert!(done(sealed_with_md5.client().send(&request("HEAD", "/opaque/0")), 200).header("etag") == first.header("etag"));
}

#[test]
fn however_many_clients_there_are_the_backend_has_no_more_connections_than_it_may() {
    let Some(backend) = S3Server::shared() else { return };
    let (home, proxy) = (Home::in_memory(), Proxy::before(backend.address));
    let file = home.path().join("few.toml");
    let section = s3_server::section(home.path(), &proxy.url(), &home.prefix());
    std::fs::write(&file, format!("{section}max_connections = 8\n")).unwrap();
    let server = home.serve_with(&["--config", file.to_str().unwrap()]);
    done(server.client().send(&request("PUT", "/few")), 200);
    let bytes = noise(UNIT + 70_000, 7);
    let (over, most) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                // The list is no picture of one moment: what is too many has to be so twice.
                let open = connections_to(proxy.address).min(connections_to(proxy.address));
                most.fetch_max(open, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let clients = (0..40).map(|number| {
            let (client, bytes) = (server.client(), &bytes);
            threads.spawn(move || {
                let key = format!("/few/{number}");
                for turn in 0..125 {
                    done(client.send(&put(&key, &bytes[turn..turn + 4_000])), 200);
                    assert!(done(client.send(&get(&key)), 200).body == bytes[turn..turn + 4_000]);
                }
                if number % 4 == 0 {
                    let upload = Upload::begin(&client, &key);
                    let etags = [upload.part(1, &bytes[..UNIT]), upload.part(2, &bytes[UNIT..])];
                    done(upload.complete(&[(1, &etags[0]), (2, &etags[1])]), 200);
                    assert!(done(client.send(&get(&key)), 200).body == *bytes);
                }
            })
        });
        let ended: Vec<_> = clients.collect::<Vec<_>>().into_iter().map(ScopedJoinHandle::join).collect();
        over.store(true, Ordering::Relaxed);
        assert!(ended.iter().all(Result::is_ok));
    });
    assert!(proxy.requests() > 10_000);
    let most = most.into_inner();
    assert!((2..=8).contains(&most), "{most} connections at once, {} in all", proxy.connections());
}

/// How many connections this machine has open, or is opening, to an address of its own.
fn connections_to(address: SocketAddr) -> usize {
    let there = format!("0100007F:{:04X}", address.port());
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let open = |line: &&str| {
        let mut columns = line.split_whitespace().skip(2);
        columns.next() == Some(&there) && matches!(columns.next(), Some("01" | "02"))
    };
    table.lines().filter(open).count()
}

#[test]
fn of_24_creators_at_three_replicas_exactly_one_wins() {
    let Some(backend) = S3Server::shared() else { return };
    let home = Home::in_memory();
    let servers: [Server; 3] = replicas(&home, backend);
    done(servers[0].client().send(&request("PUT", "/raced")), 200);
    servers.iter().for_each(|server| soon(&server.client(), "/raced", 200));
    // Small ones are one request of the backend, large ones an upload in parts.
    for (key, length) in [("small", 1_000), ("large", 9 << 20)] {
        let race = |racer: u64| {
            let client = servers[usize::try_from(racer % 3).unwrap()].client();
            let body = noise(length, racer);
            std::thread::spawn(move || {
                let create = put(&format!("/raced/{key}"), &body).header("if-none-match", "*");
                (client.send(&create).status, body)
            })
        };
        let racers: Vec<_> = (0..24).map(race).collect();
        let ended: Vec<_> = racers.into_iter().map(|racer| racer.join().unwrap()).collect();
        let won: Vec<_> = ended.iter().filter(|(status, _)| *status == 200).collect();
        assert_eq!(won.len(), 1, "{:?}", ended.iter().map(|(status, _)| status).collect::<Vec<_>>());
        assert!(ended.iter().all(|(status, _)| matches!(status, 200 | 409 | 412 | 503)));
        assert!(done(servers[1].client().send(&get(&format!("/raced/{key}"))), 200).body == won[0].1);
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_a_replica_is_killed() {
    let Some(backend) = S3Server::shared() else { return };
    let home = Home::in_memory();
    let survivor = home.serve_before(&backend.url());
    done(survivor.client().send(&request("PUT", "/kept")), 200);
    let acknowledged = Arc::new(AtomicUsize::new(0));
    for round in 0..4 {
        let doomed = home.serve_before(&backend.url());
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..8_u64)
            .map(|writer| {
                let (client, stop, acknowledged) = (doomed.client(), Arc::clone(&stop), Arc::clone(&acknowledged));
                std::thread::spawn(move || {
                    let mut kept = Vec::new();
                    for number in 0.. {
                        let length = if number % 7 == 0 { 9 << 20 } else { 3_000 };
                        let (key, seed) = (format!("/kept/{round}-{writer}-{number}"), round * 1_000 + writer * 100 + number);
                        let answer = client.try_send(&put(&key, &noise(length, seed)));
                        match answer {
                            Ok(answer) if answer.status == 200 => kept.push((key, length, seed)),
                            Ok(_) | Err(_) => break,
                        }
                        acknowledged.fetch_add(1, Ordering::Relaxed);
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                    }
                    kept
                })
            })
            .collect();
        let before = acknowledged.load(Ordering::Relaxed);
        while acknowledged.load(Ordering::Relaxed) < before + 20 {
            std::thread::sleep(Duration::from_millis(5));
        }
        doomed.kill();
        stop.store(true, Ordering::Relaxed);
        for writer in writers {
            for (key, length, seed) in writer.join().unwrap() {
                let found = done(survivor.client().send(&get(&key)), 200);
                assert!(found.body == noise(length, seed), "{key} is not what was acknowledged");
            }
        }
    }
    let check = output(
        waxseal().arg("check").arg("--config").arg(home.path().join("before.toml")).arg("--root-key").arg(home.root_key()),
    );
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
}
