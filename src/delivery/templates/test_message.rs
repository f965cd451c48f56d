//! The fixed text of test messages, which only staff read.

use minijinja::HtmlEscape;

use crate::delivery::error::DeliveryError;
use crate::delivery::templates::sms::{Alphabet, Form};
use crate::delivery::templates::values::Values;
use crate::delivery::templates::{EmailText, LAST_RESORT, SmsText, gsm7};
use crate::domain::message::TestMessage;
use crate::domain::text;

fn sentence(office: &str, counter: &str) -> String {
    format!(
        "Test message from {office}, counter {counter}: messages arrive. No code, nothing to do."
    )
}

/// Renders an email; both parts have the same text.
pub(in crate::delivery) fn email(test: &TestMessage) -> EmailText {
    let (office, counter) = (text::clean(&test.office), text::clean(&test.counter));
    let plain = sentence(&office, &counter);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Test message</title>\n\
         </head>\n<body>\n<p dir=\"auto\">{}</p>\n</body>\n</html>\n",
        HtmlEscape(&plain)
    );
    EmailText { subject: format!("{office}: test message"), plain: plain + "\n", html }
}

/// Renders a text message of one segment.
pub(in crate::delivery) fn sms(test: &TestMessage) -> Result<String, DeliveryError> {
    Ok(sms_text(test)?.text)
}

/// The same with its language.
pub(in crate::delivery) fn sms_text(test: &TestMessage) -> Result<SmsText, DeliveryError> {
    let form = Form { alphabet: Alphabet::Gsm7, bound: false };
    let values = Values {
        office: gsm7::transliterate(&text::clean(&test.office)),
        counter: gsm7::transliterate(&text::clean(&test.counter)),
        ..Values::bare()
    };
    let fitted = form.fit(&values, None, |values| Ok(sentence(&values.office, &values.counter)))?;
    Ok(SmsText::of(fitted, LAST_RESORT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::{Contact, EmailAddress};
    use crate::domain::time::Timestamp;

    fn test(office: &str, counter: &str) -> TestMessage {
        TestMessage {
            to: Contact::Email(EmailAddress::parse("dana@example.org").expect("an address")),
            name: "test-1".into(),
            at: Timestamp::from_millis(1_763_820_000_000),
            office: office.into(),
            counter: counter.into(),
        }
    }

    #[test]
    fn the_words_say_that_there_is_no_code() {
        let words = "Test message from Riverside Billing, counter 3: messages arrive. No code, \
                     nothing to do.";
        let message = test("Riverside Billing", "3");
        assert_eq!(sms(&message).as_deref(), Ok(words));
        let email = email(&message);
        assert_eq!(email.subject, "Riverside Billing: test message");
        assert_eq!(email.plain.trim_end(), words);
        assert!(email.html.contains(words), "{}", email.html);
    }

    #[test]
    fn security_21_a_test_message_is_one_segment_however_long_the_names_are() {
        for (office, counter) in [
            ("{{office}}€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€", "€€€€€€€€€€€€€€€€€€€€"),
            ("रिवरसाइड बिलिंग कार्यालय", "तीन"),
            (&*"Ä".repeat(400), &*"’".repeat(400)),
        ] {
            let words = sms(&test(office, counter)).expect("one message");
            assert_eq!(gsm7::segments(&words), 1, "{words}");
            assert!(gsm7::stranger(&words).is_none(), "{words}");
            assert!(words.ends_with("No code, nothing to do."), "{words}");
        }
    }

    #[test]
    fn security_25_a_name_in_a_test_message_stays_a_name() {
        let email = email(&test("<b>x</b>\r\nBcc: v@evil.test", "{{ code }}"));
        assert!(!email.subject.contains(['\r', '\n']) && !email.plain.contains('\r'));
        assert!(!email.html.contains("<b>") && email.html.contains("{{ code }}"), "{}", email.html);
    }
}
