//! Alarms: what the stats say that somebody should look at.
//!
//! No rule is a number of events that every office would have to set for itself. Each
//! compares: one of the staff with the others, a provider with itself in the days before, a
//! prefix with what it usually brings. Where few events are compared, chance is told from a
//! difference by how far apart two counts of that size lie.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::event::{EventFilter, EventKind};
use crate::domain::outcome::Outcome;
use crate::domain::request::RequestId;
use crate::domain::stats::figures::{Figure, StatsCounts};
use crate::domain::time::Timestamp;
use crate::domain::word::words;

/// Of how long a time the staff is compared.
pub const STAFF_TIME: Duration = Duration::from_hours(24);

/// Of how long a time a provider is compared with itself before.
pub const PROVIDER_TIME: Duration = Duration::from_hours(6);

/// How long before.
pub const PROVIDER_PAST: Duration = Duration::from_hours(7 * 24);

/// Of how many days the most verified codes of a prefix are looked for.
pub const PREFIX_DAYS: i64 = 14;

/// More customers than a family has are not reached at one contact.
pub const SHARED_BY: u32 = 4;

/// How often codes are entered within seconds before it is "again and again".
const QUICK_CODES: u64 = 3;

/// Fewer unverified messages to a prefix are no burst in any office.
const BURST: u64 = 20;

/// So many times the square root of what is expected: further away a count is by chance once
/// in some ten thousand times.
const CHANCE: f64 = 4.0;

/// What an alarm is about.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum AlarmKind {
    /// A clerk enters far more wrong codes than the others.
    Failures,
    /// A clerk reveals far more contacts than the others.
    Reveals,
    /// Somebody lifts far more lockouts and confirms far more contacts than the others.
    Overrides,
    /// The codes that a clerk asks for run out far more often than those of the others.
    NeverEntered,
    /// Codes are entered within seconds, again and again: nobody reads a message so fast.
    QuickCodes,
    /// Somebody unlocked a customer and then verified them.
    UnlockedAndVerified,
    /// Many customers have the same contact.
    SharedContact,
    /// Many codes in a day to the same block of phone numbers, which nobody enters.
    PrefixOfDay,
    /// The same within an hour.
    PrefixOfHour,
    /// A provider's messages arrive less often than before.
    Deliveries,
    /// A provider's codes are entered less often than before.
    Conversion,
    /// Notices to customers were changed in the store, or put there by hand.
    ForgedNotices,
}

words!(AlarmKind, "a kind of alarm");

impl AlarmKind {
    /// What it is about, for admins.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Failures => "Many wrong codes",
            Self::Reveals => "Many revealed contacts",
            Self::Overrides => "Many unlocks and confirmations",
            Self::NeverEntered => "Many codes never entered",
            Self::QuickCodes => "Codes entered within seconds",
            Self::UnlockedAndVerified => "Unlocked and verified by one person",
            Self::SharedContact => "One contact of many customers",
            Self::PrefixOfDay => "Burst to a prefix (day)",
            Self::PrefixOfHour => "Burst to a prefix (hour)",
            Self::Deliveries => "Fewer deliveries",
            Self::Conversion => "Fewer verifications",
            Self::ForgedNotices => "Notices that the desk did not queue",
        }
    }
}

/// Something that should be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is about.
    pub kind: AlarmKind,
    /// Whom or what it is about: one of the staff, a provider, a prefix, a request.
    pub subject: String,
    /// The request that shows it, where it is about one.
    pub request: Option<RequestId>,
    /// What was found, in one sentence.
    pub detail: String,
}

/// An alarm that was raised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its number.
    pub id: i64,
    /// What was found.
    pub finding: Finding,
    /// When it was raised, by the store's clock.
    pub raised_at: Timestamp,
    /// When somebody acknowledged it; none while it is open.
    pub acknowledged_at: Option<Timestamp>,
}

