//! Page tokens: where a listing goes on, in words that nobody else can have written.

use super::Keyring;
use crate::crypto;
use crate::envelope::BucketUuid;

/// Bytes of an authenticator: what an attacker would have to guess online.
const MAC: usize = 16;

/// Which listing a token belongs to. One of another listing is as good as forged.
#[derive(Clone, Copy, Debug)]
pub enum Listing<'a> {
    /// The keys of a bucket.
    Keys(BucketUuid),
    /// The buckets of an owner, by canonical id.
    Buckets(&'a str),
}

impl Keyring {
    /// The token of a place. Any replica on the same keyring takes it, now and after a restart.
    #[must_use]
    pub fn token(&self, listing: Listing<'_>, place: &str) -> String {
        let mut token = self.mac(listing, place).to_vec();
        token.extend_from_slice(place.as_bytes());
        base64_simd::URL_SAFE_NO_PAD.encode_to_string(token)
    }

    /// The place of a token, if it was made here and for this listing.
    #[must_use]
    pub fn place(&self, listing: Listing<'_>, token: &str) -> Option<String> {
        let bytes = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(token).ok()?;
        let (mac, place) = bytes.split_at_checked(MAC)?;
        let place = std::str::from_utf8(place).ok()?;
        crypto::equal(&self.mac(listing, place), mac).then(|| place.to_owned())
    }

    fn mac(&self, listing: Listing<'_>, place: &str) -> [u8; MAC] {
        let (kind, of) = match &listing {
            Listing::Keys(bucket) => (1, bucket.0.as_slice()),
            Listing::Buckets(owner) => (2, owner.as_bytes()),
        };
        let length = u64::try_from(of.len()).unwrap_or(u64::MAX).to_be_bytes();
        let full = crypto::hmac(self.token_key().expose(), &[&[kind], &length, of, place.as_bytes()]);
        full.first_chunk().copied().unwrap_or_default()
    }
}
