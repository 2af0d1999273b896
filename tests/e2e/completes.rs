//! How an upload ends: completed once, or given up, and never both.

use crate::parts::{UNIT, Upload, bucket, done, elements, get, put, refused};
use crate::support::client::{Client, request};
use crate::tool::noise;

fn open_uploads(client: &Client, bucket: &str, prefix: &str) -> Vec<String> {
    elements(&done(client.send(&get(&format!("/{bucket}?uploads=&prefix={prefix}"))), 200).text(), "UploadId")
}

fn unquoted(text: &str) -> String {
    text.replace('"', "")
}

#[test]
fn a_complete_that_comes_again_is_answered_as_it_was() {
    let client = bucket("completes");
    let path = "/completes/again";
    let upload = Upload::begin_with(&client, path, &[("x-amz-checksum-algorithm", "SHA256")]);
    let (first, second) = (noise(UNIT, 1), noise(1_000, 2));
    let etags = [upload.part(1, &first), upload.part(2, &second)];
    let named = [(1, etags[0].as_str(), ""), (2, &etags[1], "")];
    let once = [("if-none-match", "*")];
    let completed = done(upload.complete_with(&named, &once), 200);
    let again = done(upload.complete_with(&named, &once), 200);
    for element in ["ETag", "ChecksumSHA256", "ChecksumType", "Key", "Bucket"] {
        assert_eq!(again.element(element), completed.element(element));
        assert!(!again.element(element).is_empty(), "{element}");
    }
    let sum = completed.element("ChecksumSHA256");
    done(upload.complete_with(&named, &[("x-amz-checksum-sha256", &sum)]), 200);
    // Not for other parts, another checksum or anything but a Complete.
    refused(&upload.complete(&[(1, &etags[0])]), 404, "NoSuchUpload");
    refused(&upload.complete(&[(1, &etags[1]), (2, &etags[0])]), 404, "NoSuchUpload");
    let zeros = base64_simd::STANDARD.encode_to_string([0; 32]);
    refused(&upload.complete_with(&named, &[("x-amz-checksum-sha256", &zeros)]), 404, "NoSuchUpload");
    refused(&upload.list(""), 404, "NoSuchUpload");
    refused(&upload.try_part(3, b"late", &[]), 404, "NoSuchUpload");
    refused(&upload.abort(), 404, "NoSuchUpload");
    assert_eq!(done(client.send(&get(path)), 200).body.len(), UNIT + 1_000);
    // Nor once the object is another.
    let copied = request("PUT", "/completes/copied").header("x-amz-copy-source", "completes/again");
    done(client.send(&copied), 200);
    done(client.send(&put(path, b"another")), 200);
    refused(&upload.complete_with(&named, &[]), 404, "NoSuchUpload");
    done(client.send(&request("DELETE", path)), 204);
    refused(&upload.complete_with(&named, &[]), 404, "NoSuchUpload");
}

#[test]
fn of_24_racing_completes_exactly_one_creates() {
    let client = bucket("completes");
    for round in 0..3 {
        let path = format!("/completes/race-{round}");
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let racer = |racer: u64| {
                let (client, path) = (&client, &path);
                move || {
                    let upload = Upload::begin(client, path);
                    let etag = upload.part(1, &noise(1_000, racer));
                    let status = upload.complete_with(&[(1, &etag, "")], &[("if-none-match", "*")]).status;
                    assert_eq!(upload.abort().status, if status == 200 { 404 } else { 204 });
                    status
                }
            };
            let racers: Vec<_> = (0..24).map(|number| scope.spawn(racer(number))).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [200, 409, 412].contains(status)), "{statuses:?}");
    }
    assert_eq!(open_uploads(&client, "completes", "race-"), Vec::<String>::new());
}

#[test]
fn a_complete_holds_its_conditions() {
    let client = bucket("completes");
    let path = "/completes/conditional";
    let complete = |headers: &[(&str, &str)]| {
        let upload = Upload::begin(&client, path);
        let etag = upload.part(1, b"content");
        let answer = upload.complete_with(&[(1, &etag, "")], headers);
        if answer.status != 200 {
            done(upload.abort(), 204);
        }
        answer
    };
    refused(&complete(&[("if-match", "*")]), 404, "NoSuchKey");
    refused(&complete(&[("if-match", "\"bad\"")]), 404, "NoSuchKey");
    let etag = done(complete(&[("if-none-match", "\"bad\"")]), 200).element("ETag");
    refused(&complete(&[("if-none-match", "*")]), 412, "PreconditionFailed");
    refused(&complete(&[("if-none-match", &etag)]), 412, "PreconditionFailed");
    refused(&complete(&[("if-match", "\"bad\"")]), 412, "PreconditionFailed");
    done(complete(&[("if-match", &etag)]), 200);
    done(complete(&[("if-match", "*")]), 200);
    done(complete(&[("if-none-match", "\"bad\"")]), 200);
}

