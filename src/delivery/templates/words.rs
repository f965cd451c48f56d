//! Reduces the parts of an email to their words without punctuation, spaces and markup, so that two
//! parts can be compared.

/// Elements whose content is not displayed.
const UNSEEN: [&str; 3] = ["head", "style", "script"];

/// The letters and digits in order. Punctuation and spaces are dropped: a colon in one part is a
/// table cell in the other.
pub(super) fn letters(text: &str) -> String {
    text.chars().filter(|char| char.is_alphanumeric()).collect()
}

/// Finds where two texts diverge: an excerpt of each from there, or `None` if they are equal.
pub(super) fn parting<'a>(one: &'a str, other: &'a str) -> Option<(&'a str, &'a str)> {
    let same: usize = one
        .chars()
        .zip(other.chars())
        .take_while(|(one, other)| one == other)
        .map(|(char, _)| char.len_utf8())
        .sum();
    let from = |text: &'a str| {
        let rest = &text[same..];
        rest.char_indices().nth(24).map_or(rest, |(end, _)| &rest[..end])
    };
    (one != other).then(|| (from(one), from(other)))
}

/// The text of an HTML page as displayed.
pub(super) fn of_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        push_decoded(before, &mut text);
        text.push(' ');
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let (inside, after) = tag.split_once('>').unwrap_or((tag, ""));
        let name = inside.split([' ', '\n', '\t', '/']).next().unwrap_or_default();
        rest = match UNSEEN.iter().find(|unseen| name.eq_ignore_ascii_case(unseen)) {
            Some(unseen) => {
                let end = format!("</{unseen}>");
                after.split_once(end.as_str()).map_or("", |(_, after)| after)
            }
            None => after,
        };
    }
    push_decoded(rest, &mut text);
    text
}

/// Decodes character references. Only those for markup characters are known, since letters can be
/// written in UTF-8.
fn push_decoded(raw: &str, text: &mut String) {
    let mut rest = raw;
    while let Some((before, reference)) = rest.split_once('&') {
        text.push_str(before);
        let Some((name, after)) = reference.split_once(';').filter(|(name, _)| name.len() <= 8)
        else {
            text.push('&');
            rest = reference;
            continue;
        };
        let number = name.strip_prefix('#').and_then(|number| {
            let hex = number.strip_prefix(['x', 'X']);
            hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())
        });
        text.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            _ => number.and_then(char::from_u32).unwrap_or(' '),
        });
        rest = after;
    }
    text.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_read_as_a_person_would() {
        let page = "<html><head><title>not this</title><style>p{}</style></head><body>\
                    <!--[if mso]><p>nor this</p><![endif]-->\
                    <p class=\"a\">Caf&#xe9; &amp; <b>Bar</b>&nbsp;&#49;</p><br/>a &lt; b</body>";
        assert_eq!(letters(&of_html(page)), "CaféBar1ab");
        assert_eq!(of_html("no markup & no end <"), "no markup & no end  ");
    }

    #[test]
    fn the_place_where_two_texts_part_is_found() {
        assert_eq!(parting("abc", "abc"), None);
        assert_eq!(parting("नमस्ते", "नमन"), Some(("स्ते", "न")));
        assert_eq!(parting("ab", "abc"), Some(("", "c")));
    }
}
