//! Where the sealed log is shipped to.

use std::path::PathBuf;

use secrecy::SecretString;

/// What kind of collector there is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum ShippingTarget {
    /// None.
    Off,
    /// A syslog daemon of this machine, or a syslog server.
    Syslog,
    /// A file of JSON lines.
    File,
    /// A server that takes JSON lines.
    Https,
}

/// A collector, and the name of its cursor.
#[derive(Clone, Debug)]
pub struct NamedShipping {
    /// The name.
    pub name: String,
    /// The collector.
    pub collector: ShippingSettings,
}

/// A collector.
#[derive(Clone, Debug)]
pub enum ShippingSettings {
    /// The syslog daemon of this machine.
    LocalSyslog {
        /// Its socket.
        socket: PathBuf,
    },
    /// A syslog server over TLS; its place is `host:port`.
    Syslog(ShippingServer),
    /// A file of JSON lines.
    File {
        /// The file.
        file: PathBuf,
    },
    /// A server that takes JSON lines; its place is an address.
    Https(ShippingServer),
}

/// A collector on another machine.
#[derive(Clone, Debug)]
pub struct ShippingServer {
    /// Where it is.
    pub place: String,
    /// What it wants to be shown.
    pub token: Option<SecretString>,
    /// Certificates to trust beside the system's own, in PEM.
    pub ca_file: Option<PathBuf>,
}
