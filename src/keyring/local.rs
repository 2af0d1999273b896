//! A root held in a file (FORMAT 12.1).

use super::private::is_private;
use super::random::OsRandom;
use super::root::{Root, RootContext, RootError};
use crate::crypto::{Secret, sha256};
use crate::envelope::{self, Draw, Kind, Random};
use async_trait::async_trait;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What a root file begins with.
const PREFIX: &[u8] = b"waxseal-root-v1:";

/// Length of a root file without its line end.
const LENGTH: usize = PREFIX.len() + 64;

/// Salt, commitment and the sealed key with its tag.
const WRAPPED: usize = 32 + 32 + 48;

/// A root held in a file that nobody but its owner can read.
pub struct LocalRoot {
    secret: Secret<32>,
    id: String,
}

/// Why a root file was not made or not taken.
#[derive(Debug, thiserror::Error)]
pub enum RootFileError {
    /// It could not be read or written.
    #[error("root key {path}: {cause}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Others than its owner can read it.
    #[error("root key {0} can be read by group or others: run `chmod 600 {0}`")]
    Readable(PathBuf),
    /// It is a directory, a device or a pipe.
    #[error("root key {0} is not a file")]
    NotAFile(PathBuf),
    /// It is not a root file.
    #[error("root key {path}: {cause}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What was found.
        cause: envelope::Error,
    },
}

impl LocalRoot {
    /// Draws a root and writes it to a new file, readable by its owner alone and durable when this returns.
    ///
    /// # Errors
    /// [`RootFileError::Io`], also if there is a file already: it is never overwritten.
    pub fn create(path: &Path, random: &mut dyn Random) -> Result<Self, RootFileError> {
        let mut secret = Secret::zeroed();
        random.fill(Draw::RootSecret, secret.expose_mut());
        let root = Self::new(secret);
        root.write(path).map_err(|cause| RootFileError::Io { path: path.to_owned(), cause })?;
        Ok(root)
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = Secret::<{ LENGTH + 1 }>::new([b'\n'; LENGTH + 1]);
        let (prefix, rest) = text.expose_mut().split_at_mut(PREFIX.len());
        prefix.copy_from_slice(PREFIX);
        let digits = hex_simd::AsciiCase::Lower;
        let (hex, _line_end) = rest.split_at_mut(64);
        let _ = hex_simd::encode(self.secret.expose(), hex_simd::Out::from_slice(hex), digits);
        // Under its name it is whole or not there at all; what was interrupted before has wrapped nothing.
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let _none_was_left = fs::remove_file(&new);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(text.expose())?;
        file.sync_all()?;
        if let Err(error) = renameat_with(CWD, new.as_os_str(), CWD, path, RenameFlags::NOREPLACE) {
            fs::remove_file(&new)?;
            return Err(error.into());
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    }

    /// Reads a root file.
    ///
    /// # Errors
    /// [`RootFileError::Readable`] if group or others may read or write it, with the command that mends it.
    pub fn read(path: &Path) -> Result<Self, RootFileError> {
        let io = |cause| RootFileError::Io { path: path.to_owned(), cause };
        let mut file = OpenOptions::new().read(true).custom_flags(nonblocking()).open(path).map_err(io)?;
        let about = file.metadata().map_err(io)?;
        if !about.is_file() {
            return Err(RootFileError::NotAFile(path.to_owned()));
        }
        if !is_private(&about) {
            return Err(RootFileError::Readable(path.to_owned()));
        }
        let mut text = Secret::<{ LENGTH + 2 }>::zeroed();
        let mut length = 0;
        while let Some(free) = text.expose_mut().get_mut(length..).filter(|free| !free.is_empty()) {
            match file.read(free).map_err(io)? {
                0 => break,
                read => length += read,
            }
        }
        let text = text.expose().get(..length).unwrap_or_default();
        Self::parse(text).map_err(|cause| RootFileError::Format { path: path.to_owned(), cause })
    }

    /// Takes the bytes of a root file.
    ///
    /// # Errors
    /// `malformed` if they are not exactly as FORMAT 12.1 has them.
    pub fn parse(text: &[u8]) -> Result<Self, envelope::Error> {
        let malformed = || envelope::Error { kind: Kind::Malformed, why: "not a root file" };
        let line = text.strip_suffix(b"\n").unwrap_or(text);
        let digits = line.strip_prefix(PREFIX).filter(|digits| digits.len() == 64).ok_or_else(malformed)?;
        if !digits.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(malformed());
        }
        let mut secret = Secret::zeroed();
        hex_simd::decode(digits, hex_simd::Out::from_slice(secret.expose_mut())).map_err(|_| malformed())?;
        Ok(Self::new(secret))
    }

    fn new(secret: Secret<32>) -> Self {
        let id = format!("local:{}", hex_simd::encode_to_string(envelope::root_id(&secret), hex_simd::AsciiCase::Lower));
        Self { secret, id }
    }

    fn seal(&self, secret: &Secret<32>, context: &RootContext) -> Result<Vec<u8>, RootError> {
        let mut salt = [0; 32];
        OsRandom.fill(Draw::RootSalt, &mut salt);
        let digest = sha256(&[&context.encode()?]);
        Ok(envelope::root_wrap(&self.secret, &salt, &digest, secret).to_vec())
    }

    fn open(&self, wrapped: &[u8], context: &RootContext) -> Result<Secret<32>, RootError> {
        let malformed = |_| envelope::Error { kind: Kind::Malformed, why: "wrapped key: length" };
        let wrapped: &[u8; WRAPPED] = wrapped.try_into().map_err(malformed)?;
        let digest = sha256(&[&context.encode()?]);
        Ok(envelope::root_unwrap(&self.secret, &digest, wrapped)?)
    }
}

/// Opening a pipe that nobody writes to must fail, not wait.
fn nonblocking() -> i32 {
    rustix::fs::OFlags::NONBLOCK.bits().cast_signed()
}

#[async_trait]
impl Root for LocalRoot {
    fn id(&self) -> &str {
        &self.id
    }

    async fn generate(&self, context: &RootContext) -> Result<(Secret<32>, Vec<u8>), RootError> {
        let mut secret = Secret::zeroed();
        OsRandom.fill(Draw::Kek, secret.expose_mut());
        let wrapped = self.seal(&secret, context)?;
        Ok((secret, wrapped))
    }

    async fn wrap(&self, secret: &Secret<32>, context: &RootContext) -> Result<Vec<u8>, RootError> {
        self.seal(secret, context)
    }

    async fn unwrap(&self, wrapped: &[u8], context: &RootContext) -> Result<Secret<32>, RootError> {
        self.open(wrapped, context)
    }
}
