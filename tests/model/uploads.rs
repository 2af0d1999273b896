//! Uploads in parts among the random operations: parts sent again, completed, given up, some abandoned half-way.

use crate::sequences::{Abandoned, KEYS, state};
use crate::support::stack::{Dice, Stack, body};
use std::collections::BTreeMap;
use waxseal::gateway::{
    Abort, About, Complete, Conditions, CreateUpload, Declared, Encryption, Error, Expected, ListParts, ListUploads, NamedPart,
    PutPart, Refusal,
};
use waxseal::store::Backend;

/// The least length of a part that others follow.
const LARGE: usize = 5 << 20;

/// Uploads that are open at the same time.
const OPEN: usize = 3;

/// An open upload: of each part the ETag and the content of the newest attempt.
struct Upload {
    key: &'static str,
    id: String,
    parts: BTreeMap<u32, (String, Vec<u8>)>,
}

/// All that were begun and are not ended, but those whose beginning was abandoned.
#[derive(Default)]
pub struct Uploads(Vec<Upload>);

/// A gateway, the store below it, chance, and how often a future is polled before it is abandoned.
pub struct Scene<'s> {
    pub stack: &'s Stack,
    pub backend: &'s dyn Backend,
    pub dice: &'s mut Dice,
    pub polls: usize,
}

impl Scene<'_> {
    async fn run<F: Future>(&self, future: F) -> Option<F::Output> {
        let ended = Abandoned { inner: Box::pin(future), polls: self.polls }.await;
        if ended.is_none() {
            // What was already handed to the store is done before this is.
            self.backend.ready().await.unwrap();
        }
        ended
    }
}

/// The ETags of an upload's parts; none if it is not open.
async fn listed(stack: &Stack, upload: &Upload) -> Option<BTreeMap<u32, String>> {
    let (key, upload_id) = (upload.key.to_owned(), upload.id.clone());
    let list = ListParts { bucket: "model".into(), key, upload_id, after: 0, limit: 100 };
    match stack.gateway.list_parts(stack.permit(list)).await {
        Ok(page) => Some(page.parts.into_iter().map(|part| (part.number, part.etag)).collect()),
        Err(Error::Refused(Refusal::NoSuchUpload)) => None,
        Err(error) => panic!("{}: {error}", upload.key),
    }
}

impl Uploads {
    /// One operation on an upload. Gives the key that it changed, with its content.
    pub async fn step(&mut self, mut scene: Scene<'_>) -> Option<(&'static str, Vec<u8>)> {
        let at = scene.dice.below(OPEN);
        if at >= self.0.len() {
            self.begin(&mut scene).await;
            return None;
        }
        match scene.dice.below(6) {
            0 => self.give_up(&scene, at).await,
            1 | 2 if !self.0[at].parts.is_empty() => return self.complete(&mut scene, at).await,
            _ => self.send(&mut scene, at).await,
        }
        None
    }

    async fn begin(&mut self, scene: &mut Scene<'_>) {
        let key = KEYS[scene.dice.below(KEYS.len())];
        let (about, encryption) = (About::default(), Encryption::Usual);
        let create = CreateUpload { bucket: "model".into(), key: key.into(), about, checksum: None, encryption };
        let ended = scene.run(scene.stack.gateway.create_upload(scene.stack.permit(create))).await;
        // An abandoned one may be open: nobody knows its name.
        self.0.extend(ended.map(|begun| Upload { key, id: begun.unwrap().upload_id, parts: BTreeMap::new() }));
    }

