//! What the environment says about the terminal: UTF-8 locale and `NO_COLOR`.

use std::env;

/// Whether the locale's character set is UTF-8, as in `de_DE.UTF-8`.
pub fn writes_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    is_utf8(locale.as_deref())
}

/// Whether `NO_COLOR` is set to a non-empty value.
pub fn wants_no_colour() -> bool {
    env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty())
}

fn is_utf8(locale: Option<&str>) -> bool {
    let locale = locale.unwrap_or_default().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_locale_of_utf_8_gets_more_than_ascii() {
        for locale in ["de_DE.UTF-8", "C.utf8", "en_GB.utf-8@euro"] {
            assert!(is_utf8(Some(locale)), "{locale}");
        }
        for locale in [None, Some("C"), Some("POSIX"), Some("de_DE.ISO-8859-1")] {
            assert!(!is_utf8(locale), "{locale:?}");
        }
    }
}
