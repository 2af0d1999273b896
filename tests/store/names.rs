//! Keys and their names: one to one, in the same order, prefix by prefix.

use object_store::path::Path;
use proptest::prelude::*;
use waxseal::store::{decode_key, encode_key, encode_prefix};

/// Keys that are hard: few letters, so that they meet.
fn key() -> impl Strategy<Value = String> {
    let letter =
        prop::sample::select(vec!['/', '/', '.', '-', '!', '~', '\x7f', '\0', ' ', '%', 'a', '0', 'é', '\u{10ffff}', ',']);
    prop::collection::vec(letter, 1..12).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn a_name_is_of_one_key(key in key()) {
        let name = encode_key(&key);
        prop_assert_eq!(decode_key(&name), Some(key));
        let path = Path::parse(format!("bucket/{name}")).unwrap();
        prop_assert_eq!(path.as_ref(), format!("bucket/{name}"));
    }

    #[test]
    fn names_are_in_the_order_of_keys(one in key(), other in key()) {
        prop_assert_eq!(one.as_bytes().cmp(other.as_bytes()), encode_key(&one).as_bytes().cmp(encode_key(&other).as_bytes()));
    }

    #[test]
    fn names_begin_with_the_names_of_prefixes(key in key(), prefix in key()) {
        prop_assert_eq!(key.starts_with(&prefix), encode_key(&key).starts_with(&encode_prefix(&prefix)));
    }

    #[test]
    fn what_no_key_is_named_decodes_to_none(name in "[!~./a-]{0,6}") {
        if let Some(key) = decode_key(&name) {
            prop_assert_eq!(encode_key(&key), name);
        }
    }
}
