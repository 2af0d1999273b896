//! The metadata of an object as a row of items (FORMAT 6): for the same metadata there is one encoding.

use super::fields::{Fields, is_zero};
use super::{Error, Result};
use crate::crypto::Secret;
use std::collections::BTreeMap;

/// What fits in a Head; a longer row goes into an overflow record.
pub(super) const ROW: usize = 768;

/// The longest row.
pub(super) const ROW_MAX: usize = 65_536;

/// The longest key, in bytes of UTF-8.
const KEY_MAX: usize = 1_024;

mod tag {
    pub(super) const KEY: u8 = 0x01;
    pub(super) const CREATED: u8 = 0x02;
    pub(super) const OWNER: u8 = 0x03;
    pub(super) const CONTENT_TYPE: u8 = 0x04;
    pub(super) const CONTENT_ENCODING: u8 = 0x05;
    pub(super) const CONTENT_LANGUAGE: u8 = 0x06;
    pub(super) const CONTENT_DISPOSITION: u8 = 0x07;
    pub(super) const CACHE_CONTROL: u8 = 0x08;
    pub(super) const EXPIRES: u8 = 0x09;
    pub(super) const REDIRECT: u8 = 0x0a;
    pub(super) const STORAGE_CLASS: u8 = 0x0b;
    pub(super) const CHECKSUM: u8 = 0x0c;
    pub(super) const USER: u8 = 0x10;
    pub(super) const OBJECT_TAG: u8 = 0x11;
    pub(super) const UPLOAD_NAME: u8 = 0x20;
    pub(super) const TAIL_PRK: u8 = 0x21;
    /// Unknown tags from here are carried, unknown ones below are refused.
    pub(super) const OPTIONAL: u8 = 0x80;
}

/// Text as it came: S3 promises no encoding but for keys.
pub type Text = Vec<u8>;

/// What is known of an object besides its content. Absent and empty are two things, and both survive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the HTTP header of its name, as it was sent")]
pub struct Metadata {
    /// The object's key: 1 to 1,024 bytes.
    pub key: String,
    /// Milliseconds since 1970: S3's Last-Modified.
    pub created: u64,
    /// Tenant or owner id.
    pub owner: Option<Text>,
    pub content_type: Option<Text>,
    pub content_encoding: Option<Text>,
    pub content_language: Option<Text>,
    pub content_disposition: Option<Text>,
    pub cache_control: Option<Text>,
    pub expires: Option<Text>,
    pub website_redirect: Option<Text>,
    pub storage_class: Option<Text>,
    /// Kind and scope of the checksum that was declared when an upload began.
    pub declared_checksum: Option<(u8, u8)>,
    /// User metadata by name, in lower case, without `x-amz-meta-`.
    pub user: BTreeMap<Text, Text>,
    /// Object tags.
    pub tags: BTreeMap<Text, Text>,
    /// Items of tags this reader does not know and must carry.
    pub unknown: BTreeMap<u8, Vec<u8>>,
}

/// What an upload record's row has besides.
pub(super) struct UploadItems {
    pub(super) name: [u8; 32],
    pub(super) tail_prk: Secret<32>,
}

/// A row as it was read.
pub(super) struct Row {
    pub(super) metadata: Metadata,
    upload_name: Option<[u8; 32]>,
    tail_prk: Option<Secret<32>>,
}

impl Row {
    /// The row of an object.
    ///
    /// # Errors
    /// `malformed` if it has items of an upload.
    pub(super) fn into_object(self) -> Result<Metadata> {
        match (self.upload_name, self.tail_prk) {
            (None, None) => Ok(self.metadata),
            _ => Err(Error::malformed("metadata: items of an upload in an object")),
        }
    }

    /// The row of an upload record.
    ///
    /// # Errors
    /// `malformed` if an item is missing.
    pub(super) fn into_upload(self) -> Result<(Metadata, UploadItems)> {
        match (self.upload_name, self.tail_prk) {
            (Some(name), Some(tail_prk)) => Ok((self.metadata, UploadItems { name, tail_prk })),
            _ => Err(Error::malformed("metadata: items of an upload are missing")),
        }
    }
}

impl Metadata {
    /// The least there is to know.
    #[must_use]
    pub fn new(key: &str, created: u64) -> Self {
        Self { key: key.to_owned(), created, ..Self::default() }
    }

    /// The row, not padded.
    ///
    /// # Errors
    /// `malformed` if a value or the row is too long, the key is empty or too long, a name is empty, or a header
    /// holds a line break.
    pub fn encode(&self) -> Result<Vec<u8>> {
        self.row(None)
    }

