//! Object lock, to and from XML and headers.

use super::adapter::{Adapter, Asker};
use super::error::{failed, invalid_argument, plain};
use super::time::{millis, timestamp};
use super::versions::version;
use crate::gateway::{
    DefaultRetention, GetLock, GetObjectLock, Lock, LockMode, LockRule, Period, PutHold, PutLock, PutRetention, Retention,
};
use s3s::dto::{
    self, GetObjectLegalHoldInput, GetObjectLegalHoldOutput, GetObjectLockConfigurationOutput, GetObjectRetentionInput,
    GetObjectRetentionOutput, ObjectLockConfiguration, ObjectLockEnabled, ObjectLockLegalHold, ObjectLockLegalHoldStatus,
    ObjectLockRetention, ObjectLockRetentionMode, ObjectLockRule, PutObjectLegalHoldInput, PutObjectLockConfigurationInput,
    PutObjectRetentionInput,
};
use s3s::{S3Error, S3ErrorCode, S3Result};

fn malformed(why: &'static str) -> S3Error {
    plain(S3ErrorCode::MalformedXML, why)
}

fn mode(text: &str) -> Option<LockMode> {
    match text {
        ObjectLockRetentionMode::GOVERNANCE => Some(LockMode::Governance),
        ObjectLockRetentionMode::COMPLIANCE => Some(LockMode::Compliance),
        _ => None,
    }
}

/// How S3 writes a mode.
pub(super) fn mode_name(mode: LockMode) -> &'static str {
    match mode {
        LockMode::Governance => ObjectLockRetentionMode::GOVERNANCE,
        LockMode::Compliance => ObjectLockRetentionMode::COMPLIANCE,
    }
}

/// How S3 writes a legal hold.
pub(super) fn hold_name(on: bool) -> &'static str {
    if on { ObjectLockLegalHoldStatus::ON } else { ObjectLockLegalHoldStatus::OFF }
}

/// The lock that the headers of a new object ask for.
///
/// # Errors
/// `InvalidArgument` for a mode or status that is none, or a mode without a date.
pub(super) fn of_headers(named: Option<&str>, until: Option<&dto::Timestamp>, hold: Option<&str>) -> S3Result<Lock> {
    let retention = match (named, until) {
        (None, None) => None,
        (Some(named), Some(until)) => {
            let mode = mode(named).ok_or_else(|| invalid_argument("unknown object lock mode"))?;
            Some(Retention { mode, until: millis(until) })
        }
        (Some(_), None) | (None, Some(_)) => {
            return Err(invalid_argument("x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"));
        }
    };
    let hold = match hold {
        None => None,
        Some(ObjectLockLegalHoldStatus::ON) => Some(true),
        Some(ObjectLockLegalHoldStatus::OFF) => Some(false),
        Some(_) => return Err(invalid_argument("the legal hold must be ON or OFF")),
    };
    Ok(Lock { retention, hold })
}

fn rule(configuration: Option<ObjectLockConfiguration>) -> S3Result<LockRule> {
    let configuration = configuration.ok_or_else(|| malformed("an object lock configuration is missing"))?;
    if configuration.object_lock_enabled.as_ref().map(ObjectLockEnabled::as_str) != Some(ObjectLockEnabled::ENABLED) {
        return Err(malformed("ObjectLockEnabled must be Enabled"));
    }
    let Some(rule) = configuration.rule else { return Ok(LockRule::default()) };
    let default = rule.default_retention.ok_or_else(|| malformed("a rule has a default retention"))?;
    let mode = default.mode.as_ref().and_then(|named| mode(named.as_str()));
    let mode = mode.ok_or_else(|| malformed("the mode must be GOVERNANCE or COMPLIANCE"))?;
    let count = |count: i32| {
        let count = u32::try_from(count).ok().filter(|count| (1..=36_500).contains(count));
        let invalid = S3ErrorCode::Custom("InvalidRetentionPeriod".into());
        count.ok_or_else(|| bad_request(plain(invalid, "a default retention lasts 1 to 36500 days, or 1 to 100 years")))
    };
    let period = match (default.days, default.years) {
        (Some(days), None) => Period::Days(count(days)?),
        (None, Some(years)) => Period::Years(count(years)?),
        _ => return Err(malformed("a default retention has either days or years")),
    };
    Ok(LockRule { default: Some(DefaultRetention { mode, period }) })
}

fn bad_request(mut error: S3Error) -> S3Error {
    error.set_status_code(http::StatusCode::BAD_REQUEST);
    error
}

fn no_lock() -> S3Error {
    plain(S3ErrorCode::NoSuchObjectLockConfiguration, "the specified object does not have an object lock configuration")
}

