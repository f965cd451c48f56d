//! Who and where this terminal is, and the rules that its screens show.

use chrono::{FixedOffset, Local, Offset as _};

use crate::config::settings::UiSettings;
use crate::config::terminal;
use crate::domain::purpose::Purpose;
use crate::domain::time::Timestamp;
use crate::service::api::{DeskProfile, Permission, Role};

/// What a terminal is that is not one of production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The demo.
    Demo,
    /// For trying things out.
    Development,
    /// For training clerks.
    Rehearsal,
}

impl Mark {
    /// What to say beside the office's name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Development => "development",
            Self::Rehearsal => "rehearsal",
        }
    }

    /// What stands above each screen; nothing where the word is enough.
    pub const fn banner(self) -> Option<&'static str> {
        match self {
            Self::Rehearsal => Some("REHEARSAL: messages go to the tray, nobody is a customer"),
            Self::Demo | Self::Development => None,
        }
    }
}

/// Who and where, and the rules that the screens show.
#[derive(Clone, Debug)]
pub struct CounterInfo {
    /// The office's name.
    pub office: String,
    /// The counter's name.
    pub counter: String,
    /// The clerk's name.
    pub clerk: String,
    /// What the clerk may do.
    pub role: Role,
    /// Digits of a code.
    pub code_length: u8,
    /// What a verification can be for; never empty.
    pub purposes: Vec<Purpose>,
    /// The kinds of documents that clerks look at.
    pub documents: Vec<String>,
    /// The country of phone numbers written without one (ISO 3166).
    pub country: String,
    /// Whether there is a tray to look into.
    pub has_tray: bool,
    /// What it is where it is not production.
    pub mark: Option<Mark>,
    /// Lines and marks in ASCII only.
    pub ascii: bool,
    /// Nothing moves but the digits.
    pub reduced_motion: bool,
    /// The offset of local time, for clocks people read.
    pub zone: FixedOffset,
}

impl CounterInfo {
    /// What the desk and the configuration say of this terminal. `mark` says what it is not:
    /// production.
    pub fn of(profile: &DeskProfile, settings: &UiSettings, mark: Option<Mark>) -> Self {
        Self {
            office: profile.office.clone(),
            counter: profile.actor.counter.clone(),
            clerk: profile.actor.clerk.clone(),
            role: profile.role,
            code_length: profile.code_length,
            purposes: profile.purposes.clone(),
            documents: profile.documents.clone(),
            country: profile.country.clone(),
            has_tray: profile.has_tray,
            mark,
            ascii: settings.ascii.unwrap_or_else(|| !terminal::writes_utf8()),
            reduced_motion: settings.reduced_motion,
            zone: Local::now().offset().fix(),
        }
    }

    /// The name of the purpose at this place.
    pub fn purpose_name(&self, at: usize) -> String {
        self.purposes.get(at).map(|it| it.name.clone()).unwrap_or_default()
    }

    /// The place of a purpose.
    pub fn purpose_place(&self, name: &str) -> Option<usize> {
        self.purposes.iter().position(|it| it.name == name)
    }

    /// Whether the clerk's role carries a permission.
    pub const fn may(&self, permission: Permission) -> bool {
        permission.is_of(self.role)
    }

    /// The same with its day, for what may be long ago.
    pub fn wall_calendar(&self, moment: Timestamp) -> String {
        moment.to_utc().with_timezone(&self.zone).format("%Y-%m-%d %H:%M").to_string()
    }

    /// A moment as the clock on the office's wall shows it.
    pub fn wall_clock(&self, moment: Timestamp) -> String {
        moment.to_utc().with_timezone(&self.zone).format("%H:%M").to_string()
    }

    /// The end of something: of what ends with a day that day alone.
    pub fn end(&self, moment: Timestamp) -> String {
        let at = moment.to_utc().with_timezone(&self.zone);
        if at.time() == chrono::NaiveTime::MIN {
            let last = moment.minus(std::time::Duration::from_millis(1)).to_utc();
            return last.with_timezone(&self.zone).format("%Y-%m-%d").to_string();
        }
        self.day_and_clock(moment)
    }

    /// The same with the day: for what may lie weeks ahead.
    pub fn day_and_clock(&self, moment: Timestamp) -> String {
        moment.to_utc().with_timezone(&self.zone).format("%Y-%m-%d %H:%M").to_string()
    }
}
