//! Mutants of sealed bytes: none opens as anything but what was sealed, and none ends the program.
//!
//! 10^6 of them, from seeds that are printed: flips, insertions, deletions, swaps, cuts and splices of objects of many
//! shapes and of every kind of record. `WAXSEAL_MUTANTS` and `WAXSEAL_SEED` ask for others.

use crate::reader::{Wanted, open, read_whole};
use waxseal::crypto::Secret;
use waxseal::envelope::{
    BucketUuid, CHUNK, ClearUpload, Context, CustomerKey, Draw, Entry, EtagRecord, Kek, Metadata, NewBody, PartKey, PartRecord,
    Random, Record, Result,
};

/// xorshift64*: fast, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_be_bytes()[0])
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

impl Random for Dice {
    fn fill(&mut self, _what: Draw, out: &mut [u8]) {
        out.iter_mut().for_each(|byte| *byte = self.next().to_be_bytes()[0]);
    }
}

type Reader = Box<dyn Fn(&[u8]) -> Result<Vec<u8>>>;

/// Sealed bytes, what they open to, and how.
struct Target {
    sealed: Vec<u8>,
    plain: Vec<u8>,
    open: Reader,
}

impl Target {
    fn new(sealed: Vec<u8>, open: impl Fn(&[u8]) -> Result<Vec<u8>> + 'static) -> Self {
        let plain = open(&sealed).unwrap();
        Self { sealed, plain, open: Box::new(open) }
    }
}

const KEY: &str = "dir/hello.txt";

fn metadata(long: bool) -> Metadata {
    let mut metadata = Metadata::new(KEY, 1_767_225_600_000);
    metadata.content_type = Some(b"text/plain".to_vec());
    if long {
        metadata.user.insert(b"long".to_vec(), vec![b'x'; 900]);
    }
    metadata
}

fn record() -> Record {
    Record { completed: 7, etag: EtagRecord::Md5([9; 16]), checksum: None }
}

/// One segment, chunk by chunk.
fn segment(body: &NewBody, part_no: u32, plain: &[u8], dice: &mut Dice) -> (Vec<u8>, Entry) {
    let mut sealer = body.segment(part_no, dice);
    let (mut sealed, mut rest) = (Vec::new(), plain);
    while rest.len() >= CHUNK {
        let mut text = rest[..CHUNK].to_vec();
        let tag = sealer.seal_chunk(&mut text).unwrap();
        sealed.extend(text.into_iter().chain(tag));
        rest = &rest[CHUNK..];
    }
    let mut text = rest.to_vec();
    let (tag, entry) = sealer.finish(&mut text).unwrap();
    sealed.extend(text.into_iter().chain(tag));
    (sealed, entry)
}

fn object(dice: &mut Dice, length: usize, customer: bool, long: bool) -> Vec<Target> {
    let (secret, bucket) = (dice.bytes(), BucketUuid(dice.bytes()));
    let customer_key: Option<[u8; 32]> = customer.then(|| dice.bytes());
    let plain: Vec<u8> = (0..length).map(|_| dice.next().to_be_bytes()[0]).collect();
    let body = NewBody::draw(dice);
    let (mut sealed, entry) = segment(&body, 0, &plain, dice);
    sealed.extend(body.seal_tail(&[entry], &record(), dice).unwrap());
    let customer = customer_key.map(|key| CustomerKey::new(Secret::new(key)));
    let kek = Kek::new(Secret::new(secret));
    let wrapped = body.wrap((&kek, bucket), &metadata(long), customer.as_ref(), dice).unwrap();
    sealed.extend(wrapped.head);
    let overflow = wrapped.overflow.map(|overflow| overflow.record);
    let read = move |sealed: &[u8], overflow: Option<&[u8]>| {
        let kek = Kek::new(Secret::new(secret));
        let customer = customer_key.map(|key| CustomerKey::new(Secret::new(key)));
        let wanted = Wanted { keks: vec![&kek], bucket, key: KEY, customer: customer.as_ref(), overflow };
        let (head, opened) = open(sealed, &wanted)?;
        let mut all = read_whole(sealed, &opened)?;
        all.extend(head.metadata().encode()?);
        Ok(all)
    };
    let genuine = sealed.clone();
    let mut targets = Vec::new();
    if let Some(overflow) = overflow.clone() {
        targets.push(Target::new(overflow, move |record: &[u8]| read(&genuine, Some(record))));
    }
    targets.push(Target::new(sealed, move |sealed: &[u8]| read(sealed, overflow.as_deref())));
    targets
}

