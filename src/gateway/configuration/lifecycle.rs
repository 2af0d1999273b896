//! What becomes of objects with time: rules, and the verdict on an object. Pure: facts and a time in, a verdict out.

use crate::store::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most rules of a bucket.
const RULES: usize = 1_000;

/// The longest id of a rule, in characters.
const ID: usize = 255;

/// A day of 24 hours, in milliseconds.
const DAY: u64 = 86_400_000;

/// The rules of a bucket. Only [`Lifecycle::new`] makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    rules: Vec<LifecycleRule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifecycleRule {
    /// What the client calls it, or what it was called here.
    pub id: String,
    /// Whether it is followed.
    pub enabled: bool,
    /// What it is about.
    pub scope: Scope,
    /// When current versions go.
    pub expiration: Option<Expiration>,
    /// When versions go that are no longer current.
    pub noncurrent: Option<Noncurrent>,
    /// After how many days an upload that was not completed is given up.
    pub abort_days: Option<u32>,
}

/// What a rule is about, in the form it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Keys with this prefix, named by the rule itself: the older form.
    Prefix(String),
    /// What fits the filter.
    Filter(Filter),
}

/// All of these hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Whether it was given as a conjunction.
    pub and: bool,
    /// The key begins with this.
    pub prefix: Option<String>,
    /// The object has these tags.
    pub tags: BTreeMap<String, String>,
    /// It has more bytes than this.
    pub greater: Option<u64>,
    /// It has fewer bytes than this.
    pub less: Option<u64>,
}

/// When current versions go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expiration {
    /// So many days after their creation.
    Days(u32),
    /// From this time on: a midnight in UTC, in milliseconds since 1970.
    Date(u64),
    /// Delete markers go when nothing else is left of a key; or not.
    Markers(bool),
}

/// When versions go that are no longer current.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noncurrent {
    /// So many days after they stopped being current.
    pub days: u32,
    /// The newest so many of them stay.
    pub newer: Option<u32>,
}

/// Why rules are none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum LifecycleFault {
    #[error("a lifecycle configuration has 1 to 1000 rules")]
    Count,
    #[error("the id of a rule has at most 255 characters")]
    Id,
    #[error("the id of a rule must be unique: {0}")]
    SameId(String),
    #[error("a number of days must be above zero")]
    Days,
    #[error("a date must be at midnight UTC")]
    Midnight,
    #[error("at least one action needs to be specified in a rule")]
    NoAction,
    #[error("tags and sizes cannot be combined with the expiration of delete markers or of uploads")]
    Combined,
}

/// What is known of an object.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its key.
    pub key: &'a str,
    /// Length of its plaintext, in bytes.
    pub size: u64,
    /// Its tags.
    pub tags: &'a BTreeMap<String, String>,
}

/// How long a day is: 24 hours that end at midnight, or less, to see rules at work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Day {
    /// 24 hours; what is due in the course of a day is due at its end.
    #[default]
    Real,
    /// So many milliseconds, to the millisecond.
    Of(u64),
}

impl Day {
    /// So many days after a time.
    #[must_use]
    pub fn after(self, time: Millis, days: u32) -> Millis {
        let days = u64::from(days);
        Millis(match self {
            Self::Real => time.0.saturating_add(days.saturating_mul(DAY)).div_ceil(DAY).saturating_mul(DAY),
            Self::Of(length) => time.0.saturating_add(days.saturating_mul(length)),
        })
    }
}

impl Lifecycle {
    /// Rules that make sense. Those without an id get one.
    ///
    /// # Errors
    /// [`LifecycleFault`].
    pub fn new(mut rules: Vec<LifecycleRule>) -> Result<Self, LifecycleFault> {
        if !(1..=RULES).contains(&rules.len()) {
            return Err(LifecycleFault::Count);
        }
        let mut ids = std::collections::BTreeSet::new();
        for (place, rule) in (1_usize..).zip(&mut rules) {
            if rule.id.is_empty() {
                rule.id = format!("rule-{place}");
            }
            rule.check()?;
            if !ids.insert(rule.id.clone()) {
                return Err(LifecycleFault::SameId(rule.id.clone()));
            }
        }
        Ok(Self { rules })
    }

