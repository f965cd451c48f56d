//! Builds senders from the configuration.
//!
//! Nothing here resolves a name, reads a certificate or opens a connection, since the first screen
//! of the interface waits for it. All of that happens with the first message, or when `doctor`
//! checks.

use std::sync::Arc;

use crate::config::keys::{EMAIL, EMAIL_FALLBACK, EmailKeys, SMS, SMS_FALLBACK, SmsKeys};
use crate::config::settings::{EmailSettings, SmsSettings, TraySettings, WhatsappSettings};
use crate::delivery::email::sendgrid::SendGridProvider;
use crate::delivery::email::smtp::{self, SmtpProvider};
use crate::delivery::error::DeliveryError;
use crate::delivery::provider::sender;
use crate::delivery::sms::exec::ExecProvider;
use crate::delivery::sms::gateway::GatewayProvider;
use crate::delivery::sms::twilio::{TwilioKeys, TwilioProvider, Words};
use crate::delivery::templates::Templates;
use crate::delivery::timeouts::SendTimeouts;
use crate::delivery::tray::{TrayFile, TrayProvider};
use crate::domain::channel::Channel;
use crate::service::ports::{Sender, Tray};

/// The email sender; `None` if the channel is off.
pub fn email_sender(
    email: &EmailSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: SendTimeouts,
) -> Result<Option<Arc<dyn Sender>>, DeliveryError> {
    by_email(&EMAIL, email, tray, templates, times)
}

/// The fallback email sender; `None` if the channel is off.
pub fn email_fallback(
    email: &EmailSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: SendTimeouts,
) -> Result<Option<Arc<dyn Sender>>, DeliveryError> {
    by_email(&EMAIL_FALLBACK, email, tray, templates, times)
}

/// The SMS sender; `None` if the channel is off.
pub fn sms_sender(
    sms: &SmsSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: SendTimeouts,
) -> Result<Option<Arc<dyn Sender>>, DeliveryError> {
    by_sms(&SMS, sms, tray, templates, times)
}

/// The fallback SMS sender; `None` if the channel is off.
pub fn sms_fallback(
    sms: &SmsSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: SendTimeouts,
) -> Result<Option<Arc<dyn Sender>>, DeliveryError> {
    by_sms(&SMS_FALLBACK, sms, tray, templates, times)
}

/// The WhatsApp sender; `None` if the channel is off.
pub fn whatsapp_sender(
    whatsapp: &WhatsappSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: SendTimeouts,
) -> Result<Option<Arc<dyn Sender>>, DeliveryError> {
    Ok(Some(match whatsapp {
        WhatsappSettings::Off => return Ok(None),
        WhatsappSettings::Tray => {
            tray_sender(Channel::Whatsapp, false, Arc::clone(templates), tray)
        }
        WhatsappSettings::Twilio(settings, template) => {
            let words = Words::Approved(template.clone());
            let twilio = TwilioProvider::new(TwilioKeys::whatsapp(), settings, words, times)?;
            sender(twilio, false)
        }
    }))
}

/// The tray, for reading.
pub fn tray(tray: &TraySettings) -> Arc<dyn Tray> {
    Arc::new(TrayFile::new(tray.file.clone()))
}

fn by_email(
    keys: &'static EmailKeys,
    email: &EmailSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: SendTimeouts,
) -> Result<Option<Arc<dyn Sender>>, DeliveryError> {
    let templates = Arc::clone(templates);
    let fallback = keys.is_fallback();
    Ok(Some(match email {
        EmailSettings::Off => return Ok(None),
        EmailSettings::Tray { from } => {
            // Refuse what a real provider would refuse, so that a development configuration has the
            // same errors.
            smtp::sender_address(keys, from)?;
            tray_sender(Channel::Email, fallback, templates, tray)
        }
        EmailSettings::Smtp(settings) => {
            sender(SmtpProvider::new(keys, settings, templates, times)?, fallback)
        }
        EmailSettings::SendGridApi(settings) => {
            sender(SendGridProvider::new(keys, settings, templates, times)?, fallback)
        }
    }))
}

fn by_sms(
    keys: &'static SmsKeys,
    sms: &SmsSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: SendTimeouts,
) -> Result<Option<Arc<dyn Sender>>, DeliveryError> {
    let templates = Arc::clone(templates);
    let fallback = keys.is_fallback();
    Ok(Some(match sms {
        SmsSettings::Off => return Ok(None),
        SmsSettings::Tray => tray_sender(Channel::Sms, fallback, templates, tray),
        SmsSettings::Twilio(settings) => {
            let words = Words::Text(templates);
            sender(TwilioProvider::new(TwilioKeys::sms(keys), settings, words, times)?, fallback)
        }
        SmsSettings::Gateway(settings) => {
            sender(GatewayProvider::new(keys, settings, templates, times)?, fallback)
        }
        SmsSettings::Exec(settings) => {
            sender(ExecProvider::new(keys, settings.clone(), templates, times), fallback)
        }
    }))
}

fn tray_sender(
    channel: Channel,
    fallback: bool,
    templates: Arc<Templates>,
    tray: &TraySettings,
) -> Arc<dyn Sender> {
    let tray = TrayProvider::new(channel, templates, TrayFile::new(tray.file.clone()));
    sender(tray, fallback)
}
