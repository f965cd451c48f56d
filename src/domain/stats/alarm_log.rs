//! The command that shows the entries behind an alarm.

use crate::domain::channel::Channel;
use crate::domain::event::{EventFilter, EventKind};
use crate::domain::outcome::Outcome;
use crate::domain::request::RequestId;
use crate::domain::stats::alarms::Alarm;
use crate::domain::time::Timestamp;

/// The words of the command after the program's name. `moment` writes a time as `log` reads it.
pub fn log_words(alarm: &Alarm, moment: impl Fn(Timestamp) -> String) -> Vec<String> {
    let EventFilter {
        text, outcome, channel, request, kind, clerk, provider, from, before, ..
    } = alarm.filter();
    let options = [
        ("--text", text),
        ("--outcome", outcome.map(|it| Outcome::word(it).to_owned())),
        ("--channel", channel.map(|it| Channel::word(it).to_owned())),
        ("--request", request.as_ref().map(RequestId::to_string)),
        ("--kind", kind.map(|it| EventKind::word(it).to_owned())),
        ("--clerk", clerk),
        ("--provider", provider),
        ("--since", from.map(&moment)),
        ("--until", before.map(&moment)),
    ];
    let mut words = vec!["log".to_owned()];
    for (option, value) in options {
        words.extend(value.into_iter().flat_map(|it| [option.to_owned(), it]));
    }
    words
}
