//! QR codes as lines of half blocks, for a terminal.

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// The lines of the QR code of a text, drawn light on dark as terminals mostly are; none
/// where the text is too long for one. Nothing covers a part of a screen, so that the lowest
/// level of correction will do, and the code is as small as it can be.
pub fn lines(text: &str) -> Option<Vec<String>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let drawn = code
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .quiet_zone(true)
        .build();
    // Two of the four light modules above and below are enough for readers, and a line less
    // each for the screen.
    let lines: Vec<String> = drawn.lines().map(str::to_owned).collect();
    Some(lines.get(1..lines.len().saturating_sub(1))?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qr_code_is_a_square_with_a_light_border_and_three_corners() {
        let lines = lines(&"otpauth://totp/x".repeat(6)).expect("a code");
        let width = lines[0].chars().count();
        assert!(lines.iter().all(|it| it.chars().count() == width), "{lines:#?}");
        assert_eq!(lines.len() + 2, width.div_ceil(2));
        assert!(lines[0].chars().all(|it| it == '█'), "a quiet zone");
        // A corner: seven dark modules above a light ring.
        let corner: String = lines[1].chars().skip(4).take(7).collect();
        assert_eq!(corner, " ▄▄▄▄▄ ");
        assert!(super::lines(&"x".repeat(5_000)).is_none());
    }
}
