//! Parses a clerk's search text, so that every store searches for the same.

use crate::domain::fold::spelled_out;
use crate::domain::text;

/// The fewest characters of a partial phone number, or of the end of an account number, that are
/// searched for.
pub const SHORTEST_PART: usize = 3;

/// A normalised search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The whole text, folded: lower case, no accents, single spaces.
    pub folded: String,
    /// Its words. A customer matches if each word is the beginning of one of its words or part of
    /// its phone number.
    pub words: Vec<String>,
    /// The letters and digits only, to match account numbers with or without dashes.
    pub compact: String,
    /// The digits without leading zeros if the text looks like a phone number: `(0151) 234-5` finds
    /// `+49151234567`.
    pub phone: Option<String>,
    /// The same search with umlauts spelled out, if it has any: `Müller` finds `Mueller` too.
    pub spelled_out: Option<Box<Self>>,
}

impl Query {
    /// Parses the text; `None` if there is nothing to search for.
    pub fn parse(typed: &str) -> Option<Self> {
        let typed = text::clean(typed);
        let mut query = Self::read(&text::fold(&typed))?;
        query.spelled_out = spelled_out(&typed).and_then(|it| Self::read(&it)).map(Box::new);
        Some(query)
    }

    fn read(folded: &str) -> Option<Self> {
        let folded = folded.split_whitespace().collect::<Vec<_>>().join(" ");
        let words: Vec<String> = words(&folded).map(str::to_owned).collect();
        if words.is_empty() {
            return None;
        }
        let compact = compact(&folded);
        let reads_as_phone =
            folded.chars().all(|char| char.is_ascii_digit() || " +()-./".contains(char));
        let digits = text::digits(&folded);
        let digits = digits.trim_start_matches('0');
        let phone = (reads_as_phone && digits.len() >= SHORTEST_PART).then(|| digits.to_owned());
        Some(Self { folded, words, compact, phone, spelled_out: None })
    }
}

/// The words of `folded`: runs of letters and digits.
pub fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The letters and digits of `folded`.
pub fn compact(folded: &str) -> String {
    folded.chars().filter(|char| char.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(typed: &str) -> Query {
        Query::parse(typed).unwrap_or_else(|| panic!("{typed:?} is a search"))
    }

    #[test]
    fn words_are_folded_and_blanks_are_nothing() {
        assert_eq!(Query::parse(" \t\u{200b}"), None);
        let query = parse("  Rivera   DÁNA ");
        assert_eq!(query.words, ["rivera", "dana"]);
        assert_eq!(parse("o'brien mary@x.org").words, ["o", "brien", "mary", "x", "org"]);
        assert_eq!(Query::parse(" .,- "), None);
        assert_eq!(query.folded, "rivera dana");
        assert_eq!(query.phone, None);
    }

    #[test]
    fn umlauts_are_looked_for_in_both_spellings() {
        let query = parse("Jürgen  Müller");
        assert_eq!(query.folded, "jurgen muller");
        assert_eq!(query.spelled_out.map(|it| it.folded), Some("juergen mueller".into()));
        assert_eq!(parse("mueller").spelled_out, None);
    }

    #[test]
    fn phones_are_read_in_any_writing() {
        for typed in ["0151 23-45", "(0151) 2345", "00 1512345", "151.2345", "+151 2345"] {
            assert_eq!(parse(typed).phone.as_deref(), Some("1512345"), "{typed}");
        }
        assert_eq!(parse("12").phone, None);
        assert_eq!(parse("WB-004217").phone, None);
        assert_eq!(parse("wb-004217").compact, "wb004217");
    }
}
