//! `[email.fallback]` and `[sms.fallback]`: the provider that stands in where the
//! first one fails.

use secrecy::ExposeSecret as _;

use crate::config::build::Build;
use crate::config::layer::Merged;
use crate::config::table::Section;

/// Reads the provider that stands in for the one of `main` as that one is read;
/// none where there is none.
pub(super) fn read<T>(
    build: &mut Build<'_>,
    main: Section,
    fallback: Section,
    read: fn(&mut Build<'_>, Section) -> T,
) -> Option<T> {
    let provider = fallback.key("provider");
    if build.merged.text(provider).as_deref() == Some("off") {
        // Whoever sets its other keys means to have one.
        let meant = fallback.keys().find(|key| build.merged.is_set(key));
        if let Some(key) = meant
            && !build.merged.is_set(provider)
            && !build.findings.is_broken(provider)
        {
            build.refuse(key, format!("{key} is set, and {provider} is not: say which it is"));
        }
        return None;
    }
    let settings = read(build, fallback);
    let main_provider = main.key("provider");
    if build.merged.text(main_provider).as_deref() == Some("off") {
        build.refuse(
            provider,
            format!(
                "{main_provider} is \"off\", and so nothing stands in for it: name the provider in \
                 {main}, or set {provider} to \"off\" too"
            ),
        );
        return None;
    }
    if same(&build.merged, main, fallback) {
        build.refuse(
            provider,
            format!(
                "{fallback} says the same as {main} in every key: a provider cannot stand in for \
                 itself"
            ),
        );
    }
    let is_tray =
        |section: Section| build.merged.text(section.key("provider")).as_deref() == Some("tray");
    if is_tray(main) && !is_tray(fallback) {
        build.refuse(
            provider,
            format!(
                "{provider} stands in for the tray, which never fails: name the real provider in {main}, \
                 or set this one to \"off\""
            ),
        );
    }
    Some(settings)
}

/// Whether two sections say the same in every key that both have.
fn same(merged: &Merged, main: Section, fallback: Section) -> bool {
    fallback.keys().all(|path| {
        let other = main.key(path.rsplit('.').next().unwrap_or_default());
        let value = |path| merged.get(path).map(|(value, _)| value);
        let secret = |path| merged.secret(path);
        value(path) == value(other)
            && match (secret(path), secret(other)) {
                (Some(one), Some(other)) => one.expose_secret() == other.expose_secret(),
                (None, None) => true,
                _ => false,
            }
    })
}
