//! Checks that at least one channel is switched on.

use crate::config::build::Build;
use crate::config::keys::{EMAIL, OTP, SMS, WHATSAPP};
use crate::config::settings::{EmailSettings, SmsSettings, WhatsappProvider};
use crate::domain::channel::{Assurance, Channel};

/// Refuses a configuration in which every channel is off.
pub(super) fn judge(
    build: &mut Build<'_>,
    email: &EmailSettings,
    sms: &SmsSettings,
    assurance: Assurance,
) {
    let keys = [EMAIL.provider.path(), SMS.provider.path(), WHATSAPP.provider.path()];
    if build.is_refused(keys) {
        return;
    }
    let is_off = [
        (Channel::Email, matches!(email, EmailSettings::Off)),
        (Channel::Sms, matches!(sms, SmsSettings::Off)),
        (Channel::Whatsapp, build.get(&WHATSAPP.provider) == WhatsappProvider::Off),
    ];
    let mut on = is_off.iter().filter(|(_, off)| !off).map(|(channel, _)| *channel);
    let is_enough = on.clone().any(|channel| channel.factor().satisfies(assurance));
    if on.next().is_none() {
        build.refuse(
            keys[0],
            "email.provider, sms.provider and whatsapp.provider are all \"off\": no code could go \
             out; set one of them",
        );
    } else if !is_enough {
        build.refuse(
            &OTP.assurance,
            "otp.assurance = \"nist\" takes SMS alone, and sms.provider is \"off\": no code could go \
             out; set one of the two",
        );
    }
}
