//! Previews a policy: replays past messages and codes under other limits and counts what would have
//! been refused. A refused one does not count towards later limits, as it would not have then.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::customer::CustomerId;
use crate::domain::event::{Event, EventKind};
use crate::domain::outcome::Outcome;
use crate::domain::policy::{OtpPolicy, RateLimit, RateLimits, RateWindow};
use crate::domain::request::RequestId;
use crate::domain::time::Timestamp;

/// A past message. Contact and number prefix are opaque numbers without a meaning elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastSend {
    /// The id in the store.
    pub id: i64,
    /// When it was queued.
    pub at: Timestamp,
    pub contact: u64,
    /// The number prefix; `None` for email.
    pub prefix: Option<u64>,
    pub customer: CustomerId,
    pub clerk: String,
    pub counter: String,
}

/// The object that a limit counts by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum LimitSubject {
    Contact(u64),
    Prefix(u64),
    Customer(CustomerId),
    Clerk(String),
    Counter(String),
    Office,
}

/// The replayed state of a request.
#[derive(Debug)]
struct PastRequest {
    code_at: Timestamp,
    tries: u32,
}

/// Replays messages and codes, which must come in the order of time.
#[derive(Debug)]
pub struct PolicyPreview {
    otp: OtpPolicy,
    limits: RateLimits,
    sent: HashMap<LimitSubject, VecDeque<Timestamp>>,
    requests: HashMap<RequestId, PastRequest>,
    failures: HashMap<CustomerId, u32>,
    wrong: HashMap<String, (Timestamp, u32)>,
    messages: u64,
    codes: u64,
    refused: BTreeMap<&'static str, u64>,
}

impl PolicyPreview {
    pub fn new(otp: OtpPolicy, limits: RateLimits) -> Self {
        Self {
            otp,
            limits,
            sent: HashMap::new(),
            requests: HashMap::new(),
            failures: HashMap::new(),
            wrong: HashMap::new(),
            messages: 0,
            codes: 0,
            refused: BTreeMap::new(),
        }
    }

    /// The numbers of messages and codes replayed so far.
    pub const fn notified(&self) -> (u64, u64) {
        (self.messages, self.codes)
    }

