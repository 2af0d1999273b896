//! Lifecycle rules, to and from XML, and `x-amz-expiration`.

use super::adapter::{Adapter, Asker};
use super::error::{failed, invalid_argument, invalid_request, not_implemented, plain};
use super::time::{millis, timestamp};
use crate::gateway::{
    Expiration, Expires, Filter, GetLifecycle, Lifecycle, LifecycleFault, LifecycleRule, Millis, Noncurrent, PutLifecycle, Scope,
};
use s3s::dto::{
    self, AbortIncompleteMultipartUpload, ExpirationStatus, GetBucketLifecycleConfigurationOutput, LifecycleExpiration,
    LifecycleRuleAndOperator, LifecycleRuleFilter, NoncurrentVersionExpiration, PutBucketLifecycleConfigurationInput, Tag,
    TimestampFormat,
};
use s3s::{S3Error, S3ErrorCode, S3Result};

fn malformed(why: &'static str) -> S3Error {
    plain(S3ErrorCode::MalformedXML, why)
}

/// The `x-amz-expiration` header.
pub(super) fn header(expires: Option<&Expires>) -> Option<String> {
    let Expires { date, rule } = expires?;
    let mut text = Vec::new();
    timestamp(*date).format(TimestampFormat::HttpDate, &mut text).ok()?;
    let rule = percent_encoding::utf8_percent_encode(rule, percent_encoding::CONTROLS);
    Some(format!("expiry-date=\"{}\", rule-id=\"{rule}\"", String::from_utf8(text).ok()?))
}

impl Adapter {
    pub(super) async fn lifecycle(&self, asker: &Asker, bucket: String) -> S3Result<GetBucketLifecycleConfigurationOutput> {
        let permitted = self.permit(asker, GetLifecycle { bucket }).await?;
        let rules = self.gateway.lifecycle(&permitted).await.map_err(failed)?;
        let rules = Some(rules.rules().iter().map(shown).collect());
        Ok(GetBucketLifecycleConfigurationOutput { rules, ..GetBucketLifecycleConfigurationOutput::default() })
    }

    pub(super) async fn put_lifecycle(&self, asker: &Asker, input: PutBucketLifecycleConfigurationInput) -> S3Result<()> {
        let rules = input.lifecycle_configuration.ok_or_else(|| malformed("a lifecycle configuration is missing"))?.rules;
        let rules = rules.into_iter().map(asked).collect::<S3Result<Vec<_>>>()?;
        let rules = Lifecycle::new(rules).map_err(|fault| match fault {
            LifecycleFault::Count => malformed("a lifecycle configuration has 1 to 1000 rules"),
            LifecycleFault::NoAction | LifecycleFault::Combined => invalid_request(fault.to_string()),
            LifecycleFault::Id | LifecycleFault::SameId(_) | LifecycleFault::Days | LifecycleFault::Midnight => {
                invalid_argument(fault.to_string())
            }
        })?;
        self.change_lifecycle(asker, PutLifecycle { bucket: input.bucket, lifecycle: Some(rules) }).await
    }

    pub(super) async fn change_lifecycle(&self, asker: &Asker, operation: PutLifecycle) -> S3Result<()> {
        let permitted = self.permit(asker, operation).await?;
        self.gateway.put_lifecycle(permitted).await.map_err(failed)
    }
}

fn asked(rule: dto::LifecycleRule) -> S3Result<LifecycleRule> {
    for transition in rule.transitions.iter().flatten() {
        if transition.date.as_ref().is_some_and(|date| !millis(date).0.is_multiple_of(86_400_000)) {
            return Err(invalid_argument(LifecycleFault::Midnight.to_string()));
        }
    }
    if rule.transitions.is_some_and(|list| !list.is_empty())
        || rule.noncurrent_version_transitions.is_some_and(|list| !list.is_empty())
    {
        return Err(not_implemented("a transition to another storage class"));
    }
    let enabled = match rule.status.as_str() {
        ExpirationStatus::ENABLED => true,
        ExpirationStatus::DISABLED => false,
        _ => return Err(malformed("the status of a rule must be Enabled or Disabled")),
    };
    let scope = match (rule.prefix, rule.filter) {
        (Some(_), Some(_)) => return Err(malformed("a rule has a prefix or a filter, not both")),
        (Some(prefix), None) => Scope::Prefix(prefix),
        (None, Some(of)) => Scope::Filter(filter(of)?),
        (None, None) => return Err(malformed("a rule has a filter")),
    };
    let noncurrent = rule.noncurrent_version_expiration.map(|rule| {
        let newer = rule.newer_noncurrent_versions.map(days).transpose()?;
        Ok::<_, S3Error>(Noncurrent {
            days: days(rule.noncurrent_days.ok_or_else(|| malformed("NoncurrentDays is missing"))?)?,
            newer,
        })
    });
    let abort = rule.abort_incomplete_multipart_upload.and_then(|rule| rule.days_after_initiation);
    Ok(LifecycleRule {
        id: rule.id.unwrap_or_default(),
        enabled,
        scope,
        expiration: rule.expiration.map(expiration).transpose()?,
        noncurrent: noncurrent.transpose()?,
        abort_days: abort.map(days).transpose()?,
    })
}

