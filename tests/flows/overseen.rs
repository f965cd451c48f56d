//! What the desk in memory knows of the office as a whole.

use std::time::Duration;

use countersign::domain::delivery_stats::QueueStats;
use countersign::domain::oversight::{Lockouts, Oversight};
use countersign::domain::stats::alarms::{Alarm, AlarmKind, Finding};
use countersign::domain::stats::figures::{Figure, StatsCounts};
use countersign::domain::stats::query::{GroupStats, SpanStats, Stats, StatsDimension};
use countersign::domain::time::Timestamp;
use countersign::service::api::{Answer, Call};
use countersign::service::audit::trail::TrailStatus;
use countersign::service::stats::calls::{AcknowledgeAlarm, ReadStats};
use countersign::tui::machine::message::Failure;

/// The office as a whole.
#[derive(Default)]
pub(crate) struct Overseen {
    /// By clerk: how many codes they asked for, and how many overrides they did.
    pub(crate) clerks: Vec<(&'static str, u64, u64)>,
    pub(crate) alarms: Vec<Alarm>,
    /// What was asked of the stats.
    pub(crate) asked: Vec<ReadStats>,
    /// What was acknowledged, and why.
    pub(crate) acknowledged: Vec<(i64, String)>,
    /// What was exported, and how many lines.
    pub(crate) exported: Vec<(String, u32)>,
}

pub(crate) fn alarm(id: i64, subject: &str) -> Alarm {
    Alarm {
        id,
        finding: Finding {
            kind: AlarmKind::Overrides,
            subject: subject.into(),
            request: None,
            detail: "9 of 40".into(),
        },
        raised_at: Timestamp::from_millis(super::counter::START_MILLIS),
        acknowledged_at: None,
    }
}

impl Overseen {
    pub(crate) fn reply(&mut self, call: Call, now: Timestamp) -> Answer<Failure> {
        match call {
            Call::ReadStats(call) => Answer::ReadStats(Ok(self.stats(call, now))),
            Call::ReadOversight(_) => Answer::ReadOversight(Ok(Box::new(oversight(now)))),
            Call::ReadTrail(_) => {
                Answer::ReadTrail(Ok(TrailStatus { size: 12, unsealed: 0, note: None }))
            }
            Call::ReadShipping(_) => Answer::ReadShipping(Ok(None)),
            Call::ReadAlarms(_) => Answer::ReadAlarms(Ok(self.alarms.clone())),
            Call::CountAlarms(_) => {
                let count = u32::try_from(self.alarms.len()).expect("few");
                Answer::CountAlarms(Ok(count))
            }
            Call::RecordStatsExport(call) => {
                self.exported.push((call.part, call.lines));
                Answer::RecordStatsExport(Ok(()))
            }
            Call::AcknowledgeAlarm(call) => Answer::AcknowledgeAlarm(Ok(self.acknowledge(call))),
            other => panic!("the interface does not ask for {other:?}"),
        }
    }

    fn stats(&mut self, call: ReadStats, now: Timestamp) -> Stats {
        let group = |(name, asked, overrides): (&str, u64, u64)| {
            let mut counts = StatsCounts::default();
            counts.add(Figure::Asked, asked);
            counts.add(Figure::Unlocked, overrides);
            GroupStats { name: name.into(), counts, ..GroupStats::default() }
        };
        let groups: Vec<GroupStats> = match call.by {
            None => vec![group(("", self.clerks.iter().map(|it| it.1).sum(), 0))],
            Some(StatsDimension::Clerk) => self.clerks.iter().map(|it| group(*it)).collect(),
            Some(_) => Vec::new(),
        };
        let spans = call.spans.iter().map(|span| SpanStats { span: *span, groups: groups.clone() });
        let spans = spans.collect();
        self.asked.push(call);
        Stats { read_at: now, spans, uncounted: 0, unsealed: 0, more: false }
    }

    fn acknowledge(&mut self, call: AcknowledgeAlarm) -> Option<Alarm> {
        let place = self.alarms.iter().position(|it| it.id == call.alarm)?;
        self.acknowledged.push((call.alarm, call.reason));
        Some(self.alarms.remove(place))
    }
}

fn oversight(now: Timestamp) -> Oversight {
    Oversight {
        read_at: now,
        sealed_at: Some(now),
        queue: QueueStats { length: 1, oldest: Some(Duration::from_secs(9)) },
        waiting: Vec::new(),
        lockouts: Lockouts::default(),
        counters: Vec::new(),
        more_counters: false,
    }
}
