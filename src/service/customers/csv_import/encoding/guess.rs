//! Guessing the encoding of a file without a byte order mark.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE};
use oem_cp::code_table::DECODING_TABLE_CP850;

use crate::service::customers::csv_import::encoding::{Encoding, Table};

/// Whether the bytes are ASCII, which every encoding reads alike.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii() && *byte != 0)
}

pub(super) fn guess(window: &[u8], has_lf: bool, is_ended: bool) -> Option<Encoding> {
    let web = |encoding| Some(Encoding(Table::Web(encoding)));
    if let Some(wide) = wide(window) {
        return web(wide);
    }
    let (mut letters, mut stray) = (0, 0);
    let mut chunks = window.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        letters += chunk.valid().chars().filter(|it| !it.is_ascii()).count();
        // A character that is cut by the window's end is not invalid.
        let is_cut = chunks.peek().is_none() && !is_ended;
        stray += usize::from(!chunk.invalid().is_empty() && !is_cut);
    }
    // In other encodings, two bytes are rarely a letter of UTF-8 by chance: where most of
    // the letters are valid, the file is UTF-8 with a damaged line.
    if stray == 0 || letters > stray {
        return web(UTF_8);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(window, is_ended);
    let found = detector.guess(None, Utf8Detection::Deny);
    let is_latin = found.is_single_byte();
    let guessed = match latin(window, has_lf) {
        Some(other) if is_latin => other,
        _ => Encoding(Table::Web(found)),
    };
    is_text(window, guessed, is_ended).then_some(guessed)
}

/// UTF-16 without a byte order mark: one byte of most characters is zero.
fn wide(window: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let zeros = |from: usize| window.iter().skip(from).step_by(2).filter(|it| **it == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let many = window.len() / 8;
    match (even > many, odd > many) {
        (false, true) => Some(UTF_16LE),
        (true, false) => Some(UTF_16BE),
        _ => None,
    }
}

/// The letters of western names in the code page of DOS, and on an old Mac.
const DOS_LETTERS: &[u8] = b"\x81\x84\x94\x8e\x99\x9a\xe1\x82\x8a\x85\x87\x88\x89\x8b\x93\x96\xa0\xa1\xa2\xa3\xa4\xa5\x86\x8f\x91\x9b\x9d\x83\x8c\x8d\x95\x97\xc6\xd0";
const MAC_LETTERS: &[u8] = b"\x9f\x8a\x9a\x80\x85\x86\xa7\x8e\x8f\x88\x8d\x90\x91\x95\x99\x9e\x87\x92\x97\x9c\x96\x84\x8c\x81\xbe\xbf\xaf\x83\x8b\x89\x94\x98\x93\x9d";

/// The encoding of a file from DOS or from an old Mac, which detectors for web pages do not
/// know: it has letters inside words that are punctuation in a code page of Windows.
fn latin(window: &[u8], has_lf: bool) -> Option<Encoding> {
    let is_letter =
        |at: Option<usize>| at.and_then(|at| window.get(at)).is_some_and(u8::is_ascii_alphabetic);
    let (mut dos, mut mac, mut windows, mut odd) = (0, 0, 0, 0);
    for (at, byte) in window.iter().enumerate().filter(|(_, byte)| !byte.is_ascii()) {
        let (before, behind) = (is_letter(at.checked_sub(1)), is_letter(Some(at + 1)));
        if !before && !behind {
            continue;
        }
        dos += usize::from(DOS_LETTERS.contains(byte));
        mac += usize::from(MAC_LETTERS.contains(byte));
        windows += usize::from(*byte >= 0xc0);
        // A quotation mark of Windows stands inside a word only as an apostrophe.
        let is_mark =
            matches!(byte, 0x80..=0x89 | 0x8b | 0x90 | 0x91 | 0x93..=0x99 | 0xa0..=0xa2 | 0xa4);
        odd += usize::from(is_mark && before && behind);
    }
    let is_old_mac = !has_lf && mac > windows;
    if odd == 0 && !is_old_mac {
        return None;
    }
    if mac > dos || is_old_mac {
        (mac > windows).then_some(Encoding(Table::Web(encoding_rs::MACINTOSH)))
    } else {
        (dos > windows).then_some(Encoding(Table::Dos("cp850", &DECODING_TABLE_CP850)))
    }
}

/// Whether the window is text in an encoding: no undefined bytes, and no control characters
/// that no program writes.
pub(super) fn is_text(window: &[u8], encoding: Encoding, is_ended: bool) -> bool {
    let Table::Web(web) = encoding.0 else { return true };
    let mut text = String::with_capacity(window.len() * 3 + 16);
    let mut decoder = web.new_decoder_without_bom_handling();
    let _ = decoder.decode_to_string(window, &mut text, is_ended);
    !text.chars().any(|it| it == '\u{fffd}' || ('\u{80}'..='\u{9f}').contains(&it))
}
