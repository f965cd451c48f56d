//! Finds web and email addresses in a template. A message with a code that links elsewhere teaches
//! customers to follow phishing messages, so only the office's own domain (`messages.bound_domain`)
//! may occur.

/// The first address in a text that is not in the office's own domain.
pub(super) fn foreign<'a>(text: &'a str, own: Option<&str>) -> Option<&'a str> {
    let is_own = |host: &str| {
        let host = host.to_lowercase();
        own.is_some_and(|own| {
            host.strip_suffix(own).is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
    };
    let is_part = |char: char| char.is_alphanumeric() || "-._~:/?#@%&=+[]".contains(char);
    text.split(|char| !is_part(char))
        .map(|word| word.trim_end_matches(['.', ':', '?', '/']))
        .find(|word| host(word).is_some_and(|host| !is_own(host)))
}

/// The host of a word that phones and mail programs would turn into a link.
fn host(word: &str) -> Option<&str> {
    let (is_link, rest) = match word.split_once("//") {
        Some((_, rest)) => (true, rest),
        None => (false, word),
    };
    let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let rest = rest.rsplit('@').next().unwrap_or_default();
    let host = match rest.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|it| it.is_ascii_digit()) => host,
        _ => rest.rsplit(':').next().unwrap_or_default(),
    };
    (is_link && !host.is_empty() || is_domain(host)).then_some(host)
}

/// Whether it looks like a host name: several labels, the last without a digit. A single letter
/// before a dot is an abbreviation ("z.B.").
fn is_domain(host: &str) -> bool {
    let is_label = |label: &str| {
        label.chars().nth(1).is_some() && label.chars().all(|it| it.is_alphanumeric() || it == '-')
    };
    host.rsplit_once('.').is_some_and(|(before, last)| {
        before.split('.').all(is_label) && is_label(last) && last.chars().all(char::is_alphabetic)
            || before.starts_with("xn--") && is_label(last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_however_it_is_written() {
        for address in [
            "https://evil.test/login",
            "http://10.0.0.1/x",
            "https://localhost",
            "HTTPS://EVIL.TEST",
            "//evil.test/pixel.png",
            "www.evil.test",
            "evil.test",
            "evil.test:8443/x?y#z",
            "info@evil.test",
            "mailto:info@evil.test",
            "https://office.example@evil.test",
            "https://office.example.evil.test",
            "xoffice.example",
            "böse.test",
            "xn--bse-sna.test",
        ] {
            let text = format!("see {address}, please");
            assert_eq!(foreign(&text, Some("office.example")), Some(address), "{text}");
            let html = format!("<a href=\"{address}\">here</a>");
            assert_eq!(foreign(&html, Some("office.example")), Some(address), "{html}");
        }
        assert!(foreign("请访问evil.test查询", None).is_some());
    }

    #[test]
    fn the_offices_own_addresses_and_ordinary_words_are_none() {
        for text in [
            "pay.office.example",
            "https://Office.Example/pay and info@office.example.",
            "Valid 5 min. Say it only here. Ref. K7Q, 12.30 or 12:30, 3/4, z.B. e.g. d. h.",
            "@office.example #123456",
            "font-family:Consolas,Menlo;line-height:1.5em;padding:0 28px // layout",
            "رمزك 123456 د. عند الشباك",
        ] {
            assert_eq!(foreign(text, Some("office.example")), None, "{text}");
        }
    }
}