impl Adapter {
    pub(super) async fn bucket_lock(&self, asker: &Asker, bucket: String) -> S3Result<GetObjectLockConfigurationOutput> {
        let permitted = self.permit(asker, GetLock { bucket }).await?;
        let LockRule { default } = self.gateway.bucket_lock(&permitted).await.map_err(failed)?;
        let rule = default.map(|DefaultRetention { mode, period }| {
            let (days, years) = match period {
                Period::Days(days) => (i32::try_from(days).ok(), None),
                Period::Years(years) => (None, i32::try_from(years).ok()),
            };
            let mode = Some(ObjectLockRetentionMode::from_static(mode_name(mode)));
            ObjectLockRule { default_retention: Some(dto::DefaultRetention { days, mode, years }) }
        });
        let enabled = Some(ObjectLockEnabled::from_static(ObjectLockEnabled::ENABLED));
        let configuration = ObjectLockConfiguration { object_lock_enabled: enabled, rule };
        Ok(GetObjectLockConfigurationOutput { object_lock_configuration: Some(configuration) })
    }

    pub(super) async fn lock_bucket(&self, asker: &Asker, input: PutObjectLockConfigurationInput) -> S3Result<()> {
        let operation = PutLock { bucket: input.bucket, rule: rule(input.object_lock_configuration)? };
        let permitted = self.permit(asker, operation).await?;
        self.gateway.put_bucket_lock(permitted).await.map_err(failed)
    }

    async fn object_lock(&self, asker: &Asker, (bucket, key): (String, String), id: Option<&str>) -> S3Result<Lock> {
        let operation = GetObjectLock { bucket, key, version: id.map(version).transpose()? };
        let permitted = self.permit(asker, operation).await?;
        self.gateway.object_lock(permitted).await.map_err(|error| self.integrity(error))
    }

    pub(super) async fn retention(&self, asker: &Asker, input: GetObjectRetentionInput) -> S3Result<GetObjectRetentionOutput> {
        let lock = self.object_lock(asker, (input.bucket, input.key), input.version_id.as_deref()).await?;
        let Retention { mode, until } = lock.retention.ok_or_else(no_lock)?;
        let mode = Some(ObjectLockRetentionMode::from_static(mode_name(mode)));
        let retention = ObjectLockRetention { mode, retain_until_date: Some(timestamp(until)) };
        Ok(GetObjectRetentionOutput { retention: Some(retention) })
    }

    pub(super) async fn retain(&self, asker: &Asker, input: PutObjectRetentionInput) -> S3Result<()> {
        let asked = input.retention.ok_or_else(|| malformed("a retention is missing"))?;
        let retention = match (asked.mode, asked.retain_until_date) {
            (None, None) => None,
            (Some(named), Some(until)) => {
                let mode = mode(named.as_str()).ok_or_else(|| malformed("the mode must be GOVERNANCE or COMPLIANCE"))?;
                Some(Retention { mode, until: millis(&until) })
            }
            (Some(_), None) | (None, Some(_)) => return Err(malformed("a retention has a mode and a date")),
        };
        let version = input.version_id.as_deref().map(version).transpose()?;
        let bypass = input.bypass_governance_retention.unwrap_or(false);
        let operation = PutRetention { bucket: input.bucket, key: input.key, version, retention, bypass };
        let permitted = self.permit(asker, operation).await?;
        self.gateway.put_retention(permitted).await.map_err(|error| self.integrity(error))
    }

    pub(super) async fn legal_hold(&self, asker: &Asker, input: GetObjectLegalHoldInput) -> S3Result<GetObjectLegalHoldOutput> {
        let lock = self.object_lock(asker, (input.bucket, input.key), input.version_id.as_deref()).await?;
        let status = ObjectLockLegalHoldStatus::from_static(hold_name(lock.hold.ok_or_else(no_lock)?));
        Ok(GetObjectLegalHoldOutput { legal_hold: Some(ObjectLockLegalHold { status: Some(status) }) })
    }

    pub(super) async fn hold(&self, asker: &Asker, input: PutObjectLegalHoldInput) -> S3Result<()> {
        let status = input.legal_hold.and_then(|hold| hold.status);
        let on = match status.as_ref().map(ObjectLockLegalHoldStatus::as_str) {
            Some(ObjectLockLegalHoldStatus::ON) => true,
            Some(ObjectLockLegalHoldStatus::OFF) => false,
            _ => return Err(malformed("the legal hold must be ON or OFF")),
        };
        let version = input.version_id.as_deref().map(version).transpose()?;
        let operation = PutHold { bucket: input.bucket, key: input.key, version, on };
        let permitted = self.permit(asker, operation).await?;
        self.gateway.put_hold(permitted).await.map_err(|error| self.integrity(error))
    }
}