fn records(dice: &mut Dice) -> Vec<Target> {
    let (secret, bucket) = (dice.bytes(), BucketUuid(dice.bytes()));
    let kek = Kek::new(Secret::new(secret));
    let upload = NewBody::draw(dice).wrap_upload((&kek, bucket), (&metadata(false), b"one"), None, dice).unwrap();
    let context = Context { bucket, key: KEY };
    let head = ClearUpload::parse(&upload).unwrap().unwrap(&kek, &context, b"one").unwrap();
    let sealer = head.open(None).unwrap().segment(3, dice);
    let (_, entry) = sealer.finish(&mut [0; 9]).unwrap();
    let part = PartRecord { entry, md5: Some([3; 16]), created: 5, staged: false, backend_etag: "etag".into(), checksum: None };
    let (_, sealed) = head.records().seal(&part, dice).unwrap();
    let tail_prk: [u8; 32] = head.row().unwrap().last_chunk().copied().unwrap();
    let open_part = move |sealed: &[u8]| {
        let part = PartKey::new(&Secret::new(tail_prk)).open(sealed, 3)?;
        Ok(format!("{part:?}").into_bytes())
    };
    let open_upload = move |record: &[u8]| {
        let kek = Kek::new(Secret::new(secret));
        ClearUpload::parse(record)?.unwrap(&kek, &Context { bucket, key: KEY }, b"one")?.row()
    };
    vec![Target::new(sealed.to_vec(), open_part), Target::new(upload, open_upload)]
}

fn mutate(dice: &mut Dice, data: &[u8], other: &[u8]) -> Vec<u8> {
    let mut out = data.to_vec();
    let edges = [0, 1024, 1168, 1280, 1392].map(|back| data.len().saturating_sub(back));
    let spot = |dice: &mut Dice| if dice.below(3) == 0 { *dice.pick(&edges) } else { dice.below(data.len() + 1) };
    let (a, b) = (spot(dice), spot(dice));
    let (a, b) = (a.min(b), a.max(b));
    match dice.below(7) {
        0 | 1 => {
            for _ in 0..=dice.below(3) {
                let at = dice.below(out.len());
                out[at] ^= 1 << dice.below(8);
            }
        }
        2 => drop(out.drain(a..b.max(a + 1).min(data.len()))),
        3 => {
            let length = *dice.pick(&[1, 16, 112, 128, 1024]);
            let piece: Vec<u8> =
                if dice.below(2) == 0 { vec![0; length] } else { data.iter().skip(a).take(length).copied().collect() };
            drop(out.splice(b..b, piece));
        }
        4 => {
            let length = (*dice.pick(&[1, 16, 32, 112, 1024])).min(b - a).min(data.len() - b);
            (0..length).for_each(|i| out.swap(a + i, b + i));
        }
        5 => out.truncate(b),
        _ => {
            let from_end = other.len().saturating_sub(data.len() - b);
            let start = from_end.saturating_sub(b - a);
            drop(out.splice(a..b, other[start..from_end].to_vec()));
        }
    }
    out
}

#[test]
fn no_mutant_opens() {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (count, seed) = (number("WAXSEAL_MUTANTS", 1_000_000), number("WAXSEAL_SEED", 20_261_124));
    println!("seed {seed}, {count} mutants");
    let mut dice = Dice(seed | 1);
    let mut targets = Vec::new();
    for length in [0, 1, 15, 16, 100, 1000, 1392, 2000, 3000] {
        targets.extend(object(&mut dice, length, length % 2 == 1, length % 3 == 0));
    }
    targets.extend(records(&mut dice));
    targets.extend(records(&mut dice));
    let mut large = object(&mut dice, CHUNK + 70, false, false);
    large.extend(object(&mut dice, CHUNK, true, false));
    let mut refused = std::collections::BTreeMap::new();
    for round in 0..count {
        let targets = if round % 64 == 0 { &large } else { &targets };
        let (target, other) = (dice.below(targets.len()), dice.below(targets.len()));
        let (target, other) = (&targets[target], &targets[other]);
        let mutant = mutate(&mut dice, &target.sealed, &other.sealed);
        if mutant == target.sealed {
            continue;
        }
        match (target.open)(&mutant) {
            Err(error) => *refused.entry(error.kind.name()).or_insert(0_u64) += 1,
            Ok(plain) => panic!("round {round} of seed {seed} opened (to the same: {})", plain == target.plain),
        }
    }
    println!("{refused:?}");
    assert!(refused.values().sum::<u64>() > count / 10 * 9, "too few mutants differ: {refused:?}");
}
