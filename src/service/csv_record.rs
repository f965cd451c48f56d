//! Records of CSV that people open in a spreadsheet.

use std::io;

/// A CSV record (RFC 4180) without its line end. A cell that a spreadsheet would evaluate as a
/// formula is prefixed with `'` (OWASP: CSV injection).
pub fn csv_record(cells: impl IntoIterator<Item: AsRef<str>>) -> io::Result<String> {
    let guarded = |cell: &str| {
        let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        if is_formula { format!("'{cell}") } else { cell.to_owned() }
    };
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    writer.write_record(cells.into_iter().map(|cell| guarded(cell.as_ref())))?;
    let written = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    let text = String::from_utf8_lossy(&written);
    Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_of_the_csv_is_a_formula() {
        let cells = ["=1+1", "+4***12", "-2", "@SUM(A1)", "a,\"b\"", "plain"].map(str::to_owned);
        let record = csv_record(&cells).expect("written");
        assert_eq!(record, "'=1+1,'+4***12,'-2,'@SUM(A1),\"a,\"\"b\"\"\",plain");
    }
}
