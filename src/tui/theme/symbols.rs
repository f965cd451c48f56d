//! The marks and lines that things are drawn with, for three kinds of terminal.

use ratatui::symbols::{bar, border};

/// The marks and lines of one character set.
#[derive(Debug)]
pub struct Symbols {
    /// A panel's lines.
    pub panel: border::Set<'static>,
    /// A code box's lines.
    pub code: border::Set<'static>,
    /// The lines of the code box that is typed into.
    pub code_focused: border::Set<'static>,
    /// A line across.
    pub rule: &'static str,
    /// Between facts of one line.
    pub dot: &'static str,
    /// Between steps; before the selected line.
    pub pointer: &'static str,
    /// Between columns and rows.
    pub times: &'static str,
    /// Around something that can be changed.
    pub turn: [&'static str; 2],
    /// A try that is left, and one that is used up.
    pub tries: [&'static str; 2],
    /// The full and the empty part of a bar.
    pub bar: [&'static str; 2],
    /// How high a bar of a chart stands in a cell.
    pub levels: bar::Set<'static>,
    /// It worked.
    pub check: &'static str,
    /// It did not.
    pub cross: &'static str,
    /// It needs attention.
    pub alert: &'static str,
    /// For information.
    pub info: &'static str,
    /// Text was left out.
    pub ellipsis: &'static str,
    /// There is more above, and more below.
    pub more: [&'static str; 2],
    /// An event on a line of time.
    pub event: &'static str,
    /// The line of time.
    pub timeline: &'static str,
}

/// For terminals with Unicode.
pub const UNICODE: Symbols = Symbols {
    panel: border::ROUNDED,
    code: border::PLAIN,
    code_focused: border::THICK,
    rule: "─",
    dot: "·",
    pointer: "›",
    times: "×",
    turn: ["‹", "›"],
    tries: ["●", "○"],
    bar: ["█", "░"],
    levels: bar::NINE_LEVELS,
    check: "✓",
    cross: "✗",
    alert: "!",
    info: "·",
    ellipsis: "…",
    more: ["↑", "↓"],
    event: "●",
    timeline: "│",
};

const ASCII_LINES: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// For terminals without.
pub const ASCII: Symbols = Symbols {
    panel: ASCII_LINES,
    code: ASCII_LINES,
    code_focused: border::Set {
        horizontal_top: "=",
        horizontal_bottom: "=",
        vertical_left: "#",
        vertical_right: "#",
        top_left: "#",
        top_right: "#",
        bottom_left: "#",
        bottom_right: "#",
    },
    rule: "-",
    dot: "|",
    pointer: ">",
    times: "x",
    turn: ["<", ">"],
    tries: ["*", "."],
    bar: ["#", "."],
    levels: bar::Set {
        full: "#",
        seven_eighths: "#",
        three_quarters: "#",
        five_eighths: "#",
        half: "=",
        three_eighths: "=",
        one_quarter: "_",
        one_eighth: "_",
        empty: " ",
    },
    check: "ok",
    cross: "x",
    alert: "!",
    info: "-",
    ellipsis: "...",
    more: ["^", "v"],
    event: "*",
    timeline: "|",
};

/// For the fonts of text consoles (Linux, the BSDs, VT terminals), which have
/// the line drawing of their ancestors and little more: no ticks, no rounded or
/// heavy lines, no dots beyond those of Latin-1.
pub const CONSOLE: Symbols = Symbols {
    panel: border::PLAIN,
    code: border::PLAIN,
    code_focused: border::DOUBLE,
    rule: "─",
    dot: "·",
    pointer: ">",
    times: "×",
    turn: ["<", ">"],
    tries: ["*", "."],
    bar: ["█", "░"],
    levels: bar::THREE_LEVELS,
    check: "ok",
    cross: "x",
    alert: "!",
    info: "·",
    ellipsis: "...",
    more: ["^", "v"],
    event: "*",
    timeline: "│",
};
