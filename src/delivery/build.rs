//! From the configuration to senders.
//!
//! Nothing here looks up a name, reads a certificate or opens a connection:
//! the first picture of the interface waits for it. All of that happens at the
//! first message, or when `doctor` asks.

use std::sync::Arc;

use super::error::DeliveryError;
use super::gateway::GatewaySender;
use super::sendgrid::SendGridSender;
use super::smtp::{self, SmtpSender};
use super::templates::Templates;
use super::times::Times;
use super::tray::{TrayFile, TraySender};
use super::twilio::{MessageSender, Words};
use crate::config::settings::{EmailSettings, SmsSettings, TraySettings, WhatsappSettings};
use crate::domain::channel::Channel;
use crate::service::ports::{Sender, Tray};

/// The sender of email.
pub fn email_sender(
    email: &EmailSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: Times,
) -> Result<Arc<dyn Sender>, DeliveryError> {
    let templates = Arc::clone(templates);
    Ok(match email {
        EmailSettings::Tray { from } => {
            // A sender that real mail would stumble over is told of in time.
            smtp::sender_address(from)?;
            tray_sender(Channel::Email, templates, tray)
        }
        EmailSettings::Smtp(settings) => Arc::new(SmtpSender::new(settings, templates, times)?),
        EmailSettings::SendGridApi(settings) => {
            Arc::new(SendGridSender::new(settings, templates, times)?)
        }
    })
}

/// The sender of text messages.
pub fn sms_sender(
    sms: &SmsSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: Times,
) -> Result<Arc<dyn Sender>, DeliveryError> {
    let templates = Arc::clone(templates);
    Ok(match sms {
        SmsSettings::Tray => tray_sender(Channel::Sms, templates, tray),
        SmsSettings::Twilio(settings) => {
            Arc::new(MessageSender::new(settings, Words::Text(templates), times)?)
        }
        SmsSettings::Gateway(settings) => Arc::new(GatewaySender::new(settings, templates, times)?),
    })
}

/// The sender of WhatsApp messages; none where the office has none.
pub fn whatsapp_sender(
    whatsapp: &WhatsappSettings,
    tray: &TraySettings,
    templates: &Arc<Templates>,
    times: Times,
) -> Result<Option<Arc<dyn Sender>>, DeliveryError> {
    Ok(match whatsapp {
        WhatsappSettings::Off => None,
        WhatsappSettings::Tray => Some(tray_sender(Channel::Whatsapp, Arc::clone(templates), tray)),
        WhatsappSettings::Twilio(settings, template) => {
            let words = Words::Approved(template.clone());
            Some(Arc::new(MessageSender::new(settings, words, times)?))
        }
    })
}

/// The tray to look into; none where every message goes to a provider.
pub fn tray(
    email: &EmailSettings,
    sms: &SmsSettings,
    whatsapp: &WhatsappSettings,
    tray: &TraySettings,
) -> Option<Arc<dyn Tray>> {
    let used = matches!(email, EmailSettings::Tray { .. })
        || matches!(sms, SmsSettings::Tray)
        || matches!(whatsapp, WhatsappSettings::Tray);
    used.then(|| Arc::new(TrayFile::new(tray.file.clone())) as Arc<dyn Tray>)
}

fn tray_sender(
    channel: Channel,
    templates: Arc<Templates>,
    tray: &TraySettings,
) -> Arc<dyn Sender> {
    Arc::new(TraySender::new(channel, templates, TrayFile::new(tray.file.clone())))
}