    /// Reads the row of an object.
    ///
    /// # Errors
    /// `malformed`; `unsupported` for a tag that must be known.
    pub fn decode(row: &[u8]) -> Result<Self> {
        decode(row)?.into_object()
    }

    pub(super) fn row(&self, upload: Option<&UploadItems>) -> Result<Vec<u8>> {
        check_key(&self.key)?;
        // Long enough never to be moved while it holds a TPRK: what is copied on growing is not erased.
        let mut row = Vec::with_capacity(ROW_MAX.min(self.weight()));
        put(&mut row, tag::KEY, &[self.key.as_bytes()])?;
        put(&mut row, tag::CREATED, &[&self.created.to_be_bytes()])?;
        for (tag, text) in self.texts() {
            if let Some(text) = text {
                check_header(tag, text)?;
                put(&mut row, tag, &[text])?;
            }
        }
        if let Some((kind, scope)) = self.declared_checksum {
            put(&mut row, tag::CHECKSUM, &[&[kind, scope]])?;
        }
        for (tag, pairs) in [(tag::USER, &self.user), (tag::OBJECT_TAG, &self.tags)] {
            for (name, value) in pairs {
                check_header(tag, name)?;
                check_header(tag, value)?;
                let length = u16::try_from(name.len()).ok().filter(|length| *length > 0);
                let length = length.ok_or(Error::malformed("metadata: the name of a pair"))?;
                put(&mut row, tag, &[&length.to_be_bytes(), name, value])?;
            }
        }
        if let Some(UploadItems { name, tail_prk }) = upload {
            put(&mut row, tag::UPLOAD_NAME, &[name])?;
            put(&mut row, tag::TAIL_PRK, &[tail_prk.expose()])?;
        }
        for (tag, value) in &self.unknown {
            put(&mut row, *tag, &[value])?;
        }
        if row.len() > ROW_MAX { Err(Error::malformed("metadata: too long")) } else { Ok(row) }
    }

    /// At least the length of the row.
    fn weight(&self) -> usize {
        let pairs = self.user.iter().chain(&self.tags);
        let pairs = pairs
            .fold(0_usize, |sum, (name, value)| sum.saturating_add(name.len()).saturating_add(value.len()).saturating_add(5));
        let texts = self.texts().into_iter().filter_map(|(_, text)| text);
        let texts = texts.fold(0_usize, |sum, text| sum.saturating_add(text.len()).saturating_add(3));
        let unknown = self.unknown.values().fold(0_usize, |sum, value| sum.saturating_add(value.len()).saturating_add(3));
        pairs.saturating_add(texts).saturating_add(unknown).saturating_add(self.key.len()).saturating_add(128)
    }

    fn texts(&self) -> [(u8, Option<&Text>); 9] {
        [
            (tag::OWNER, self.owner.as_ref()),
            (tag::CONTENT_TYPE, self.content_type.as_ref()),
            (tag::CONTENT_ENCODING, self.content_encoding.as_ref()),
            (tag::CONTENT_LANGUAGE, self.content_language.as_ref()),
            (tag::CONTENT_DISPOSITION, self.content_disposition.as_ref()),
            (tag::CACHE_CONTROL, self.cache_control.as_ref()),
            (tag::EXPIRES, self.expires.as_ref()),
            (tag::REDIRECT, self.website_redirect.as_ref()),
            (tag::STORAGE_CLASS, self.storage_class.as_ref()),
        ]
    }
}

/// Reads a row and the zeros after it.
pub(super) fn decode(bytes: &[u8]) -> Result<Row> {
    let mut fields = Fields::of(bytes);
    let mut found = Found::default();
    let mut last: (u8, &[u8]) = (0, &[]);
    while fields.rest().first().is_some_and(|tag| *tag != 0) {
        let tag = fields.u8()?;
        let length = usize::from(fields.u16()?);
        let value = fields.take(length)?;
        let known = matches!(tag, tag::KEY..=tag::CHECKSUM | tag::USER | tag::OBJECT_TAG | tag::UPLOAD_NAME | tag::TAIL_PRK);
        if !known && tag < tag::OPTIONAL {
            return Err(Error::unsupported("metadata: tag"));
        }
        let (name, text) = if matches!(tag, tag::USER | tag::OBJECT_TAG) { unpair(value)? } else { (&[][..], value) };
        if (tag, name) <= last {
            return Err(Error::malformed("metadata: out of order or repeated"));
        }
        last = (tag, name);
        check_header(tag, name)?;
        check_header(tag, text)?;
        found.take(tag, name, text)?;
    }
    if !is_zero(fields.rest()) {
        return Err(Error::malformed("metadata: padding is not zero"));
    }
    found.into_row()
}

