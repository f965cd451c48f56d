//! A drawn screen as an SVG picture: rectangles for grounds, text in any
//! monospaced font, each run held to the width of its cells.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::style::{Color, Modifier};
use unicode_segmentation::UnicodeSegmentation;

const CELL: (f32, f32) = (8.4, 18.0);
const MARGIN: f32 = 14.0;
const FONTS: &str = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace";

/// What `Reset` means in a picture.
#[derive(Clone, Copy)]
pub(crate) struct Ground {
    pub(crate) text: &'static str,
    pub(crate) background: &'static str,
}

/// The picture of a screen, with the block of the cursor where there is one.
pub(crate) fn svg(
    buffer: &Buffer,
    cursor: Option<(u16, u16)>,
    ground: Ground,
    title: &str,
) -> String {
    let width = f32::from(buffer.area.width) * CELL.0 + 2.0 * MARGIN;
    let height = f32::from(buffer.area.height) * CELL.1 + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-label=\"{title}\">\n\
         <title>{title}</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n\
         <g font-family=\"{FONTS}\" font-size=\"14\">\n",
        ground.background
    );
    for y in 0..buffer.area.height {
        row(&mut svg, buffer, y, ground);
    }
    if let Some((x, y)) = cursor {
        let (x, y) = (MARGIN + f32::from(x) * CELL.0, MARGIN + f32::from(y) * CELL.1);
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"2\" height=\"15\" fill=\"{}\"/>",
            y + 1.5,
            ground.text
        );
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// The colours, weight and line of a cell.
type Look = (String, String, Modifier);

fn look(cell: &Cell, ground: Ground) -> Look {
    let text = hex(cell.fg, ground.text);
    let background = hex(cell.bg, ground.background);
    let modifier = cell.modifier;
    if modifier.contains(Modifier::REVERSED) {
        (background, text, modifier)
    } else {
        (text, background, modifier)
    }
}

fn hex(color: Color, ground: &str) -> String {
    match color {
        Color::Reset => ground.to_owned(),
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        Color::Cyan => "#2aa1b3".into(),
        Color::Green => "#26a269".into(),
        Color::Yellow => "#c29a2c".into(),
        Color::Red => "#d4433f".into(),
        other => panic!("{other:?} is in no theme"),
    }
}

fn row(svg: &mut String, buffer: &Buffer, y: u16, ground: Ground) {
    let looks: Vec<Look> = (0..buffer.area.width).map(|x| look(&buffer[(x, y)], ground)).collect();
    let mut x = 0;
    for grounds in looks.chunk_by(|one, other| one.1 == other.1) {
        if grounds[0].1 != ground.background {
            rect(svg, (x, y), grounds.len(), &grounds[0].1, 1.0);
        }
        x += u16::try_from(grounds.len()).expect("a row of a screen");
    }
    let mut runs: Vec<(u16, u16, String, &Look)> = Vec::new();
    let mut lines: BTreeMap<(&str, bool, bool), String> = BTreeMap::new();
    let mut x = 0;
    while x < buffer.area.width {
        let cell = &buffer[(x, y)];
        let look = &looks[usize::from(x)];
        let cells = cell.symbol().cell_width().max(1);
        if let Some(opacity) = bar(cell.symbol()) {
            let same = |at: &u16| buffer[(*at, y)].symbol() == cell.symbol();
            let length = (x..buffer.area.width).take_while(same).count();
            rect(svg, (x, y), length, &look.0, opacity);
            x += u16::try_from(length).expect("a row of a screen");
            continue;
        }
        if let Some(path) = path((x, y), cell.symbol()) {
            let heavy = "━┃┏┓┗┛".contains(cell.symbol());
            lines
                .entry((&look.0, heavy, look.2.contains(Modifier::DIM)))
                .or_default()
                .push_str(&path);
            x += cells;
            continue;
        }
        // A wide character is a run of its own, so that it cannot shift others.
        match runs.last_mut() {
            Some((_, end, text, last))
                if *last == look && *end == x && cells == 1 && narrow(text) =>
            {
                text.push_str(cell.symbol());
                *end = x + 1;
            }
            _ => runs.push((x, x + cells, cell.symbol().to_owned(), look)),
        }
        x += cells;
    }
    for ((color, heavy, dim), path) in lines {
        let width = if heavy { 2.4 } else { 1.1 };
        let dim = if dim { " opacity=\"0.65\"" } else { "" };
        let _ = writeln!(
            svg,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"{dim}/>"
        );
    }
    for (start, end, text, look) in runs {
        run(svg, (start, end, y), &text, look);
    }
}

