//! The words in which contacts are told what was done: an email to an address, a text message to a
//! number. They hold no code, nothing of another contact and nothing of the account.

use chrono::Local;

use crate::delivery::error::DeliveryError;
use crate::delivery::templates::check::{self, State, Work};
use crate::delivery::templates::sms::{self, Alphabet, Form};
use crate::delivery::templates::sources::{
    FRAME, NOTICE_LAYOUT, NoticeParts, Sources, notice_parts,
};
use crate::delivery::templates::values::Values;
use crate::delivery::templates::{EmailText, LAST_RESORT, Sample, SmsText, Templates};
use crate::domain::contact::ContactKind;
use crate::domain::contact_notice::NoticeAbout;
use crate::domain::message::ContactNotice;
use crate::domain::text;

/// The `part` of findings about notices.
const PART: &str = "notice";
/// The names that a notice may use.
const fn names(about: NoticeAbout) -> &'static [&'static str] {
    match about {
        NoticeAbout::Contact | NoticeAbout::Factor | NoticeAbout::Addition => {
            &["office", "customer"]
        }
        NoticeAbout::Verified | NoticeAbout::Represented => {
            &["office", "customer", "purpose", "time", "reference"]
        }
        NoticeAbout::Lockout => &["office", "customer", "time", "reference"],
    }
}

fn values(notice: &ContactNotice, cleaned: impl Fn(&str) -> String) -> Values {
    let time = notice.at.to_utc().with_timezone(&Local);
    Values {
        office: cleaned(&notice.office),
        customer: cleaned(&notice.customer),
        purpose: notice.purpose.as_deref().map(&cleaned).unwrap_or_default(),
        reference: notice.reference.as_ref().map(|it| cleaned(it.as_str())).unwrap_or_default(),
        time: time.format("%Y-%m-%d %H:%M").to_string(),
        ..Values::bare()
    }
}

impl Templates {
    /// Renders a notice as it would be sent.
    pub fn notice_sample(&self, notice: &ContactNotice) -> Result<Sample, DeliveryError> {
        Ok(match notice.to.kind() {
            ContactKind::Email => {
                let EmailText { subject, plain, html } = self.notice_email(notice)?;
                Sample {
                    locale: self.notice_email_language(notice).to_owned(),
                    subject: Some(subject),
                    text: plain,
                    html: Some(html),
                    places: None,
                }
            }
            ContactKind::Phone => {
                let text = self.notice_sms(notice)?;
                Sample {
                    locale: self.notice_sms_language(notice)?.0.to_owned(),
                    subject: None,
                    places: Some(sms::places(&text)),
                    text,
                    html: None,
                }
            }
        })
    }

    pub(in crate::delivery) fn notice_email(
        &self,
        notice: &ContactNotice,
    ) -> Result<EmailText, DeliveryError> {
        let values = values(notice, text::clean);
        let tag = self.notice_email_language(notice);
        let parts = notice_parts(notice.about).email;
        let [subject, plain, html] = parts.map(|part| self.render(tag, part, &values));
        Ok(EmailText { subject: text::clean(&subject?), plain: plain?, html: html? })
    }

    pub(in crate::delivery) fn notice_sms(
        &self,
        notice: &ContactNotice,
    ) -> Result<String, DeliveryError> {
        Ok(self.notice_sms_text(notice)?.text)
    }

    /// The same with its language.
    pub(in crate::delivery) fn notice_sms_text(
        &self,
        notice: &ContactNotice,
    ) -> Result<SmsText, DeliveryError> {
        let (tag, form) = self.notice_sms_language(notice)?;
        let values = values(notice, |name| form.alphabet.bring(name));
        let part = notice_parts(notice.about).sms;
        let fitted = form.fit(&values, None, |values| self.render(tag, part, values))?;
        Ok(SmsText::of(fitted, tag))
    }

    fn notice_email_language(&self, notice: &ContactNotice) -> &str {
        self.languages(notice.locale.as_deref())
            .into_iter()
            .find_map(|tag| self.notice_email.get(&(notice.about, tag)))
            .map_or(LAST_RESORT, |(_, tag)| tag.as_str())
    }

    fn notice_sms_language(&self, notice: &ContactNotice) -> Result<(&str, Form), DeliveryError> {
        self.languages(notice.locale.as_deref())
            .into_iter()
            .find_map(|tag| self.notice_sms.get_key_value(&(notice.about, tag)))
            .map(|((_, tag), form)| (tag.as_str(), *form))
            .ok_or_else(|| DeliveryError::unusable("There is no template of a notice."))
    }
}

impl Work {
    /// Checks the notices of a language.
    pub(super) fn notice(&mut self, sources: &Sources, tag: &str) {
        for about in NoticeAbout::ALL {
            self.notice_about(about, sources, tag);
        }
    }

