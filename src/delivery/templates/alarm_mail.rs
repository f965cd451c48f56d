//! The fixed text of an email about alarms, which only staff read.

use minijinja::HtmlEscape;

use crate::delivery::templates::EmailText;
use crate::domain::message::{AlarmMail, MailedAlarm};
use crate::domain::text;

/// Where an alarm is seen to.
const LAST: &str = "Acknowledge with: countersign stats acknowledge NUMBER --reason \"…\", or on the \
                    dashboard (F8). What is acknowledged is not mailed.";

/// The lines of one alarm.
fn lines(alarm: &MailedAlarm) -> [String; 3] {
    let MailedAlarm { id, what, subject, found, since, log } = alarm;
    let clean = |it: &str| text::clean(it);
    [
        format!("{id}. {what}: {}", clean(subject)),
        format!("{}. Raised {}.", clean(found), clean(since)),
        clean(log),
    ]
}

/// Renders it; both parts have the same text.
pub(in crate::delivery) fn email(mail: &AlarmMail) -> EmailText {
    let office = text::clean(&mail.office);
    let count = mail.alarms.len() + mail.more;
    let what = if count == 1 { "1 alarm".to_owned() } else { format!("{count} alarms") };
    let first = format!("{office}: {what}, not acknowledged yet.");
    let more =
        (mail.more > 0).then(|| format!("And {} more: countersign stats --alarms", mail.more));
    let mut plain = vec![format!("{first}\n")];
    let mut html = vec![format!("<p dir=\"auto\">{}</p>\n", HtmlEscape(&first))];
    for alarm in &mail.alarms {
        let [what, found, log] = lines(alarm);
        plain.push(format!("\n{what}\n{found}\n{log}\n"));
        html.push(format!(
            "<p dir=\"auto\">{}<br>\n{}<br>\n<code>{}</code></p>\n",
            HtmlEscape(&what),
            HtmlEscape(&found),
            HtmlEscape(&log)
        ));
    }
    for line in more.as_deref().into_iter().chain([LAST]) {
        plain.push(format!("\n{line}\n"));
        html.push(format!("<p dir=\"auto\">{}</p>\n", HtmlEscape(line)));
    }
    let (plain, html) = (plain.concat(), html.concat());
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Alarms</title>\n\
         </head>\n<body>\n{html}</body>\n</html>\n"
    );
    EmailText { subject: format!("{office}: {what}"), plain, html }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::channel::Channel;
    use crate::domain::contact::Contact;
    use crate::domain::time::Timestamp;

    fn mail(alarms: Vec<MailedAlarm>, more: usize) -> AlarmMail {
        AlarmMail {
            to: Contact::parse(Channel::Email, "admin@office.example").expect("an address"),
            name: "alarms-1".into(),
            at: Timestamp::from_millis(1_763_820_000_000),
            office: "Riverside Billing".into(),
            alarms,
            more,
        }
    }

    fn alarm(subject: &str) -> MailedAlarm {
        MailedAlarm {
            id: 17,
            what: "Many wrong codes",
            subject: subject.into(),
            found: "20 of 40 (50 %) codes were wrong; of the others' 2 of 42 (4 %)".into(),
            since: "2026-11-30 10:42:07".into(),
            log: "countersign log --outcome wrong --clerk mallory".into(),
        }
    }

    #[test]
    fn it_says_what_since_when_how_many_and_how_to_look() {
        let email = email(&mail(vec![alarm("mallory")], 4));
        assert_eq!(email.subject, "Riverside Billing: 5 alarms");
        let said = "\
Riverside Billing: 5 alarms, not acknowledged yet.

17. Many wrong codes: mallory
20 of 40 (50 %) codes were wrong; of the others' 2 of 42 (4 %). Raised 2026-11-30 10:42:07.
countersign log --outcome wrong --clerk mallory

And 4 more: countersign stats --alarms

Acknowledge with: countersign stats acknowledge NUMBER --reason \"…\", or on the dashboard (F8). \
What is acknowledged is not mailed.
";
        assert_eq!(email.plain, said);
        let one = super::email(&mail(vec![alarm("mallory")], 0));
        assert_eq!(one.subject, "Riverside Billing: 1 alarm");
        assert!(!one.plain.contains("more"), "{}", one.plain);
    }

    #[test]
    fn security_25_a_subject_of_an_alarm_stays_one_line_of_text() {
        let email = email(&mail(vec![alarm("<b>x</b>\r\nBcc: v@evil.test")], 0));
        assert!(!email.plain.contains('\r') && !email.plain.contains("\nBcc"), "{}", email.plain);
        assert!(!email.html.contains("<b>"), "{}", email.html);
    }
}
