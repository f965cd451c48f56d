//! The encoding of a file: given by the office, by its byte order mark, or guessed.
//!
//! A file is read as UTF-8 until it turns out to be something else. Where the encoding
//! cannot be guessed, the file is refused before anything is read from it, so that no name
//! is imported with wrong letters.

mod guess;

use std::io;
use std::io::{BufRead, Read};

use encoding_rs::{Decoder, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, X_USER_DEFINED};
use oem_cp::code_table::{DECODING_TABLE_CP437, DECODING_TABLE_CP850, DECODING_TABLE_CP852};

use crate::service::customers::csv_import::encoding::guess::{guess, is_plain};
use crate::service::customers::csv_import::problem::CsvError;

/// How many bytes are examined, from the first one that is not ASCII.
const WINDOW: u64 = 1024 * 1024;

/// Bytes decoded at a time.
const CHUNK: usize = 64 * 1024;

/// An encoding by its name.
#[derive(Clone, Copy)]
pub struct Encoding(Table);

#[derive(Clone, Copy)]
enum Table {
    Web(&'static encoding_rs::Encoding),
    /// A code page of DOS, which the console and old programs write.
    Dos(&'static str, &'static [char; 128]),
}

impl Encoding {
    /// The encoding of a name, as programs and people write it.
    pub fn named(name: &str) -> Option<Self> {
        let label = name.trim().to_ascii_lowercase().replace([' ', '_'], "-");
        Some(Self(match label.as_str() {
            "cp437" | "ibm437" | "437" => Table::Dos("cp437", &DECODING_TABLE_CP437),
            "cp850" | "ibm850" | "850" => Table::Dos("cp850", &DECODING_TABLE_CP850),
            "cp852" | "ibm852" | "852" => Table::Dos("cp852", &DECODING_TABLE_CP852),
            "ansi" => Table::Web(encoding_rs::WINDOWS_1252),
            "mac-roman" | "macroman" => Table::Web(encoding_rs::MACINTOSH),
            "utf-16" => Table::Web(UTF_16LE),
            _ => {
                let web = encoding_rs::Encoding::for_label(label.as_bytes())?;
                if web == REPLACEMENT || web == X_USER_DEFINED {
                    return None;
                }
                Table::Web(web)
            }
        }))
    }

    pub fn name(self) -> &'static str {
        match self.0 {
            Table::Web(encoding) => encoding.name(),
            Table::Dos(name, _) => name,
        }
    }

    fn is_utf8(self) -> bool {
        matches!(self.0, Table::Web(encoding) if encoding == UTF_8)
    }
}

/// A file decoded to UTF-8. A file in UTF-8 is passed through.
pub(super) struct Decoded<R> {
    source: R,
    encoding: Option<Encoding>,
    decoder: Option<Decoder>,
    /// Bytes that are read and not yet decoded.
    raw: Vec<u8>,
    out: Vec<u8>,
    at: usize,
    /// Whether there was a line feed, which only files of an old Mac lack.
    has_lf: bool,
    is_ended: bool,
}

impl<R: BufRead> Decoded<R> {
    /// Examines the beginning of a file. A given encoding holds unless a byte order mark
    /// says otherwise.
    pub(super) fn open(source: R, given: Option<Encoding>) -> Result<Self, CsvError> {
        let mut decoded = Self {
            source,
            encoding: given,
            decoder: None,
            raw: Vec::new(),
            out: Vec::new(),
            at: 0,
            has_lf: false,
            is_ended: false,
        };
        decoded.read(8)?;
        if let Some((kind, help)) = other_kind(&decoded.raw) {
            return Err(CsvError::NotCsv(kind, help));
        }
        for (mark, encoding) in [
            (&b"\xef\xbb\xbf"[..], UTF_8),
            (&b"\xff\xfe"[..], UTF_16LE),
            (&b"\xfe\xff"[..], UTF_16BE),
        ] {
            if decoded.raw.starts_with(mark) {
                decoded.raw.drain(..mark.len());
                decoded.encoding = Some(Encoding(Table::Web(encoding)));
            }
        }
        if decoded.encoding.is_none() {
            decoded.read(CHUNK as u64)?;
            if is_plain(&decoded.raw) {
                return Ok(decoded);
            }
            decoded.read(WINDOW)?;
            decoded.encoding = Some(decoded.guess().ok_or(CsvError::NotText)?);
        }
        Ok(decoded)
    }

