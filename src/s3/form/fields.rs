//! The fields of a form, which come before its file; what comes after it is nobody's.

use crate::s3::error::{invalid_argument, plain};
use bytes::Bytes;
use futures::stream::{Stream, StreamExt};
use s3s::{Body, S3Error, S3ErrorCode, S3Result};
use s3s_multipart::{Boundary, Error, Multipart, PartDataStream, parse_content_disposition};
use std::pin::Pin;

/// The most bytes of a part's head.
const HEAD: usize = 8 << 10;

/// The most bytes of all fields together, as S3 has it.
const FIELDS: usize = 20 << 10;

type Source = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// The file of a form on its way in. It ends where the form's boundary says so, and fails where that is missing.
pub(super) type File = PartDataStream<Source>;

/// Fields by their names in lower case, each there once.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// # Errors
    /// `InvalidArgument` for a field that is there already.
    pub(super) fn add(&mut self, name: &str, value: String) -> S3Result<()> {
        let name = name.to_ascii_lowercase();
        if self.get(&name).is_some() {
            return Err(invalid_argument(format!("the form field {name} is repeated")));
        }
        self.0.push((name, value));
        Ok(())
    }

    /// Puts the file's name where the key asks for it: what follows the last slash, since some browsers send all of it.
    pub(super) fn name_file(&mut self, file: &str) {
        let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
        if let Some((_, key)) = self.0.iter_mut().find(|(field, _)| field == "key") {
            *key = key.replace("${filename}", name);
        }
    }
}

/// Reads a form up to its file.
///
/// # Errors
/// `MalformedPOSTRequest` for what is no form, `MaxPostPreDataLengthExceededError` for too many fields.
pub(super) async fn read(body: Body, boundary: &str) -> S3Result<(Fields, File)> {
    let boundary = Boundary::new(boundary.as_bytes()).map_err(|error| malformed(&error))?;
    let source: Source = Box::pin(body.map(|piece| piece.map_err(Error::stream_read_failed)));
    let mut parts = Multipart::new(source, &boundary, HEAD);
    let (mut fields, mut length) = (Fields::default(), 0_usize);
    while let Some(mut part) = parts.next_part().await.map_err(|error| malformed(&error))? {
        let (mut name, mut file) = (None, None);
        while let Some(header) = part.next_header().await.map_err(|error| malformed(&error))? {
            if header.name.eq_ignore_ascii_case("content-disposition")
                && let Some(said) = parse_content_disposition(header.value)
            {
                name = said.name.map(text).transpose()?;
                file = said.file_name.map(text).transpose()?;
            }
        }
        let name = name.ok_or_else(|| no_form("a part of the form has no name"))?;
        if name.eq_ignore_ascii_case("file") {
            fields.name_file(file.as_deref().unwrap_or_default());
            let file = part.take_data_stream().map_err(|error| malformed(&error))?;
            return Ok((fields, file));
        }
        let mut value = Vec::new();
        length = length.saturating_add(name.len());
        while let Some(piece) = part.next_data().await.map_err(|error| malformed(&error))? {
            length = length.saturating_add(piece.len());
            if length > FIELDS {
                return Err(too_long());
            }
            value.extend_from_slice(&piece);
        }
        if length > FIELDS {
            return Err(too_long());
        }
        fields.add(&name, text(&value)?)?;
    }
    Err(invalid_argument("POST requires exactly one file upload per request."))
}

fn text(bytes: &[u8]) -> S3Result<String> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| no_form("a field of the form is not UTF-8"))
}

fn no_form(why: &str) -> S3Error {
    plain(S3ErrorCode::MalformedPOSTRequest, why)
}

fn malformed(error: &Error) -> S3Error {
    if let Error::StreamReadFailed(cause) = error {
        let slow = cause.downcast_ref::<crate::s3::front::Slow>().is_some();
        return if slow {
            plain(S3ErrorCode::RequestTimeout, "the client was too slow")
        } else {
            plain(S3ErrorCode::IncompleteBody, "the body ended before its declared length")
        };
    }
    no_form("The body of your POST request is not well-formed multipart/form-data.")
}

fn too_long() -> S3Error {
    plain(S3ErrorCode::MaxPostPreDataLengthExceededError, "Your POST request fields preceding the upload file were too large.")
}