    /// The rules, in their order.
    #[must_use]
    pub fn rules(&self) -> &[LifecycleRule] {
        &self.rules
    }

    fn followed(&self) -> impl Iterator<Item = &LifecycleRule> {
        self.rules.iter().filter(|rule| rule.enabled)
    }

    /// Whether any rule may be about keys like this: what is not need not be looked at.
    #[must_use]
    pub fn concerns(&self, key: &str) -> bool {
        self.followed().any(|rule| key.starts_with(rule.scope.prefix()))
    }

    /// When an object that is current goes, and by which rule: the earliest.
    #[must_use]
    pub fn expires(&self, subject: Subject<'_>, created: Millis, day: Day) -> Option<(Millis, &str)> {
        let due = |rule: &LifecycleRule| match rule.expiration? {
            Expiration::Days(days) => Some(day.after(created, days)),
            Expiration::Date(date) => Some(Millis(date)),
            Expiration::Markers(_) => None,
        };
        let rules = self.followed().filter(|rule| rule.scope.fits(subject));
        rules.filter_map(|rule| Some((due(rule)?, rule.id.as_str()))).min()
    }

    /// Whether a version goes that stopped being current at a time, with so many newer ones that are not current.
    #[must_use]
    pub fn noncurrent_goes(&self, subject: Subject<'_>, (since, newer): (Millis, u32), (day, now): (Day, Millis)) -> bool {
        let goes = |rule: Noncurrent| day.after(since, rule.days) <= now && rule.newer.is_none_or(|keep| newer >= keep);
        self.followed().filter(|rule| rule.scope.fits(subject)).filter_map(|rule| rule.noncurrent).any(goes)
    }

    /// Whether a delete marker goes that is all that is left of a key.
    #[must_use]
    pub fn marker_goes(&self, key: &str, created: Millis, (day, now): (Day, Millis)) -> bool {
        let subject = Subject { key, size: 0, tags: &BTreeMap::new() };
        self.followed().filter(|rule| rule.scope.fits(subject)).filter_map(|rule| rule.expiration).any(|expiration| {
            match expiration {
                Expiration::Markers(go) => go,
                Expiration::Days(days) => day.after(created, days) <= now,
                Expiration::Date(date) => Millis(date) <= now,
            }
        })
    }

    /// Whether an upload is given up that began at a time.
    #[must_use]
    pub fn upload_goes(&self, key: &str, begun: Millis, (day, now): (Day, Millis)) -> bool {
        let rules = self.followed().filter(|rule| key.starts_with(rule.scope.prefix()));
        rules.filter_map(|rule| rule.abort_days).any(|days| day.after(begun, days) <= now)
    }
}

impl LifecycleRule {
    fn check(&self) -> Result<(), LifecycleFault> {
        if self.id.chars().count() > ID {
            return Err(LifecycleFault::Id);
        }
        let days = match self.expiration {
            Some(Expiration::Days(days)) => Some(days),
            Some(Expiration::Date(date)) if !date.is_multiple_of(DAY) => return Err(LifecycleFault::Midnight),
            Some(Expiration::Date(_) | Expiration::Markers(_)) | None => None,
        };
        let zero = |days: Option<u32>| days == Some(0);
        if zero(days) || zero(self.noncurrent.map(|rule| rule.days)) || zero(self.abort_days) {
            return Err(LifecycleFault::Days);
        }
        if self.expiration.is_none() && self.noncurrent.is_none() && self.abort_days.is_none() {
            return Err(LifecycleFault::NoAction);
        }
        let markers = matches!(self.expiration, Some(Expiration::Markers(_)));
        if self.scope.is_narrow() && (markers || self.abort_days.is_some()) {
            return Err(LifecycleFault::Combined);
        }
        Ok(())
    }
}

impl Scope {
    fn prefix(&self) -> &str {
        match self {
            Self::Prefix(prefix) => prefix,
            Self::Filter(filter) => filter.prefix.as_deref().unwrap_or_default(),
        }
    }

    /// Whether it asks for more than a prefix.
    fn is_narrow(&self) -> bool {
        match self {
            Self::Prefix(_) => false,
            Self::Filter(filter) => !filter.tags.is_empty() || filter.greater.is_some() || filter.less.is_some(),
        }
    }

