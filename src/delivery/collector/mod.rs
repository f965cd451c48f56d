//! Collectors of logs, to which sealed entries are shipped: a syslog server, a file, or a server
//! that takes JSON lines over HTTPS.

mod file;
mod https;
mod syslog;

use std::sync::Arc;

use crate::config::keys::AUDIT_SHIP;
use crate::config::settings::ShippingSettings;
use crate::delivery::collector::file::FileCollector;
use crate::delivery::collector::https::HttpsCollector;
use crate::delivery::collector::syslog::local::LocalSyslog;
use crate::delivery::collector::syslog::tls::TlsSyslog;
use crate::delivery::error::DeliveryError;
use crate::delivery::timeouts::SendTimeouts;
use crate::domain::timing::{SHIPPING_STEP_TIMEOUT, SHIPPING_TIMEOUT};
use crate::service::ports::{Collector, CollectorError};

/// How long a collector may take.
const TIMES: SendTimeouts = SendTimeouts { step: SHIPPING_STEP_TIMEOUT, total: SHIPPING_TIMEOUT };

/// The collector of the configuration; nothing is connected yet.
pub fn collector(settings: &ShippingSettings) -> Result<Arc<dyn Collector>, DeliveryError> {
    let keys = &AUDIT_SHIP;
    Ok(match settings {
        ShippingSettings::LocalSyslog { socket } => Arc::new(LocalSyslog::new(socket.clone())),
        ShippingSettings::Syslog(server) => Arc::new(TlsSyslog::new(keys, server, TIMES)?),
        ShippingSettings::File { file } => Arc::new(FileCollector::new(file.clone())),
        ShippingSettings::Https(server) => Arc::new(HttpsCollector::new(keys, server, TIMES)?),
    })
}

impl From<DeliveryError> for CollectorError {
    fn from(error: DeliveryError) -> Self {
        Self::new(error.explanation().for_admin)
    }
}