    /// The encoding, where it is known and not UTF-8.
    pub(super) fn other_than_utf8(&self) -> Option<&'static str> {
        self.encoding.filter(|it| !it.is_utf8()).map(Encoding::name)
    }

    fn read(&mut self, most: u64) -> io::Result<()> {
        let from = self.raw.len();
        let read = self.source.by_ref().take(most).read_to_end(&mut self.raw)?;
        self.is_ended |= (read as u64) < most;
        self.has_lf |= self.raw[from..].contains(&b'\n');
        Ok(())
    }

    fn guess(&self) -> Option<Encoding> {
        guess(&self.raw, self.has_lf, self.is_ended)
    }

    /// Decodes the next chunk.
    fn refill(&mut self) -> io::Result<()> {
        self.out.clear();
        self.at = 0;
        while self.out.is_empty() && !(self.is_ended && self.raw.is_empty()) {
            if self.raw.is_empty() {
                self.read(CHUNK as u64)?;
            }
            if self.encoding.is_none() && !is_plain(&self.raw) {
                self.read(WINDOW)?;
                // If it cannot be guessed any more, only the lines with such bytes are
                // lost.
                self.encoding = self.guess().or(Some(Encoding(Table::Web(UTF_8))));
            }
            self.decode();
            if self.is_ended && self.raw.is_empty() {
                break;
            }
        }
        Ok(())
    }

    fn decode(&mut self) {
        let table = self.encoding.map_or(Table::Web(UTF_8), |it| it.0);
        match table {
            Table::Web(encoding) if encoding == UTF_8 => self.out.append(&mut self.raw),
            Table::Web(encoding) => {
                let decoder =
                    self.decoder.get_or_insert_with(|| encoding.new_decoder_without_bom_handling());
                let mut text = String::new();
                let room = decoder.max_utf8_buffer_length(self.raw.len());
                text.reserve(room.unwrap_or(self.raw.len() * 3 + 16));
                // The buffer is large enough, so that all input is consumed.
                let _ = decoder.decode_to_string(&self.raw, &mut text, self.is_ended);
                self.raw.clear();
                self.out = text.into_bytes();
            }
            Table::Dos(_, table) => {
                self.out = oem_cp::decode_string_complete_table(&self.raw, table).into_bytes();
                self.raw.clear();
            }
        }
    }
}

