//! Renders QR codes with half-block characters for a terminal.

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

/// The lines of a text's QR code, light on dark as terminals mostly are; `None` if the text is too
/// long.
pub fn lines(text: &str) -> Option<Vec<String>> {
    let code = QrCode::new(text).ok()?;
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
        // A finder pattern: seven dark modules and a light ring.
        let corner: String = lines[2].chars().skip(4).take(7).collect();
        assert_eq!(corner, " ▄▄▄▄▄ ");
        assert!(super::lines(&"x".repeat(5_000)).is_none());
    }
}