    /// The number of refusals by configuration key.
    pub const fn refused(&self) -> &BTreeMap<&'static str, u64> {
        &self.refused
    }

    fn refuse(&mut self, key: &'static str) {
        *self.refused.entry(key).or_default() += 1;
    }

    /// Replays a message.
    pub fn send(&mut self, send: &PastSend) {
        self.messages += 1;
        let contact = LimitSubject::Contact(send.contact);
        let last = self.sent.get(&contact).and_then(VecDeque::back);
        if last.is_some_and(|last| last.plus(self.otp.resend_cooldown) > send.at) {
            return self.refuse("otp.resend_cooldown_seconds");
        }
        let counted = |limit| match limit {
            RateLimit::Contact(_) => Some(LimitSubject::Contact(send.contact)),
            RateLimit::Prefix(_) => send.prefix.map(LimitSubject::Prefix),
            RateLimit::Customer(_) => Some(LimitSubject::Customer(send.customer)),
            RateLimit::Clerk(_) => Some(LimitSubject::Clerk(send.clerk.clone())),
            RateLimit::Counter(_) => Some(LimitSubject::Counter(send.counter.clone())),
            RateLimit::Office(_) => Some(LimitSubject::Office),
            RateLimit::Cooldown => None,
        };
        for window in [RateWindow::Hour, RateWindow::Day] {
            for (limit, most) in self.limits.of(window).each(window) {
                let Some(by) = counted(limit) else { continue };
                let within = |at: &&Timestamp| at.plus(window.length()) > send.at;
                let times = self.sent.get(&by);
                let count = times.map_or(0, |it| it.iter().rev().take_while(within).count());
                if u32::try_from(count).unwrap_or(u32::MAX) >= most {
                    return self.refuse(key(limit));
                }
            }
        }
        for (limit, _) in self.limits.per_day.each(RateWindow::Day) {
            let Some(by) = counted(limit) else { continue };
            let times = self.sent.entry(by).or_default();
            while times.front().is_some_and(|at| at.plus(RateWindow::Day.length()) <= send.at) {
                times.pop_front();
            }
            times.push_back(send.at);
        }
    }

    /// Replays a log entry; those about codes are counted.
    pub fn event(&mut self, event: &Event) {
        let (Some(request), Some(customer)) = (&event.request, &event.customer) else { return };
        match (event.kind, event.outcome) {
            (EventKind::Requested | EventKind::Resent, _) => {
                let code_at = event.at;
                let known = self.requests.entry(request.clone());
                known.or_insert(PastRequest { code_at, tries: 0 }).code_at = code_at;
            }
            (EventKind::Attempt, Some(outcome)) => {
                self.attempt(event, request, customer.id, outcome);
            }
            (EventKind::Unlocked, _) => {
                self.failures.remove(&customer.id);
            }
            _ => {}
        }
    }

    fn attempt(
        &mut self,
        event: &Event,
        request: &RequestId,
        customer: CustomerId,
        outcome: Outcome,
    ) {
        let is_right = outcome == Outcome::Verified;
        if !is_right && !matches!(outcome, Outcome::Wrong | Outcome::Superseded) {
            return;
        }
        self.codes += 1;
        let failures = self.failures.get(&customer).copied().unwrap_or(0);
        let known = self.requests.get_mut(request);
        let (tries, is_late) = known.map_or((0, false), |it| {
            it.tries += 1;
            (it.tries - 1, it.code_at.plus(self.otp.expiry) <= event.at)
        });
        let wrong = self.wrong_of(&event.actor.clerk, event.at);
        if failures >= self.otp.failure_cap {
            return self.refuse("otp.failure_cap");
        }
        if tries >= self.otp.max_attempts {
            return self.refuse("otp.max_attempts");
        }
        if is_late {
            return self.refuse("otp.expiry_seconds");
        }
        if wrong >= self.limits.wrong_codes_per_clerk {
            return self.refuse("limits.wrong_codes_per_clerk");
        }
        if is_right {
            self.failures.remove(&customer);
            return;
        }
        *self.failures.entry(customer).or_default() += 1;
        let counted = self.wrong.entry(event.actor.clerk.clone()).or_insert((event.at, 0));
        counted.1 += 1;
    }

    /// A clerk's wrong codes in the fixed hour that starts with the first of them.
    fn wrong_of(&mut self, clerk: &str, at: Timestamp) -> u32 {
        let Some((since, count)) = self.wrong.get(clerk) else { return 0 };
        if since.plus(Duration::from_hours(1)) <= at {
            self.wrong.remove(clerk);
            return 0;
        }
        *count
    }
}

