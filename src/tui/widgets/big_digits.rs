//! Digits that can be read from a step away, as large as there is room for.

use ratatui::text::{Line, Span};

use crate::tui::theme::Theme;

/// Each digit in three by five points, a row in three bits.
const SHAPES: [[u8; 5]; 10] = [
    [7, 5, 5, 5, 7],
    [2, 6, 2, 2, 7],
    [7, 1, 7, 4, 7],
    [7, 1, 3, 1, 7],
    [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7],
    [7, 4, 7, 5, 7],
    [7, 1, 1, 1, 1],
    [7, 5, 7, 5, 7],
    [7, 5, 7, 1, 7],
];

/// The place of a digit that is not typed yet.
const EMPTY: [u8; 5] = [0, 0, 0, 0, 7];

/// Points of a shape across, and down.
const POINTS: (u16, u16) = (3, 5);

/// The largest point, in columns: more is not read any better.
const MAX_POINT_COLUMNS: u16 = 5;

/// The lines of `length` digits in two groups, of which the first ones are `typed`, within so many
/// columns and rows; none where there is no room for large ones.
pub fn draw(
    typed: &str,
    length: usize,
    room: (u16, u16),
    theme: &Theme,
) -> Option<Vec<Line<'static>>> {
    let count = u16::try_from(length).ok().filter(|it| *it > 0)?;
    // A digit and the gap after it are four points wide, and so is the gap between the groups
    // with the one that the last digit has none after.
    let across = (room.0 / (count * (POINTS.0 + 1))).min(MAX_POINT_COLUMNS);
    // A cell is about twice as high as it is wide.
    let down = (room.1 / POINTS.1).min(across.div_ceil(2));
    if across == 0 || down == 0 {
        return None;
    }
    let digits: Vec<Option<usize>> = typed
        .chars()
        .map(|it| it.to_digit(10).and_then(|it| usize::try_from(it).ok()))
        .chain(std::iter::repeat(None))
        .take(length)
        .collect();
    let rows = (0..usize::from(POINTS.1)).map(|row| line(&digits, row, across, theme));
    Some(rows.flat_map(|row| std::iter::repeat_n(row, usize::from(down))).collect())
}

fn line(digits: &[Option<usize>], row: usize, across: u16, theme: &Theme) -> Line<'static> {
    let group = digits.len().div_ceil(2);
    let mut spans = Vec::new();
    for (place, digit) in digits.iter().enumerate() {
        let gap = match place {
            0 => 0,
            _ if place == group => 2 * across,
            _ => across,
        };
        spans.push(Span::raw(" ".repeat(usize::from(gap))));
        let shape = digit.and_then(|it| SHAPES.get(it)).unwrap_or(&EMPTY);
        let bits = shape.get(row).copied().unwrap_or(0);
        let text: String = (0..POINTS.0)
            .rev()
            .map(|bit| if bits >> bit & 1 == 1 { theme.symbols.bar[0] } else { " " })
            .map(|point| point.repeat(usize::from(across)))
            .collect();
        let style = if digit.is_some() { theme.strong } else { theme.muted };
        spans.push(Span::styled(text, style));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::ThemeName;
    use crate::tui::widgets::text::width_of;

    fn drawn(typed: &str, length: usize, room: (u16, u16)) -> Option<Vec<String>> {
        let lines = draw(typed, length, room, &Theme::of(ThemeName::Mono, true))?;
        let text = |line: &Line<'_>| {
            assert!(width_of(&line.spans) <= usize::from(room.0), "{room:?}");
            line.spans.iter().map(|it| it.content.as_ref()).collect::<String>()
        };
        Some(lines.iter().map(text).collect())
    }

    #[test]
    fn digits_grow_with_the_room_and_never_over_it() {
        let heights: Vec<_> = [(40, 5), (60, 5), (80, 10), (140, 20), (23, 9), (40, 4)]
            .map(|room| drawn("48", 6, room).map(|it| it.len()))
            .to_vec();
        assert_eq!(heights, [Some(5), Some(5), Some(10), Some(15), None, None]);
        assert!(drawn("4819020000", 10, (40, 5)).is_some(), "the longest code on the least screen");
        assert!(drawn("", 0, (40, 5)).is_none());
    }

    #[test]
    fn a_digit_has_its_shape_and_a_missing_one_a_line_below() {
        let lines = drawn("14", 4, (40, 5)).expect("room");
        let point = lines[4].trim().chars().next().expect("a line").to_string();
        let plain: Vec<_> =
            lines.iter().map(|it| it.replace(&point, "#").trim_end().to_owned()).collect();
        let two = |it: &str| it.split("  ").filter(|it| !it.is_empty()).count();
        assert!(plain.iter().all(|it| it.contains('#')), "{plain:#?}");
        assert!(two(&plain[4]) >= 2, "{plain:#?}");
    }
}