/// How strongly the part of a bar is drawn.
fn bar(symbol: &str) -> Option<f32> {
    match symbol {
        "█" => Some(1.0),
        "░" => Some(0.3),
        _ => None,
    }
}

fn narrow(text: &str) -> bool {
    text.chars()
        .next_back()
        .is_none_or(|last| last < '\u{1100}' || ('\u{2000}'..'\u{2e80}').contains(&last))
}

fn corner((x, y): (u16, u16)) -> (f32, f32) {
    (MARGIN + f32::from(x) * CELL.0, MARGIN + f32::from(y) * CELL.1)
}

fn rect(svg: &mut String, at: (u16, u16), cells: usize, color: &str, opacity: f32) {
    let (left, top) = corner(at);
    let width = f32::from(u16::try_from(cells).expect("a row of a screen")) * CELL.0;
    let opacity = if opacity < 1.0 { format!(" opacity=\"{opacity}\"") } else { String::new() };
    let _ = writeln!(
        svg,
        "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{:.1}\" \
         fill=\"{color}\"{opacity}/>",
        CELL.1
    );
}

/// Lines are drawn, not written, so that they meet in every font.
fn path(at: (u16, u16), symbol: &str) -> Option<String> {
    let (left, top) = corner(at);
    let (right, bottom) = (left + CELL.0, top + CELL.1);
    let (x, y) = (left + CELL.0 / 2.0, top + CELL.1 / 2.0);
    Some(match symbol {
        "─" | "━" => format!("M{left:.1} {y:.1}H{right:.1}"),
        "│" | "┃" => format!("M{x:.1} {top:.1}V{bottom:.1}"),
        "┌" | "┏" => format!("M{x:.1} {bottom:.1}V{y:.1}H{right:.1}"),
        "┐" | "┓" => format!("M{x:.1} {bottom:.1}V{y:.1}H{left:.1}"),
        "└" | "┗" => format!("M{x:.1} {top:.1}V{y:.1}H{right:.1}"),
        "┘" | "┛" => format!("M{x:.1} {top:.1}V{y:.1}H{left:.1}"),
        "╭" => format!("M{x:.1} {bottom:.1}Q{x:.1} {y:.1} {right:.1} {y:.1}"),
        "╮" => format!("M{x:.1} {bottom:.1}Q{x:.1} {y:.1} {left:.1} {y:.1}"),
        "╰" => format!("M{x:.1} {top:.1}Q{x:.1} {y:.1} {right:.1} {y:.1}"),
        "╯" => format!("M{x:.1} {top:.1}Q{x:.1} {y:.1} {left:.1} {y:.1}"),
        _ => return None,
    })
}

fn run(svg: &mut String, (start, end, y): (u16, u16, u16), text: &str, look: &Look) {
    let (color, _, modifier) = look;
    let underlined = modifier.contains(Modifier::UNDERLINED);
    let shown = if underlined { text } else { text.trim_end() };
    let skipped = shown.len() - shown.trim_start().len();
    let (start, shown) = if underlined {
        (start, shown)
    } else {
        (start + u16::try_from(skipped).expect("blanks of a row"), shown.trim_start())
    };
    if shown.is_empty() {
        return;
    }
    let cells = if underlined {
        end - start
    } else {
        shown.graphemes(true).map(CellWidth::cell_width).sum()
    };
    let (left, top) = corner((start, y));
    let width = f32::from(cells) * CELL.0;
    let mut more = String::new();
    if modifier.contains(Modifier::BOLD) {
        more.push_str(" font-weight=\"bold\"");
    }
    if underlined {
        more.push_str(" text-decoration=\"underline\"");
    }
    if modifier.contains(Modifier::DIM) {
        more.push_str(" opacity=\"0.65\"");
    }
    let _ = writeln!(
        svg,
        "<text x=\"{left:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" \
         lengthAdjust=\"spacingAndGlyphs\" fill=\"{color}\"{more}>{}</text>",
        top + 13.5,
        escape(shown)
    );
}

/// Blanks are kept as no-break spaces: `xml:space` is not obeyed everywhere.
fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace(' ', "\u{a0}")
}
