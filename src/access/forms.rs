//! Who signed a form: its policy is the text that is signed, by version 2 or by version 4.

use super::principal::Users;
use crate::crypto::{equal, hmac, hmac_sha1};

/// A form's signature, as its fields have it.
#[derive(Clone, Copy, Debug)]
pub enum FormSignature<'a> {
    /// Version 2: HMAC-SHA-1 in base64.
    Two {
        /// `AWSAccessKeyId`.
        access_key: &'a str,
        /// `signature`.
        signature: &'a str,
    },
    /// Version 4: HMAC-SHA-256 in hexadecimal, by a key of a day, a region and S3.
    Four {
        /// The first word of `x-amz-credential`.
        access_key: &'a str,
        /// The second, as `20260131`.
        day: &'a str,
        /// The third.
        region: &'a str,
        /// `x-amz-signature`.
        signature: &'a str,
    },
}

/// Why a signature vouches for nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormFault {
    /// Nobody has this access key.
    UnknownKey,
    /// The signature is another one.
    Mismatch,
}

impl Users {
    /// Verifies the signature of a policy, which is signed as it stands in the form.
    ///
    /// # Errors
    /// [`FormFault`].
    pub fn verify_form(&self, policy: &str, signature: &FormSignature<'_>) -> Result<(), FormFault> {
        let (access_key, given) = match signature {
            FormSignature::Two { access_key, signature } => {
                (access_key, base64_simd::STANDARD.decode_to_vec(signature).unwrap_or_default())
            }
            FormSignature::Four { access_key, signature, .. } => {
                (access_key, hex_simd::decode_to_vec(signature).unwrap_or_default())
            }
        };
        let secret = self.secret(access_key).ok_or(FormFault::UnknownKey)?;
        let expected = match signature {
            FormSignature::Two { .. } => hmac_sha1(secret.as_bytes(), policy.as_bytes()).to_vec(),
            FormSignature::Four { day, region, .. } => {
                let parts = [region.as_bytes(), b"s3", b"aws4_request", policy.as_bytes()];
                let mut first = format!("AWS4{secret}");
                let key = hmac(first.as_bytes(), &[day.as_bytes()]);
                super::principal::erase(&mut first);
                parts.iter().fold(key, |key, part| hmac(&key, &[part])).to_vec()
            }
        };
        if equal(&expected, &given) { Ok(()) } else { Err(FormFault::Mismatch) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{CanonicalId, Principal};

    fn users(access_key: &str, secret: &str) -> Users {
        let mut users = Users::new();
        let (id, access_key_id) = (CanonicalId("someone".into()), access_key.to_owned());
        users.add(Principal { id, display_name: String::new(), email: None, access_key_id }, secret).unwrap();
        users
    }

    #[test]
    fn a_signature_of_version_two_is_the_hmac_of_the_policy_alone() {
        let users = users("AKIDFORM", "uV3F3YluFJax1cknvbcGwgjvx4QpvB+leU8dUj2o");
        // `printf policy | openssl dgst -sha1 -hmac SECRET -binary | base64`
        let genuine = FormSignature::Two { access_key: "AKIDFORM", signature: "T+wM2/o1sinKPk0QxHGsWNFyzeQ=" };
        assert_eq!(users.verify_form("policy", &genuine), Ok(()));
        assert_eq!(users.verify_form("Policy", &genuine), Err(FormFault::Mismatch));
        let stranger = FormSignature::Two { access_key: "OTHER", signature: "T+wM2/o1sinKPk0QxHGsWNFyzeQ=" };
        assert_eq!(users.verify_form("policy", &stranger), Err(FormFault::UnknownKey));
        for signature in ["", "not base64", "AAAA"] {
            let forged = FormSignature::Two { access_key: "AKIDFORM", signature };
            assert_eq!(users.verify_form("policy", &forged), Err(FormFault::Mismatch));
        }
    }
}
