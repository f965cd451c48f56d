//! `[email.fallback]` and `[sms.fallback]`: the fallback provider of a channel.

use secrecy::ExposeSecret as _;

use crate::config::build::Build;
use crate::config::key::{KeyPath, Section};
use crate::config::keys::{self, EmailKeys, SmsKeys};
use crate::config::layer::Merged;
use crate::config::settings::{EmailProvider, SmsProvider};

/// The keys of a section that configures a provider.
pub(super) trait ProviderKeys {
    fn section(&self) -> Section;
    fn provider(&self) -> KeyPath;
    fn is_off(&self, build: &Build<'_>) -> bool;
    fn is_tray(&self, build: &Build<'_>) -> bool;
}

impl ProviderKeys for EmailKeys {
    fn section(&self) -> Section {
        self.section()
    }

    fn provider(&self) -> KeyPath {
        self.provider.path()
    }

    fn is_off(&self, build: &Build<'_>) -> bool {
        build.get(&self.provider) == EmailProvider::Off
    }

    fn is_tray(&self, build: &Build<'_>) -> bool {
        build.get(&self.provider) == EmailProvider::Tray
    }
}

impl ProviderKeys for SmsKeys {
    fn section(&self) -> Section {
        self.section()
    }

    fn provider(&self) -> KeyPath {
        self.provider.path()
    }

    fn is_off(&self, build: &Build<'_>) -> bool {
        build.get(&self.provider) == SmsProvider::Off
    }

    fn is_tray(&self, build: &Build<'_>) -> bool {
        build.get(&self.provider) == SmsProvider::Tray
    }
}

/// Reads the fallback provider with the reader of the main one; `None` if there is no fallback.
pub(super) fn read<K: ProviderKeys, T>(
    build: &mut Build<'_>,
    main: &K,
    fallback: &K,
    read: fn(&mut Build<'_>, &K) -> T,
) -> Option<T> {
    let provider = fallback.provider();
    if fallback.is_off(build) {
        // Other keys without a provider are a mistake: a fallback was intended.
        let meant = keys::keys_of(fallback.section()).find(|key| build.merged.is_set(*key));
        if let Some(key) = meant
            && !build.merged.is_set(provider)
            && !build.findings.is_broken(provider)
        {
            build.refuse(key, format!("{key} is set, and {provider} is not: say which it is"));
        }
        return None;
    }
    let settings = read(build, fallback);
    let (main_section, section) = (main.section(), fallback.section());
    if main.is_off(build) {
        build.refuse(
            provider,
            format!(
                "{} is \"off\", and so nothing stands in for it: name the provider in \
                 {main_section}, or set {provider} to \"off\" too",
                main.provider()
            ),
        );
        return None;
    }
    if same(&build.merged, main_section, section) {
        build.refuse(
            provider,
            format!(
                "{section} says the same as {main_section} in every key: a provider cannot stand \
                 in for itself"
            ),
        );
    }
    if main.is_tray(build) && !fallback.is_tray(build) {
        build.refuse(
            provider,
            format!(
                "{provider} stands in for the tray, which never fails: name the real provider in \
                 {main_section}, or set this one to \"off\""
            ),
        );
    }
    Some(settings)
}

/// Whether two sections have equal values for every key that both have.
fn same(merged: &Merged, main: Section, fallback: Section) -> bool {
    keys::keys_of(fallback).all(|path| {
        let other = main.at(path.name());
        merged.value(path) == merged.value(other)
            && match (merged.secret(path), merged.secret(other)) {
                (Some(one), Some(other)) => one.expose_secret() == other.expose_secret(),
                (None, None) => true,
                _ => false,
            }
    })
}