impl<R: BufRead> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.fill_buf()?;
        let read = rest.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.out.len() {
            self.refill()?;
        }
        Ok(&self.out[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

/// Recognises other kinds of files by their first bytes, and says what to do.
fn other_kind(begin: &[u8]) -> Option<(&'static str, &'static str)> {
    const SAVE: &str = "save it as \"CSV UTF-8\" and import that";
    let kinds: [(&[u8], &str, &str); 8] = [
        (b"PK\x03\x04", "a workbook or an archive", SAVE),
        (b"\xd0\xcf\x11\xe0", "a workbook of an old Excel", SAVE),
        (b"%PDF", "a PDF", "export the table itself"),
        (b"\x1f\x8b", "packed by gzip", "unpack it: zcat FILE | countersign customers import -"),
        (b"<", "a page of HTML or XML", "export it as CSV"),
        (b"{", "JSON", "export it as CSV"),
        (b"[{", "JSON", "export it as CSV"),
        (b"\xff\xfe\0\0", "in UTF-32", SAVE),
    ];
    kinds.into_iter().find(|(mark, ..)| begin.starts_with(mark)).map(|(_, kind, help)| (kind, help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::customers::csv_import::encoding::guess::is_text;

    fn decoded(file: &[u8], given: Option<&str>) -> (Option<&'static str>, String) {
        let given = given.map(|it| Encoding::named(it).expect("an encoding"));
        let mut decoded = Decoded::open(file, given).expect("text");
        let mut text = Vec::new();
        decoded.read_to_end(&mut text).expect("memory reads");
        (decoded.other_than_utf8(), String::from_utf8_lossy(&text).into_owned())
    }

    fn encoded(text: &str, encoding: &str) -> Vec<u8> {
        if encoding == "cp850" {
            let byte = |char: char| {
                let at = DECODING_TABLE_CP850.iter().position(|it| *it == char);
                at.map_or(char as u8, |at| u8::try_from(at + 128).expect("a byte"))
            };
            return text.chars().map(byte).collect();
        }
        let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect();
        match encoding {
            "UTF-16LE" => wide(u16::to_le_bytes),
            "UTF-16BE" => wide(u16::to_be_bytes),
            _ => {
                let table = encoding_rs::Encoding::for_label(encoding.as_bytes());
                table.expect("an encoding").encode(text).0.into_owned()
            }
        }
    }

    #[test]
    fn what_offices_write_is_read_in_its_letters() {
        for (encoding, names) in [
            ("windows-1252", "K-1;Müller, Jürgen\nK-2;José Peña\nK-3;Zoë O’Neill\n"),
            ("windows-1252", "K-1;Müller, Jürgen;j@example.org\nK-2;Bo\n"),
            ("windows-1250", "K-1;Łukasz Wałęsa\nK-2;Żółć\n"),
            ("windows-1250", "K-1;Jiří Novák\nK-2;Dvořák\n"),
            ("windows-1251", "K-1;Алёна Иванова\n"),
            ("windows-1253", "K-1;Γιώργος Παπαδόπουλος\n"),
            ("windows-1254", "K-1;Ayşe Yılmaz\n"),
            ("KOI8-U", "K-1;Алёна Иванова\n"),
            ("IBM866", "K-1;Алёна Иванова\n"),
            ("Shift_JIS", "K-1;山田太郎\n"),
            ("GBK", "K-1;王小明\n"),
            ("Big5", "K-1;陳大文\n"),
            ("EUC-KR", "K-1;김철수\n"),
            ("macintosh", "K-1;Müller\rK-2;José Peña\r"),
            ("macintosh", "K-1;Müller, Jürgen\r"),
            ("cp850", "K-1;Müller, Jürgen\r\nK-2;José Peña\r\nK-3;Groß\r\n"),
            ("UTF-16LE", "K-1;Müller\r\n"),
            ("UTF-16BE", "K-1;Müller\r\n"),
        ] {
            let file = encoded(&format!("account_no;name\r{names}"), encoding);
            let file = if encoding == "macintosh" {
                file
            } else {
                encoded(&format!("account_no;name\n{names}"), encoding)
            };
            let (found, text) = decoded(&file, None);
            let read: String = text.split(['\r', '\n']).skip(1).collect::<Vec<_>>().join("\n");
            let wanted = names.split(['\r', '\n']).collect::<Vec<_>>().join("\n");
            assert_eq!((found, read), (Some(encoding), wanted), "{encoding}");
            let (found, given) = decoded(&file, Some(encoding));
            assert_eq!((found, given), (Some(encoding), text), "{encoding} as it was told");
        }
    }

    #[test]
    fn utf8_is_utf8_with_and_without_its_mark_and_with_a_spoilt_line() {
        assert_eq!(decoded("\u{feff}a;Zoë".as_bytes(), None), (None, "a;Zoë".into()));
        assert_eq!(decoded("a;Zoë".as_bytes(), None), (None, "a;Zoë".into()));
        assert_eq!(decoded("\u{feff}a;Zoë".as_bytes(), Some("ansi")), (None, "a;Zoë".into()));
        let spoilt = b"a\nZo\xc3\xab\nJos\xc3\xa9\nM\xfcller\n";
        assert_eq!(decoded(spoilt, None).0, None);
        // A letter that crosses a chunk's end.
        let long = format!(
            "{}{}",
            "x".repeat(CHUNK - 1),
            "é".repeat(usize::try_from(WINDOW).expect("a window"))
        );
        assert_eq!(decoded(long.as_bytes(), None), (None, long));
    }

    #[test]
    fn the_first_letter_may_come_late() {
        let mut file = "a;b\n".repeat(CHUNK).into_bytes();
        file.extend(encoded("K-1;Müller, Jürgen\n", "windows-1252"));
        let (found, text) = decoded(&file, None);
        assert_eq!(found, Some("windows-1252"));
        assert!(text.ends_with("\nK-1;Müller, Jürgen\n"));
    }

    #[test]
    fn other_files_are_named_and_what_cannot_be_told_is_refused() {
        let refused = |file: &[u8]| {
            Decoded::open(file, None).err().map(|it| it.to_string()).unwrap_or_default()
        };
        assert!(refused(b"PK\x03\x04....").contains("a workbook"));
        assert!(refused(b"\x1f\x8b\x08....").contains("zcat"));
        let western = Encoding::named("windows-1252").expect("an encoding");
        assert!(is_text(b"M\xfcller", western, true) && !is_text(b"M\x81ller", western, true));
        assert!(Encoding::named("utf-7").is_none() && Encoding::named("latin1").is_some());
    }
}