    fn fits(&self, subject: Subject<'_>) -> bool {
        if !subject.key.starts_with(self.prefix()) {
            return false;
        }
        match self {
            Self::Prefix(_) => true,
            Self::Filter(filter) => {
                filter.tags.iter().all(|(key, value)| subject.tags.get(key) == Some(value))
                    && filter.greater.is_none_or(|bound| subject.size > bound)
                    && filter.less.is_none_or(|bound| subject.size < bound)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(expiration: Option<Expiration>) -> LifecycleRule {
        let scope = Scope::Filter(Filter { prefix: Some("logs/".to_owned()), ..Filter::default() });
        LifecycleRule { id: String::new(), enabled: true, scope, expiration, noncurrent: None, abort_days: None }
    }

    fn of(rule: LifecycleRule) -> Lifecycle {
        Lifecycle::new(vec![rule]).unwrap()
    }

    static NONE: BTreeMap<String, String> = BTreeMap::new();

    #[test]
    fn an_object_goes_at_the_end_of_the_day_it_is_due() {
        let rules = of(rule(Some(Expiration::Days(1))));
        let subject = Subject { key: "logs/a", size: 1, tags: &NONE };
        assert_eq!(rules.expires(subject, Millis(1), Day::Real), Some((Millis(2 * DAY), "rule-1")));
        assert_eq!(rules.expires(subject, Millis(1), Day::Of(10)), Some((Millis(11), "rule-1")));
        assert_eq!(rules.expires(Subject { key: "other", ..subject }, Millis(1), Day::Real), None);
    }

    #[test]
    fn a_rule_is_about_what_fits_all_of_its_filter() {
        let tags = BTreeMap::from([("team".to_owned(), "x".to_owned())]);
        let filter = Filter { and: true, tags: tags.clone(), greater: Some(10), less: Some(20), ..Filter::default() };
        let rules = of(LifecycleRule { scope: Scope::Filter(filter), ..rule(Some(Expiration::Days(1))) });
        let fits = |size, tags| rules.expires(Subject { key: "k", size, tags }, Millis(0), Day::Real).is_some();
        assert!(fits(15, &tags));
        assert!(!fits(15, &NONE) && !fits(10, &tags) && !fits(20, &tags));
    }

    #[test]
    fn rules_that_make_no_sense_are_refused() {
        assert_eq!(Lifecycle::new(vec![]), Err(LifecycleFault::Count));
        assert_eq!(Lifecycle::new(vec![rule(None)]), Err(LifecycleFault::NoAction));
        assert_eq!(Lifecycle::new(vec![rule(Some(Expiration::Days(0)))]), Err(LifecycleFault::Days));
        assert_eq!(Lifecycle::new(vec![rule(Some(Expiration::Date(1)))]), Err(LifecycleFault::Midnight));
        let named = |id: &str| LifecycleRule { id: id.to_owned(), ..rule(Some(Expiration::Days(1))) };
        assert_eq!(Lifecycle::new(vec![named("a"), named("a")]), Err(LifecycleFault::SameId("a".to_owned())));
        assert_eq!(Lifecycle::new(vec![named(&"a".repeat(256))]), Err(LifecycleFault::Id));
    }

    #[test]
    fn the_newest_noncurrent_versions_stay_where_a_rule_says_so() {
        let rules = of(LifecycleRule { noncurrent: Some(Noncurrent { days: 1, newer: Some(2) }), ..rule(None) });
        let subject = Subject { key: "logs/a", size: 1, tags: &NONE };
        let goes = |newer, now| rules.noncurrent_goes(subject, (Millis(0), newer), (Day::Of(10), Millis(now)));
        assert!(goes(2, 10) && !goes(1, 10) && !goes(2, 9));
    }

    #[test]
    fn a_rule_that_is_disabled_does_nothing() {
        let rules = of(LifecycleRule { enabled: false, ..rule(Some(Expiration::Days(1))) });
        assert!(rules.expires(Subject { key: "logs/a", size: 1, tags: &NONE }, Millis(0), Day::Real).is_none());
        assert!(!rules.concerns("logs/a"));
    }
}