fn days(count: i32) -> S3Result<u32> {
    u32::try_from(count).map_err(|_| invalid_argument(LifecycleFault::Days.to_string()))
}

fn expiration(asked: LifecycleExpiration) -> S3Result<Expiration> {
    match (asked.days, asked.date, asked.expired_object_delete_marker) {
        (Some(count), None, None) => Ok(Expiration::Days(days(count)?)),
        (None, Some(date), None) => Ok(Expiration::Date(millis(&date).0)),
        (None, None, Some(go)) => Ok(Expiration::Markers(go)),
        _ => Err(malformed("an expiration has one of days, date and ExpiredObjectDeleteMarker")),
    }
}

fn filter(asked: LifecycleRuleFilter) -> S3Result<Filter> {
    let size = |size: i64| u64::try_from(size).map_err(|_| invalid_argument("a size must not be negative"));
    let LifecycleRuleFilter { and, object_size_greater_than, object_size_less_than, prefix, tag, .. } = asked;
    let (conjunction, prefix, tags, greater, less) = match and {
        Some(LifecycleRuleAndOperator { object_size_greater_than, object_size_less_than, prefix, tags, .. }) => {
            (true, prefix, tags.unwrap_or_default(), object_size_greater_than, object_size_less_than)
        }
        None => (false, prefix, tag.into_iter().collect(), object_size_greater_than, object_size_less_than),
    };
    let tags = super::tags::of_set(tags)?;
    Ok(Filter { and: conjunction, prefix, tags, greater: greater.map(size).transpose()?, less: less.map(size).transpose()? })
}

fn shown(rule: &LifecycleRule) -> dto::LifecycleRule {
    let count = |count: u32| i32::try_from(count).ok();
    let status = if rule.enabled { ExpirationStatus::ENABLED } else { ExpirationStatus::DISABLED };
    let (prefix, filter) = match &rule.scope {
        Scope::Prefix(prefix) => (Some(prefix.clone()), None),
        Scope::Filter(filter) => (None, Some(shown_filter(filter))),
    };
    dto::LifecycleRule {
        id: Some(rule.id.clone()),
        status: ExpirationStatus::from_static(status),
        prefix,
        filter,
        expiration: rule.expiration.map(|expiration| match expiration {
            Expiration::Days(days) => LifecycleExpiration { days: count(days), ..LifecycleExpiration::default() },
            Expiration::Date(date) => {
                LifecycleExpiration { date: Some(timestamp(Millis(date))), ..LifecycleExpiration::default() }
            }
            Expiration::Markers(go) => {
                LifecycleExpiration { expired_object_delete_marker: Some(go), ..LifecycleExpiration::default() }
            }
        }),
        noncurrent_version_expiration: rule.noncurrent.map(|Noncurrent { days, newer }| NoncurrentVersionExpiration {
            noncurrent_days: count(days),
            newer_noncurrent_versions: newer.and_then(count),
        }),
        abort_incomplete_multipart_upload: rule
            .abort_days
            .map(|days| AbortIncompleteMultipartUpload { days_after_initiation: count(days) }),
        noncurrent_version_transitions: None,
        transitions: None,
    }
}

fn shown_filter(filter: &Filter) -> LifecycleRuleFilter {
    let size = |size: Option<u64>| size.and_then(|size| i64::try_from(size).ok());
    let mut tags = filter.tags.iter().map(|(key, value)| Tag { key: Some(key.clone()), value: Some(value.clone()) });
    let (greater, less) = (size(filter.greater), size(filter.less));
    if filter.and {
        let tags: Vec<Tag> = tags.collect();
        let tags = if tags.is_empty() { None } else { Some(tags) };
        let prefix = filter.prefix.clone();
        let and = LifecycleRuleAndOperator { object_size_greater_than: greater, object_size_less_than: less, prefix, tags };
        return LifecycleRuleFilter { and: Some(and), ..LifecycleRuleFilter::default() };
    }
    LifecycleRuleFilter {
        object_size_greater_than: greater,
        object_size_less_than: less,
        prefix: filter.prefix.clone(),
        tag: tags.next(),
        ..LifecycleRuleFilter::default()
    }
}