/// The configuration key of a limit.
const fn key(limit: RateLimit) -> &'static str {
    use RateWindow::{Day, Hour};
    match limit {
        RateLimit::Cooldown => "otp.resend_cooldown_seconds",
        RateLimit::Contact(Hour) => "limits.per_contact",
        RateLimit::Contact(Day) => "limits.per_contact_per_day",
        RateLimit::Prefix(Hour) => "limits.per_prefix",
        RateLimit::Prefix(Day) => "limits.per_prefix_per_day",
        RateLimit::Customer(Hour) => "limits.per_customer",
        RateLimit::Customer(Day) => "limits.per_customer_per_day",
        RateLimit::Clerk(Hour) => "limits.per_clerk",
        RateLimit::Clerk(Day) => "limits.per_clerk_per_day",
        RateLimit::Counter(Hour) => "limits.per_counter",
        RateLimit::Counter(Day) => "limits.per_counter_per_day",
        RateLimit::Office(Hour) => "limits.in_all",
        RateLimit::Office(Day) => "limits.in_all_per_day",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::{Actor, EventCustomer, EventId};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }

    fn send(minute: i64, contact: u64, prefix: Option<u64>, customer: i64) -> PastSend {
        PastSend {
            id: minute,
            at: at(minute),
            contact,
            prefix,
            customer: CustomerId(customer),
            clerk: "amira".into(),
            counter: "3".into(),
        }
    }

    fn limits(change: impl FnOnce(&mut RateLimits)) -> PolicyPreview {
        let mut limits = RateLimits::STANDARD;
        change(&mut limits);
        PolicyPreview::new(OtpPolicy::STANDARD, limits)
    }

    #[test]
    fn what_is_refused_counts_no_further() {
        let mut preview = limits(|it| it.per_hour.per_contact = 2);
        // The third is refused and does not count, so the fourth, an hour after the first, is
        // allowed.
        for minute in [0, 10, 20, 60] {
            preview.send(&send(minute, 1, None, minute));
        }
        assert_eq!(preview.refused(), &BTreeMap::from([("limits.per_contact", 1)]));
        assert_eq!(preview.notified(), (4, 0));
    }

    #[test]
    fn each_limit_is_named_by_its_key() {
        let mut preview = limits(|it| {
            it.per_hour.per_prefix = 1;
            it.per_day.per_customer = 1;
        });
        preview.send(&send(0, 1, Some(9), 1));
        preview.send(&send(1, 2, Some(9), 2));
        preview.send(&send(700, 3, None, 1));
        preview.send(&send(700, 3, None, 5));
        preview.send(&send(700, 3, None, 6));
        let refused = BTreeMap::from([
            ("limits.per_customer_per_day", 1),
            ("limits.per_prefix", 1),
            ("otp.resend_cooldown_seconds", 1),
        ]);
        assert_eq!(preview.refused(), &refused);
    }

    fn event(minute: i64, kind: EventKind, outcome: Option<Outcome>) -> Event {
        let customer = EventCustomer {
            id: CustomerId(1),
            account_no: "WB-1".into(),
            name: "Dana Rivera".into(),
        };
        Event {
            id: EventId(minute),
            at: at(minute),
            kind,
            outcome,
            request: Some(RequestId::from_bits(1)),
            customer: Some(customer),
            channel: None,
            contact: None,
            actor: Actor { clerk: "amira".into(), counter: "3".into() },
            detail: None,
        }
    }

    #[test]
    fn codes_that_were_entered_are_judged_once_more() {
        let asked = event(0, EventKind::Requested, None);
        let wrong = |minute| event(minute, EventKind::Attempt, Some(Outcome::Wrong));
        let right = event(4, EventKind::Attempt, Some(Outcome::Verified));
        let told = [asked, wrong(1), wrong(2), right];
        let under = |otp: OtpPolicy, limits: RateLimits| {
            let mut preview = PolicyPreview::new(otp, limits);
            for it in &told {
                preview.event(it);
            }
            assert_eq!(preview.notified(), (0, 3));
            preview.refused().clone()
        };
        let (otp, limits) = (OtpPolicy::STANDARD, RateLimits::STANDARD);
        assert_eq!(under(otp.clone(), limits), BTreeMap::new(), "as it was");
        let one = |key| BTreeMap::from([(key, 1)]);
        let shorter = OtpPolicy { expiry: Duration::from_mins(3), ..otp.clone() };
        assert_eq!(under(shorter, limits), one("otp.expiry_seconds"));
        let fewer = OtpPolicy { max_attempts: 2, ..otp.clone() };
        assert_eq!(under(fewer, limits), one("otp.max_attempts"));
        let stricter = OtpPolicy { failure_cap: 2, ..otp.clone() };
        assert_eq!(under(stricter, limits), one("otp.failure_cap"));
        let clerk = RateLimits { wrong_codes_per_clerk: 2, ..limits };
        assert_eq!(under(otp, clerk), one("limits.wrong_codes_per_clerk"));
    }
}
