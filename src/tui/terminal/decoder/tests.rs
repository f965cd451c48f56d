//! The bytes of every kind of terminal, whole and cut.

use crossterm::event::KeyEventKind;
use proptest::prelude::*;

use crate::tui::terminal::color::Rgb;
use crate::tui::terminal::decoder::*;

const SHIFT: KeyModifiers = KeyModifiers::SHIFT;
const CTRL: KeyModifiers = KeyModifiers::CONTROL;
const ALT_KEY: KeyModifiers = KeyModifiers::ALT;

const fn key(code: KeyCode, modifiers: KeyModifiers) -> Input {
    Input::Key(KeyEvent::new(code, modifiers))
}

/// What comes of the bytes once nothing follows them.
fn all(bytes: &[u8]) -> Vec<Input> {
    let mut decoder = Decoder::default();
    let mut inputs = decoder.feed(bytes);
    while decoder.timeout().is_some() {
        inputs.append(&mut decoder.give_up());
    }
    inputs
}

fn keys(bytes: &[u8]) -> Vec<(KeyCode, KeyModifiers)> {
    all(bytes)
        .into_iter()
        .map(|input| match input {
            Input::Key(key) => (key.code, key.modifiers),
            other => panic!("no key: {other:?}"),
        })
        .collect()
}

fn one(bytes: &[u8]) -> (KeyCode, KeyModifiers) {
    let keys = keys(bytes);
    assert_eq!(keys.len(), 1, "{bytes:?}: {keys:?}");
    keys[0]
}

