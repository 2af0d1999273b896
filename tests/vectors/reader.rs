//! The plainest reader there is over the envelope: whole objects in memory.

use waxseal::envelope::{
    BucketUuid, ClearHead, Context, CustomerKey, END, Error, Head, Kek, Kind, Opened, Result, Run, SEALED_CHUNK, Tail,
};

/// What a reader asks for.
pub struct Wanted<'a> {
    pub keks: Vec<&'a Kek>,
    pub bucket: BucketUuid,
    pub key: &'a str,
    pub customer: Option<&'a CustomerKey>,
    pub overflow: Option<&'a [u8]>,
}

pub fn last(data: &[u8], length: usize) -> &[u8] {
    &data[data.len().saturating_sub(length)..]
}

pub fn kek_of<'a>(keks: &[&'a Kek], clear: &ClearHead) -> Result<&'a Kek> {
    let found = keks.iter().find(|kek| kek.id() == clear.kek_id());
    found.copied().ok_or(Error::wrong_key("no KEK of this id"))
}

/// Verifies Head and tail.
pub fn open(data: &[u8], wanted: &Wanted<'_>) -> Result<(Head, Opened)> {
    let length = u64::try_from(data.len()).unwrap();
    let clear = ClearHead::find(length, last(data, END))?;
    let kek = kek_of(&wanted.keks, &clear)?;
    let context = Context { bucket: wanted.bucket, key: wanted.key };
    let head = clear.unwrap(kek, &context, wanted.overflow)?;
    let mut keys = head.open(wanted.customer)?;
    let mut end = END;
    loop {
        match keys.tail(length, last(data, end))? {
            Tail::Opened(opened) => return Ok((head, opened)),
            Tail::NeedMore(same, more) => {
                assert!(more > u64::try_from(end).unwrap(), "asking for no more than it had");
                (keys, end) = (same, usize::try_from(more).unwrap());
            }
        }
    }
}

/// Opens some runs.
pub fn read(data: &[u8], opened: &Opened, runs: impl Iterator<Item = Run>) -> Result<Vec<u8>> {
    let mut plain = Vec::new();
    for run in runs {
        let at = usize::try_from(run.sealed.start).unwrap()..usize::try_from(run.sealed.end).unwrap();
        let mut sealed = data[at].to_vec();
        let segment = opened.segment(run.segment)?;
        let mut text = Vec::new();
        for (index, chunk) in (run.first_chunk..).zip(sealed.chunks_mut(SEALED_CHUNK)) {
            let length = segment.open_chunk(index, chunk)?;
            text.extend_from_slice(&chunk[..length]);
        }
        assert_eq!(sealed.chunks(SEALED_CHUNK).len(), usize::try_from(run.chunks).unwrap());
        plain.extend_from_slice(&text[run.skip..run.skip + usize::try_from(run.take).unwrap()]);
    }
    Ok(plain)
}

/// Opens all of an object, the padding included.
pub fn read_whole(data: &[u8], opened: &Opened) -> Result<Vec<u8>> {
    let padding = opened.padding();
    let padding = &data[usize::try_from(padding.start).unwrap()..usize::try_from(padding.end).unwrap()];
    if padding.iter().any(|byte| *byte != 0) {
        return Err(Error { kind: Kind::Tampered, why: "padding is not zero" });
    }
    read(data, opened, opened.whole(3))
}
