//! What vectors ask for.

use crate::reader::{Wanted, kek_of, last, open, read, read_whole};
use crate::vector::{Fixed, Salt, Vector, digest, hex, unhex};
use std::collections::BTreeSet;
use std::sync::Arc;
use waxseal::crypto::{self, Secret};
use waxseal::envelope::{
    self, ClearHead, ClearUpload, Context, CustomerKey, Entry, Error, HEAD, Kek, Metadata, NewBody, PartKey, Record, Result,
    UploadHead, upload_name, version_id,
};
use waxseal::keyring::file::Ring;
use waxseal::keyring::{LocalRoot, Root, RootError, Roots};

/// Does what the vector says and compares; gives what the envelope refused with.
pub fn run(vector: &Vector) -> Result<()> {
    match vector.text("op") {
        "open" => run_open(vector),
        "range" => run_range(vector),
        "recover" => run_recover(vector),
        "rewrite" => run_rewrite(vector),
        "length" => run_length(vector),
        "upload" => run_upload(vector).map(drop),
        "part" => run_part(vector),
        "complete" => run_complete(vector),
        "keyring" => run_keyring(vector),
        "expand" => run_expand(vector),
        "keys" => run_keys(vector),
        other => panic!("no operation {other}"),
    }
}

fn ramp(start: usize, length: usize) -> Vec<u8> {
    (start..start + length).map(|i| u8::try_from(i % 251).unwrap()).collect()
}

/// Seals the segment of a line `part_no plain_len start salt [kind checksum]`.
fn segment(body: &NewBody, line: &str) -> (Vec<u8>, Entry) {
    let words: Vec<&str> = line.split(' ').collect();
    let plain = ramp(words[2].parse().unwrap(), words[1].parse().unwrap());
    let mut sealer = body.segment(words[0].parse().unwrap(), &mut Salt(unhex(words[3])));
    let mut sealed = Vec::new();
    let full = plain.len() / envelope::CHUNK;
    for chunk in plain.chunks_exact(envelope::CHUNK) {
        let mut text = chunk.to_vec();
        let tag = sealer.seal_chunk(&mut text).unwrap();
        sealed.extend_from_slice(&text);
        sealed.extend_from_slice(&tag);
    }
    let mut text = plain[full * envelope::CHUNK..].to_vec();
    let (tag, mut entry) = sealer.finish(&mut text).unwrap();
    sealed.extend_from_slice(&text);
    sealed.extend_from_slice(&tag);
    if let [_, _, _, _, kind, value] = words[..] {
        let kind = envelope::ChecksumKind::try_from(kind.parse::<u8>().unwrap()).unwrap();
        entry.checksum = Some(envelope::ChecksumField::new(kind, &unhex(value)).unwrap());
    }
    (sealed, entry)
}

/// The metadata of a row, which no other interface gives: sealed and opened again.
fn metadata_of(row: &[u8]) -> Metadata {
    envelope::Metadata::decode(row).unwrap()
}

fn build(vector: &Vector) -> Vec<u8> {
    let fixed = &mut Fixed(vector);
    let body = NewBody::draw(fixed);
    let segments: Vec<_> = vector.all("segment").into_iter().map(|line| segment(&body, line)).collect();
    let entries: Vec<Entry> = segments.iter().map(|(_, entry)| entry.clone()).collect();
    let record = Record::decode(&vector.hex("final-record")).unwrap();
    let mut data: Vec<u8> = segments.into_iter().flat_map(|(sealed, _)| sealed).collect();
    let tail = body.seal_tail(&entries, &record, fixed);
    data.extend(tail.unwrap_or_else(|_refused| forge_tail(vector, &entries, &record)));
    let attempts: Vec<Vec<u8>> = vector.all("attempt").into_iter().map(|line| segment(&body, line).0).collect();
    let kek = vector.kek("kek");
    let wrapped = body.wrap((&kek, vector.bucket()), &metadata_of(&vector.hex("metadata")), None, fixed).unwrap();
    data.extend(wrapped.head);
    vector.all("edit").into_iter().for_each(|line| edit(&mut data, &attempts, line));
    data
}

