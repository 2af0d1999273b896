//! What the index holds, as bytes that say what they are: each record begins with a magic, names its own key, and ends
//! with a CRC, so that damage is noticed on reading, and a salvage finds them in a file that does not open.

use crate::envelope::ChecksumKind;

const ENTRY: &[u8; 8] = b"\x89WAXent\x02";
const BODY: &[u8; 8] = b"\x89WAXbod\x01";
const PART: &[u8; 8] = b"\x89WAXprt\x01";

/// A stretch of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) blob: u64,
    pub(super) offset: u64,
    pub(super) len: u64,
}

/// An object: where its bytes lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: String,
    /// Of the commit that wrote it as it is: what its ETag says.
    pub(super) sequence: u64,
    /// Of the commit that made this version: where it stands among those of its path.
    pub(super) order: u64,
    /// Its name among the versions of its path; empty for the null version.
    pub(super) version: String,
    /// Whether it says that the object is deleted.
    pub(super) marker: bool,
    /// Milliseconds since 1970.
    pub(super) modified: u64,
    /// The last bytes, which lie here and nowhere else.
    pub(super) end: Vec<u8>,
    /// All before them.
    pub(super) body: Body,
}

/// The bytes of an object but its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// In a record of its own, of this length, under the sequence.
    Inline(u64),
    /// In blobs.
    Extents(Vec<Extent>),
}

impl Entry {
    /// Length of the whole object.
    pub(super) fn size(&self) -> u64 {
        let body = match &self.body {
            Body::Inline(len) => *len,
            Body::Extents(extents) => extents.iter().fold(0, |sum, extent| extent.len.saturating_add(sum)),
        };
        body.saturating_add(to_u64(self.end.len()))
    }

    /// The version's name.
    pub(super) fn e_tag(&self) -> String {
        e_tag(self.sequence)
    }

    /// Its name among the versions of its path.
    pub(super) fn name(&self) -> Option<String> {
        (!self.version.is_empty()).then(|| self.version.clone())
    }

    pub(super) fn extents(&self) -> &[Extent] {
        match &self.body {
            Body::Inline(_) => &[],
            Body::Extents(extents) => extents,
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(ENTRY);
        writer.text(self.path.as_bytes()).number(self.sequence).number(self.order);
        writer.text(self.version.as_bytes()).number(u64::from(self.marker)).number(self.modified).text(&self.end);
        match &self.body {
            Body::Inline(len) => writer.number(u64::MAX).number(*len),
            Body::Extents(extents) => {
                writer.number(to_u64(extents.len()));
                for extent in extents {
                    writer.number(extent.blob).number(extent.offset).number(extent.len);
                }
                &mut writer
            }
        };
        writer.finish()
    }

    /// Reads a record; also gives its length. None if it is damaged.
    pub(super) fn decode(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut reader = Reader::new(bytes, ENTRY)?;
        let path = String::from_utf8(reader.text()?.to_vec()).ok()?;
        let (sequence, order) = (reader.number()?, reader.number()?);
        let version = String::from_utf8(reader.text()?.to_vec()).ok()?;
        let (marker, modified) = (reader.number()? != 0, reader.number()?);
        let end = reader.text()?.to_vec();
        let body = match reader.number()? {
            u64::MAX => Body::Inline(reader.number()?),
            count => {
                let mut extents = Vec::new();
                for _ in 0..count {
                    let (blob, offset, len) = (reader.number()?, reader.number()?, reader.number()?);
                    extents.push(Extent { blob, offset, len });
                }
                Body::Extents(extents)
            }
        };
        Some((Self { path, sequence, order, version, marker, modified, end, body }, reader.finish()?))
    }
}

/// The version that a commit made.
pub(super) fn e_tag(sequence: u64) -> String {
    format!("{sequence:016x}")
}

/// The bytes of a small object but its end.
pub(super) fn encode_body(sequence: u64, bytes: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(BODY);
    writer.number(sequence).text(bytes);
    writer.finish()
}

/// Reads such a record: the sequence, the bytes, and the record's length.
pub(super) fn decode_body(bytes: &[u8]) -> Option<(u64, &[u8], usize)> {
    let mut reader = Reader::new(bytes, BODY)?;
    let (sequence, body) = (reader.number()?, reader.text()?);
    Some((sequence, body, reader.finish()?))
}

/// An attempt at a part of an open upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) number: u64,
    pub(super) extent: Extent,
}

impl Part {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(PART);
        let Extent { blob, offset, len } = self.extent;
        writer.number(self.number).number(blob).number(offset).number(len);
        writer.finish()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes, PART)?;
        let number = reader.number()?;
        let extent = Extent { blob: reader.number()?, offset: reader.number()?, len: reader.number()? };
        reader.finish()?;
        Some(Self { number, extent })
    }
}

/// Offsets at which records begin in bytes that may hold anything.
pub(super) fn find(bytes: &[u8]) -> impl Iterator<Item = Found<'_>> {
    let heads = bytes.windows(ENTRY.len()).enumerate().filter(|(_, window)| *window == ENTRY || *window == BODY);
    heads.filter_map(|(at, head)| {
        let bytes = bytes.get(at..)?;
        if head == ENTRY {
            return Entry::decode(bytes).map(|(entry, _)| Found::Entry(entry));
        }
        decode_body(bytes).map(|(sequence, body, _)| Found::Body(sequence, body))
    })
}

/// A record that a salvage found.
pub(super) enum Found<'a> {
    Entry(Entry),
    Body(u64, &'a [u8]),
}

/// A length as the records have it.
pub(super) fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

struct Writer(Vec<u8>);

impl Writer {
    fn new(magic: &[u8]) -> Self {
        Self(magic.to_vec())
    }

    fn number(&mut self, number: u64) -> &mut Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    fn text(&mut self, text: &[u8]) -> &mut Self {
        self.number(to_u64(text.len()));
        self.0.extend(text);
        self
    }

    fn finish(mut self) -> Vec<u8> {
        let sum = checksum(&self.0);
        self.0.extend(sum);
        self.0
    }
}

struct Reader<'a> {
    all: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn new(all: &'a [u8], magic: &[u8]) -> Option<Self> {
        Some(Self { all, rest: all.strip_prefix(magic)? })
    }

    fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u64::from_be_bytes(*number))
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(text)
    }

    /// Compares the CRC; gives the record's length.
    fn finish(self) -> Option<usize> {
        let length = self.all.len().checked_sub(self.rest.len())?;
        let sum: &[u8; 8] = self.rest.first_chunk()?;
        (checksum(self.all.get(..length)?) == sum.as_slice()).then_some(length.saturating_add(sum.len()))
    }
}

fn checksum(bytes: &[u8]) -> Vec<u8> {
    let mut digest = ChecksumKind::Crc64Nvme.digest();
    digest.update(bytes);
    digest.finish()
}