fn are(cases: &[(&[u8], KeyCode, KeyModifiers)]) {
    for (bytes, code, modifiers) in cases {
        assert_eq!(one(bytes), (*code, *modifiers), "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn keys_are_read_as_every_terminal_sends_them() {
    are(&[
        (b"a", KeyCode::Char('a'), NONE),
        (b"A", KeyCode::Char('A'), SHIFT),
        ("ñ".as_bytes(), KeyCode::Char('ñ'), NONE),
        ("😀".as_bytes(), KeyCode::Char('😀'), NONE),
        (b"\r", KeyCode::Enter, NONE),
        (b"\n", KeyCode::Enter, NONE),
        (b"\t", KeyCode::Tab, NONE),
        (b"\x7f", KeyCode::Backspace, NONE),
        (b"\x08", KeyCode::Backspace, NONE),
        (b"\x12", KeyCode::Char('r'), CTRL),
        (b"\x1b", KeyCode::Esc, NONE),
        (b"\x1bb", KeyCode::Char('b'), ALT_KEY),
        (b"\x1b4", KeyCode::Char('4'), ALT_KEY),
        (b"\x1b\x7f", KeyCode::Backspace, ALT_KEY),
        (b"\x1b[A", KeyCode::Up, NONE),
        (b"\x1bOB", KeyCode::Down, NONE),
        (b"\x1b[1;5D", KeyCode::Left, CTRL),
        (b"\x1b[5C", KeyCode::Right, CTRL),
        (b"\x1bOa", KeyCode::Up, CTRL),
        (b"\x1b[b", KeyCode::Down, SHIFT),
        (b"\x1b[Z", KeyCode::BackTab, SHIFT),
        (b"\x1b\t", KeyCode::BackTab, SHIFT),
        (b"\x1b[1~", KeyCode::Home, NONE),
        (b"\x1b[4~", KeyCode::End, NONE),
        (b"\x1b[3~", KeyCode::Delete, NONE),
        (b"\x1b[3$", KeyCode::Delete, SHIFT),
        (b"\x1b[5^", KeyCode::PageUp, CTRL),
        (b"\x1b[6~", KeyCode::PageDown, NONE),
        (b"\x1bOP", KeyCode::F(1), NONE),
        (b"\x1bO5Q", KeyCode::F(2), CTRL),
        (b"\x1b[1;2R", KeyCode::F(3), SHIFT),
        (b"\x1b[[B", KeyCode::F(2), NONE),
        (b"\x1b[13~", KeyCode::F(3), NONE),
        (b"\x1b[24~", KeyCode::F(12), NONE),
        (b"\x1b[<64;10;5M", KeyCode::Up, NONE),
        (b"\x1b[Ma!!", KeyCode::Down, NONE),
    ]);
}

#[test]
fn a_keypad_that_was_left_in_application_mode_types_digits() {
    for (at, letter) in (b'p'..=b'y').enumerate() {
        let digit = char::from_digit(u32::try_from(at).expect("a digit"), 10).expect("a digit");
        assert_eq!(one(&[0x1b, b'O', letter]), (KeyCode::Char(digit), NONE));
    }
    are(&[
        (b"\x1bOM", KeyCode::Enter, NONE),
        (b"\x1bOm", KeyCode::Char('-'), NONE),
        (b"\x1bOn", KeyCode::Char('.'), NONE),
        (b"\x1bOk", KeyCode::Char('+'), NONE),
    ]);
}

#[test]
fn keys_are_read_as_the_kitty_protocol_and_modify_other_keys_send_them() {
    are(&[
        (b"\x1b[13u", KeyCode::Enter, NONE),
        (b"\x1b[13;2u", KeyCode::Enter, NONE),
        (b"\x1b[27u", KeyCode::Esc, NONE),
        (b"\x1b[27;1;13~", KeyCode::Enter, NONE),
        (b"\x1b[9;2u", KeyCode::BackTab, SHIFT),
        (b"\x1b[127u", KeyCode::Backspace, NONE),
        (b"\x1b[113;5u", KeyCode::Char('q'), CTRL),
        (b"\x1b[27;5;113~", KeyCode::Char('q'), CTRL),
        (b"\x1b[27;5;81~", KeyCode::Char('q'), CTRL),
        (b"\x1b[113;69u", KeyCode::Char('q'), CTRL),
        (b"\x1b[97;2u", KeyCode::Char('A'), SHIFT),
        (b"\x1b[97:65;2u", KeyCode::Char('A'), SHIFT),
        (b"\x1b[97;65u", KeyCode::Char('A'), SHIFT),
        (b"\x1b[49:33;2;33u", KeyCode::Char('!'), NONE),
        (b"\x1b[49;1u", KeyCode::Char('1'), NONE),
        ("\x1b[65297u".as_bytes(), KeyCode::Char('１'), NONE),
        (b"\x1b[57403u", KeyCode::Char('4'), NONE),
        (b"\x1b[57414u", KeyCode::Enter, NONE),
        (b"\x1b[109;5u", KeyCode::Enter, NONE),
        (b"\x1b[1;1:1B", KeyCode::Down, NONE),
        (b"\x1b[91;5u", KeyCode::Esc, NONE),
    ]);
    for release in ["\x1b[97;1:3u", "\x1b[1;1:3B", "\x1b[3;1:3~", "\x1b[13;1:3u", "\x1b[57441u"] {
        assert_eq!(keys(release.as_bytes()), [], "{release:?}");
    }
    assert_eq!(keys(b"\x1b[99;9u"), [], "Super and a key is for the window manager");
    let [Input::Key(held)] = all(b"\x1b[13;1:2u")[..] else { panic!("one key") };
    assert_eq!((held.code, held.kind), (KeyCode::Enter, KeyEventKind::Repeat));
}

#[test]
fn cr_lf_is_one_enter() {
    assert_eq!(keys(b"\r\n"), [(KeyCode::Enter, NONE)]);
    assert_eq!(keys(b"\r\n\r\n").len(), 2);
    assert_eq!(keys(b"\r\r").len(), 2);
    let mut decoder = Decoder::default();
    assert_eq!(decoder.feed(b"\r"), [key(KeyCode::Enter, NONE)]);
    assert_eq!(decoder.timeout(), None);
    assert_eq!(decoder.feed(b"\n1"), [key(KeyCode::Char('1'), NONE)]);
}

#[test]
fn what_a_mouse_sends_is_no_key() {
    for report in [
        b"\x1b[M !!".as_slice(),
        b"\x1b[MC(*",
        b"\x1b[M#\xff\xfe",
        "\x1b[MC\u{e9}\u{101}".as_bytes(),
        b"\x1b[35;10;5M",
        b"\x1b[<35;10;5M",
        b"\x1b[<0;10;5m",
        b"\x1b[I",
        b"\x1b[O",
    ] {
        assert_eq!(all(&[report, b"x"].concat()), [key(KeyCode::Char('x'), NONE)], "{report:?}");
    }
    assert_eq!(keys(b"\x1b[M\x1b[A"), [(KeyCode::Up, NONE)], "a report that was cut off");
}

#[test]
fn what_a_terminal_is_asked_is_told_and_nothing_else() {
    let ground = || Input::Answer(TerminalAnswer::Background(Rgb(0x12, 0x56, 0x9a)));
    for end in ["\x1b\\", "\x07"] {
        assert_eq!(all(format!("\x1b]11;rgb:1234/5678/9abc{end}").as_bytes()), [ground()]);
        assert_eq!(all(format!("\x1b]12;rgb:1234/5678/9abc{end}").as_bytes()), []);
        // In a DCS it would be no colour.
        assert_eq!(all(format!("\x1bP11;rgb:1234/5678/9abc{end}").as_bytes()), []);
    }
    assert_eq!(all(b"\x1b[?62;22c"), [Input::Answer(TerminalAnswer::Attributes)]);
    assert_eq!(all(b"\x1b]11;rgb:1/2/3\x1bx").len(), 1, "another key ends it");
}

#[test]
fn what_a_terminal_says_of_itself_is_never_typed() {
    for answer in [
        b"\x1b]4;1;rgb:1234/5678/9abc\x1b\\".as_slice(),
        b"\x1b]11;white\x07",
        b"\x1b]52;c;NDgxOTAy\x07",
        b"\x1bP+r544e=1234\x1b\\",
        b"\x1bP1$r0m\x1b\\",
        b"\x1b_Gi=31;OK\x1b\\",
        b"\x1b^123456\x1b\\",
        b"\x1bX123456\x1b\\",
        b"\x1b[>1;10;0c",
        b"\x1b[24;80R",
        b"\x1b[0n",
        b"\x1b[?2026;2$y",
        b"\x1b[8;24;80t",
        b"\x1b[?0u",
        b"\x1b[99~",
        b"\x1b[[Z",
        b"\x00\xff",
        // The same begun by one character of eight bits, as UTF-8 and alone.
        b"\xc2\x9b24;80R",
        b"\x9b24;80R",
        b"\xc2\x9d11;white\x07",
        b"\x9d52;c;NDgxOTAy\x07",
        b"\x90+r544e=1234\x1b\\",
        b"\xc2\x85\xc2\x9c",
    ] {
        assert_eq!(all(&[answer, b"x"].concat()), [key(KeyCode::Char('x'), NONE)], "{answer:?}");
    }
    assert_eq!(keys(b"\x1b[12"), [], "a sequence cut off is dropped");
    assert_eq!(keys(b"\x1b]11;rgb:12"), [], "so is an answer");
    assert_eq!(keys(b"\x1b]11;rgb:12\x1b[A"), [(KeyCode::Up, NONE)]);
    assert_eq!(keys(b"\x1b]11;rgb:12\r34").len(), 2, "the keyboard comes back with Enter");
    assert_eq!(keys(&[b"\x1b]52;c;".as_slice(), &vec![b'4'; 200_000], b"\x07x"].concat()).len(), 1);
    are(&[(b"\x1bP", KeyCode::Char('P'), ALT_KEY), (b"\x1b[", KeyCode::Char('['), ALT_KEY)]);
}

/// Feeds the pieces with a pause between them, after which the decoder was told
/// once that nothing came.
fn with_pauses(pieces: &[&[u8]]) -> Vec<Input> {
    let mut decoder = Decoder::default();
    let mut inputs = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        if at > 0 && decoder.timeout().is_some_and(|it| it <= ALT_KEY_TIMEOUT) {
            inputs.append(&mut decoder.give_up());
        }
        inputs.append(&mut decoder.feed(piece));
    }
    while decoder.timeout().is_some() {
        inputs.append(&mut decoder.give_up());
    }
    inputs
}

#[test]
fn a_sequence_that_a_slow_line_cuts_is_whole_all_the_same() {
    for sequence in ["\x1b[B", "\x1b[1;5C", "\x1bOB", "\x1b[13u", "\x1b]11;rgb:1/2/3\x1b\\", "é"] {
        let whole = all(sequence.as_bytes());
        for at in 1..sequence.len() {
            let (first, rest) = sequence.as_bytes().split_at(at);
            assert_eq!(with_pauses(&[first, rest]), whole, "{sequence:?} at {at}");
        }
    }
    assert_eq!(with_pauses(&[b"\x1b", b"[", b"B"]), all(b"\x1b[B"));
}

#[test]
fn esc_and_a_key_after_it_are_two_keys_or_one_with_alt() {
    let esc = || key(KeyCode::Esc, NONE);
    let typed = |char| key(KeyCode::Char(char), NONE);
    assert_eq!(with_pauses(&[b"\x1b", b"d"]), [esc(), typed('d')]);
    let capital = key(KeyCode::Char('O'), SHIFT);
    assert_eq!(with_pauses(&[b"\x1b", b"O", b"t"]), [esc(), capital, typed('t')]);
    assert_eq!(with_pauses(&[b"\x1b", b"4"]), [key(KeyCode::Char('4'), ALT_KEY)]);
    assert_eq!(with_pauses(&[b"\x1b", b"42"]), [esc(), typed('4'), typed('2')]);
    assert_eq!(all(b"\x1bd"), [key(KeyCode::Char('d'), ALT_KEY)]);
    assert_eq!(all(b"\x1b\x1b[A"), [esc(), key(KeyCode::Up, NONE)]);
    assert!(
        ALT_KEY_TIMEOUT + ESCAPE_KEY_TIMEOUT >= Duration::from_millis(250),
        "slow lines pause for that long"
    );
}

#[test]
fn a_paste_is_one_piece_however_it_comes() {
    let mut decoder = Decoder::default();
    let mut inputs = Vec::new();
    for piece in [b"\x1b[200~12\r".as_slice(), b"34\x1b[20", b"1~x"] {
        inputs.append(&mut decoder.feed(piece));
    }
    assert_eq!(
        inputs,
        [Input::Paste(Zeroizing::new("12\r34".into())), key(KeyCode::Char('x'), NONE)]
    );
    let long = [b"\x1b[200~".as_slice(), &vec![b'x'; 500_000], PASTE_END, b"y"].concat();
    let inputs = all(&long);
    assert!(matches!(&inputs[0], Input::Paste(text) if text.len() <= MAX_PASTE_BYTES));
    assert_eq!(inputs[1..], [key(KeyCode::Char('y'), NONE)]);
}

#[test]
fn a_paste_without_an_end_does_not_swallow_the_keyboard() {
    let mut decoder = Decoder::default();
    assert!(decoder.feed(b"\x1b[200~123").is_empty());
    assert_eq!(decoder.timeout(), Some(PASTE_TIMEOUT));
    let text = Zeroizing::new("123".to_owned());
    assert_eq!(decoder.give_up(), [Input::Paste(text)]);
    assert_eq!(decoder.timeout(), None);
    assert_eq!(decoder.feed(b"4"), [key(KeyCode::Char('4'), NONE)]);
}

/// Bytes as terminals send them, and any others.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&[u8]> = vec![
        b"\x1b",
        b"[",
        b"O",
        b"\x1b[",
        b"\x1b]11;",
        b"\x1bP",
        b"\x1b\\",
        b"\x07",
        b"\x1b[M",
        b"\x1b[200~",
        b"\x1b[201~",
        b"\x1b[<0;1;1M",
        b"\x1b[97;1:3u",
        b"\x1b[27;5;113~",
        b"\r",
        b"\n",
        b"1;5",
        b"C",
        b"\xc3\xa9",
        b"\xe4\xb8\x80",
    ];
    let piece = prop_oneof![
        3 => prop::sample::select(known).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_give_the_same_however_the_line_cuts_them(
        bytes in bytes(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)
    ) {
        let whole = all(&bytes);
        let mut places: Vec<usize> = cuts.iter().map(|it| it.index(bytes.len() + 1)).collect();
        places.sort_unstable();
        let mut decoder = Decoder::default();
        let mut inputs = Vec::new();
        let mut from = 0;
        for place in places.into_iter().chain([bytes.len()]) {
            inputs.append(&mut decoder.feed(&bytes[from..place]));
            from = place;
        }
        while decoder.timeout().is_some() {
            inputs.append(&mut decoder.give_up());
        }
        prop_assert_eq!(inputs, whole);
        prop_assert!(decoder.bytes.is_empty(), "nothing is kept for ever");
        prop_assert_eq!(decoder.feed(b"7"), [key(KeyCode::Char('7'), NONE)]);
    }

    #[test]
    fn text_comes_out_as_it_was_typed(text in "[ -~à-ÿ一-龥]{0,40}") {
        let typed: String = keys(text.as_bytes())
            .into_iter()
            .map(|(code, _)| match code { KeyCode::Char(char) => char, _ => '\0' })
            .collect();
        prop_assert_eq!(typed, text);
    }
}
