//! Models of the dashboard.

use std::time::{Duration, Instant};

use chrono::FixedOffset;
use countersign::domain::audit::shipping::{CursorId, ShippingFailure, ShippingStatus};
use countersign::domain::channel::Channel;
use countersign::domain::customer::CustomerId;
use countersign::domain::delivery_stats::{Percentiles, QueueStats};
use countersign::domain::event::{EventCustomer, EventKind};
use countersign::domain::outcome::Outcome;
use countersign::domain::oversight::{
    CounterAtWork, Lockouts, Oversight, ServedCustomer, WaitingMessage,
};
use countersign::domain::request::RequestId;
use countersign::domain::stats::alarms::{Alarm, AlarmKind, Finding};
use countersign::domain::stats::cut::cut;
use countersign::domain::stats::figures::{Figure, StatsCounts};
use countersign::domain::stats::period::StatsPeriod;
use countersign::domain::stats::query::{GroupStats, SpanStats, Stats, StatsSpan};
use countersign::domain::stats::usual::weeks_before;
use countersign::service::audit::trail::TrailStatus;
use countersign::tui::dashboard::state::{Dashboard, Pane, SortBy, Typing, TypingPurpose};
use countersign::tui::machine::loaded::Loaded;

use crate::models::{at, event};

/// Some figures in the proportions of an office.
fn counts(asked: u64, overrides: u64) -> StatsCounts {
    let mut counts = StatsCounts::default();
    for (figure, count) in [
        (Figure::Asked, asked),
        (Figure::Resent, asked / 9),
        (Figure::Refused, asked / 40),
        (Figure::Sent, asked),
        (Figure::Delivered, asked * 9 / 10),
        (Figure::NotSent, asked / 30),
        (Figure::Unsure, asked / 100),
        (Figure::Verified, asked * 11 / 12),
        (Figure::Wrong, asked / 8),
        (Figure::Expired, asked / 15),
        (Figure::Revealed, asked / 20),
        (Figure::Unlocked, overrides),
    ] {
        if count > 0 {
            counts.add(figure, count);
        }
    }
    counts
}

fn times(seconds: u64) -> Percentiles {
    let (p50, p95) = (Duration::from_secs(seconds), Duration::from_secs(seconds * 4));
    Percentiles { count: 10, p50, p95 }
}

fn group(name: &str, asked: u64, overrides: u64) -> GroupStats {
    GroupStats {
        name: name.into(),
        counts: counts(asked, overrides),
        accepted: Some(times(1)),
        delivered: Some(times(4)),
        verified: Some(times(16 + asked % 9)),
    }
}

fn span(span: StatsSpan, groups: Vec<GroupStats>) -> SpanStats {
    SpanStats { span, groups }
}

fn stats(spans: Vec<SpanStats>) -> Stats {
    Stats { read_at: at(-3), spans, uncounted: 0, unsealed: 0, more: false }
}

fn course(period: StatsPeriod) -> Stats {
    let zone = FixedOffset::east_opt(3_600).expect("an hour");
    let now = at(0).to_utc().with_timezone(&zone);
    let whole = period.span(&now);
    let mut spans = vec![span(whole, vec![group("", 412, 3)])];
    for (place, piece) in (0_u64..).zip(cut(whole, period.unit(), &zone)) {
        let asked = if place < 7 { 0 } else { 20 + place * 37 % 50 };
        let groups = if asked == 0 { Vec::new() } else { vec![group("", asked, 0)] };
        spans.push(span(piece, groups));
    }
    for week in weeks_before(whole, &now) {
        spans.push(span(week, vec![group("", 380, 1)]));
    }
    stats(spans)
}

fn by(groups: &[(&str, u64, u64)]) -> Loaded<Stats> {
    let zone = FixedOffset::east_opt(3_600).expect("an hour");
    let whole = StatsPeriod::Today.span(&at(0).to_utc().with_timezone(&zone));
    let groups = groups.iter().map(|(name, asked, overrides)| group(name, *asked, *overrides));
    Loaded::of(stats(vec![span(whole, groups.collect())]))
}

fn customer(id: i64, account_no: &str, name: &str) -> EventCustomer {
    EventCustomer { id: CustomerId(id), account_no: account_no.into(), name: name.into() }
}

