//! S3 keys as names that `object_store` takes: one name a key, in the keys' byte order, and prefix by prefix.
//!
//! `object_store` has no name for empty segments, `.`, `..` and controls. Ordinary keys name themselves; what does not is
//! written with an escape that sorts where the escaped byte does:
//!
//! | in a key | in its name |
//! |---|---|
//! | 00 to 20, and `!` | `!` and the byte plus 40 (hexadecimal) |
//! | `~`, 7F | `~A`, `~B` |
//! | `-`, `.`, `/` where a segment begins | `--`, `-.`, `-/` |
//! | the end, after a `/` | `!` |
//!
//! So a page of names is a page of keys, and all names of a prefix's keys begin with the prefix's.

/// The name of a key.
#[must_use]
pub fn encode_key(key: &str) -> String {
    let mut name = encode_prefix(key);
    if key.is_empty() || key.ends_with('/') {
        name.push('!');
    }
    name
}

/// What the names of all keys with this prefix begin with.
#[must_use]
pub fn encode_prefix(prefix: &str) -> String {
    let mut name = String::with_capacity(prefix.len().saturating_add(8));
    let mut at_start = true;
    for letter in prefix.chars() {
        match letter {
            '\0'..='!' => {
                name.push('!');
                name.extend(char::from_u32(u32::from(letter).saturating_add(0x40)));
            }
            '~' => name.push_str("~A"),
            '\x7f' => name.push_str("~B"),
            '-' | '.' | '/' if at_start => name.extend(['-', letter]),
            other => name.push(other),
        }
        at_start = letter == '/';
    }
    name
}

/// The key of a name, or `None` if no key has it.
#[must_use]
pub fn decode_key(name: &str) -> Option<String> {
    let mut key = String::with_capacity(name.len());
    let mut letters = name.chars().peekable();
    let mut at_start = true;
    while let Some(letter) = letters.next() {
        let decoded = match letter {
            '!' => match letters.next() {
                None if at_start => return Some(key),
                None => return None,
                Some(escape) => u32::from(escape).checked_sub(0x40).and_then(char::from_u32).filter(|c| *c <= '!')?,
            },
            '~' => match letters.next()? {
                'A' => '~',
                'B' => '\x7f',
                _ => return None,
            },
            '-' if at_start => letters.next().filter(|c| matches!(c, '-' | '.' | '/'))?,
            '.' | '/' if at_start => return None,
            '\0'..=' ' | '\x7f' => return None,
            other => other,
        };
        key.push(decoded);
        at_start = decoded == '/';
    }
    if at_start { None } else { Some(key) }
}
