//! A syslog server over TLS (RFC 5425).

use async_trait::async_trait;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::config::keys::AuditShipKeys;
use crate::config::settings::ShippingServer;
use crate::delivery::collector::syslog::{host, stream};
use crate::delivery::error::DeliveryError;
use crate::delivery::timeouts::{Deadline, SendTimeouts, TimedOut};
use crate::delivery::tls::{self, Trust};
use crate::domain::audit::shipping::ShippedRecord;
use crate::service::ports::{Collector, CollectorError};

/// Ships to a server by its name, whose certificate is checked.
pub(in crate::delivery::collector) struct TlsSyslog {
    place: String,
    name: ServerName<'static>,
    host: String,
    trust: Trust,
    times: SendTimeouts,
}

impl TlsSyslog {
    /// A server; nothing is connected yet.
    pub(in crate::delivery::collector) fn new(
        keys: &'static AuditShipKeys,
        settings: &ShippingServer,
        times: SendTimeouts,
    ) -> Result<Self, DeliveryError> {
        let server = settings.place.rsplit_once(':').map_or(&*settings.place, |(name, _)| name);
        let server = server.trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(server).map_err(|_| {
            let how = format!("{} is no server name.", keys.host);
            DeliveryError::misconfigured(keys.host.path(), how)
        })?;
        let trust = Trust::with(settings.ca_file.clone(), keys.ca_file.path());
        Ok(Self { place: settings.place.clone(), name, host: host(), trust, times })
    }

    async fn connect(
        &self,
        deadline: &Deadline,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, CollectorError> {
        let slow = |TimedOut| CollectorError::new(format!("{} does not answer", self.place));
        let connector = TlsConnector::from(self.trust.config().await?);
        let tcp = deadline.step(TcpStream::connect(&self.place)).await.map_err(slow)?;
        let tcp = tcp.map_err(|error| {
            CollectorError::new(format!("{} cannot be reached: {error}", self.place))
        })?;
        let secured = deadline.step(connector.connect(self.name.clone(), tcp)).await;
        secured.map_err(slow)?.map_err(|error| {
            CollectorError::new(format!("{}: {}", self.place, tls::complaint(&error)))
        })
    }
}

#[async_trait]
impl Collector for TlsSyslog {
    fn target(&self) -> String {
        format!("syslog over TLS, {}", self.place)
    }

    async fn ship(&self, records: &[ShippedRecord]) -> Result<(), CollectorError> {
        let deadline = self.times.begin();
        let stream = self.connect(&deadline).await?;
        stream::ship(stream, records, &self.host, &deadline).await
    }
}