/// A tail that our writer refuses to make, as FORMAT 8 has it but for the rules on Entries.
fn forge_tail(vector: &Vector, entries: &[Entry], record: &Record) -> Vec<u8> {
    let total: u64 = entries.iter().map(|entry| entry.plain_len).sum();
    let segments: u64 = entries.iter().map(|entry| entry.plain_len + 16 * (entry.plain_len / 65_536 + 1)).sum();
    let count = u64::try_from(entries.len()).unwrap();
    let padding = envelope::sealed_length(total).unwrap() - 1_280 - 112 * count - segments;
    let mut clear = b"\x89WAXF\r\n\x1a\x01\x01\0\0".to_vec();
    clear.extend(u32::try_from(count).unwrap().to_be_bytes());
    clear.extend(total.to_be_bytes());
    clear.extend([0; 8]);
    clear.extend(vector.hex("object-id"));
    clear.extend(vector.hex("tail-salt"));
    let prk = crypto::extract(&vector.hex("object-id"), &vector.hex("dek"));
    let (mut tail_prk, mut triple) = (Secret::zeroed(), [0; 76]);
    envelope::expand(&prk, "tail-prk", &[], tail_prk.expose_mut());
    envelope::expand(&tail_prk, "tail", &[&clear], &mut triple);
    let mut text: Vec<u8> = entries.iter().flat_map(|entry| entry.encode().unwrap()).collect();
    text.extend(record.encode().unwrap());
    let key = crypto::Gcm::new(triple.first_chunk().unwrap());
    let tag = key.seal(triple[32..44].first_chunk().unwrap(), &mut text);
    [vec![0; usize::try_from(padding).unwrap()], text, tag.to_vec(), clear, triple[44..].to_vec()].concat()
}

fn edit(data: &mut Vec<u8>, attempts: &[Vec<u8>], line: &str) {
    let words: Vec<&str> = line.split(' ').collect();
    let number = |word: &str| word.parse::<usize>().unwrap();
    match words[..] {
        ["flip", at, mask] => data[number(at)] ^= u8::from_str_radix(mask, 16).unwrap(),
        ["cut", at, length] => drop(data.drain(number(at)..number(at) + number(length))),
        ["zeros", at, length] => drop(data.splice(number(at)..number(at), vec![0; number(length)])),
        ["copy", to, from, length] => data.copy_within(number(from)..number(from) + number(length), number(to)),
        ["swap", a, b, length] => {
            (0..number(length)).for_each(|i| data.swap(number(a) + i, number(b) + i));
        }
        ["segment", at, which] => {
            let sealed = &attempts[number(which)];
            data[number(at)..number(at) + sealed.len()].copy_from_slice(sealed);
        }
        _ => panic!("no edit {line}"),
    }
}

fn object(vector: &Vector) -> Vec<u8> {
    let data = vector.section("object").map_or_else(|| build(vector), <[u8]>::to_vec);
    assert_eq!(u64::try_from(data.len()).unwrap(), vector.number("object-length"));
    assert_eq!(digest(&data), vector.text("object-sha256"));
    data
}

fn check_plain(vector: &Vector, plain: &[u8]) {
    assert_eq!(u64::try_from(plain.len()).unwrap(), vector.number("plain-length"));
    assert_eq!(digest(plain), vector.text("plain-sha256"));
}

fn run_open(vector: &Vector) -> Result<()> {
    if vector.has("key-hex") && String::from_utf8(vector.hex("key-hex")).is_err() {
        // Such a key cannot be asked for here, its type is that of text; so the Head is asked for its own.
        return run_recover(vector);
    }
    let (data, kek, key, customer) = (object(vector), vector.kek("kek"), vector.key(), vector.customer("customer-key"));
    let wanted = wanted(vector, &kek, &key, customer.as_ref());
    let (head, opened) = open(&data, &wanted)?;
    let plain = read_whole(&data, &opened)?;
    check_plain(vector, &plain);
    assert_eq!(head.metadata().encode()?, vector.hex("metadata"));
    assert_eq!(opened.record().encode()?.to_vec(), vector.hex("final-record"));
    Ok(())
}

fn wanted<'a>(vector: &'a Vector, kek: &'a Kek, key: &'a str, customer: Option<&'a CustomerKey>) -> Wanted<'a> {
    Wanted { keks: vec![kek], bucket: vector.bucket(), key, customer, overflow: vector.section("overflow") }
}

