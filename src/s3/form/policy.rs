//! What the signer of a form lets its sender do. Pure: the time is an argument.

use super::fields::Fields;
use crate::gateway::Millis;
use crate::s3::error::plain;
use s3s::{S3Error, S3ErrorCode, S3Result};
use serde::Deserialize;
use serde_json::Value;

/// A policy: until when, and which values each field may have.
#[derive(Debug)]
pub(super) struct Policy {
    expires: Millis,
    conditions: Vec<Condition>,
    /// The fewest and the most bytes of the file.
    pub(super) length: Option<(u64, u64)>,
}

#[derive(Debug, PartialEq, Eq)]
struct Condition {
    /// In lower case, without `$`.
    field: String,
    test: Test,
}

#[derive(Debug, PartialEq, Eq)]
enum Test {
    Is(String),
    StartsWith(String),
}

#[derive(Deserialize)]
struct Document {
    expiration: String,
    conditions: Vec<Value>,
}

/// Fields that no condition has to name: what signs, the file, and what can only refuse it.
const FREE: [&str; 5] = ["x-amz-signature", "signature", "awsaccesskeyid", "policy", "file"];

impl Policy {
    /// Reads a policy as it stands in a form: JSON in base64.
    ///
    /// # Errors
    /// `InvalidPolicyDocument`.
    pub(super) fn read(text: &str) -> S3Result<Self> {
        let json = base64_simd::forgiving_decode_to_vec(text.as_bytes()).map_err(|_| invalid("it is not base64"))?;
        let document: Document = serde_json::from_slice(&json).map_err(|error| invalid(&error.to_string()))?;
        let expires = time(&document.expiration).ok_or_else(|| invalid("the expiration is not like 2030-01-31T12:00:00Z"))?;
        let mut policy = Self { expires, conditions: Vec::new(), length: None };
        for condition in document.conditions {
            policy.take(condition).ok_or_else(|| invalid("a condition is not valid"))?;
        }
        Ok(policy)
    }

