//! What the dashboard knows.

use tui_input::Input;

use crate::domain::audit::shipping::ShippingStatus;
use crate::domain::oversight::Oversight;
use crate::domain::stats::alarms::Alarm;
use crate::domain::stats::figures::{Figure, StatsCounts};
use crate::domain::stats::period::StatsPeriod;
use crate::domain::stats::query::{Stats, StatsDimension};
use crate::domain::time::Timestamp;
use crate::service::audit::trail::TrailStatus;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::file_export::FileExport;
use crate::tui::machine::loaded::Loaded;
use crate::tui::machine::store_clock::Now;

/// A part of the dashboard, in the order of their number keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pane {
    /// What was done, against the usual.
    #[default]
    Figures,
    /// The same hour by hour, as charts.
    Course,
    /// By channel and provider.
    Channels,
    /// By counter.
    Counters,
    /// By clerk.
    Clerks,
    /// Messages that did not go out, and those that wait.
    Messages,
    /// The customers who are locked.
    Lockouts,
    /// Who works where, with whom.
    AtWork,
    /// The open alarms.
    Alarms,
    /// How far the log is sealed and shipped.
    Trail,
}

impl Pane {
    /// All, in order.
    pub const ALL: [Self; 10] = [
        Self::Figures,
        Self::Course,
        Self::Channels,
        Self::Counters,
        Self::Clerks,
        Self::Messages,
        Self::Lockouts,
        Self::AtWork,
        Self::Alarms,
        Self::Trail,
    ];

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Figures => "Figures",
            Self::Course => "Course",
            Self::Channels => "Channels",
            Self::Counters => "Counters",
            Self::Clerks => "Clerks",
            Self::Messages => "Messages",
            Self::Lockouts => "Lockouts",
            Self::AtWork => "At work",
            Self::Alarms => "Alarms",
            Self::Trail => "Audit trail",
        }
    }

    /// Its place in the order.
    pub fn place(self) -> usize {
        Self::ALL.iter().position(|it| *it == self).unwrap_or(0)
    }

    /// Whether it shows the time that is chosen; else it is about now.
    pub const fn is_of_period(self) -> bool {
        matches!(
            self,
            Self::Figures
                | Self::Course
                | Self::Channels
                | Self::Counters
                | Self::Clerks
                | Self::Messages
        )
    }

    /// Whether it is a table of groups, which can be sorted.
    pub const fn is_sorted(self) -> bool {
        matches!(self, Self::Channels | Self::Counters | Self::Clerks)
    }

    /// Whether its lines can be filtered.
    pub const fn is_filtered(self) -> bool {
        !matches!(self, Self::Figures | Self::Course | Self::Trail)
    }
}

/// By what groups are sorted, the highest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    /// Codes that were asked for.
    #[default]
    Asked,
    /// Customers who were verified.
    Verified,
    /// What went wrong.
    Failed,
    /// Lockouts that were lifted and contacts that were confirmed.
    Overrides,
}

impl SortBy {
    /// All, in the order in which a key goes through them.
    pub const ALL: [Self; 4] = [Self::Asked, Self::Verified, Self::Failed, Self::Overrides];

    /// What it is called.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Asked => "by asked",
            Self::Verified => "by verified",
            Self::Failed => "by failed",
            Self::Overrides => "by overrides",
        }
    }

    /// The figures that it adds up.
    pub const fn figures(self) -> &'static [Figure] {
        match self {
            Self::Asked => &[Figure::Asked],
            Self::Verified => &[Figure::Verified],
            Self::Failed => &Figure::FAILURES,
            Self::Overrides => &Figure::OVERRIDES,
        }
    }

    /// How many there are of it.
    pub fn of(self, counts: &StatsCounts) -> u64 {
        counts.sum(self.figures())
    }

    /// The one some steps further, round and round.
    #[must_use]
    pub fn turned(self, by: isize) -> Self {
        let place = Self::ALL.iter().position(|it| *it == self).unwrap_or(0);
        let turned = (place.cast_signed() + by).rem_euclid(Self::ALL.len().cast_signed());
        Self::ALL[turned.cast_unsigned()]
    }
}

/// By what groups are told apart, in the order in which they are read.
pub const DIMENSIONS: [StatsDimension; 4] = [
    StatsDimension::Channel,
    StatsDimension::Provider,
    StatsDimension::Counter,
    StatsDimension::Clerk,
];

/// What is typed on the dashboard.
#[derive(Debug)]
pub struct Typing {
    /// The field.
    pub input: Input,
    /// What it is for.
    pub purpose: TypingPurpose,
}

/// What a typed text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypingPurpose {
    /// Only lines with this text are shown.
    Filter,
    /// Why this alarm is acknowledged.
    Reason(i64),
}

/// The dashboard.
#[derive(Debug, Default)]
pub struct Dashboard {
    /// The part that has the keyboard.
    pub pane: Pane,
    /// The line that is selected in each part.
    pub selected: [usize; Pane::ALL.len()],
    /// The time that is shown.
    pub period: StatsPeriod,
    /// By what groups are sorted.
    pub sort: SortBy,
    /// Only lines with this text; empty for all.
    pub filter: String,
    /// What is being typed.
    pub typing: Option<Typing>,
    /// The whole time, its pieces in order, and then the same hours of the weeks before.
    pub course: Loaded<Stats>,
    /// The same time by each of [`DIMENSIONS`].
    pub groups: [Loaded<Stats>; DIMENSIONS.len()],
    /// What goes on right now.
    pub oversight: Loaded<Box<Oversight>>,
    /// The open alarms.
    pub alarms: Loaded<Vec<Alarm>>,
    /// How far the log is sealed.
    pub trail: Loaded<TrailStatus>,
    /// How far it is shipped; none inside where it is shipped nowhere.
    pub shipping: Loaded<Option<Box<ShippingStatus>>>,
    /// When what is about now was asked for last.
    pub asked: Option<Now>,
    /// When the stats were.
    pub stats_asked: Option<Now>,
    /// When the alarms were.
    pub alarms_asked: Option<Now>,
    /// When an answer came last, by the store's clock.
    pub updated_at: Option<Timestamp>,
    /// The acknowledgement of an alarm under way, and which.
    pub acknowledging: Option<(EffectId, i64)>,
    /// The entry of an export under way, and what is written after it.
    pub exporting: Option<(EffectId, FileExport)>,
}

impl Dashboard {
    /// The groups by a dimension, as last read.
    pub fn by(&self, dimension: StatsDimension) -> Option<&Stats> {
        let place = DIMENSIONS.iter().position(|it| *it == dimension)?;
        self.groups[place].value()
    }
}