impl Alarm {
    /// The entries of the log behind it.
    pub fn filter(&self) -> EventFilter {
        let Self { finding, raised_at, .. } = self;
        let within = |time: Duration| EventFilter {
            from: Some(raised_at.minus(time)),
            before: Some(raised_at.plus(Duration::from_millis(1))),
            ..EventFilter::default()
        };
        let of_clerk =
            || EventFilter { clerk: Some(finding.subject.clone()), ..within(STAFF_TIME) };
        let of_provider =
            || EventFilter { provider: Some(finding.subject.clone()), ..within(PROVIDER_TIME) };
        match finding.kind {
            AlarmKind::Failures => EventFilter { outcome: Some(Outcome::Wrong), ..of_clerk() },
            AlarmKind::Reveals => {
                EventFilter { kind: Some(EventKind::ContactRevealed), ..of_clerk() }
            }
            AlarmKind::NeverEntered => EventFilter { kind: Some(EventKind::Expired), ..of_clerk() },
            AlarmKind::QuickCodes => EventFilter { outcome: Some(Outcome::Verified), ..of_clerk() },
            AlarmKind::Overrides => {
                EventFilter { patterns: Figure::patterns(&Figure::OVERRIDES), ..of_clerk() }
            }
            AlarmKind::UnlockedAndVerified => of_clerk(),
            AlarmKind::SharedContact => {
                EventFilter { request: finding.request.clone(), ..EventFilter::default() }
            }
            AlarmKind::PrefixOfDay => {
                EventFilter { text: Some(finding.subject.clone()), ..within(STAFF_TIME) }
            }
            AlarmKind::PrefixOfHour => EventFilter {
                text: Some(finding.subject.clone()),
                ..within(Duration::from_hours(1))
            },
            AlarmKind::Deliveries | AlarmKind::Conversion => of_provider(),
            AlarmKind::ForgedNotices => EventFilter {
                kind: Some(EventKind::NoticeNotSent),
                outcome: Some(Outcome::Forbidden),
                ..within(STAFF_TIME)
            },
        }
    }
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Of how many.
    pub of: u64,
}

#[expect(clippy::cast_precision_loss, reason = "counts of events are small for an f64")]
impl Share {
    /// Whether it is far above others: more than twice what their rate gives, and further
    /// from it than chance brings. One more of either kind is thought to the others, so that
    /// a few of them say little.
    pub fn is_far_above(self, others: Self) -> bool {
        let rate = (others.count as f64 + 1.0) / (others.of as f64 + 2.0);
        let (found, expected) = (self.count as f64, self.of as f64 * rate.min(1.0));
        let chance = CHANCE * expected.max(1.0).sqrt();
        others.of > 0 && found > 2.0 * expected && found - expected > chance
    }

    /// Whether it is far below what was before: less than half of what that rate gives, and
    /// further from it than chance brings.
    pub fn is_far_below(self, before: Self) -> bool {
        let rate = before.count as f64 / before.of.max(1) as f64;
        let (found, expected) = (self.count as f64, self.of as f64 * rate);
        found < expected / 2.0 && expected - found > CHANCE * expected.sqrt()
    }
}

impl Share {
    const fn without(self, part: Self) -> Self {
        Self { count: self.count.saturating_sub(part.count), of: self.of.saturating_sub(part.of) }
    }

    /// `12 of 40`, and how many of a hundred that is.
    fn told(self) -> String {
        let percent = (self.count * 100).checked_div(self.of).unwrap_or_default();
        format!("{} of {} ({percent} %)", self.count, self.of)
    }
}

