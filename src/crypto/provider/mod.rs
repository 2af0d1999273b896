//! One interface, two providers; exactly one is compiled in.

#[cfg(feature = "aws-lc")]
mod aws_lc;
#[cfg(feature = "aws-lc")]
pub use aws_lc::NAME;
#[cfg(feature = "aws-lc")]
pub(super) use aws_lc::{Gcm, Sha, expand, hmac, sha256};

#[cfg(not(feature = "aws-lc"))]
mod rustcrypto;
#[cfg(not(feature = "aws-lc"))]
pub use rustcrypto::NAME;
#[cfg(not(feature = "aws-lc"))]
pub(super) use rustcrypto::{Gcm, Sha, expand, hmac, sha256};
