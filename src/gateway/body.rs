//! Content on its way in and out.

use super::operation::Checksum;
use bytes::Bytes;
use futures::stream::BoxStream;

/// Content as a client sends it, and what it says of it afterwards.
pub struct Body {
    /// The plaintext, in pieces of any size. An error ends it.
    pub pieces: BoxStream<'static, Result<Bytes, BodyError>>,
    /// Asked once the pieces have ended: the checksum that came as a trailer, if the request declared one.
    pub trailer: Option<Box<dyn FnOnce() -> Result<Checksum, BodyError> + Send>>,
}

/// Why content did not arrive whole and as it was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Fewer bytes than declared, or the connection broke.
    #[error("the body ended before its declared length")]
    Incomplete,
    /// The payload hash or a frame's signature does not match what was signed.
    #[error("the body is not the one that was signed")]
    Signature,
    /// The payload's SHA-256 is not the signed x-amz-content-sha256.
    #[error("the body's SHA-256 differs from x-amz-content-sha256")]
    ContentSha256,
    /// Framing, trailer or sizes are not as the protocol has them.
    #[error("the body is malformed: {0}")]
    Malformed(&'static str),
    /// The client sent nothing for too long.
    #[error("the client was too slow")]
    Timeout,
}

/// Plaintext on its way out; each piece was verified before it is yielded, and an error breaks the connection.
pub type Chunks = BoxStream<'static, Result<Bytes, super::Error>>;
