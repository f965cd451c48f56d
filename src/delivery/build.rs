//! From the configuration to senders.
//!
//! Nothing here looks up a name, reads a certificate or opens a connection:
//! the first picture of the interface waits for it. All of that happens at the
//! first message, or when `doctor` asks.

use std::sync::Arc;

use crate::config::settings::{EmailSettings, SmsSettings, TraySettings, WhatsappSettings};
use crate::delivery::email::sendgrid::SendGridSender;
use crate::delivery::email::smtp::{self, SmtpSender};
use crate::delivery::error::DeliveryError;
use crate::delivery::sender_slot::{SenderSlot, SlottedSender};
use crate::delivery::sms::gateway::GatewaySender;
use crate::delivery::sms::twilio::{MessageSender, Words};
use crate::delivery::templates::Templates;
use crate::delivery::timeouts::SendTimeouts;
use crate::delivery::tray::{TrayFile, TraySender};
use crate::domain::channel::Channel;
use crate::service::ports::{Sender, Tray};

/// The sender of email; none where the office sends none.
pub fn email_sender(
    email: &EmailSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: SendTimeouts,
) -> Result<Option<Arc<dyn Sender>>, DeliveryError> {
    placed(SenderSlot::main("email"), by_email(email, tray, templates, times))
}

/// The sender that stands in for it.
pub fn email_fallback(
    email: &EmailSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: SendTimeouts,
) -> Result<Option<Arc<dyn Sender>>, DeliveryError> {
    placed(SenderSlot::fallback("email"), by_email(email, tray, templates, times))
}

/// The sender of text messages; none where the office sends none.
pub fn sms_sender(
    sms: &SmsSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: SendTimeouts,
) -> Result<Option<Arc<dyn Sender>>, DeliveryError> {
    placed(SenderSlot::main("sms"), by_sms(sms, tray, templates, times))
}

/// The sender that stands in for it.
pub fn sms_fallback(
    sms: &SmsSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: SendTimeouts,
) -> Result<Option<Arc<dyn Sender>>, DeliveryError> {
    placed(SenderSlot::fallback("sms"), by_sms(sms, tray, templates, times))
}

/// The sender of WhatsApp messages; none where the office has none.
pub fn whatsapp_sender(
    whatsapp: &WhatsappSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: SendTimeouts,
) -> Result<Option<Arc<dyn Sender>>, DeliveryError> {
    let sender: Arc<dyn Sender> = match whatsapp {
        WhatsappSettings::Off => return Ok(None),
        WhatsappSettings::Tray => tray_sender(Channel::Whatsapp, Arc::clone(templates), tray),
        WhatsappSettings::Twilio(settings, template) => {
            let words = Words::Approved(template.clone());
            Arc::new(MessageSender::new(settings, words, times)?)
        }
    };
    placed(SenderSlot::main("whatsapp"), Ok(Some(sender)))
}

/// The tray to look into.
pub fn tray(tray: &TraySettings) -> Arc<dyn Tray> {
    Arc::new(TrayFile::new(tray.file.clone()))
}

fn placed(
    place: SenderSlot,
    made: Result<Option<Arc<dyn Sender>>, DeliveryError>,
) -> Result<Option<Arc<dyn Sender>>, DeliveryError> {
    let sender = made.map_err(|error| place.blame(error))?;
    Ok(sender.map(|sender| -> Arc<dyn Sender> { Arc::new(SlottedSender { sender, place }) }))
}

fn by_email(
    email: &EmailSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: SendTimeouts,
) -> Result<Option<Arc<dyn Sender>>, DeliveryError> {
    let templates = Arc::clone(templates);
    Ok(Some(match email {
        EmailSettings::Off => return Ok(None),
        EmailSettings::Tray { from } => {
            // A sender that real mail would stumble over is told of in time.
            smtp::sender_address(from)?;
            tray_sender(Channel::Email, templates, tray)
        }
        EmailSettings::Smtp(settings) => Arc::new(SmtpSender::new(settings, templates, times)?),
        EmailSettings::SendGridApi(settings) => {
            Arc::new(SendGridSender::new(settings, templates, times)?)
        }
    }))
}

fn by_sms(
    sms: &SmsSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: SendTimeouts,
) -> Result<Option<Arc<dyn Sender>>, DeliveryError> {
    let templates = Arc::clone(templates);
    Ok(Some(match sms {
        SmsSettings::Off => return Ok(None),
        SmsSettings::Tray => tray_sender(Channel::Sms, templates, tray),
        SmsSettings::Twilio(settings) => {
            Arc::new(MessageSender::new(settings, Words::Text(templates), times)?)
        }
        SmsSettings::Gateway(settings) => Arc::new(GatewaySender::new(settings, templates, times)?),
    }))
}

fn tray_sender(
    channel: Channel,
    templates: Arc<Templates>,
    tray: &TraySettings,
) -> Arc<dyn Sender> {
    Arc::new(TraySender::new(channel, templates, TrayFile::new(tray.file.clone())))
}
