//! The users the gateway knows.

use crate::crypto::Secret;
use std::collections::HashMap;
use std::sync::Arc;

/// How S3 names an owner: 64 hexadecimal digits as AWS has them, or any token an operator chose.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CanonicalId(pub Arc<str>);

/// Someone whose signature can be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The owner id of what this user creates. Never changes for the life of the user.
    pub id: CanonicalId,
    /// The name that S3 answers show.
    pub display_name: String,
    /// Shown nowhere yet but to operators.
    pub email: Option<String>,
    /// The public half of the credentials.
    pub access_key_id: String,
}

/// Users by access key, with the secrets that verify their signatures.
#[derive(Default)]
pub struct Users {
    by_access_key: HashMap<String, (Arc<Principal>, Secret<SECRET_MAX>, usize)>,
}

/// The longest secret access key, in bytes. AWS makes them of 40.
pub const SECRET_MAX: usize = 128;
