//! Folds text for search, so that input from another keyboard layout matches.
//!
//! Folded text is for searching only. Identity is decided by the original text (security
//! requirement 45).

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Version of the folding; a different value triggers a rebuild of the search index. It is a
/// checksum of [`fold`] over the letters that names use, and a test compares the two, so that
/// neither a change here nor a new version of a library goes unnoticed.
pub const FOLDING: u64 = 0x549b_b425_ca52_ff42;

/// Lower case without accents; transliterated to Latin from Greek, Cyrillic, Armenian and Georgian,
/// and one form per letter elsewhere: `Łukasz`, `lukasz` and `ＬＵＫＡＳＺ` match each other, and so do
/// `علي` and `علی`.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    let letters = text.nfkd().filter(|char| !is_dropped(*char)).flat_map(char::to_lowercase);
    for letter in letters {
        if letter.is_ascii() {
            folded.push(letter);
        } else if letter.is_numeric() || is_transliterated(letter) {
            push_latin(&mut folded, letter);
        } else {
            folded.push(one_form(letter));
        }
    }
    folded
}

/// `text` folded with umlauts spelled out, if that makes a difference: `Müller` as `mueller`,
/// `Søren` as `soeren`.
pub fn spelled_out(text: &str) -> Option<String> {
    let digraph = |char: char| match char {
        'ä' => Some("ae"),
        'ö' | 'ø' => Some("oe"),
        'ü' => Some("ue"),
        'å' => Some("aa"),
        _ => None,
    };
    let letters: Vec<char> = text.nfc().flat_map(char::to_lowercase).collect();
    if !letters.iter().any(|char| digraph(*char).is_some()) {
        return None;
    }
    let mut spelled = String::with_capacity(text.len() + 4);
    for char in letters {
        match digraph(char) {
            Some(two) => spelled.push_str(two),
            None => spelled.push(char),
        }
    }
    Some(fold(&spelled))
}

/// Accents, points and the Arabic tatweel. The vowel signs of Indic and related scripts are
/// combining marks too, but are kept.
fn is_dropped(char: char) -> bool {
    let is_vowel = matches!(char, '\u{900}'..='\u{109f}' | '\u{1700}'..='\u{1aaf}' | '\u{1b00}'..='\u{1cff}')
        && char.is_alphabetic();
    char == '\u{640}' || (is_combining_mark(char) && !is_vowel)
}

/// Scripts with an established transliteration to Latin.
fn is_transliterated(char: char) -> bool {
    char.is_alphabetic()
        && matches!(char,
            '\u{80}'..='\u{58f}'
            | '\u{10a0}'..='\u{10ff}'
            | '\u{1c80}'..='\u{1cbf}'
            | '\u{1d00}'..='\u{1fff}'
            | '\u{2c60}'..='\u{2c7f}'
            | '\u{2d00}'..='\u{2d2f}'
            | '\u{a640}'..='\u{a69f}'
            | '\u{a720}'..='\u{a7ff}'
            | '\u{ab30}'..='\u{ab6f}')
}

/// Appends the Latin letters or digits of a character. A modifier letter that stands for an
/// apostrophe becomes one; a soft sign and the like are dropped.
fn push_latin(folded: &mut String, char: char) {
    let latin = any_ascii::any_ascii_char(char);
    let before = folded.len();
    folded.extend(
        latin.chars().filter(char::is_ascii_alphanumeric).map(|it| it.to_ascii_lowercase()),
    );
    if folded.len() > before {
        return;
    }
    if latin.is_empty() {
        folded.push(char);
    } else if matches!(char, '\u{2b0}'..='\u{2ff}') {
        folded.push('\'');
    }
}

/// Letters that keyboards write in two forms (Lucene's Arabic and Persian normalisation), final
/// letters of Hebrew, and katakana as hiragana.
const fn one_form(char: char) -> char {
    match char {
        '\u{649}' | '\u{6cc}' | '\u{6ce}' | '\u{6d0}' | '\u{6d2}' => '\u{64a}',
        '\u{643}' | '\u{6aa}' => '\u{6a9}',
        '\u{629}' | '\u{6be}' | '\u{6c1}' | '\u{6c3}' | '\u{6d5}' => '\u{647}',
        '\u{671}' => '\u{627}',
        '\u{5da}' => '\u{5db}',
        '\u{5dd}' => '\u{5de}',
        '\u{5df}' => '\u{5e0}',
        '\u{5e3}' => '\u{5e4}',
        '\u{5e5}' => '\u{5e6}',
        _ => hiragana(char),
    }
}

