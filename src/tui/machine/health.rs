//! How the parts below the interface are doing: the store and the providers.

use crate::domain::channel::Channel;

/// The parts below the interface, as [`Health`] distinguishes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependency {
    /// The store.
    Store,
    /// The email provider.
    Email,
    /// The SMS provider.
    Sms,
    /// The WhatsApp provider.
    Whatsapp,
}

impl Dependency {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Store, Self::Email, Self::Sms, Self::Whatsapp];

    /// The provider of a channel.
    pub const fn of(channel: Channel) -> Self {
        match channel {
            Channel::Email => Self::Email,
            Channel::Sms => Self::Sms,
            Channel::Whatsapp => Self::Whatsapp,
        }
    }
}

/// How the parts below are doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The store.
    pub store: DependencyState,
    /// The email provider.
    pub email: DependencyState,
    /// The SMS provider.
    pub sms: DependencyState,
    /// The WhatsApp provider; offices without one never see it.
    pub whatsapp: DependencyState,
}

impl Health {
    /// How one part is doing.
    pub const fn part(&mut self, below: Dependency) -> &mut DependencyState {
        match below {
            Dependency::Store => &mut self.store,
            Dependency::Email => &mut self.email,
            Dependency::Sms => &mut self.sms,
            Dependency::Whatsapp => &mut self.whatsapp,
        }
    }

    /// Whether the store cannot be reached.
    pub const fn is_store_lost(&self) -> bool {
        matches!(self.store, DependencyState::Down)
    }
}

/// How one part is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DependencyState {
    /// The last use of it went well, or there was none yet.
    #[default]
    Ok,
    /// Of a channel: its second provider does the work of the first.
    Fallback,
    /// It has been at something for longer than usual.
    Slow,
    /// The last use of it failed; the store is lost then, and reconnected to.
    Down,
    /// The office does not have it; it is not shown.
    Off,
}
