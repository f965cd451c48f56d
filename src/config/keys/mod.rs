//! The table of all configuration keys. Allowed values, defaults and help texts are declared in the
//! sections (`keys/`) and nowhere else: parsing, the example file, `config show` and the
//! documentation are generated from them or checked against them.

mod account_lists;
mod audit;
mod office;
mod providers;
mod terminal;

use std::path::PathBuf;
use std::sync::LazyLock;

pub use crate::config::key::{Fallback, KeyInfo, KeyPath, Section};
pub use crate::config::keys::account_lists::{
    FEEDBACK, FEEDBACK_LIST, INVOICE_LIST, INVOICES, ListKeys,
};
pub use crate::config::keys::audit::{ALARMS, AUDIT_SHIP, AlarmKeys, AuditShipKeys};
pub use crate::config::keys::office::{
    CUSTOMERS, DOCUMENTS, KEYS, LIMITS, MAINTENANCE, OFFICE, OTP, ROOT, STAFF, STORE,
};
pub use crate::config::keys::providers::{
    EMAIL, EMAIL_FALLBACK, EmailKeys, PHONES, SMS, SMS_FALLBACK, SmsKeys, WHATSAPP, WhatsappKeys,
};
pub use crate::config::keys::terminal::{DESK, LOG, MESSAGES, SERVE, TRAY, UI};

use crate::config::key::ConfigKey;
use crate::config::kind::{KeyKind, Unit};

const fn number(least: i64, most: i64) -> KeyKind {
    KeyKind::Number { least, most }
}

const fn time(unit: Unit, least: i64, most: i64) -> KeyKind {
    KeyKind::Time { unit, least, most }
}

/// Every key, in the order in which they are shown.
pub static TABLE: LazyLock<Vec<KeyInfo>> = LazyLock::new(|| {
    [
        ROOT.infos(),
        OFFICE.infos(),
        STORE.infos(),
        CUSTOMERS.infos(),
        MAINTENANCE.infos(),
        KEYS.infos(),
        OTP.infos(),
        DOCUMENTS.infos(),
        LIMITS.infos(),
        INVOICE_LIST.infos(),
        INVOICES.infos(),
        FEEDBACK_LIST.infos(),
        FEEDBACK.infos(),
        EMAIL.infos(),
        EMAIL_FALLBACK.infos(),
        SMS.infos(),
        PHONES.infos(),
        SMS_FALLBACK.infos(),
        DESK.infos(),
        SERVE.infos(),
        STAFF.infos(),
        AUDIT_SHIP.infos(),
        ALARMS.infos(),
        MESSAGES.infos(),
        WHATSAPP.infos(),
        TRAY.infos(),
        LOG.infos(),
        UI.infos(),
    ]
    .concat()
});

/// Finds a key by its path in text form.
pub(super) fn key(path: &str) -> Option<&'static KeyInfo> {
    TABLE.iter().find(|key| key.path.is_written(path))
}

/// The paths of all keys in a section.
pub(super) fn keys_of(section: Section) -> impl Iterator<Item = KeyPath> {
    TABLE.iter().map(|key| key.path).filter(move |path| path.section() == section)
}

/// Pairs of keys of which one source may set only one. A later layer replaces both, so that
/// `expiry_seconds` in the environment overrides `expiry_minutes` in the file.
pub(super) fn alternatives() -> impl Iterator<Item = [KeyPath; 2]> {
    let office = office::alternatives().into_iter().chain(account_lists::alternatives());
    office.chain(providers::alternatives()).chain(audit::alternatives())
}

/// Keys that name a file with a secret.
pub(super) fn secret_files() -> impl Iterator<Item = &'static ConfigKey<Option<PathBuf>>> {
    let office = office::secret_files().into_iter().chain(providers::secret_files());
    office.chain(audit::secret_files())
}

/// Keys that name a file which decides whom to trust: secrets and certificates.
pub(super) fn deciding_files() -> impl Iterator<Item = &'static ConfigKey<Option<PathBuf>>> {
    secret_files().chain([
        &STORE.ca_file,
        &EMAIL.ca_file,
        &EMAIL_FALLBACK.ca_file,
        &SMS.ca_file,
        &SMS_FALLBACK.ca_file,
        &AUDIT_SHIP.ca_file,
    ])
}

/// The known key most similar to an unknown one.
pub(super) fn nearest(path: &str) -> Option<KeyPath> {
    let leaf = path.rsplit('.').next().unwrap_or_default();
    let likeness = |known: KeyPath| {
        let whole = strsim::jaro_winkler(&known.to_string(), path);
        // The right name in the wrong section is likelier than a similar name.
        if known.name() == leaf { whole.max(0.95) } else { whole }
    };
    TABLE
        .iter()
        .map(|key| (likeness(key.path), key.path))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, path)| path)
}

/// All sections except the root.
fn sections() -> impl Iterator<Item = Section> {
    TABLE.iter().map(|key| key.path.section()).filter(|section| *section != Section::ROOT)
}

/// Whether a section with this name exists.
pub(super) fn is_section(name: &str) -> bool {
    sections().any(|section| {
        let rest = section.name().strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// The known section most similar to an unknown one.
pub(super) fn nearest_section(name: &str) -> Option<Section> {
    sections()
        .map(|section| (strsim::jaro_winkler(section.name(), name), section))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, section)| section)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_that_names_a_file_beside_another_key_is_among_the_deciding_files() {
        let named = TABLE.iter().map(|key| key.path).filter(|key| key.name().ends_with("_file"));
        let mut deciding: Vec<KeyPath> = deciding_files().map(ConfigKey::path).collect();
        deciding.sort();
        let mut named: Vec<_> = named.collect();
        named.sort();
        assert_eq!(deciding, named);
    }

    #[test]
    fn each_secret_can_be_in_a_file_instead() {
        let secrets = TABLE.iter().filter(|key| key.kind.is_secret());
        let alternatives: Vec<_> = alternatives().collect();
        for key in secrets {
            let file = alternatives.iter().find(|[one, _]| *one == key.path).map(|[_, file]| *file);
            assert!(secret_files().any(|it| Some(it.path()) == file), "{}", key.path);
        }
    }
}
