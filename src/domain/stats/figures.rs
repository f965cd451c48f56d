//! The figures that stats are told in, each the number of events of some kind.

use std::collections::BTreeMap;

use crate::domain::event::{EventKind, EventPattern};
use crate::domain::outcome::Outcome;
use crate::domain::word::words;

/// What is counted.
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
pub enum Figure {
    /// Codes that were asked for.
    Asked,
    /// Codes that were asked for once more.
    Resent,
    /// Requests that were turned down.
    Refused,
    /// Messages that a provider took.
    Sent,
    /// Messages that arrived, where the provider says so.
    Delivered,
    /// Messages that were opened, where the provider says so.
    Read,
    /// Messages that did not go out, or did not arrive.
    NotSent,
    /// Messages of which nobody knows.
    Unsure,
    /// Customers who were verified by a code to a contact.
    Verified,
    /// Wrong codes of these.
    Wrong,
    /// Codes that a later one had replaced.
    OlderCode,
    /// Codes for what was locked.
    Locked,
    /// Codes that came too late, or of a clerk who had entered too many wrong ones.
    HeldBack,
    /// Requests that ran out.
    Expired,
    /// Requests that were withdrawn.
    Cancelled,
    /// Requests that a later one replaced.
    Replaced,
    /// Accounts that were opened.
    Opened,
    /// Contacts that were shown in full.
    Revealed,
    /// Customers who were unlocked.
    Unlocked,
    /// Changed contacts that were confirmed.
    Confirmed,
    /// Acts that a role did not allow.
    Forbidden,
    /// Incidents that were filed.
    Incidents,
    /// Customers who were verified by an authenticator or a backup code.
    FactorVerified,
    /// Wrong codes of these.
    FactorWrong,
    /// Customers whose document was seen, or for whom a colleague vouched.
    Attested,
}

words!(Figure, "a figure");

impl Figure {
    /// The figure that an event counts for; none where it counts for none. An attempt without a
    /// channel is one by an authenticator or a backup code.
    pub const fn of(kind: EventKind, outcome: Option<Outcome>, by_factor: bool) -> Option<Self> {
        Some(match (kind, outcome) {
            (EventKind::Requested, _) => Self::Asked,
            (EventKind::Resent, _) => Self::Resent,
            (EventKind::Refused, Some(Outcome::Forbidden)) => Self::Forbidden,
            (EventKind::Refused, _) => Self::Refused,
            (EventKind::Sent, _) => Self::Sent,
            (EventKind::Delivered, _) => Self::Delivered,
            (EventKind::Read, _) => Self::Read,
            (EventKind::NotSent, _) => Self::NotSent,
            (EventKind::Unsure, _) => Self::Unsure,
            (EventKind::Attempt, Some(Outcome::Verified)) if by_factor => Self::FactorVerified,
            (EventKind::Attempt, Some(Outcome::Wrong)) if by_factor => Self::FactorWrong,
            (EventKind::Attempt, Some(Outcome::Verified)) => Self::Verified,
            (EventKind::Attempt, Some(Outcome::Wrong)) => Self::Wrong,
            (EventKind::Attempt, Some(Outcome::Superseded)) => Self::OlderCode,
            (EventKind::Attempt, Some(Outcome::Locked)) => Self::Locked,
            (EventKind::Attempt, _) => Self::HeldBack,
            (EventKind::Expired, _) => Self::Expired,
            (EventKind::Cancelled, _) => Self::Cancelled,
            (EventKind::Superseded, _) => Self::Replaced,
            (EventKind::AccountOpened, _) => Self::Opened,
            (EventKind::ContactRevealed, _) => Self::Revealed,
            (EventKind::Unlocked, _) => Self::Unlocked,
            (EventKind::ContactConfirmed, _) => Self::Confirmed,
            (EventKind::IncidentFiled, _) => Self::Incidents,
            (EventKind::DocumentSeen | EventKind::Vouched, Some(Outcome::Verified)) => {
                Self::Attested
            }
            _ => return None,
        })
    }

    /// What went wrong: wrong and older codes, requests that ran out, messages that did not
    /// go out.
    pub const FAILURES: [Self; 5] =
        [Self::Wrong, Self::OlderCode, Self::Expired, Self::NotSent, Self::FactorWrong];

    /// What an admin did for a customer whom the rules had stopped.
    pub const OVERRIDES: [Self; 2] = [Self::Unlocked, Self::Confirmed];

    /// The entries of the log that count for some figures.
    pub fn patterns(figures: &[Self]) -> Vec<EventPattern> {
        let counts = |it: &EventPattern| {
            Self::of(it.kind, it.outcome, it.by_factor)
                .is_some_and(|figure| figures.contains(&figure))
        };
        EventPattern::all().filter(counts).collect()
    }
}