/// The rates of one of the staff, with what each is a rate of.
fn rates(counts: &StatsCounts) -> [(AlarmKind, Share, &'static str); 4] {
    let of = |figure| counts.of(figure);
    let wrong = of(Figure::Wrong) + of(Figure::FactorWrong);
    let entered = of(Figure::Verified) + of(Figure::FactorVerified) + wrong;
    let served = of(Figure::Opened) + of(Figure::Asked);
    let (revealed, overrides) =
        (of(Figure::Revealed), of(Figure::Unlocked) + of(Figure::Confirmed));
    let share = |count, of| Share { count, of };
    [
        (AlarmKind::Failures, share(wrong, entered), "codes were wrong"),
        (AlarmKind::Reveals, share(revealed, served + revealed), "acts were revealed contacts"),
        (
            AlarmKind::Overrides,
            share(overrides, served + overrides),
            "acts were unlocks and confirmed contacts",
        ),
        (
            AlarmKind::NeverEntered,
            share(of(Figure::Expired), of(Figure::Asked).max(of(Figure::Expired))),
            "codes were never entered",
        ),
    ]
}

/// What is found in the figures of each of the staff, beside those of the others.
pub fn of_staff(staff: &[(String, StatsCounts)]) -> Vec<Finding> {
    let mut all = StatsCounts::default();
    for (_, counts) in staff {
        all.merge(counts);
    }
    let mut found = Vec::new();
    for (name, counts) in staff {
        for ((kind, own, what), (_, all, _)) in rates(counts).into_iter().zip(rates(&all)) {
            let others = all.without(own);
            if own.is_far_above(others) {
                let detail = format!("{} {what}; of the others' {}", own.told(), others.told());
                found.push(Finding { kind, subject: name.clone(), request: None, detail });
            }
        }
    }
    found
}

/// Who verifies within seconds of the send, again and again.
pub fn of_quick_codes(quick: &[(String, u64)], staff: &[(String, StatsCounts)]) -> Vec<Finding> {
    let verified = |name: &str| {
        let counts = staff.iter().find(|(it, _)| it == name).map(|(_, counts)| counts);
        counts.map_or(0, |it| it.of(Figure::Verified))
    };
    let all = Share {
        count: quick.iter().map(|(_, count)| count).sum(),
        of: staff.iter().map(|(_, counts)| counts.of(Figure::Verified)).sum(),
    };
    let finding = |(name, count): &(String, u64)| {
        let own = Share { count: *count, of: verified(name).max(*count) };
        let others = all.without(own);
        let is_alarming = *count >= QUICK_CODES && (others.of == 0 || own.is_far_above(others));
        is_alarming.then(|| Finding {
            kind: AlarmKind::QuickCodes,
            subject: name.clone(),
            request: None,
            detail: format!(
                "{} codes were entered within seconds of the send; of the others' {}",
                own.told(),
                others.told()
            ),
        })
    };
    quick.iter().filter_map(finding).collect()
}

/// What is found in the figures of each provider, beside those of the days before.
pub fn of_providers(
    now: &[(String, StatsCounts)],
    before: &[(String, StatsCounts)],
) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, counts) in now.iter().filter(|(name, _)| !name.is_empty()) {
        let Some((_, past)) = before.iter().find(|(it, _)| it == name) else { continue };
        for (kind, figure, what) in [
            (AlarmKind::Deliveries, Figure::Delivered, "messages arrived"),
            (AlarmKind::Conversion, Figure::Verified, "codes were entered"),
        ] {
            let share = |it: &StatsCounts| Share { count: it.of(figure), of: it.of(Figure::Sent) };
            let (own, past) = (share(counts), share(past));
            if own.is_far_below(past) {
                let detail = format!("{} {what}; before that {}", own.told(), past.told());
                found.push(Finding { kind, subject: name.clone(), request: None, detail });
            }
        }
    }
    found
}

/// The messages to a block of phone numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrefixStats {
    /// The numbers without their last three digits.
    pub prefix: String,
    /// Verified of sent, of the last day.
    pub day: Share,
    /// The same of the last hour.
    pub hour: Share,
    /// The most that were verified on a day of the last fortnight.
    pub most_of_day: u64,
    /// The most that were verified in an hour of it.
    pub most_of_hour: u64,
}

