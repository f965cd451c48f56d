//! The cells of one record.

/// The cells of a record (RFC 4180); none where a quoted cell does not end. A
/// quote inside a cell that does not begin with one is a character like others.
pub(super) fn split(record: &str, delimiter: u8) -> Option<Vec<String>> {
    let delimiter = char::from(delimiter);
    let mut cells = Vec::new();
    let mut rest = record;
    loop {
        let (mut cell, mut behind) = match rest.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => (String::new(), rest),
        };
        // What stands between a closing quote and the delimiter belongs to the cell.
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

/// The text up to the closing quote, and what follows it.
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
