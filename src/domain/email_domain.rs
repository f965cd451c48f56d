//! Mistyped domains of email addresses: `gmial.com` for `gmail.com`.

/// Domains that many customers have. A domain that is one typing mistake away from one of them is
/// taken for a mistake; none of them is one mistake away from another.
const COMMON: [&str; 24] = [
    "aol.com",
    "bluewin.ch",
    "comcast.net",
    "gmail.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "hotmail.co.uk",
    "icloud.com",
    "libero.it",
    "live.com",
    "msn.com",
    "naver.com",
    "orange.fr",
    "outlook.com",
    "proton.me",
    "qq.com",
    "t-online.de",
    "verizon.net",
    "web.de",
    "yahoo.com",
    "yahoo.co.uk",
    "yandex.ru",
];

/// Domains that exist beside a common one, and are no mistake.
const REAL: [&str; 6] = ["gmx.at", "gmx.ch", "gmx.com", "ymail.com", "email.com", "mail.com"];

/// The domain that was probably meant, where the domain of an address looks mistyped.
pub fn probably_meant(address: &str) -> Option<&'static str> {
    let (_, domain) = address.rsplit_once('@')?;
    let domain = domain.trim().to_ascii_lowercase();
    if COMMON.contains(&&*domain) || REAL.contains(&&*domain) {
        return None;
    }
    COMMON.into_iter().find(|it| is_one_mistake_away(&domain, it))
}

/// Whether one typing mistake leads from one word to the other: a letter too many, too few,
/// another one, or two of them swapped.
fn is_one_mistake_away(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same..], &other[same..]);
    match (one, other) {
        ([], [_]) | ([_], []) => true,
        ([a, b, rest @ ..], [c, d, others @ ..]) if (a, b) == (d, c) && rest == others => true,
        ([_, rest @ ..], [_, others @ ..]) if rest == others => true,
        ([_, rest @ ..], _) if rest == other => true,
        (_, [_, others @ ..]) if one == others => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mistyped_domain_is_told_from_a_real_one() {
        for (written, meant) in [
            ("dana@gmial.com", Some("gmail.com")),
            ("dana@gmai.com", Some("gmail.com")),
            ("dana@gmaill.com", Some("gmail.com")),
            ("dana@gnail.com", Some("gmail.com")),
            ("dana@GMIAL.COM", Some("gmail.com")),
            ("dana@hotmial.com", Some("hotmail.com")),
            ("dana@outlok.com", Some("outlook.com")),
            ("dana@gmail.co", Some("gmail.com")),
            ("dana@gmail.com", None),
            ("dana@gmx.at", None),
            ("dana@example.org", None),
            ("dana@ymail.com", None),
            ("dana", None),
            ("dana@", None),
        ] {
            assert_eq!(probably_meant(written), meant, "{written}");
        }
    }

    #[test]
    fn no_common_domain_is_taken_for_a_mistake() {
        for domain in COMMON.into_iter().chain(REAL) {
            assert_eq!(probably_meant(&format!("a@{domain}")), None, "{domain}");
        }
        for one in COMMON {
            for other in COMMON {
                assert!(!is_one_mistake_away(one, other), "{one} {other}");
            }
        }
    }

    /// The words that one mistake makes of another, found by making all of them.
    fn mistakes(word: &str) -> Vec<String> {
        let letters: Vec<char> = word.chars().collect();
        let written = |it: Vec<char>| it.into_iter().collect::<String>();
        let mut all = Vec::new();
        for at in 0..=letters.len() {
            for letter in "abc".chars() {
                let mut more = letters.clone();
                more.insert(at, letter);
                all.push(written(more));
                if at < letters.len() {
                    let mut other = letters.clone();
                    other[at] = letter;
                    all.push(written(other));
                }
            }
            if at < letters.len() {
                let mut fewer = letters.clone();
                fewer.remove(at);
                all.push(written(fewer));
            }
            if at + 1 < letters.len() {
                let mut swapped = letters.clone();
                swapped.swap(at, at + 1);
                all.push(written(swapped));
            }
        }
        all.retain(|it| it != word);
        all
    }

    proptest! {
        #[test]
        fn one_mistake_is_one(one in "[abc]{0,6}", other in "[abc]{0,6}") {
            let expected = mistakes(&one).contains(&other);
            prop_assert_eq!(is_one_mistake_away(&one, &other), expected, "{} {}", one, other);
        }
    }
}
