//! `[messages]`: templates and the default language.

use crate::config::build::Build;
use crate::config::keys::MESSAGES;
use crate::config::settings::MessageSettings;

pub(super) fn read(build: &mut Build<'_>) -> MessageSettings {
    let key = &MESSAGES.folder;
    let folder = build.get(key);
    if let Some(folder) = &folder
        && let Err(error) = std::fs::read_dir(folder)
    {
        build.refuse(key, format!("{key}: {} cannot be read: {error}", folder.display()));
    }
    MessageSettings {
        folder,
        default_locale: build.get(&MESSAGES.default_locale),
        bound_domain: build.get(&MESSAGES.bound_domain),
    }
}
