//! The boxes a code is typed into, in two groups, as people read codes aloud.

use ratatui::style::Style;
use ratatui::symbols::border;
use ratatui::text::{Line, Span};

use crate::tui::theme::Theme;

/// What the boxes show.
#[derive(Clone, Copy, Debug)]
pub struct Boxes<'a> {
    /// The digits typed so far.
    pub digits: &'a str,
    /// How many a code has.
    pub length: usize,
    /// Whether digits are taken now.
    pub live: bool,
}

/// The boxes drawn, and where in them the cursor is.
#[derive(Debug)]
pub struct Drawn {
    /// Three lines, or one.
    pub lines: Vec<Line<'static>>,
    /// Columns that they take.
    pub width: u16,
    /// Column and line of the box that is typed into.
    pub cursor: Option<(u16, u16)>,
}

/// Boxes of five cells in three lines, or of three cells in one. While digits are
/// taken all of them have heavy lines, and the cursor stands in the next one: lines
/// that went along with it would cost a slow line two boxes for each digit.
pub fn draw(boxes: Boxes<'_>, tall: bool, theme: &Theme) -> Drawn {
    let (size, height) = if tall { (5, 3) } else { (3, 1) };
    let group = boxes.length.div_ceil(2);
    let mut lines = vec![Line::default(); height];
    let mut digits = boxes.digits.chars();
    let mut cursor = None;
    let mut column = 0_u16;
    for place in 0..boxes.length {
        if place == group {
            for line in &mut lines {
                line.push_span(Span::raw("  "));
            }
            column += 2;
        }
        let digit = digits.next();
        let focused = boxes.live && place == boxes.digits.chars().count();
        if focused {
            cursor = Some((column + size / 2, u16::from(tall)));
        }
        let digit = digit.map_or_else(|| " ".to_owned(), String::from);
        if tall {
            one_tall(&mut lines, digit, boxes.live, theme);
        } else {
            one_flat(&mut lines[0], digit, boxes.live, theme);
        }
        column += size;
    }
    Drawn { lines, width: column, cursor }
}

fn styles(live: bool, theme: &Theme) -> (Style, Style) {
    if live { (theme.focused, theme.strong) } else { (theme.border, theme.muted) }
}

fn one_tall(lines: &mut [Line<'static>], digit: String, live: bool, theme: &Theme) {
    let set: border::Set<'_> = if live { theme.symbols.code_focused } else { theme.symbols.code };
    let (border, text) = styles(live, theme);
    let across = |left: &str, middle: &str, right: &str| {
        Span::styled(format!("{left}{}{right}", middle.repeat(3)), border)
    };
    if let [top, middle, bottom] = lines {
        top.push_span(across(set.top_left, set.horizontal_top, set.top_right));
        middle.push_span(Span::styled(format!("{} ", set.vertical_left), border));
        middle.push_span(Span::styled(digit, text));
        middle.push_span(Span::styled(format!(" {}", set.vertical_right), border));
        bottom.push_span(across(set.bottom_left, set.horizontal_bottom, set.bottom_right));
    }
}

fn one_flat(row: &mut Line<'static>, digit: String, live: bool, theme: &Theme) {
    let (border, text) = styles(live, theme);
    row.push_span(Span::styled("[", border));
    row.push_span(Span::styled(digit, text));
    row.push_span(Span::styled("]", border));
}
