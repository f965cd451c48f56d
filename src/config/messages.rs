//! `[messages]`: what messages say, and in which language.

use crate::config::build::Build;
use crate::config::settings::MessageSettings;

pub(super) fn read(build: &mut Build<'_>) -> MessageSettings {
    let folder = build.merged.path("messages.folder");
    if let Some(folder) = &folder
        && let Err(error) = std::fs::read_dir(folder)
    {
        let text = format!("messages.folder: {} cannot be read: {error}", folder.display());
        build.refuse("messages.folder", text);
    }
    MessageSettings {
        folder,
        default_locale: build.merged.text("messages.default_locale").unwrap_or_default(),
        bound_domain: build.merged.text("messages.bound_domain"),
    }
}