    fn notice_about(&mut self, about: NoticeAbout, sources: &Sources, tag: &str) {
        let NoticeParts { email, sms } = notice_parts(about);
        let there = email.iter().filter(|part| sources.has(tag, part)).count();
        if there > 0 && there < email.len() {
            let text = format!("{tag}: a notice by email is made of {}.", email.join(", "));
            self.say(Some(tag), PART, State::Failed, text);
        } else if there > 0 && self.are_compiled(tag, &email) {
            let faults = self.email_faults(tag, about);
            if faults.is_empty() {
                self.templates.notice_email.insert((about, tag.into()));
            }
            self.judge(tag, faults, "By email: the text and the HTML say the same.");
        }
        if sources.has(tag, sms) && self.are_compiled(tag, &[sms]) {
            let faults = match self.form(tag, about) {
                Ok(form) => {
                    self.templates.notice_sms.insert((about, tag.into()), form);
                    Vec::new()
                }
                Err(faults) => faults,
            };
            self.judge(tag, faults, "By text message: one message.");
        }
    }

    /// Whether these parts were compiled; if not, that was reported.
    fn are_compiled(&self, tag: &str, parts: &[&str]) -> bool {
        parts.iter().all(|part| self.is_compiled(&format!("{tag}/{part}")))
            && [NOTICE_LAYOUT, FRAME].into_iter().all(|name| self.is_compiled(name))
    }

    fn judge(&mut self, tag: &str, faults: Vec<String>, good: &str) {
        if faults.is_empty() {
            self.say(Some(tag), PART, State::Good, good.into());
        }
        for fault in faults {
            self.say(Some(tag), PART, State::Failed, fault);
        }
    }

    fn email_faults(&self, tag: &str, about: NoticeAbout) -> Vec<String> {
        let NoticeParts { email, .. } = notice_parts(about);
        let files = email.map(|part| format!("{tag}/{part}"));
        let all = files.iter().map(String::as_str).chain([NOTICE_LAYOUT, FRAME]);
        let unknown: Vec<String> =
            all.flat_map(|name| self.unknown_names(name, names(about))).collect();
        if !unknown.is_empty() {
            return unknown;
        }
        let marked = Values::marked();
        let bare = Values { reference: String::new(), ..marked.clone() };
        let ([subject, plain, html], without) =
            match (self.parts(tag, email, &marked), self.parts(tag, email, &bare)) {
                (Ok(parts), Ok(without)) => (parts, without),
                (Err(error), _) | (_, Err(error)) => return vec![error],
            };
        // Of what no code was sent for a notice has no reference.
        let differs = check::differ(tag, email, &plain, &html)
            .or_else(|| check::differ(tag, email, &without[1], &without[2]));
        let is_empty = subject.trim().is_empty().then(|| format!("{tag}/{} is empty.", email[0]));
        let is_silent = (!check::says(&plain, "office"))
            .then(|| format!("{tag}/{} does not say {{{{ office }}}}.", email[1]));
        let parts = email.into_iter().zip([&subject, &plain, &html]);
        let foreign = parts.filter_map(|(part, text)| self.foreign_address(tag, part, text));
        [differs, is_empty, is_silent].into_iter().flatten().chain(foreign).collect()
    }

    fn parts(&self, tag: &str, email: [&str; 3], values: &Values) -> Result<[String; 3], String> {
        let [subject, plain, html] = email.map(|part| {
            self.templates.render(tag, part, values).map_err(|error| error.to_string())
        });
        Ok([subject?, plain?, html?])
    }

    /// How the text message is written.
    fn form(&self, tag: &str, about: NoticeAbout) -> Result<Form, Vec<String>> {
        let part = notice_parts(about).sms;
        let name = format!("{tag}/{part}");
        let unknown = self.unknown_names(&name, names(about));
        if !unknown.is_empty() {
            return Err(unknown);
        }
        let render = |values: &Values| {
            let text = self.templates.render(tag, part, values);
            text.map_err(|error| vec![error.to_string()])
        };
        let text = render(&Values::bare())?;
        let alphabet = Alphabet::of(&text);
        let length = alphabet.length(&text);
        if length + alphabet.least_room() > alphabet.places() {
            return Err(vec![check::too_long(&name, alphabet, length, &text)]);
        }
        if !check::says(&render(&Values::marked())?, "office") {
            return Err(vec![format!("{name} does not say {{{{ office }}}}.")]);
        }
        if let Some(fault) = self.foreign_address(tag, part, &text) {
            return Err(vec![fault]);
        }
        Ok(Form { alphabet, bound: false })
    }
}