/// Katakana is 0x60 code points after hiragana, in the same order.
const fn hiragana(char: char) -> char {
    match char {
        '\u{30a1}'..='\u{30f6}' => match char::from_u32(char as u32 - 0x60) {
            Some(hiragana) => hiragana,
            None => char,
        },
        _ => char,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_is_for_search() {
        assert_eq!(fold("Ñandú GROSSE"), "nandu grosse");
        assert_eq!(fold("İzmir ılık"), "izmir ilik");
        assert_eq!(fold("Weiß WEIẞ"), "weiss weiss");
    }

    /// Input of one keyboard layout finds text written with another.
    #[test]
    fn other_keyboards_find_each_other() {
        for (file, typed) in [
            ("Łukasz Wałęsa", "lukasz walesa"),
            ("Søren Kjærgaard", "soren kjaergaard"),
            ("Đorđe Đoković", "dorde dokovic"),
            ("Þórður Guðmundsson", "thordur gudmundsson"),
            ("Œdipe Ħamrun Ŋ", "oedipe hamrun ng"),
            ("Əliyev", "eliyev"),
            ("Nguyễn Thị Phượng Đặng", "nguyen thi phuong dang"),
            ("Iğdır ŞIK", "igdir sik"),
            ("ΠΑΠΑΔΟΠΟΥΛΟΣ ΓΙΩΡΓΟΣ", "παπαδόπουλος γιώργος"),
            ("Γιώργος", "giorgos"),
            ("Νικολαΐδης", "ΝΙΚΟΛΑΙΔΗΣ"),
            ("Алёна", "алена"),
            ("Алёна", "Alena"),
            ("Гульнара", "gulnara"),
            ("Йосип", "иосип"),
            ("علي رضا", "علی رضا"),
            ("فاطمة", "فاطمه"),
            ("مُحَمَّد", "محمد"),
            ("أحمد آل", "احمد ال"),
            ("محـــمد", "محمد"),
            ("كريم", "کریم"),
            ("שָׁלוֹם כהן", "שלומ כהנ"),
            ("Ｊｏｈｎ Ｓｍｉｔｈ", "john smith"),
            ("ﾔﾏﾀﾞ", "ヤマダ"),
            ("ヤマダ", "やまだ"),
            ("K-٤٢ K-۴۲ K-４２", "k-42 k-42 k-42"),
            ("ﬁsher", "fisher"),
            ("Oʼneill", "o'neill"),
        ] {
            assert_eq!(fold(file), fold(typed), "{file} and {typed}");
        }
        assert_ne!(fold("राम"), fold("रीमा"), "vowels of Indic scripts tell names apart");
        assert!(fold("김철수").starts_with(&fold("김철")));
        assert_ne!(fold("王"), fold("汪"), "one sound is not one character");
    }

    #[test]
    fn umlauts_can_be_spelled_out() {
        assert_eq!(spelled_out("MÜLLER-Lüdenscheid").as_deref(), Some("mueller-luedenscheid"));
        assert_eq!(spelled_out("Søren Ångström").as_deref(), Some("soeren aangstroem"));
        assert_eq!(spelled_out("Zoë Weiß"), None);
    }

    #[test]
    fn a_folded_text_folds_to_itself() {
        for char in (0..=0xffff).filter_map(char::from_u32) {
            let once = fold(char.encode_utf8(&mut [0; 4]));
            assert_eq!(fold(&once), once, "{char:?}");
        }
    }

    /// Blocks in which new versions of Unicode assign no further characters.
    const BLOCKS: [std::ops::RangeInclusive<u32>; 6] = [
        0..=0x52f,
        0x591..=0x6ff,
        0x1e00..=0x1eff,
        0x3041..=0x3096,
        0x30a0..=0x30ff,
        0xff01..=0xffbe,
    ];

    /// FNV-1a over the folding of each character.
    #[test]
    fn the_index_is_rebuilt_where_folding_changes() {
        let mut sum = 0xcbf2_9ce4_8422_2325_u64;
        for char in BLOCKS.into_iter().flatten().filter_map(char::from_u32) {
            for byte in fold(char.encode_utf8(&mut [0; 4])).bytes().chain([0]) {
                sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        assert_eq!(FOLDING, sum, "folding has changed: FOLDING is to be {sum:#x}");
    }
}
