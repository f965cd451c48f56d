//! Language tags (BCP 47) and their fallbacks.

/// Whether a text has the syntax of a language tag: letters, then subtags of letters and digits.
pub fn is_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    tag.len() <= 35
        && (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// The canonical form for comparison: `es_MX.UTF-8` and `ES-mx` become `es-mx`.
pub fn canonical(raw: &str) -> String {
    let end = raw.find(['.', '@']).unwrap_or(raw.len());
    raw[..end].trim().replace('_', "-").to_ascii_lowercase()
}

/// The languages to try, best first: each wanted one followed by its shorter forms (lookup of RFC
/// 4647, section 3.4): `es-mx`, `es`, `en`.
pub fn chain<'a>(wished: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut chain: Vec<String> = Vec::new();
    for whole in wished.into_iter().map(canonical) {
        let mut tag = whole.as_str();
        while !tag.is_empty() {
            if !chain.iter().any(|known| known == tag) {
                chain.push(tag.to_owned());
            }
            tag = tag.rsplit_once('-').map_or("", |(head, _)| head);
        }
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_falls_back_part_by_part() {
        for (wished, office, expected) in [
            ("es-MX", "de", "es-mx es de"),
            ("zh_Hans_CN.UTF-8", "en", "zh-hans-cn zh-hans zh en"),
            ("fr-CA", "fr", "fr-ca fr"),
            ("", "en", "en"),
            ("-", "en", "- en"),
            ("EN-gb", "en", "en-gb en"),
        ] {
            assert_eq!(chain([wished, office]).join(" "), expected, "{wished:?}");
        }
    }

    #[test]
    fn a_tag_has_a_shape() {
        assert!(["en", "gsw", "zh-Hans", "es-419", "de-AT"].into_iter().all(is_tag));
        let none = ["", "e", "english", "en-", "..", "en/x", "en_US", "en-toolongpart"];
        assert!(!none.into_iter().any(is_tag));
    }
}
