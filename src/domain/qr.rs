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
    Some(drawn.lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qr_code_is_a_square_with_a_light_border_and_three_corners() {
        let lines = lines(&"otpauth://totp/x".repeat(6)).expect("a code");
        let width = lines[0].chars().count();
        assert!(lines.iter().all(|it| it.chars().count() == width), "{lines:#?}");
        assert_eq!(lines.len(), width.div_ceil(2));
        assert!(lines[0].chars().all(|it| it == '█'), "a quiet zone");
        // A corner: seven dark modules above a light ring.
        let corner: String = lines[2].chars().skip(4).take(7).collect();
        assert_eq!(corner, " ▄▄▄▄▄ ");
        assert!(super::lines(&"x".repeat(5_000)).is_none());
    }
}
