//! The cells of one record.

/// The cells of a record (RFC 4180); `None` where a quoted cell does not end. A quote
/// inside an unquoted cell is an ordinary character, except in `="004217"`, as spreadsheets
/// write a number that is a text.
pub(super) fn split(record: &str, delimiter: u8) -> Option<Vec<String>> {
    let delimiter = char::from(delimiter);
    let mut cells = Vec::new();
    let mut rest = record;
    loop {
        let (mut cell, mut behind) = match (rest.strip_prefix('"'), rest.strip_prefix("=\"")) {
            (Some(quoted), _) => unquote(quoted)?,
            (None, Some(quoted)) => formula(quoted, delimiter).unwrap_or((String::new(), rest)),
            (None, None) => (String::new(), rest),
        };
        // Text between a closing quote and the delimiter belongs to the cell.
        let end = behind.find(delimiter).unwrap_or(behind.len());
        cell.push_str(&behind[..end]);
        behind = &behind[end..];
        cells.push(cell);
        match behind.strip_prefix(delimiter) {
            Some(next) => rest = next,
            None => return Some(cells),
        }
    }
}

/// The text of a cell, without what a spreadsheet put around it to mark it as a text.
pub(super) fn value(cell: &str) -> &str {
    let cell = cell.trim();
    if let Some(quoted) = cell.strip_prefix("=\"").and_then(|it| it.strip_suffix('"')) {
        return quoted;
    }
    match cell.strip_prefix('\'') {
        Some(text) if text.starts_with(|it: char| it.is_ascii_digit() || "+-=@".contains(it)) => {
            text
        }
        _ => cell,
    }
}

/// A formula that is only a quoted text, which may contain the delimiter.
fn formula(quoted: &str, delimiter: char) -> Option<(String, &str)> {
    let (cell, behind) = unquote(quoted)?;
    (behind.is_empty() || behind.starts_with(delimiter)).then_some((cell, behind))
}

/// The text up to the closing quote, and the rest.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut cell = String::new();
    let mut rest = quoted;
    loop {
        let (inside, behind) = rest.split_once('"')?;
        cell.push_str(inside);
        match behind.strip_prefix('"') {
            Some(next) => {
                cell.push('"');
                rest = next;
            }
            None => return Some((cell, behind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_that_hold_a_text_are_that_text() {
        let cells = split("=\"004217\",\"=\"\"0042\"\"\",=\"a,b\",=\"a\"b,'007,'t Hooft", b',');
        let cells = cells.expect("cells");
        let values: Vec<&str> = cells.iter().map(|it| value(it)).collect();
        assert_eq!(values, ["004217", "0042", "a,b", "=\"a\"b", "007", "'t Hooft"]);
    }
}
