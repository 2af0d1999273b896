//! One vector: headers and sections, as `frozen/README.md` has them.

use std::collections::HashMap;
use waxseal::crypto::{Secret, sha256};
use waxseal::envelope::{BucketUuid, CustomerKey, Draw, Kek, Random};

pub struct Vector {
    headers: Vec<(String, String)>,
    sections: HashMap<String, Vec<u8>>,
}

impl Vector {
    pub fn parse(text: &str) -> Self {
        let mut blocks = text.split("\n\n");
        let head = blocks.next().unwrap();
        let split = |line: &str| match line.split_once(": ") {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => (line.trim_end_matches(':').to_owned(), String::new()),
        };
        let headers = head.lines().map(split).collect();
        let section = |block: &str| {
            let (name, body) = block.split_once(':').unwrap();
            let body: String = body.split_whitespace().collect();
            (name.to_owned(), base64_simd::STANDARD.decode_to_vec(body).unwrap())
        };
        let sections = blocks.filter(|block| !block.trim().is_empty()).map(section).collect();
        Self { headers, sections }
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(header, _)| header == name).map(|(_, value)| value.as_str()).collect()
    }

    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(header, _)| header == name)
    }

    pub fn text(&self, name: &str) -> &str {
        self.all(name).first().unwrap_or_else(|| panic!("the vector has no {name}"))
    }

    pub fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap()
    }

    pub fn hex(&self, name: &str) -> Vec<u8> {
        unhex(self.text(name))
    }

    pub fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.hex(name).try_into().unwrap()
    }

    pub fn section(&self, name: &str) -> Option<&[u8]> {
        self.sections.get(name).map(Vec::as_slice)
    }

    pub fn bucket(&self) -> BucketUuid {
        BucketUuid(self.array("bucket-uuid"))
    }

    pub fn kek(&self, name: &str) -> Kek {
        Kek::new(Secret::new(self.array(name)))
    }

    /// The key; bytes that are not UTF-8 cannot be asked for, and are the caller's to refuse.
    pub fn key(&self) -> String {
        if self.has("key-hex") { String::from_utf8(self.hex("key-hex")).unwrap() } else { self.text("key").to_owned() }
    }

    pub fn customer(&self, name: &str) -> Option<CustomerKey> {
        self.has(name).then(|| CustomerKey::new(Secret::new(self.array(name))))
    }
}

/// Hands the vector's own salts in where randomness is asked for.
pub struct Fixed<'a>(pub &'a Vector);

impl Random for Fixed<'_> {
    fn fill(&mut self, what: Draw, out: &mut [u8]) {
        let name = match what {
            Draw::Dek => "dek",
            Draw::ObjectId => "object-id",
            Draw::TailSalt => "tail-salt",
            Draw::WrapSalt => "wrap-salt",
            other => panic!("no vector fixes {other:?}"),
        };
        out.copy_from_slice(&self.0.hex(name));
    }
}

/// Hands one salt in.
pub struct Salt(pub Vec<u8>);

impl Random for Salt {
    fn fill(&mut self, _what: Draw, out: &mut [u8]) {
        out.copy_from_slice(&self.0);
    }
}

pub fn unhex(text: &str) -> Vec<u8> {
    hex_simd::decode_to_vec(text).unwrap()
}

pub fn hex(bytes: &[u8]) -> String {
    hex_simd::encode_to_string(bytes, hex_simd::AsciiCase::Lower)
}

pub fn digest(bytes: &[u8]) -> String {
    hex(&sha256(&[bytes]))
}
