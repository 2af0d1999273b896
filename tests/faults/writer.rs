//! One of those who write while the server is killed: it knows what was acknowledged and what was only attempted.

use crate::support::client::{Client, Request, Response, hex, request};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

const KEYS: usize = 4;

/// What a key may hold: what was acknowledged last, or what was attempted since.
#[derive(Clone, Default)]
struct Known {
    acknowledged: Option<Vec<u8>>,
    attempted: Vec<Option<Vec<u8>>>,
}

/// How an upload was ended, if it was.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ended {
    No,
    /// Complete or Abort was sent, and nobody knows what came of it.
    Perhaps,
    Yes,
}

struct Upload {
    key: String,
    id: String,
    /// By number: the ETag and the content that were acknowledged.
    parts: HashMap<usize, (String, Vec<u8>)>,
    /// The ETag of the part that was sent last.
    attempted: String,
    ended: Ended,
}

pub struct Writer {
    number: usize,
    step: usize,
    known: HashMap<String, Known>,
    uploads: Vec<Upload>,
    /// How many of each: puts, copies, deletes, parts, completed uploads, aborted uploads.
    pub acknowledged: [usize; 6],
}

/// The server is gone.
struct Gone;

fn content(writer: usize, round: usize, step: usize) -> Vec<u8> {
    let length = [10, 4_096, 70_000, 300_000][step % 4] + writer;
    let mark = format!("{writer}/{round}/{step};");
    mark.bytes().cycle().take(length).collect()
}

fn md5(bytes: &[u8]) -> Vec<u8> {
    let mut digest = waxseal::crypto::Digest::new(waxseal::crypto::DigestKind::Md5);
    digest.update(bytes);
    digest.finish()
}

fn path(key: &str) -> String {
    format!("/killed/{key}")
}

fn complete(upload: &Upload, number: usize) -> Request {
    let (etag, _) = &upload.parts[&number];
    let part = format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
    let body = format!("<CompleteMultipartUpload>{part}</CompleteMultipartUpload>");
    request("POST", &format!("{}?uploadId={}", path(&upload.key), upload.id)).body(body)
}

/// The answer; nothing but success is one.
fn ask(client: &Client, asked: &Request) -> Result<Response, Gone> {
    match client.try_send(asked) {
        // An error that is told in the body of a 200 is none of ours here.
        Ok(answer) if answer.status < 300 && !answer.text().contains("<Error>") => Ok(answer),
        Ok(answer) => panic!("{} {}: {} {}", asked.method, asked.path, answer.status, answer.text()),
        Err(_gone) => Err(Gone),
    }
}

impl Writer {
    pub fn new(number: usize) -> Self {
        Self { number, step: 0, known: HashMap::new(), uploads: Vec::new(), acknowledged: [0; 6] }
    }