fn run_range(vector: &Vector) -> Result<()> {
    let (data, kek, key, customer) = (object(vector), vector.kek("kek"), vector.key(), vector.customer("customer-key"));
    let (_, opened) = open(&data, &wanted(vector, &kek, &key, customer.as_ref()))?;
    let (first, last) = vector.text("range").split_once('-').unwrap();
    let plain = read(&data, &opened, opened.runs(first.parse().unwrap(), last.parse().unwrap(), 2))?;
    check_plain(vector, &plain);
    Ok(())
}

fn run_recover(vector: &Vector) -> Result<()> {
    let (data, kek) = (object(vector), vector.kek("kek"));
    let clear = ClearHead::parse(last(&data, HEAD))?;
    let kek = kek_of(&[&kek], &clear)?;
    let head = clear.recover(kek, vector.bucket(), vector.section("overflow"))?;
    assert_eq!(hex(head.metadata().key.as_bytes()), vector.text("key-hex"));
    Ok(())
}

fn run_rewrite(vector: &Vector) -> Result<()> {
    let (data, kek, key, customer) = (object(vector), vector.kek("kek"), vector.key(), vector.customer("customer-key"));
    let clear = ClearHead::parse(last(&data, HEAD))?;
    let context = Context { bucket: vector.bucket(), key: &key };
    let kek = kek_of(&[&kek], &clear)?;
    let head = clear.unwrap(kek, &context, vector.section("overflow"))?;
    let metadata = if vector.has("to-metadata") { metadata_of(&vector.hex("to-metadata")) } else { head.metadata().clone() };
    let (to_kek, to_customer) = (vector.kek("to-kek"), vector.customer("to-customer-key"));
    let to_bucket = waxseal::envelope::BucketUuid(vector.array("to-bucket-uuid"));
    let other_slot = to_customer.is_some() || vector.has("open-slot");
    let wrapped = if other_slot {
        let place = (&to_kek, to_bucket, &metadata);
        head.rewrap_customer(place, customer.as_ref(), to_customer.as_ref(), &mut Fixed(vector))?
    } else {
        head.rewrap(&to_kek, to_bucket, &metadata, &mut Fixed(vector))?
    };
    assert_eq!(wrapped.head.to_vec(), vector.section("head").unwrap());
    let overflow = wrapped.overflow.map(|overflow| overflow.record);
    assert_eq!(overflow.as_deref(), vector.section("to-overflow"));
    let mut copied = data[..data.len() - HEAD].to_vec();
    copied.extend(wrapped.head);
    let customer = if other_slot { to_customer } else { customer };
    let wanted = Wanted {
        keks: vec![&to_kek],
        bucket: to_bucket,
        key: &metadata.key,
        customer: customer.as_ref(),
        overflow: overflow.as_deref(),
    };
    let (_, opened) = open(&copied, &wanted)?;
    check_plain(vector, &read_whole(&copied, &opened)?);
    Ok(())
}

fn run_length(vector: &Vector) -> Result<()> {
    let plain = envelope::plain_length(vector.number("sealed-length"))?;
    assert_eq!(plain, vector.number("plain-length"));
    assert_eq!(envelope::sealed_length(plain)?, vector.number("sealed-length"));
    Ok(())
}

fn run_upload(vector: &Vector) -> Result<UploadHead> {
    let (kek, key) = (vector.kek("kek"), vector.key());
    let clear = ClearUpload::parse(vector.section("record").unwrap())?;
    if clear.kek_id() != kek.id() {
        return Err(Error::wrong_key("no KEK of this id"));
    }
    let context = Context { bucket: vector.bucket(), key: &key };
    let head = clear.unwrap(&kek, &context, vector.text("upload-id").as_bytes())?;
    assert_eq!(head.object_id().to_string(), vector.text("object-id"));
    assert_eq!(head.row()?, vector.hex("metadata"));
    assert!(vector.text("metadata").ends_with(vector.text("tail-prk")));
    Ok(head)
}

fn run_part(vector: &Vector) -> Result<()> {
    let tail_prk = Secret::new(vector.array("tail-prk"));
    let number = u32::try_from(vector.number("part-no")).unwrap();
    let part = PartKey::new(&tail_prk).open(vector.section("record").unwrap(), number)?;
    assert_eq!(part.entry.encode()?.to_vec(), vector.hex("entry"));
    assert_eq!(part.backend_etag, vector.text("backend-etag"));
    assert_eq!(part.created, vector.number("created"));
    assert_eq!(part.md5.map(|md5| md5.to_vec()).unwrap_or_default(), vector.hex("md5"));
    let checksum = part.checksum.map_or((0, Vec::new()), |field| (u64::from(field.number()), field.value().to_vec()));
    assert_eq!(checksum, (vector.number("checksum-kind"), vector.hex("checksum")));
    assert_eq!(part.staged, vector.text("staged") == "1");
    let (_, again) = PartKey::new(&tail_prk).seal(&part, &mut Salt(vec![7; 32]))?;
    assert_eq!(PartKey::new(&tail_prk).open(&again, number)?, part);
    Ok(())
}

