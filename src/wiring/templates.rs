//! Templates of messages, as the command line asks about them.

use crate::cli::exit::Failure;
use crate::cli::json::{Preview, TemplateLine};
use crate::config::Config;
use crate::config::settings::MessageSettings;
use crate::delivery::{State, Templates};
use crate::domain::channel::Channel;
use crate::domain::message::MessageFacts;

/// What there is to say about each template.
pub(super) fn check(config: &Config) -> Vec<TemplateLine> {
    let office =
        [("office.name", &*config.office.name), ("office.counter", &config.office.counter)];
    let purposes = config.purposes.iter().map(|purpose| ("otp.purposes", purpose.as_str()));
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

/// A message as it would be sent.
pub(super) fn preview(
    settings: &MessageSettings,
    channel: Channel,
    facts: &MessageFacts,
) -> Result<Preview, Failure> {
    let sample = Templates::load(settings)
        .and_then(|templates| templates.sample(channel, facts))
        .map_err(|error| Failure::configuration(error.to_string()))?;
    Ok(Preview {
        outcome: "fine",
        message: format!("{} in {}, with made-up values.", channel.label(), sample.locale),
        channel,
        locale: sample.locale,
        subject: sample.subject,
        text: sample.text,
        html: sample.html,
        places: sample.places.map(|(places, _)| places),
        most_places: sample.places.map(|(_, most)| most),
    })
}
