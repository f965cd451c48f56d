//! Header fields and the parts of a multipart message, as far as a delivery status notification
//! needs them. What cannot be read is passed over, never repaired.

/// The most header fields of one block that are looked at.
const FIELDS_MAX: usize = 200;

/// The most bytes of one field.
const FIELD_MAX: usize = 4_000;

/// A block of header fields, unfolded, in their order.
#[derive(Debug, Default)]
pub(super) struct Headers(Vec<(String, String)>);

impl Headers {
    /// Takes the block off the front of these lines, with the empty line that ends it.
    pub(super) fn take(lines: &mut &[&[u8]]) -> Self {
        let mut fields: Vec<(String, String)> = Vec::new();
        while let Some((line, rest)) = lines.split_first() {
            *lines = rest;
            if line.is_empty() {
                break;
            }
            let text = String::from_utf8_lossy(line);
            if text.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut()
                    && value.len() + text.len() <= FIELD_MAX
                {
                    value.push(' ');
                    value.push_str(text.trim());
                }
            } else if let Some((name, value)) = text.split_once(':')
                && fields.len() < FIELDS_MAX
                && value.len() <= FIELD_MAX
            {
                let name = name.trim().to_ascii_lowercase();
                fields.push((name, value.trim().to_owned()));
            }
        }
        Self(fields)
    }

    /// The value of the first field of this name, which is in lower case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn content_type(&self) -> ContentType<'_> {
        ContentType::read(self.get("content-type").unwrap_or_default())
    }
}

/// What a body is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ContentType<'a> {
    /// In lower case, such as `multipart/report`.
    pub(super) kind: String,
    parameters: Vec<(String, &'a str)>,
}

impl<'a> ContentType<'a> {
    fn read(value: &'a str) -> Self {
        let (kind, mut rest) = value.split_once(';').unwrap_or((value, ""));
        let mut parameters = Vec::new();
        while let Some((name, after)) = rest.split_once('=') {
            let after = after.trim_start();
            let (text, behind) = if let Some(quoted) = after.strip_prefix('"') {
                quoted.split_once('"').unwrap_or((quoted, ""))
            } else {
                let end = after.find([';', ' ', '\t']).unwrap_or(after.len());
                after.split_at(end)
            };
            let name = name.trim_matches([';', ' ', '\t']).to_ascii_lowercase();
            parameters.push((name, text));
            rest = behind;
        }
        Self { kind: kind.trim().to_ascii_lowercase(), parameters }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&'a str> {
        self.parameters.iter().find(|(it, _)| it == name).map(|(_, text)| *text)
    }
}

/// The lines of a message, without their ends.
pub(super) fn lines(mail: &[u8]) -> Vec<&[u8]> {
    let lines = mail.split(|byte| *byte == b'\n');
    lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect()
}

/// The parts of a body between the lines of its boundary.
pub(super) fn parts<'a, 'b>(body: &'a [&'b [u8]], boundary: &str) -> Vec<&'a [&'b [u8]]> {
    let mut parts = Vec::new();
    let mut began = None;
    for (at, line) in body.iter().enumerate() {
        let Some(end) = delimiter(line, boundary) else { continue };
        parts.extend(began.and_then(|began| body.get(began..at)));
        began = (!end).then_some(at + 1);
        if end || parts.len() >= PARTS_MAX {
            return parts;
        }
    }
    // The last part of a message that was cut off.
    parts.extend(began.and_then(|began| body.get(began..)));
    parts
}

/// A report has three parts.
const PARTS_MAX: usize = 20;

/// Whether a line is a boundary, and whether the last one.
fn delimiter(line: &[u8], boundary: &str) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary.as_bytes())?;
    match rest.trim_ascii_end() {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_unfolded_and_found_in_any_case() {
        let mail = b"Content-Type: multipart/report;\r\n\tBOUNDARY=\"a b\";\r\n  report-type=delivery-status\r\nno field\r\nTo: x\r\n\r\nbody";
        let all = lines(mail);
        let mut rest = all.as_slice();
        let headers = Headers::take(&mut rest);
        assert_eq!(rest, [b"body"]);
        assert_eq!(headers.get("to"), Some("x"));
        let kind = headers.content_type();
        assert_eq!(kind.kind, "multipart/report");
        assert_eq!(kind.parameter("boundary"), Some("a b"));
        assert_eq!(kind.parameter("report-type"), Some("delivery-status"));
        assert_eq!(kind.parameter("charset"), None);
    }

    #[test]
    fn parts_end_with_their_boundary_or_with_the_message() {
        let mail = b"before\n--x\none\n--xy\n--x  \ntwo\n--x--\nafter";
        let all = lines(mail);
        let found = parts(&all, "x");
        let expected: [&[&[u8]]; 2] = [&[b"one", b"--xy"], &[b"two"]];
        assert_eq!(found, expected);
        let all = lines(b"--x\none");
        assert_eq!(parts(&all, "x"), [&[&b"one"[..]]]);
        assert_eq!(parts(&all, "y").len(), 0);
    }
}