    /// Writes, overwrites, copies, deletes and uploads in parts until the server is gone.
    pub fn work(&mut self, client: &Client, round: usize, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            // Rounds go on where the last one was killed, so that each kind of step meets each moment.
            self.step += 1;
            let step = self.step;
            let key = format!("w{}-k{}", self.number, step % KEYS);
            let ended = match (step + self.number) % 11 {
                4 => self.delete(client, &[key]),
                5 => self.delete_two(client, step),
                6 | 9 => self.copy(client, key, step),
                7 | 8 | 10 => self.upload(client, key, (round, step)),
                _ => self.put(client, key, content(self.number, round, step)),
            };
            if ended.is_err() {
                return;
            }
        }
    }

    fn attempt(&mut self, key: &str, becomes: Option<Vec<u8>>) {
        self.known.entry(key.to_owned()).or_default().attempted.push(becomes);
    }

    fn acknowledge(&mut self, key: &str, becomes: Option<Vec<u8>>, what: usize) {
        self.known.insert(key.to_owned(), Known { acknowledged: becomes, attempted: Vec::new() });
        self.acknowledged[what] += 1;
    }

    fn put(&mut self, client: &Client, key: String, content: Vec<u8>) -> Result<(), Gone> {
        self.attempt(&key, Some(content.clone()));
        ask(client, &request("PUT", &path(&key)).body(content.clone()).unsigned())?;
        self.acknowledge(&key, Some(content), 0);
        Ok(())
    }

    fn copy(&mut self, client: &Client, key: String, step: usize) -> Result<(), Gone> {
        let from = format!("w{}-k{}", self.number, (step + 1) % KEYS);
        let source = self.known.get(&from).filter(|known| known.attempted.is_empty());
        let Some(content) = source.and_then(|known| known.acknowledged.clone()) else { return Ok(()) };
        self.attempt(&key, Some(content.clone()));
        ask(client, &request("PUT", &path(&key)).header("x-amz-copy-source", &path(&from)))?;
        self.acknowledge(&key, Some(content), 1);
        Ok(())
    }

    fn delete(&mut self, client: &Client, keys: &[String]) -> Result<(), Gone> {
        let asked = match keys {
            [key] => request("DELETE", &path(key)),
            keys => {
                let objects: String = keys.iter().map(|key| format!("<Object><Key>{key}</Key></Object>")).collect();
                let body = format!("<Delete>{objects}</Delete>");
                let md5 = base64_simd::STANDARD.encode_to_string(md5(body.as_bytes()));
                request("POST", "/killed?delete").header("content-md5", &md5).body(body)
            }
        };
        keys.iter().for_each(|key| self.attempt(key, None));
        let answer = ask(client, &asked)?;
        assert!(keys.len() == 1 || answer.text().matches("<Deleted>").count() == keys.len(), "{}", answer.text());
        keys.iter().for_each(|key| self.acknowledge(key, None, 2));
        Ok(())
    }

    fn delete_two(&mut self, client: &Client, step: usize) -> Result<(), Gone> {
        self.delete(client, &[0, 1].map(|more| format!("w{}-k{}", self.number, (step + more) % KEYS)))
    }

    /// Creates an upload, sends two parts of it, the second twice, and completes it with that, aborts it or leaves it.
    fn upload(&mut self, client: &Client, key: String, at: (usize, usize)) -> Result<(), Gone> {
        let id = ask(client, &request("POST", &format!("{}?uploads=", path(&key))))?.element("UploadId");
        self.uploads.push(Upload { key: key.clone(), id, parts: HashMap::new(), attempted: String::new(), ended: Ended::No });
        let at_upload = self.uploads.len() - 1;
        for (attempt, number) in [1, 2, 2].into_iter().enumerate() {
            let upload = &mut self.uploads[at_upload];
            let content = content(self.number, at.0, at.1 + attempt);
            upload.attempted = hex(&md5(&content));
            let query = format!("?partNumber={number}&uploadId={}", upload.id);
            let answer = ask(client, &request("PUT", &format!("{}{query}", path(&key))).body(content.clone()).unsigned())?;
            upload.parts.insert(number, (answer.header("etag").unwrap().to_owned(), content));
            self.acknowledged[3] += 1;
        }
        match at.1 % 3 {
            0 => self.complete(client, at_upload),
            1 => self.abort(client, at_upload),
            _ => Ok(()),
        }
    }

    fn complete(&mut self, client: &Client, at: usize) -> Result<(), Gone> {
        let (asked, key) = (complete(&self.uploads[at], 2), self.uploads[at].key.clone());
        let content = self.uploads[at].parts[&2].1.clone();
        self.attempt(&key, Some(content.clone()));
        self.uploads[at].ended = Ended::Perhaps;
        ask(client, &asked)?;
        self.uploads[at].ended = Ended::Yes;
        self.acknowledge(&key, Some(content), 4);
        Ok(())
    }

    fn abort(&mut self, client: &Client, at: usize) -> Result<(), Gone> {
        let upload = &mut self.uploads[at];
        upload.ended = Ended::Perhaps;
        ask(client, &request("DELETE", &format!("{}?uploadId={}", path(&upload.key), upload.id)))?;
        upload.ended = Ended::Yes;
        self.acknowledged[5] += 1;
        Ok(())
    }

    /// Every upload that was not ended is there with its parts, and can be completed; every one that was is not.
    pub fn check_uploads(&mut self, client: &Client, round: usize) {
        for upload in std::mem::take(&mut self.uploads) {
            let (key, ended) = (upload.key.as_str(), upload.ended);
            let asked = format!("{}?uploadId={}", path(key), upload.id);
            let listed = client.send(&request("GET", &asked));
            let open = match (listed.status, listed.code().as_str()) {
                (200, _) => true,
                (404, "NoSuchUpload") => false,
                (status, _) => panic!("round {round}, an upload of {key}: {status} {}", listed.text()),
            };
            assert!(
                ended == Ended::Perhaps || open == (ended == Ended::No),
                "round {round}, {key}: open: {open}, ended: {ended:?}"
            );
            if !open {
                continue;
            }
            for (number, (etag, _)) in &upload.parts {
                // Sent again and not acknowledged, it may be either.
                let there = [etag.trim_matches('"'), &upload.attempted].iter().any(|etag| listed.text().contains(etag));
                assert!(there, "round {round}, {key}: part {number} is lost: {}", listed.text());
            }
            // One in four is completed now: what was acknowledged of it is its content.
            match upload.parts.get(&1).filter(|_| ended == Ended::No && round.is_multiple_of(4)) {
                Some((_, content)) => {
                    assert_eq!(client.send(&complete(&upload, 1)).status, 200);
                    self.known.insert(key.to_owned(), Known { acknowledged: Some(content.clone()), attempted: Vec::new() });
                }
                None => assert_eq!(client.send(&request("DELETE", &asked)).status, 204),
            }
        }
    }

    /// Every key holds what was acknowledged last, or what was attempted since.
    pub fn check_keys(&mut self, client: &Client, round: usize) {
        for (key, known) in &mut self.known {
            let answer = client.send(&request("GET", &path(key)));
            let found = match answer.status {
                200 => Some(answer.body),
                404 => None,
                status => panic!("round {round}, {key}: {status} {}", answer.text()),
            };
            let length = found.as_ref().map(Vec::len);
            let allowed = found == known.acknowledged || known.attempted.contains(&found);
            assert!(allowed, "round {round}, {key}: {length:?} bytes are neither what was acknowledged nor attempted");
            *known = Known { acknowledged: found, attempted: Vec::new() };
        }
    }
}