    fn take(&mut self, condition: Value) -> Option<()> {
        match condition {
            Value::Object(pairs) => {
                let mut pairs = pairs.into_iter();
                let (Some((field, Value::String(value))), None) = (pairs.next(), pairs.next()) else { return None };
                self.conditions.push(Condition { field: field_name(&field), test: Test::Is(value) });
            }
            Value::Array(words) => {
                let [operator, first, second] = <[Value; 3]>::try_from(words).ok()?;
                match (operator.as_str()?.to_ascii_lowercase().as_str(), first, second) {
                    ("content-length-range", first, second) => {
                        let (least, most) = (number(&first)?, number(&second)?);
                        let (before, after) = self.length.unwrap_or((0, u64::MAX));
                        self.length = (least <= most).then_some((before.max(least), after.min(most)));
                        self.length?;
                    }
                    (operator, Value::String(field), Value::String(value)) => {
                        let test = match operator {
                            "eq" => Test::Is(value),
                            "starts-with" => Test::StartsWith(value),
                            _ => return None,
                        };
                        self.conditions.push(Condition { field: field_name(&field), test });
                    }
                    _ => return None,
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// Holds the fields, among them the bucket, against every condition, and sees that each is named by one.
    ///
    /// # Errors
    /// `AccessDenied`, in the words of AWS.
    pub(super) fn check(&self, fields: &Fields, now: Millis) -> S3Result<()> {
        if now >= self.expires {
            return Err(denied("Policy expired."));
        }
        if let Some(failed) = self.conditions.iter().find(|condition| !condition.holds(fields)) {
            return Err(denied(&format!("Policy Condition failed: {}", failed.shown())));
        }
        let named = |name: &str| self.conditions.iter().any(|condition| condition.field == name);
        let free = |name: &str| FREE.contains(&name) || name.starts_with("x-ignore-") || name.starts_with("x-amz-checksum-");
        match fields.all().find(|(name, _)| !free(name) && !named(name)) {
            Some((name, _)) => Err(denied(&format!("Extra input fields: {name}"))),
            None => Ok(()),
        }
    }
}

impl Condition {
    /// A field that is not there is empty.
    fn holds(&self, fields: &Fields) -> bool {
        let value = fields.get(&self.field).unwrap_or_default();
        match &self.test {
            Test::Is(expected) => value == expected,
            // Types may come as a list.
            Test::StartsWith(start) if self.field == "content-type" => {
                value.split(',').all(|one| one.trim_start().starts_with(start.as_str()))
            }
            Test::StartsWith(start) => value.starts_with(start.as_str()),
        }
    }

    fn shown(&self) -> String {
        let (operator, value) = match &self.test {
            Test::Is(value) => ("eq", value),
            Test::StartsWith(value) => ("starts-with", value),
        };
        format!("[\"{operator}\", \"${}\", \"{value}\"]", self.field)
    }
}

fn field_name(name: &str) -> String {
    name.strip_prefix('$').unwrap_or(name).to_ascii_lowercase()
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// ISO 8601 in UTC, with or without a fraction of the second.
fn time(text: &str) -> Option<Millis> {
    if !text.ends_with('Z') || text.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    let time = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    Some(Millis(u64::try_from(time.timestamp_millis()).unwrap_or(0)))
}

fn invalid(why: &str) -> S3Error {
    plain(S3ErrorCode::InvalidPolicyDocument, format!("Invalid Policy: {why}"))
}

fn denied(why: &str) -> S3Error {
    plain(S3ErrorCode::AccessDenied, format!("Invalid according to Policy: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(conditions: &str) -> S3Result<Policy> {
        let json = format!("{{\"expiration\": \"2030-01-31T12:00:00.000Z\", \"conditions\": [{conditions}]}}");
        Policy::read(&base64_simd::STANDARD.encode_to_string(json))
    }

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::default();
        pairs.iter().for_each(|(name, value)| fields.add(name, (*value).to_owned()).unwrap());
        fields
    }

    fn holds(conditions: &str, pairs: &[(&str, &str)]) -> bool {
        policy(conditions).unwrap().check(&fields(pairs), Millis(0)).is_ok()
    }

    #[test]
    fn conditions_are_of_any_case_and_values_of_their_own() {
        assert!(holds(r#"{"bUcKeT": "b"}, ["StArTs-WiTh", "$KeY", "a/"]"#, &[("Bucket", "b"), ("kEy", "a/1")]));
        assert!(!holds(r#"{"bucket": "b"}"#, &[("bucket", "B")]));
        assert!(!holds(r#"["starts-with", "$key", "a/"]"#, &[("key", "A/1")]));
        assert!(!holds(r#"["eq", "$key", "a"]"#, &[("key", "ab")]));
    }

    #[test]
    fn every_field_is_named_and_every_name_holds() {
        assert!(!holds(r#"{"key": "a"}"#, &[("key", "a"), ("x-amz-meta-more", "1")]));
        assert!(holds(r#"{"key": "a"}"#, &[("key", "a"), ("x-ignore-more", "1"), ("Policy", "p"), ("signature", "s")]));
        assert!(!holds(r#"{"key": "a"}, ["starts-with", "$x-amz-meta-more", "1"]"#, &[("key", "a")]));
        assert!(holds(r#"{"key": "a"}, ["starts-with", "$x-amz-meta-more", ""]"#, &[("key", "a")]));
        assert!(!holds(r#"["starts-with", "$content-type", "image/"]"#, &[("content-type", "image/png, text/html")]));
        assert!(!holds(r#"["content-length-range", 0, 9]"#, &[("content-length-range", "5")]));
    }

    #[test]
    fn a_policy_ends() {
        let policy = policy(r#"{"key": "a"}"#).unwrap();
        let end = Millis(1_896_091_200_000);
        assert!(policy.check(&fields(&[("key", "a")]), Millis(end.0 - 1)).is_ok());
        assert!(policy.check(&fields(&[("key", "a")]), end).is_err());
    }

    #[test]
    fn ranges_of_length_narrow_each_other() {
        let range = r#"["content-length-range", 1, 10], ["content-length-range", "5", "20"]"#;
        assert_eq!(policy(range).unwrap().length, Some((5, 10)));
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        let bad = [
            "{}",
            r#"{"a": "b", "c": "d"}"#,
            r#"{"a": 1}"#,
            r#"["eq", "$a"]"#,
            r#"["ends-with", "$a", "b"]"#,
            r#"["content-length-range", -1, 0]"#,
            r#"["content-length-range", 2, 1]"#,
            r#"["content-length-range", 0]"#,
            "7",
        ];
        for conditions in bad {
            assert!(policy(conditions).is_err(), "{conditions}");
        }
        let read = |json: &str| Policy::read(&base64_simd::STANDARD.encode_to_string(json));
        for json in [
            "",
            "[]",
            r#"{"conditions": []}"#,
            r#"{"expiration": "2030-01-31T12:00:00Z"}"#,
            r#"{"expiration": "2030-01-31T12:00:00Z", "CONDITIONS": []}"#,
            r#"{"EXPIRATION": "2030-01-31T12:00:00Z", "conditions": []}"#,
            r#"{"expiration": "2030-01-31 12:00:00+00:00", "conditions": []}"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
        assert!(Policy::read("!!!").is_err());
        assert!(read(r#"{"expiration": "2030-01-31T12:00:00Z", "conditions": []}"#).is_ok());
    }
}
