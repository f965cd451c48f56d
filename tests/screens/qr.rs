//! The QR code on the screen, read back from a picture of it by a program of others.

use std::fmt::Write as _;
use std::process::Command;

use countersign::config::settings::ThemeName;

use crate::picture::shoot;
use crate::{models, states};

/// Pixels of a module.
const PIXELS: usize = 4;

#[test]
fn the_qr_code_is_read_from_the_smallest_promised_screen() {
    let (model, now) = states::factors_enrol();
    let buffer = shoot(&model, ThemeName::Terminal, now, (80, 24)).buffer;
    // Half blocks are lit in their upper or their lower half; everything else is dark.
    let lit = |symbol: &str| match symbol {
        "█" => [true, true],
        "▀" => [true, false],
        "▄" => [false, true],
        _ => [false, false],
    };
    let area = buffer.area;
    let mut picture = format!(
        "P2\n{} {}\n1\n",
        usize::from(area.width) * PIXELS,
        usize::from(area.height) * 2 * PIXELS
    );
    for y in area.top()..area.bottom() {
        for half in 0..2 {
            let row: String = (area.left()..area.right())
                .map(|x| if lit(buffer[(x, y)].symbol())[half] { "1 " } else { "0 " })
                .map(|pixel| pixel.repeat(PIXELS))
                .collect();
            for _ in 0..PIXELS {
                writeln!(picture, "{row}").expect("a string");
            }
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("screen.pgm");
    std::fs::write(&file, picture).expect("written");
    let read = Command::new("zbarimg")
        .args(["--raw", "--quiet"])
        .arg(&file)
        .output()
        .expect("zbarimg is installed by .ci/install");
    let text = String::from_utf8(read.stdout).expect("an address");
    assert_eq!(text.trim_end(), models::offer().uri.0.as_str());
}
