//! `[whatsapp]`: the sender and an approved template, at the Twilio account of `[sms]`.

use strum::VariantNames as _;

use crate::config::build::Build;
use crate::config::keys::{SMS, WHATSAPP};
use crate::config::settings::{TwilioSender, WhatsappProvider, WhatsappSettings, WhatsappTemplate};
use crate::config::sms;
use crate::domain::message::Fact;

pub(super) fn read(build: &mut Build<'_>) -> WhatsappSettings {
    match build.get(&WHATSAPP.provider) {
        WhatsappProvider::Off => WhatsappSettings::Off,
        WhatsappProvider::Tray => {
            build.refuse_tray(WHATSAPP.provider.path(), "twilio, or off");
            WhatsappSettings::Tray
        }
        WhatsappProvider::Twilio => twilio(build),
    }
}

fn twilio(build: &mut Build<'_>) -> WhatsappSettings {
    let (provider, from) = (WHATSAPP.provider.path(), &WHATSAPP.from);
    let sender = sms::sender(build, provider, from, &WHATSAPP.messaging_service_sid);
    if let Some(TwilioSender::From(number)) = &sender
        && !number.starts_with('+')
    {
        let text = format!("{from} is a number with its country, such as +15005550006");
        build.refuse(from, text);
    }
    let settings = sms::account(build, &SMS, sender, provider);
    let content_sid = build.needed(&WHATSAPP.content_sid, "the approved template (HX…)");
    let variables = build.get(&WHATSAPP.variables);
    if !variables.contains(&Fact::Code) && !build.findings.is_broken(&WHATSAPP.variables) {
        let (key, facts) = (&WHATSAPP.variables, Fact::VARIANTS.join(", "));
        build.refuse(key, format!("{key} takes {facts}, and code must be one of them"));
    }
    // Without an account the configuration is refused already.
    settings.map_or(WhatsappSettings::Off, |settings| {
        WhatsappSettings::Twilio(settings, WhatsappTemplate { content_sid, variables })
    })
}
