//! The keys of messages, desk, service, tray, log and terminal.

use std::path::PathBuf;

use crate::config::key::{Section, section};
use crate::config::kind::KeyKind;
use crate::config::settings::{LogLevel, MessageSettings, ThemeName};
use crate::config::value::{Absent, UNSET, word};

section! {
    /// `[messages]`
    MessageKeys {
        folder: Option<PathBuf> = KeyKind::Path, UNSET,
            "templates of your own: a folder with one folder a language in it";
        default_locale: String = KeyKind::Locale, MessageSettings::DEFAULT_LOCALE,
            "the language for whoever has none, or none that there are templates in";
        bound_domain: Option<String> = KeyKind::Domain, UNSET,
            "the website text messages bind the code to, by a last line @domain #code";
    }
}

section! {
    /// `[desk]`
    DeskKeys {
        socket: Option<PathBuf> = KeyKind::Path, UNSET,
            "the socket of the desk service at which this terminal works; without it, it holds the \
             desk";
    }
}

section! {
    /// `[serve]`
    ServeKeys {
        socket: PathBuf = KeyKind::Path, "/run/countersign/desk.sock",
            "where `countersign serve` listens";
        group: Option<String> = KeyKind::Text { most: 32 }, UNSET,
            "the group of this host whose accounts may connect; without it, the service's own";
    }
}

section! {
    /// `[tray]`
    TrayKeys {
        file: Option<PathBuf> = KeyKind::Path,
            Absent("beside the store's file: <store>.tray.jsonl; \
                    for a server $XDG_STATE_HOME/countersign/tray.jsonl"),
            "where messages lie that go nowhere";
    }
}

section! {
    /// `[log]`
    LogKeys {
        level: LogLevel = word::<LogLevel>(), LogLevel::Info,
            "how much is written about the program's own doings";
        file: Option<PathBuf> = KeyKind::Path, Absent("$XDG_STATE_HOME/countersign/countersign.log"),
            "where it is written";
    }
}

section! {
    /// `[ui]`
    UiKeys {
        theme: ThemeName = word::<ThemeName>(), ThemeName::Terminal,
            "the colours; terminal uses the terminal's own";
        ascii: Option<bool> = KeyKind::Flag, Absent("by the locale"), "draw with plain ASCII only";
        reduced_motion: bool = KeyKind::Flag, false, "nothing moves but the digits";
        mouse: bool = KeyKind::Flag, false, "use the mouse; it then no longer selects text";
    }
}

/// `[desk]`
pub static DESK: DeskKeys = DeskKeys::of(Section::named("desk"));
/// `[serve]`
pub static SERVE: ServeKeys = ServeKeys::of(Section::named("serve"));
/// `[messages]`
pub static MESSAGES: MessageKeys = MessageKeys::of(Section::named("messages"));
/// `[tray]`
pub static TRAY: TrayKeys = TrayKeys::of(Section::named("tray"));
/// `[log]`
pub static LOG: LogKeys = LogKeys::of(Section::named("log"));
/// `[ui]`
pub static UI: UiKeys = UiKeys::of(Section::named("ui"));
