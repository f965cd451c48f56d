//! Checks and previews of message templates for the command line.

use crate::cli::exit::Failure;
use crate::cli::json::{Preview, TemplateLine};
use crate::config::Config;
use crate::config::settings::MessageSettings;
use crate::delivery::{Sample, State, Templates};
use crate::domain::channel::Channel;
use crate::domain::message::{ContactNotice, MessageFacts};

/// Checks all templates.
pub(super) fn check(config: &Config) -> Vec<TemplateLine> {
    let office =
        [("office.name", &*config.office.name), ("office.counter", &config.office.counter)];
    let purposes = config.purposes.iter().map(|purpose| ("otp.purposes", purpose.name.as_str()));
    let names: Vec<_> = office.into_iter().chain(purposes).collect();
    let findings = Templates::check(&config.messages, &names).into_iter();
    let lines = findings.map(|finding| TemplateLine {
        locale: finding.locale,
        part: finding.part,
        ok: finding.state != State::Failed,
        state: match finding.state {
            State::Good => "ok",
            State::Note => "note",
            State::Failed => "failed",
        },
        found: finding.text,
    });
    lines.collect()
}

/// Renders a message as it would be sent.
pub(super) fn preview(
    settings: &MessageSettings,
    channel: Channel,
    facts: &MessageFacts,
) -> Result<Preview, Failure> {
    let sample = Templates::load(settings).and_then(|it| it.sample(channel, facts));
    Ok(shown(channel, sample.map_err(|error| Failure::configuration(error.to_string()))?))
}

/// Renders the notice to a replaced contact.
pub(super) fn preview_notice(
    settings: &MessageSettings,
    notice: &ContactNotice,
) -> Result<Preview, Failure> {
    let sample = Templates::load(settings).and_then(|it| it.notice_sample(notice));
    let sample = sample.map_err(|error| Failure::configuration(error.to_string()))?;
    Ok(shown(notice.to.kind().channel(), sample))
}

fn shown(channel: Channel, sample: Sample) -> Preview {
    Preview {
        outcome: "fine",
        message: format!("{} in {}, with made-up values.", channel.label(), sample.locale),
        channel,
        locale: sample.locale,
        subject: sample.subject,
        text: sample.text,
        html: sample.html,
        places: sample.places.map(|(places, _)| places),
        most_places: sample.places.map(|(_, most)| most),
    }
}
