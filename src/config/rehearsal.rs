//! `environment = "rehearsal"`: the configuration of production, whose messages go to the tray.

use crate::config::settings::{EmailSettings, SmsSettings, WhatsappSettings};

/// By whom messages go: email and its fallback, text messages and theirs, WhatsApp.
pub(super) type Messengers =
    (EmailSettings, Option<EmailSettings>, SmsSettings, Option<SmsSettings>, WhatsappSettings);

/// The same channels, but each goes to the tray, and nothing stands in for it.
pub(super) fn to_the_tray((email, _, sms, _, whatsapp): Messengers) -> Messengers {
    let email = match email {
        EmailSettings::Off => EmailSettings::Off,
        EmailSettings::Tray { from } => EmailSettings::Tray { from },
        EmailSettings::Smtp(it) => EmailSettings::Tray { from: it.from },
        EmailSettings::SendGridApi(it) => EmailSettings::Tray { from: it.from },
    };
    let sms = match sms {
        SmsSettings::Off => SmsSettings::Off,
        SmsSettings::Tray
        | SmsSettings::Twilio(_)
        | SmsSettings::Gateway(_)
        | SmsSettings::Exec(_) => SmsSettings::Tray,
    };
    let whatsapp = match whatsapp {
        WhatsappSettings::Off => WhatsappSettings::Off,
        WhatsappSettings::Tray | WhatsappSettings::Twilio(..) => WhatsappSettings::Tray,
    };
    (email, None, sms, None, whatsapp)
}
