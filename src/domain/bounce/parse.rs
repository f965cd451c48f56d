//! Reading a delivery status notification.
//!
//! ```text
//! multipart/report; report-type=delivery-status
//!   text/plain               for people: not read
//!   message/delivery-status  fields of the message, an empty line, fields of each recipient
//!   message/rfc822           what came back, or text/rfc822-headers
//! ```

use crate::domain::bounce::BounceStatus;
use crate::domain::bounce::headers::{Headers, lines, parts};

/// The most bytes of a message that are read.
pub const BOUNCE_MAX: usize = 1 << 20;

/// The most Message-IDs of one notification that are looked at.
pub const IDS_MAX: usize = 16;

/// The longest Message-ID.
const ID_MAX: usize = 250;

/// A message that came back for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// The Message-IDs that it names, without angle brackets; what came back first.
    pub message_ids: Vec<String>,
    pub status: BounceStatus,
}

/// Why a message is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoBounce {
    /// It is another kind of mail.
    #[error("The message is no delivery status notification")]
    OtherMail,
    /// The message it is about is on its way, or arrived.
    #[error("The notification tells of no delivery that failed for good")]
    NotFailed,
    /// It does not say which message it is about.
    #[error("The notification names no message")]
    Nameless,
}

impl Bounce {
    /// Reads a message as it came from a mail server; what is beyond [`BOUNCE_MAX`] is not read.
    pub fn parse(mail: &[u8]) -> Result<Self, NoBounce> {
        let mail = mail.get(..BOUNCE_MAX).unwrap_or(mail);
        let all = lines(mail);
        let mut body = all.as_slice();
        // A mailbox's own first line.
        if body.first().is_some_and(|line| line.starts_with(b"From ")) {
            body = body.get(1..).unwrap_or_default();
        }
        let head = Headers::take(&mut body);
        let kind = head.content_type();
        let is_report = kind.kind == "multipart/report"
            && kind
                .parameter("report-type")
                .is_none_or(|it| it.eq_ignore_ascii_case("delivery-status"));
        let boundary = kind.parameter("boundary").filter(|it| is_report && !it.is_empty());
        let boundary = boundary.ok_or(NoBounce::OtherMail)?;
        let mut report = ReportParts::default();
        for part in parts(body, boundary) {
            report.part(part);
        }
        if !report.is_report {
            return Err(NoBounce::OtherMail);
        }
        let status = report.status.ok_or(NoBounce::NotFailed)?;
        let mut message_ids = report.returned;
        message_ids.extend(report.original);
        for name in ["in-reply-to", "references"] {
            message_ids.extend(ids(head.get(name).unwrap_or_default()));
        }
        message_ids.truncate(IDS_MAX);
        if message_ids.is_empty() {
            return Err(NoBounce::Nameless);
        }
        Ok(Self { message_ids, status })
    }
}

/// What the parts say.
#[derive(Default)]
struct ReportParts {
    /// Whether there is a part with the fields of a notification.
    is_report: bool,
    /// The first recipient's for whom it failed for good.
    status: Option<BounceStatus>,
    /// The Message-ID of what came back.
    returned: Vec<String>,
    /// The one that the fields name.
    original: Vec<String>,
}

impl ReportParts {
    fn part(&mut self, part: &[&[u8]]) {
        let mut body = part;
        let head = Headers::take(&mut body);
        match head.content_type().kind.as_str() {
            "message/delivery-status" | "message/global-delivery-status" => {
                self.is_report = true;
                self.fields(body);
            }
            "message/rfc822"
            | "text/rfc822-headers"
            | "message/rfc822-headers"
            | "message/global"
            | "message/global-headers" => {
                let returned = Headers::take(&mut body);
                self.returned.extend(ids(returned.get("message-id").unwrap_or_default()));
            }
            _ => {}
        }
    }

    fn fields(&mut self, mut body: &[&[u8]]) {
        while !body.is_empty() {
            let fields = Headers::take(&mut body);
            self.original.extend(ids(fields.get("x-original-message-id").unwrap_or_default()));
            let action = fields.get("action").unwrap_or_default();
            let action = action.split([' ', '(', ';']).next().unwrap_or_default();
            if !action.eq_ignore_ascii_case("failed") || self.status.is_some() {
                continue;
            }
            let status = fields.get("status").and_then(BounceStatus::read);
            self.status = status.map(|it| exact(it, fields.get("diagnostic-code")));
        }
    }
}

/// The status that the other server gave, where the own one says only that it failed.
fn exact(status: BounceStatus, diagnostic: Option<&str>) -> BounceStatus {
    if status != (BounceStatus { subject: 0, detail: 0 }) {
        return status;
    }
    let mut words = diagnostic.unwrap_or_default().split(|char: char| {
        char.is_whitespace() || matches!(char, '-' | '#' | '(' | ')' | ':' | '<' | '>')
    });
    words.find_map(BounceStatus::read).unwrap_or(status)
}

/// The ids between angle brackets.
fn ids(value: &str) -> impl Iterator<Item = String> {
    let found = value.split('<').skip(1).filter_map(|it| it.split_once('>'));
    let found = found.map(|(id, _)| id.trim()).filter(|id| !id.is_empty() && id.len() <= ID_MAX);
    found.take(IDS_MAX).map(str::to_owned)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