fn run_complete(vector: &Vector) -> Result<()> {
    let head = run_upload(vector)?;
    let entries: Vec<Entry> = vector.all("entry").into_iter().map(|entry| Entry::decode(&unhex(entry)).unwrap()).collect();
    let record = Record::decode(&vector.hex("final-record")).unwrap();
    let (kek, key, customer) = (vector.kek("to-kek"), vector.key(), vector.customer("customer-key"));
    let (mut tail, wrapped) =
        head.complete((&kek, vector.bucket(), &head.metadata().clone()), &entries, &record, &mut Fixed(vector))?;
    tail.extend(wrapped.head);
    assert_eq!(tail, vector.section("tail").unwrap());
    let data = [vector.section("body").unwrap(), &tail].concat();
    let overflow = wrapped.overflow.map(|overflow| overflow.record);
    let wanted = Wanted {
        keks: vec![&kek],
        bucket: vector.bucket(),
        key: &key,
        customer: customer.as_ref(),
        overflow: overflow.as_deref(),
    };
    let (_, opened) = open(&data, &wanted)?;
    check_plain(vector, &read_whole(&data, &opened)?);
    Ok(())
}

fn run_keyring(vector: &Vector) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let format = |error| match error {
        RootError::Format(error) => error,
        RootError::Unavailable(why) => panic!("{why}"),
    };
    let mut roots = Vec::new();
    for text in vector.all("root") {
        roots.push(Arc::new(LocalRoot::parse(text.as_bytes())?) as Arc<dyn Root>);
    }
    let roots = Roots::from_iter(roots);
    let least = if vector.has("least-version") { vector.number("least-version") } else { 0 };
    let file = vector.section("keyring").unwrap();
    let ring = runtime.block_on(Ring::open(file, &roots, least)).map_err(format)?;
    let mut unwrapped = BTreeSet::new();
    for ((bucket, _), line) in &ring.keks {
        if line.wrapped.is_some() && roots.get(&line.root).is_ok() {
            let kek = runtime.block_on(ring.kek(*bucket, line.id, &roots)).map_err(format)?;
            unwrapped.insert(format!("{} {}", kek.id(), hex(kek.expose().expose())));
        }
    }
    assert_eq!(ring.version, vector.number("version"));
    assert_eq!(unwrapped, vector.all("unwrapped").into_iter().map(str::to_owned).collect());
    assert_eq!(ring.encode(), file);
    Ok(())
}

fn run_expand(vector: &Vector) -> Result<()> {
    let mut output = vec![0; vector.hex("output").len()];
    let prk = Secret::new(vector.array("prk"));
    envelope::expand(&prk, vector.text("name"), &[&vector.hex("fields")], &mut output);
    assert_eq!(output, vector.hex("output"));
    Ok(())
}

fn run_keys(vector: &Vector) -> Result<()> {
    let (kek, key) = (vector.kek("kek"), vector.key());
    assert_eq!(kek.id().to_string(), vector.text("kek-id"));
    let prk = crypto::extract(&vector.hex("object-id"), &vector.hex("dek"));
    let mut tail_prk = [0; 32];
    envelope::expand(&prk, "tail-prk", &[], &mut tail_prk);
    assert_eq!((hex(prk.expose()), hex(&tail_prk)), (vector.text("prk").to_owned(), vector.text("tail-prk").to_owned()));
    let fixed = &mut Fixed(vector);
    let body = NewBody::draw(fixed);
    let object_id = body.object_id();
    let wrapped = body.wrap((&kek, vector.bucket()), &Metadata::new(&key, 0), None, fixed)?;
    assert_eq!(hex(&wrapped.head[96..128]), vector.text("context-mac"));
    assert_eq!(version_id(object_id, vector.number("created")), vector.text("version-id"));
    let name = upload_name(vector.bucket(), &key, vector.text("upload-id").as_bytes());
    assert_eq!(hex(&name), vector.text("upload-name"));
    Ok(())
}