/// Which prefixes get more messages that nobody verifies than the most of twenty, a fifth of
/// what was verified there at best, and a fifth of all messages; by day and by hour. `sent`
/// is all messages of the last day and of the last hour.
pub fn of_prefixes(prefixes: &[PrefixStats], sent: (u64, u64)) -> Vec<Finding> {
    let mut found = Vec::new();
    for it in prefixes {
        for (kind, share, most, sent, time) in [
            (AlarmKind::PrefixOfDay, it.day, it.most_of_day, sent.0, "a day"),
            (AlarmKind::PrefixOfHour, it.hour, it.most_of_hour, sent.1, "an hour"),
        ] {
            let unverified = share.of.saturating_sub(share.count);
            let bound = BURST.max(most / 5).max(sent / 5);
            if unverified > bound {
                let detail = format!(
                    "{unverified} of {} messages to {}… within {time} were not verified; more than \
                     {bound} are unusual",
                    share.of, it.prefix
                );
                found.push(Finding { kind, subject: it.prefix.clone(), request: None, detail });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: &[(Figure, u64)]) -> StatsCounts {
        let mut counts = StatsCounts::default();
        for (figure, count) in of {
            counts.add(*figure, *count);
        }
        counts
    }

    fn kinds(found: &[Finding]) -> Vec<(AlarmKind, &str)> {
        found.iter().map(|it| (it.kind, &*it.subject)).collect()
    }

    fn office(scale: u64, of_mallory: &[(Figure, u64)]) -> Vec<(String, StatsCounts)> {
        let usual = counts(&[
            (Figure::Asked, 40 * scale),
            (Figure::Verified, 36 * scale),
            (Figure::Wrong, 3 * scale),
            (Figure::Expired, 3 * scale),
            (Figure::Opened, 40 * scale),
            (Figure::Revealed, scale),
        ]);
        let mut staff: Vec<_> =
            ["bo", "dana", "eli"].map(|it| (it.to_owned(), usual.clone())).into();
        let mut mallory = usual;
        mallory.merge(&counts(of_mallory));
        staff.push(("mallory".into(), mallory));
        staff
    }

    #[test]
    fn who_is_like_the_others_raises_nothing_in_any_office() {
        for scale in [1, 10, 1_000] {
            assert_eq!(of_staff(&office(scale, &[])), []);
            assert_eq!(of_staff(&office(scale, &[(Figure::Wrong, 2 * scale)])), [], "{scale}");
        }
        // One busy clerk alone has nobody to be compared with.
        let alone = [("bo".to_owned(), counts(&[(Figure::Asked, 90), (Figure::Wrong, 90)]))];
        assert_eq!(of_staff(&alone), []);
        assert_eq!(of_staff(&[]), []);
    }

    #[test]
    fn who_is_far_above_the_others_is_named_by_what_it_is() {
        let failures = of_staff(&office(1, &[(Figure::Wrong, 30)]));
        assert_eq!(kinds(&failures), [(AlarmKind::Failures, "mallory")]);
        assert_eq!(
            failures[0].detail,
            "33 of 69 (47 %) codes were wrong; of the others' 9 of 117 (7 %)"
        );
        let reveals = of_staff(&office(1, &[(Figure::Revealed, 20)]));
        assert_eq!(kinds(&reveals), [(AlarmKind::Reveals, "mallory")]);
        let overrides = of_staff(&office(1, &[(Figure::Unlocked, 5), (Figure::Confirmed, 4)]));
        assert_eq!(kinds(&overrides), [(AlarmKind::Overrides, "mallory")]);
        let expired = of_staff(&office(1, &[(Figure::Expired, 25), (Figure::Asked, 20)]));
        assert_eq!(kinds(&expired), [(AlarmKind::NeverEntered, "mallory")]);
    }

    #[test]
    fn quick_codes_are_an_alarm_again_and_again() {
        let staff = office(1, &[]);
        let quick = |count| [("mallory".to_owned(), count)];
        assert_eq!(of_quick_codes(&quick(2), &staff), []);
        let found = of_quick_codes(&quick(8), &staff);
        assert_eq!(kinds(&found), [(AlarmKind::QuickCodes, "mallory")]);
        // Where everybody is quick, the customers are.
        let all: Vec<_> = staff.iter().map(|(name, _)| (name.clone(), 8)).collect();
        assert_eq!(of_quick_codes(&all, &staff), []);
    }

    #[test]
    fn a_provider_is_compared_with_itself() {
        let provider = |sent, delivered, verified| {
            let counts = counts(&[
                (Figure::Sent, sent),
                (Figure::Delivered, delivered),
                (Figure::Verified, verified),
            ]);
            [("twilio".to_owned(), counts)]
        };
        let before = provider(1_000, 950, 900);
        assert_eq!(of_providers(&provider(100, 95, 90), &before), []);
        assert_eq!(of_providers(&provider(5, 1, 0), &before), [], "too few to say");
        let found = of_providers(&provider(60, 58, 3), &before);
        assert_eq!(kinds(&found), [(AlarmKind::Conversion, "twilio")]);
        let found = of_providers(&provider(60, 3, 3), &before);
        assert_eq!(
            kinds(&found),
            [(AlarmKind::Deliveries, "twilio"), (AlarmKind::Conversion, "twilio")]
        );
        // Who never told that anything arrived does not tell less of it.
        let silent = provider(1_000, 0, 900);
        assert_eq!(of_providers(&provider(100, 0, 90), &silent), []);
    }

    #[test]
    fn a_burst_is_measured_by_what_the_prefix_and_the_office_usually_bring() {
        let prefix = |verified, sent, most| PrefixStats {
            prefix: "+4915112345".into(),
            day: Share { count: verified, of: sent },
            hour: Share::default(),
            most_of_day: most,
            most_of_hour: 0,
        };
        let found = |it, sent| of_prefixes(&[it], (sent, 0));
        assert_eq!(found(prefix(0, 20, 0), 20), []);
        assert_eq!(kinds(&found(prefix(0, 21, 0), 21)), [(AlarmKind::PrefixOfDay, "+4915112345")]);
        assert_eq!(found(prefix(10, 30, 0), 30), [], "only what was not verified");
        assert_eq!(found(prefix(0, 21, 105), 21), [], "a prefix with 105 a day");
        assert_eq!(kinds(&found(prefix(0, 22, 105), 21)).len(), 1);
        assert_eq!(found(prefix(0, 100, 0), 500), [], "a fifth of an office with 500 a day");
        assert_eq!(kinds(&found(prefix(0, 101, 0), 500)).len(), 1);
        let hour = PrefixStats { hour: Share { count: 0, of: 25 }, ..prefix(0, 0, 0) };
        let of_hour = of_prefixes(&[hour], (0, 25));
        assert_eq!(kinds(&of_hour), [(AlarmKind::PrefixOfHour, "+4915112345")]);
    }
}