/// How many events each figure has; those without any are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct StatsCounts(BTreeMap<Figure, u64>);

impl StatsCounts {
    /// Counts so many more.
    pub fn add(&mut self, figure: Figure, count: u64) {
        *self.0.entry(figure).or_default() += count;
    }

    /// Counts what others counted.
    pub fn merge(&mut self, other: &Self) {
        for (figure, count) in &other.0 {
            self.add(*figure, *count);
        }
    }

    /// How many.
    pub fn of(&self, figure: Figure) -> u64 {
        self.0.get(&figure).copied().unwrap_or_default()
    }

    /// How many there are of some figures together.
    pub fn sum(&self, figures: &[Figure]) -> u64 {
        figures.iter().map(|it| self.of(*it)).sum()
    }

    /// What went wrong: [`Figure::FAILURES`].
    pub fn failures(&self) -> u64 {
        self.sum(&Figure::FAILURES)
    }

    /// How many of a hundred codes that were asked for were entered right; none where none was asked
    /// for, or where more were entered, since they were asked for before. What nobody asks for (an
    /// authenticator, a backup code, a document) has figures of its own.
    pub fn success_percent(&self) -> Option<u64> {
        let (verified, asked) = (self.of(Figure::Verified), self.of(Figure::Asked));
        (verified * 100).checked_div(asked).filter(|_| verified <= asked)
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_above_all() {
        let mut counts = StatsCounts::default();
        assert_eq!(counts.success_percent(), None);
        counts.add(Figure::Asked, 4);
        counts.add(Figure::Verified, 3);
        assert_eq!(counts.success_percent(), Some(75));
        counts.add(Figure::Verified, 2);
        assert_eq!(counts.success_percent(), None, "one was asked for before");
    }

    #[test]
    fn what_was_proven_without_a_code_to_a_contact_is_no_part_of_the_success() {
        let verified = Some(Outcome::Verified);
        let figures = [
            Figure::of(EventKind::Attempt, verified, false),
            Figure::of(EventKind::Attempt, verified, true),
            Figure::of(EventKind::DocumentSeen, verified, true),
            Figure::of(EventKind::Vouched, verified, true),
        ];
        let attested = Some(Figure::Attested);
        assert_eq!(
            figures,
            [Some(Figure::Verified), Some(Figure::FactorVerified), attested, attested]
        );
        let mut counts = StatsCounts::default();
        counts.add(Figure::Asked, 4);
        for figure in figures.into_iter().flatten() {
            counts.add(figure, 3);
        }
        assert_eq!(counts.success_percent(), Some(75));
    }

    #[test]
    fn every_kind_of_attempt_counts_for_something() {
        for outcome in Outcome::ALL {
            for by_factor in [false, true] {
                let figure = Figure::of(EventKind::Attempt, Some(outcome), by_factor);
                assert!(figure.is_some(), "{outcome}");
            }
        }
        assert_eq!(Figure::of(EventKind::Imported, None, true), None);
    }

    #[test]
    fn the_entries_behind_a_figure_are_those_that_it_counts() {
        for figure in Figure::ALL {
            let patterns = Figure::patterns(&[figure]);
            assert!(!patterns.is_empty(), "{figure:?}");
            let counted = EventPattern::all().filter(|it| patterns.contains(it));
            let figures = counted.map(|it| Figure::of(it.kind, it.outcome, it.by_factor));
            assert!(figures.into_iter().all(|it| it == Some(figure)));
        }
        let failures = Figure::patterns(&Figure::FAILURES);
        let (kind, by_factor) = (EventKind::Attempt, false);
        let attempt = |outcome| EventPattern { kind, outcome: Some(outcome), by_factor };
        assert!(failures.contains(&attempt(Outcome::Wrong)));
        assert!(!failures.contains(&attempt(Outcome::Verified)));
        assert!(!failures.contains(&attempt(Outcome::Expired)), "that one was held back");
    }

    #[test]
    fn counts_add_up() {
        let mut counts = StatsCounts::default();
        assert_eq!((counts.success_percent(), counts.is_empty()), (None, true));
        counts.add(Figure::Asked, 3);
        counts.add(Figure::Verified, 2);
        counts.add(Figure::Wrong, 1);
        counts.merge(&counts.clone());
        assert_eq!((counts.of(Figure::Asked), counts.failures()), (6, 2));
        assert_eq!(counts.success_percent(), Some(66));
        let json = serde_json::to_string(&counts).expect("JSON");
        assert_eq!(json, r#"{"asked":6,"verified":4,"wrong":2}"#);
    }
}