fn oversight() -> Oversight {
    let waiting = |bits, id, name: &str, seconds, tries, detail: Option<&str>| WaitingMessage {
        request: RequestId::from_bits(bits),
        customer: customer(id, "WB-004217", name),
        channel: Channel::Sms,
        provider: "twilio".into(),
        asked_at: at(seconds),
        tries,
        detail: detail.map(str::to_owned),
    };
    let served = |id, name: &str, is_verified, seconds| {
        Some(ServedCustomer {
            customer: customer(id, "WB-004218", name),
            is_verified,
            since: at(seconds),
            request: None,
        })
    };
    let counter = |counter: &str, clerk: &str, since, active, with| CounterAtWork {
        counter: counter.into(),
        clerk: clerk.into(),
        since: Some(at(since)),
        active_at: at(active),
        with,
    };
    let mut locked = event(94, -2_000, EventKind::Attempt, Some(Outcome::Wrong));
    locked.customer = Some(customer(4, "WB-000311", "Ola Nowak"));
    Oversight {
        read_at: at(-2),
        sealed_at: Some(at(-2)),
        queue: QueueStats { length: 2, oldest: Some(Duration::from_secs(312)) },
        waiting: vec![
            waiting(7, 1, "Dana Rivera", -312, 4, Some("429 Too Many Requests")),
            waiting(8, 2, "José Rivera Núñez", -9, 0, None),
        ],
        lockouts: Lockouts {
            entries: vec![event(97, -400, EventKind::Attempt, Some(Outcome::Locked)), locked],
            since: Some(at(-8 * 86_400)),
        },
        counters: vec![
            counter("3", "amira", -9_000, -12, served(1, "Dana Rivera", true, -95)),
            counter("7", "li", -12_000, -1_900, None),
            counter("window 12", "tomasz", -8_000, -30, served(2, "山田 太郎", false, -31)),
        ],
        more_counters: false,
    }
}

fn alarms() -> Vec<Alarm> {
    let alarm = |id, kind, subject: &str, detail: &str, seconds| Alarm {
        id,
        finding: Finding { kind, subject: subject.into(), request: None, detail: detail.into() },
        raised_at: at(seconds),
        acknowledged_at: None,
    };
    vec![
        alarm(18, AlarmKind::Overrides, "tomasz", "9 of 40 requests, the others 3 of 210", -600),
        alarm(17, AlarmKind::Deliveries, "twilio", "12 of 80 arrived, before 340 of 360", -7_200),
    ]
}

/// The dashboard with everything read, at a part of it.
pub(crate) fn dashboard(pane: Pane) -> Dashboard {
    let note = "riverside.example/countersign\n10402\n\
                4oyCVGuwgQGsnL9wEFQzCIRFW2k5jVlGyYwTqdjLp7E=\n\n\
                — riverside.example/countersign AAAA\n";
    let mut selected = [0; Pane::ALL.len()];
    selected[Pane::Course.place()] = usize::MAX;
    Dashboard {
        pane,
        selected,
        course: Loaded::of(course(StatsPeriod::Today)),
        groups: [
            by(&[("email", 90, 0), ("sms", 322, 3)]),
            by(&[("smtp", 90, 0), ("twilio", 322, 3)]),
            by(&[("3", 150, 0), ("7", 62, 0), ("window 12", 200, 3)]),
            by(&[("amira", 150, 0), ("li", 62, 0), ("tomasz", 200, 3)]),
        ],
        oversight: Loaded::of(Box::new(oversight())),
        alarms: Loaded::of(alarms()),
        trail: Loaded::of(TrailStatus { size: 10_402, unsealed: 0, note: Some(note.into()) }),
        shipping: Loaded::of(Some(Box::new(ShippingStatus {
            cursor: CursorId::new("siem", "tls://collector.example:6514"),
            shipped: 10_311,
            sealed: 10_402,
            waiting_since: Some(at(-240)),
            shipped_at: Some(at(-240)),
            failure: Some(ShippingFailure {
                count: 3,
                at: at(-20),
                why: "connection refused".into(),
            }),
            now: at(0),
        }))),
        updated_at: Some(at(-2)),
        ..Dashboard::default()
    }
}

/// This month by clerk, those with most overrides first.
pub(crate) fn overrides() -> Dashboard {
    Dashboard {
        period: StatsPeriod::Month,
        sort: SortBy::Overrides,
        course: Loaded::of(course(StatsPeriod::Month)),
        ..dashboard(Pane::Clerks)
    }
}

/// An alarm that is being acknowledged.
pub(crate) fn acknowledging() -> Dashboard {
    let typing =
        Typing { input: "ticket 88: was shown".into(), purpose: TypingPurpose::Reason(18) };
    Dashboard { typing: Some(typing), ..dashboard(Pane::Alarms) }
}

/// Only lines with a text, of which there is none.
pub(crate) fn filtered() -> Dashboard {
    Dashboard { filter: "xyzzy".into(), ..dashboard(Pane::AtWork) }
}

/// Just opened.
pub(crate) fn reading() -> Dashboard {
    Dashboard::default()
}

/// The moment that everything was asked for.
pub(crate) fn asked(mut dashboard: Dashboard, now: Instant) -> Dashboard {
    dashboard.asked = Some(now);
    dashboard.stats_asked = Some(now);
    dashboard.alarms_asked = Some(now);
    dashboard
}
