//! `[whatsapp]`: a sender and an approved template at the Twilio account of
//! `[sms]`.

use crate::config::build::Build;
use crate::config::settings::{TwilioSender, WhatsappSettings, WhatsappTemplate};
use crate::config::sms;
use crate::config::table::Section;
use crate::domain::message::Fact;

pub(super) fn read(build: &mut Build<'_>) -> WhatsappSettings {
    match build.merged.text("whatsapp.provider").as_deref() {
        Some("tray") => {
            build.refuse_tray("whatsapp.provider", "twilio, or off");
            WhatsappSettings::Tray
        }
        Some("twilio") => twilio(build),
        _ => WhatsappSettings::Off,
    }
}

fn twilio(build: &mut Build<'_>) -> WhatsappSettings {
    let sender = sms::sender(build, Section::WHATSAPP);
    if let Some(TwilioSender::From(from)) = &sender
        && !from.starts_with('+')
    {
        let text = "whatsapp.from is a number with its country, such as +15005550006";
        build.refuse("whatsapp.from", text);
    }
    let settings = sms::account(build, Section::SMS, sender, "whatsapp.provider");
    let content_sid = build.needed("whatsapp.content_sid", "the approved template (HX…)");
    let variables = variables(build);
    // Without an account the configuration is refused.
    settings.map_or(WhatsappSettings::Off, |settings| {
        WhatsappSettings::Twilio(settings, WhatsappTemplate { content_sid, variables })
    })
}

fn variables(build: &mut Build<'_>) -> Vec<Fact> {
    let words = build.merged.texts("whatsapp.variables");
    let fact = |word: &String| Fact::ALL.into_iter().find(|fact| fact.word() == word);
    let facts: Vec<_> = words.iter().filter_map(fact).collect();
    if facts.len() != words.len() || !facts.contains(&Fact::Code) {
        let allowed = Fact::ALL.map(Fact::word).join(", ");
        build.refuse(
            "whatsapp.variables",
            format!("whatsapp.variables takes {allowed}, and code must be one of them"),
        );
    }
    facts
}