    async fn send(&mut self, scene: &mut Scene<'_>, at: usize) {
        let upload = &mut self.0[at];
        let large = scene.dice.below(150) == 0;
        let number = if large { 1 } else { 1 + scene.dice.below(3) as u32 };
        let length = if large { LARGE } else { [0, 1, 5_000, 100_000][scene.dice.below(4)] };
        let byte = scene.dice.next().to_be_bytes()[0];
        let content: Vec<u8> = (0..length).map(|i| byte.wrapping_add(i as u8)).collect();
        let declared = Declared { length: Some(length as u64), ..Declared::default() };
        let (key, upload_id) = (upload.key.to_owned(), upload.id.clone());
        let put = PutPart { bucket: "model".into(), key, upload_id, number, declared, customer: None };
        let ended = scene.run(scene.stack.gateway.put_part(scene.stack.permit(put), body(content.clone()))).await;
        let found = listed(scene.stack, upload).await.expect("an upload is open until it is ended");
        let before = upload.parts.get(&number).map(|(etag, _)| etag);
        match (ended, found.get(&number)) {
            (Some(written), Some(etag)) => assert_eq!(written.unwrap().etag, *etag, "the newest attempt is not the one listed"),
            (Some(_), None) => panic!("{}: an acknowledged part is not listed", upload.key),
            (None, found) if found == before => return,
            (None, _) => {}
        }
        upload.parts.insert(number, (found[&number].clone(), content));
        let known = upload.parts.iter().map(|(number, (etag, _))| (*number, etag.clone())).collect();
        assert_eq!(found, known, "{}", upload.key);
    }

    async fn complete(&mut self, scene: &mut Scene<'_>, at: usize) -> Option<(&'static str, Vec<u8>)> {
        let upload = &self.0[at];
        let whole = upload.parts.get(&1).is_some_and(|(_, content)| content.len() >= LARGE) && upload.parts.contains_key(&2);
        let any = upload.parts.keys().nth(scene.dice.below(upload.parts.len())).copied();
        let chosen: Vec<u32> = if whole { vec![1, 2] } else { any.into_iter().collect() };
        let wrong = scene.dice.below(8) == 0;
        let named = |number: &u32| {
            let etag = if wrong { "0".repeat(32) } else { upload.parts[number].0.clone() };
            NamedPart { number: *number, etag, checksum: None }
        };
        let (key, upload_id, parts) = (upload.key.to_owned(), upload.id.clone(), chosen.iter().map(named).collect());
        let (conditions, expected) = (Conditions::default(), Expected::default());
        let complete = Complete { bucket: "model".into(), key, upload_id, parts, expected, conditions, customer: None };
        let before = state(scene.stack, upload.key).await;
        let ended = scene.run(scene.stack.gateway.complete(scene.stack.permit(complete))).await;
        if let Some(result) = &ended {
            let refused = matches!(result, Err(Error::Refused(Refusal::InvalidPart { .. })));
            assert!(if wrong { refused } else { result.is_ok() }, "{result:?}");
        }
        let open = listed(scene.stack, upload).await.is_some();
        assert!(open || !wrong, "a refused Complete ended the upload");
        assert!(!open || !matches!(ended, Some(Ok(_))), "a completed upload is open");
        if open {
            assert!(state(scene.stack, upload.key).await == before, "{} changed, and the upload is open", upload.key);
            return None;
        }
        let content: Vec<u8> = chosen.iter().flat_map(|number| upload.parts[number].1.clone()).collect();
        assert!(state(scene.stack, upload.key).await.as_ref() == Some(&content), "{} is not its parts", upload.key);
        Some((self.0.remove(at).key, content))
    }

    async fn give_up(&mut self, scene: &Scene<'_>, at: usize) {
        let upload = &self.0[at];
        let abort = Abort { bucket: "model".into(), key: upload.key.into(), upload_id: upload.id.clone() };
        let ended = scene.run(scene.stack.gateway.abort(scene.stack.permit(abort))).await;
        let open = listed(scene.stack, upload).await.is_some();
        match ended {
            Some(result) => assert!(result.is_ok() && !open, "{result:?}"),
            None if open => return,
            None => {}
        }
        self.0.remove(at);
    }

    /// Every upload that is known to be open is there, with its parts.
    pub async fn check(&self, stack: &Stack) {
        let list = ListUploads { bucket: "model".into(), prefix: String::new(), delimiter: None, after: None, limit: 100_000 };
        let page = stack.gateway.list_uploads(stack.permit(list)).await.unwrap();
        for upload in &self.0 {
            let there = page.uploads.iter().any(|listed| listed.key == upload.key && listed.upload_id == upload.id);
            assert!(there, "an open upload of {} is not listed", upload.key);
            let known = upload.parts.iter().map(|(number, (etag, _))| (*number, etag.clone())).collect();
            assert_eq!(listed(stack, upload).await, Some(known), "{}", upload.key);
        }
    }
}