#[test]
fn a_complete_and_an_abort_that_race_have_one_winner() {
    let client = bucket("completes");
    for round in 0..20 {
        let path = format!("/completes/duel-{round}");
        let upload = Upload::begin(&client, &path);
        let etag = upload.part(1, b"content");
        let (completed, aborted) = std::thread::scope(|scope| {
            let complete = scope.spawn(|| upload.complete(&[(1, &etag)]).status);
            let abort = scope.spawn(|| upload.abort().status);
            (complete.join().unwrap(), abort.join().unwrap())
        });
        let there = client.send(&get(&path)).status;
        assert!([(200, 404, 200), (404, 204, 404)].contains(&(completed, aborted, there)), "{completed} {aborted} {there}");
        refused(&upload.try_part(2, b"late", &[]), 404, "NoSuchUpload");
    }
    assert_eq!(open_uploads(&client, "completes", "duel-"), Vec::<String>::new());
}

#[test]
fn parts_come_in_parallel_again_and_up_to_number_10000() {
    let client = bucket("completes");
    let path = "/completes/parallel";
    let upload = Upload::begin(&client, path);
    let numbers = [10_000, 1, 9_999, 700, 2];
    let content = |number: u32| noise(if number == 10_000 { 77 } else { UNIT }, u64::from(number));
    std::thread::scope(|scope| {
        for number in numbers {
            let upload = &upload;
            scope.spawn(move || {
                upload.part(number, b"given up");
                upload.part(number, &content(number));
            });
        }
    });
    let listed = done(upload.list(""), 200);
    let (etags, mut sorted) = (elements(&listed.text(), "ETag"), numbers);
    sorted.sort_unstable();
    assert_eq!(elements(&listed.text(), "PartNumber"), sorted.map(|number| number.to_string()));
    let named: Vec<(u32, String)> = sorted.into_iter().zip(etags.iter().map(|etag| unquoted(etag))).collect();
    let named: Vec<(u32, &str)> = named.iter().map(|(number, etag)| (*number, etag.as_str())).collect();
    let completed = done(upload.complete(&named), 200);
    assert!(unquoted(&completed.element("ETag")).ends_with("-5"));
    let whole: Vec<u8> = sorted.into_iter().flat_map(content).collect();
    assert!(done(client.send(&get(path)), 200).body == whole);
    refused(&Upload::begin(&client, path).try_part(10_001, b"x", &[]), 400, "InvalidArgument");
}

#[test]
fn what_is_wrong_with_a_complete_has_its_own_code() {
    let client = bucket("completes");
    let path = "/completes/wrong";
    let upload = Upload::begin(&client, path);
    let large = noise(UNIT, 9);
    let etags = [upload.part(1, b"small"), upload.part(2, &large), upload.part(3, b"last")];
    let [small, middle, last] = [0, 1, 2].map(|at| etags[at].as_str());
    for (parts, code) in [
        (&[(2, middle), (1, small)][..], "InvalidPartOrder"),
        (&[(2, middle), (2, middle)], "InvalidPartOrder"),
        (&[(1, small), (2, middle)], "EntityTooSmall"),
        (&[(2, last)], "InvalidPart"),
        (&[(9, last)], "InvalidPart"),
        (&[(0, last)], "InvalidPart"),
        (&[(2, middle), (3, "00000000000000000000000000000000")], "InvalidPart"),
        (&[], "MalformedXML"),
    ] {
        refused(&upload.complete(parts), 400, code);
    }
    refused(&client.send(&get(path)), 404, "NoSuchKey");
    done(upload.complete(&[(2, middle), (3, last)]), 200);
    let never = Upload { client: client.clone(), path: path.to_owned(), id: "abc1234def".to_owned() };
    refused(&never.complete(&[(1, small)]), 404, "NoSuchUpload");
    refused(&never.abort(), 404, "NoSuchUpload");
    refused(&never.list(""), 404, "NoSuchUpload");
    refused(&never.try_part(1, b"x", &[]), 404, "NoSuchUpload");
    // The right id under another key.
    let other = Upload::begin(&client, path);
    let elsewhere = Upload { client: client.clone(), path: "/completes/elsewhere".to_owned(), id: other.id.clone() };
    refused(&elsewhere.try_part(1, b"x", &[]), 404, "NoSuchUpload");
    refused(&elsewhere.abort(), 404, "NoSuchUpload");
    done(other.abort(), 204);
    refused(&other.abort(), 404, "NoSuchUpload");
}
