//! The fingerprints of a desk's providers, by which it knows the messages that it may send.

use crate::domain::channel::Channel;
use crate::domain::circuit_breaker::ProviderSlot;
use crate::domain::provider::ProviderFingerprint;
use crate::service::Senders;

/// The fingerprints of the routes of each channel.
#[derive(Clone, Debug)]
pub struct Fingerprints {
    routes: Vec<(Channel, ProviderFingerprint)>,
    /// The names alone, which messages from before there were fingerprints carry.
    names: Vec<&'static str>,
}

impl Fingerprints {
    /// Those of a desk's senders.
    pub fn of(senders: &Senders) -> Self {
        let route = |channel: Channel| {
            let route = senders.of(channel)?;
            let main = route.main.fingerprint();
            let both = route.fallback.as_ref().map(|it| main.with_fallback(&it.fingerprint()));
            Some((channel, both.unwrap_or(main)))
        };
        let behind = ProviderSlot::ALL.iter().filter_map(|slot| senders.behind(*slot));
        Self {
            routes: Channel::ALL.into_iter().filter_map(route).collect(),
            names: behind.map(|sender| sender.provider()).collect(),
        }
    }

    /// That of a channel; none where the office does not have it.
    pub(in crate::service) fn route(&self, channel: Channel) -> Option<&ProviderFingerprint> {
        self.routes.iter().find(|(it, _)| *it == channel).map(|(_, route)| route)
    }

    /// All that messages for this desk can carry.
    pub fn all(&self) -> Vec<&str> {
        let routes = self.routes.iter().map(|(_, route)| route.as_str());
        routes.chain(self.names.iter().copied()).collect()
    }

    /// Whether a message with this one is for this desk.
    pub(in crate::service) fn has(&self, fingerprint: &str) -> bool {
        self.all().contains(&fingerprint)
    }
}