/// Items as they are found; the required ones may be missing.
#[derive(Default)]
struct Found {
    key: Option<String>,
    created: Option<u64>,
    metadata: Metadata,
    upload_name: Option<[u8; 32]>,
    tail_prk: Option<Secret<32>>,
}

impl Found {
    fn take(&mut self, tag: u8, name: &[u8], value: &[u8]) -> Result<()> {
        const LENGTH: Error = Error::malformed("metadata: length of an item");
        let metadata = &mut self.metadata;
        let text = || Some(value.to_vec());
        match tag {
            tag::KEY => {
                let key = std::str::from_utf8(value).map_err(|_| Error::malformed("metadata: key"))?;
                check_key(key)?;
                self.key = Some(key.to_owned());
            }
            tag::CREATED => self.created = Some(u64::from_be_bytes(value.try_into().map_err(|_| LENGTH)?)),
            tag::OWNER => metadata.owner = text(),
            tag::CONTENT_TYPE => metadata.content_type = text(),
            tag::CONTENT_ENCODING => metadata.content_encoding = text(),
            tag::CONTENT_LANGUAGE => metadata.content_language = text(),
            tag::CONTENT_DISPOSITION => metadata.content_disposition = text(),
            tag::CACHE_CONTROL => metadata.cache_control = text(),
            tag::EXPIRES => metadata.expires = text(),
            tag::REDIRECT => metadata.website_redirect = text(),
            tag::STORAGE_CLASS => metadata.storage_class = text(),
            tag::CHECKSUM => {
                let [kind, scope] = value.try_into().map_err(|_| LENGTH)?;
                metadata.declared_checksum = Some((kind, scope));
            }
            tag::USER => drop(metadata.user.insert(name.to_vec(), value.to_vec())),
            tag::OBJECT_TAG => drop(metadata.tags.insert(name.to_vec(), value.to_vec())),
            tag::UPLOAD_NAME => self.upload_name = Some(value.try_into().map_err(|_| LENGTH)?),
            tag::TAIL_PRK => {
                let mut secret = Secret::zeroed();
                let bytes: &[u8; 32] = value.try_into().map_err(|_| LENGTH)?;
                secret.expose_mut().copy_from_slice(bytes);
                self.tail_prk = Some(secret);
            }
            _ => drop(metadata.unknown.insert(tag, value.to_vec())),
        }
        Ok(())
    }

    fn into_row(self) -> Result<Row> {
        let (Some(key), Some(created)) = (self.key, self.created) else {
            return Err(Error::malformed("metadata: key or creation time is missing"));
        };
        let metadata = Metadata { key, created, ..self.metadata };
        Ok(Row { metadata, upload_name: self.upload_name, tail_prk: self.tail_prk })
    }
}

fn check_key(key: &str) -> Result<()> {
    if (1..=KEY_MAX).contains(&key.len()) { Ok(()) } else { Err(Error::malformed("metadata: length of the key")) }
}

/// Refuses what would break a header line, in items that become one.
fn check_header(tag: u8, text: &[u8]) -> Result<()> {
    let header = matches!(tag, tag::CONTENT_TYPE..=tag::REDIRECT | tag::USER);
    if header && text.iter().any(|byte| matches!(byte, 0 | b'\n' | b'\r')) {
        return Err(Error::malformed("metadata: a line break in a header"));
    }
    Ok(())
}

fn unpair(value: &[u8]) -> Result<(&[u8], &[u8])> {
    const WRONG: Error = Error::malformed("metadata: pair");
    let mut fields = Fields::of(value);
    let length = usize::from(fields.u16().map_err(|_| WRONG)?);
    let name = fields.take(length).map_err(|_| WRONG)?;
    if name.is_empty() { Err(WRONG) } else { Ok((name, fields.rest())) }
}

fn put(row: &mut Vec<u8>, tag: u8, parts: &[&[u8]]) -> Result<()> {
    let length = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    let length = u16::try_from(length).map_err(|_| Error::malformed("metadata: a value is too long"))?;
    row.push(tag);
    row.extend(length.to_be_bytes());
    parts.iter().for_each(|part| row.extend_from_slice(part));
    Ok(())
}
