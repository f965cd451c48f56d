//! The keys of the audit trail and of the alarms.

use std::path::PathBuf;

use crate::config::key::{ConfigKey, KeyPath, Section, section};
use crate::config::keys::number;
use crate::config::kind::KeyKind;
use crate::config::settings::ShippingTarget;
use crate::config::value::{Secret, UNSET, word};
use crate::domain::stats::alarm_mail::ADDRESSES_MAX;

section! {
    /// `[audit.ship]`
    AuditShipKeys {
        to: ShippingTarget = word::<ShippingTarget>(), ShippingTarget::Off,
            "where sealed entries are shipped to";
        name: String = KeyKind::Text { most: 40 }, "collector",
            "the name of the cursor; hosts that share it take turns, each place has its own";
        socket: PathBuf = KeyKind::Path, "/dev/log",
            "the socket of this machine's syslog daemon, where no host is named";
        host: Option<String> = KeyKind::Host, UNSET,
            "the syslog server's name, which its certificate must have";
        port: u16 = number(1, 65_535), 6514, "its port for syslog over TLS";
        file: Option<PathBuf> = KeyKind::Path, UNSET,
            "the file of JSON lines; a rotation renames it, and a new one is made";
        url: Option<String> = KeyKind::BaseUrl, UNSET,
            "the address that takes JSON lines by POST; nothing secret in it";
        token: Option<Secret> = KeyKind::Secret, UNSET, "the token to show there (Bearer)";
        token_file: Option<PathBuf> = KeyKind::Path, UNSET,
            "a file that holds the token, instead of token";
        ca_file: Option<PathBuf> = KeyKind::Path, UNSET,
            "certificates (PEM) that the collector may have, beside the system's own";
    }
}

section! {
    /// `[alarms]`
    AlarmKeys {
        mail: Vec<String> = KeyKind::Addresses { most: ADDRESSES_MAX }, NO_ADDRESSES,
            "whom the desk service tells of new alarms by email; nobody where none is named";
    }
}

/// Nobody is told.
const NO_ADDRESSES: &[&str] = &[];

/// `[alarms]`
pub static ALARMS: AlarmKeys = AlarmKeys::of(Section::named("alarms"));

/// `[audit.ship]`
pub static AUDIT_SHIP: AuditShipKeys = AuditShipKeys::of(Section::named("audit.ship"));

/// The files that hold a secret.
pub(super) fn secret_files() -> [&'static ConfigKey<Option<PathBuf>>; 1] {
    [&AUDIT_SHIP.token_file]
}

/// Of each pair, a place may set one.
pub(super) fn alternatives() -> [[KeyPath; 2]; 1] {
    [[AUDIT_SHIP.token.path(), AUDIT_SHIP.token_file.path()]]
}
