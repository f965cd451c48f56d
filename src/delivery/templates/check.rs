//! Checks all templates when they are loaded.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::config::settings::MessageSettings;
use crate::delivery::templates::addresses;
use crate::delivery::templates::sms::{self, Alphabet, Form};
use crate::delivery::templates::sources::{
    EMAIL, FRAME, LAYOUT, NOTICE_LAYOUT, SMS, Sources, is_notice,
};
use crate::delivery::templates::values::{NAMES, Values};
use crate::delivery::templates::{Templates, broken, environment, gsm7, words};
use crate::domain::{locale, text};

/// Minutes that the plural forms of languages may distinguish: one, two, few, many.
const TIMES: [u64; 5] = [1, 2, 3, 5, 10];
/// Values that an email may omit: it greets by name, or it does not.
const OPTIONAL_IN_EMAIL: [&str; 1] = ["customer"];
/// Values that a text message must contain, however short it is.
const NEEDED_IN_SMS: [&str; 3] = ["office", "reference", "code"];
/// Values that a text message should contain if there is room.
const WISHED_IN_SMS: [&str; 3] = ["counter", "purpose", "minutes"];
/// The template block that warns against giving the code away.
const WARNING: &str = "warning";
/// Names that templates define for each other, or that the template language has.
const OTHER_NAMES: [&str; 8] =
    ["lang", "dir", "start", "font", "loop", "range", "dict", "namespace"];

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Good,
    /// Usable, with a remark.
    Note,
    /// It cannot be used.
    Failed,
}

/// A result for the templates of a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The language; `None` if it concerns all.
    pub locale: Option<String>,
    /// `email`, `sms` or `folder`.
    pub part: &'static str,
    pub state: State,
    /// The finding in a sentence.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Compiles and checks all templates; returns the usable ones and all findings.
pub(super) fn assemble(settings: &MessageSettings) -> (Templates, Vec<Finding>) {
    let mut sources = Sources::fill(settings.folder.as_deref());
    let mut work = Work {
        templates: Templates {
            environment: environment(),
            office: settings.default_locale.clone(),
            email: BTreeSet::new(),
            sms: BTreeMap::new(),
            notice_email: BTreeSet::new(),
            notice_sms: BTreeMap::new(),
            bound_domain: settings.bound_domain.clone(),
        },
        findings: Vec::new(),
    };
    for (tag, text) in std::mem::take(&mut sources.problems) {
        work.say(tag.as_deref(), "folder", State::Failed, text);
    }
    work.compile(&sources);
    for tag in sources.tags() {
        work.email(&sources, &tag);
        work.sms(&sources, &tag);
        work.notice(&sources, &tag);
    }
    work.judge_default(&settings.default_locale);
    (work.templates, work.findings)
}

pub(super) struct Work {
    pub(super) templates: Templates,
    findings: Vec<Finding>,
}

impl Work {
    pub(super) fn say(
        &mut self,
        tag: Option<&str>,
        part: &'static str,
        state: State,
        text: String,
    ) {
        self.findings.push(Finding { locale: tag.map(str::to_owned), part, state, text });
    }

    fn compile(&mut self, sources: &Sources) {
        for (name, source) in &sources.texts {
            let added = self.templates.environment.add_template_owned(name.clone(), source.clone());
            if let Err(error) = added {
                let tag = name.split_once('/').map(|(tag, _)| tag);
                let part = match name.rsplit('/').next() {
                    Some(SMS) => "sms",
                    Some(part) if is_notice(part) || name == NOTICE_LAYOUT => "notice",
                    _ => "email",
                };
                self.say(tag, part, State::Failed, broken(name, &error));
            }
        }
    }

    /// Whether a template was compiled; if not, that was reported.
    pub(super) fn is_compiled(&self, name: &str) -> bool {
        self.templates.environment.get_template(name).is_ok()
    }

    fn email(&mut self, sources: &Sources, tag: &str) {
        let there: Vec<&str> = EMAIL.into_iter().filter(|part| sources.has(tag, part)).collect();
        if there.is_empty() {
            return;
        }
        let missing: Vec<&str> = EMAIL.into_iter().filter(|part| !there.contains(part)).collect();
        if !missing.is_empty() {
            let text = format!(
                "{tag}/{} is missing: an email is made of {}.",
                missing.join(" and "),
                EMAIL.join(", ")
            );
            return self.say(Some(tag), "email", State::Failed, text);
        }
        let names: Vec<String> = EMAIL.iter().map(|part| format!("{tag}/{part}")).collect();
        let all = names.iter().map(String::as_str).chain([LAYOUT, FRAME]);
        if !all.clone().all(|name| self.is_compiled(name)) {
            return;
        }
        let problems = self.email_problems(tag, all);
        if problems.is_empty() {
            self.templates.email.insert(tag.into());
            let text = "The text and the HTML say the same, and name every value.";
            self.say(Some(tag), "email", State::Good, text.into());
            self.note_of_warning(tag, "email", EMAIL[2]);
            return self.note_of_email(tag);
        }
        for text in problems {
            self.say(Some(tag), "email", State::Failed, text);
        }
    }

    fn email_problems<'a>(&self, tag: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
        let unknown: Vec<String> =
            names.flat_map(|name| self.unknown_names(name, &NAMES)).collect();
        if !unknown.is_empty() {
            return unknown;
        }
        let marked = Values::marked();
        let rendered = |values: &Values| -> Result<[String; 3], String> {
            let [subject, plain, html] = EMAIL.map(|part| {
                self.templates.render(tag, part, values).map_err(|error| error.to_string())
            });
            Ok([subject?, plain?, html?])
        };
        for minutes in TIMES {
            match rendered(&marked.lasting(minutes)) {
                Err(error) => return vec![error],
                Ok([_, plain, html]) => {
                    if let Some(text) = differ(tag, EMAIL, &plain, &html) {
                        return vec![text];
                    }
                }
            }
        }
        let [subject, plain, html] = match rendered(&marked) {
            Ok(parts) => parts,
            Err(error) => return vec![error],
        };
        let parts = EMAIL.into_iter().zip([&subject, &plain, &html]);
        let mut problems: Vec<String> =
            parts.filter_map(|(part, text)| self.foreign_address(tag, part, text)).collect();
        let html = words::of_html(&html);
        if subject.trim().is_empty() {
            problems.push(format!("{tag}/{} is empty.", EMAIL[0]));
        }
        for (part, text) in [(EMAIL[1], &plain), (EMAIL[2], &html)] {
            let needed = NAMES.into_iter().filter(|name| !OPTIONAL_IN_EMAIL.contains(name));
            for name in needed.filter(|name| !says(text, name)) {
                problems.push(format!("{tag}/{part} does not say {{{{ {name} }}}}."));
            }
        }
        problems
    }

    /// The finding on an address outside of the office's domain.
    pub(super) fn foreign_address(&self, tag: &str, part: &str, text: &str) -> Option<String> {
        let own = self.templates.bound_domain.as_deref();
        let address = addresses::foreign(text, own)?;
        Some(format!(
            "{tag}/{part} leads to {address}; a message may name addresses of \
             messages.bound_domain alone."
        ))
    }

    /// Unknown names in a template, including those in branches that are not taken.
    pub(super) fn unknown_names(&self, name: &str, names: &[&str]) -> Vec<String> {
        let Ok(template) = self.templates.environment.get_template(name) else {
            return Vec::new();
        };
        let mut unknown: Vec<String> = template
            .undeclared_variables(false)
            .into_iter()
            .filter(|known| !names.contains(&known.as_str()))
            .filter(|known| !OTHER_NAMES.contains(&known.as_str()))
            .collect();
        unknown.sort();
        let sentence = |unknown: String| {
            format!("{name} names {{{{ {unknown} }}}}; there are {}.", names.join(", "))
        };
        unknown.into_iter().map(sentence).collect()
    }

    fn sms(&mut self, sources: &Sources, tag: &str) {
        let name = format!("{tag}/{SMS}");
        if !sources.has(tag, SMS) || !self.is_compiled(&name) {
            return;
        }
        let unknown = self.unknown_names(&name, &NAMES);
        if !unknown.is_empty() {
            for text in unknown {
                self.say(Some(tag), "sms", State::Failed, text);
            }
            return;
        }
        match self.sms_form(tag) {
            Err(text) => self.say(Some(tag), "sms", State::Failed, text),
            Ok((form, text)) => {
                self.templates.sms.insert(tag.into(), form);
                self.say(Some(tag), "sms", State::Good, text);
                self.note_of_sms(tag, form);
                self.note_of_warning(tag, "sms", SMS);
            }
        }
    }

    /// The alphabet of a language's text message, from the length of its template without values.
    fn sms_form(&self, tag: &str) -> Result<(Form, String), String> {
        let render = |values: &Values| {
            self.templates.render(tag, SMS, values).map_err(|error| error.to_string())
        };
        let bare = Values::bare();
        let texts = TIMES.map(|minutes| render(&bare.lasting(minutes)));
        let texts = texts.into_iter().collect::<Result<Vec<String>, String>>()?;
        let alphabet = Alphabet::of(&texts.concat());
        let longest = texts.iter().map(|text| alphabet.length(text)).max().unwrap_or_default();
        let room = alphabet.places().saturating_sub(longest);
        if room < alphabet.least_room() {
            return Err(too_long(&format!("{tag}/{SMS}"), alphabet, longest, &texts.concat()));
        }
        let said = render(&Values::marked())?;
        let silent = NEEDED_IN_SMS.into_iter().find(|name| !says(&said, name));
        if let Some(name) = silent {
            return Err(format!("{tag}/{SMS} does not say {{{{ {name} }}}}."));
        }
        self.number_before_code(tag)?;
        self.foreign_address(tag, SMS, &said).map_or(Ok(()), Err)?;
        let line = self.templates.bound_domain.as_deref();
        let line = line.map(|domain| alphabet.length(&sms::binding(domain, &bare.code)));
        let bound = line.is_some_and(|line| room >= line + alphabet.least_room());
        let form = Form { alphabet, bound };
        let room = if bound { room - line.unwrap_or_default() } else { room };
        let text = format!(
            "One message in {}: {} of {} places at most, {room} left for names.",
            alphabet.name(),
            alphabet.places() - room,
            alphabet.places()
        );
        Ok((form, text))
    }

    /// Notes a missing warning against giving the code away. The template marks it with a block, so
    /// that this works in any language.
    fn note_of_warning(&mut self, tag: &str, part: &'static str, name: &str) {
        if self.templates.block(tag, name, WARNING).is_some_and(|it| !it.trim().is_empty()) {
            return;
        }
        let text = format!(
            "{tag}/{name} does not warn: put the words \"only at the counter, never by phone\" into \
             {{% block {WARNING} %}}…{{% endblock %}}."
        );
        self.say(Some(tag), part, State::Note, text);
    }

    fn note_of_sms(&mut self, tag: &str, form: Form) {
        if let (Some(domain), false) = (self.templates.bound_domain.clone(), form.bound) {
            let text = format!("There is no room for the line @{domain} #…: it is left out.");
            self.say(Some(tag), "sms", State::Note, text);
        }
        let Ok(said) = self.templates.render(tag, SMS, &Values::marked()) else {
            return;
        };
        let silent: Vec<&str> =
            WISHED_IN_SMS.into_iter().filter(|name| !says(&said, name)).collect();
        if !silent.is_empty() {
            let text = format!("It does not say {}; the email does.", silent.join(" and "));
            self.say(Some(tag), "sms", State::Note, text);
        }
    }

    /// Checks that the office's default language has templates.
    fn judge_default(&mut self, office: &str) {
        let chain = locale::chain([office]);
        let known = |tag: &String| {
            self.templates.email.contains(tag) || self.templates.sms.contains_key(tag)
        };
        if !chain.iter().any(known) {
            let there: Vec<&str> = self.templates.email.iter().map(String::as_str).collect();
            let text = format!(
                "messages.default_locale is {office}, and there are no templates in it; there are \
                 {}.",
                there.join(", ")
            );
            self.say(None, "folder", State::Failed, text);
        }
    }
}

/// Whether a message with marked values contains this value.
pub(super) fn says(text: &str, name: &str) -> bool {
    let marked = Values::marked().named();
    marked.iter().any(|(known, value)| *known == name && text.contains(&value.to_string()))
}

/// Notes on names of the office that lose letters in the GSM alphabet; each with its key.
pub(super) fn lost_letters(names: &[(&'static str, &str)]) -> Vec<Finding> {
    let lost = |char: &char| *char != '?' && gsm7::transliterate(&char.to_string()).contains('?');
    let note = |(key, name): &(&str, &str)| {
        let stranger = text::clean(name).chars().find(lost)?;
        let text = format!(
            "“{stranger}” of {key} is not in GSM-7: languages that keep to it have ? in its place."
        );
        Some(Finding { locale: None, part: "sms", state: State::Note, text })
    };
    names.iter().filter_map(note).collect()
}

/// Compares the plain text and HTML parts of an email; the sentence says where they differ.
pub(super) fn differ(tag: &str, parts: [&str; 3], plain: &str, html: &str) -> Option<String> {
    let (plain, html) = (words::letters(plain), words::letters(&words::of_html(html)));
    words::parting(&plain, &html).map(|(plain, html)| {
        format!(
            "{tag}/{} and {tag}/{} do not say the same: where the one goes on “{plain}”, the \
             other has “{html}”.",
            parts[1], parts[2]
        )
    })
}

pub(super) fn too_long(name: &str, alphabet: Alphabet, length: usize, text: &str) -> String {
    let most = alphabet.places() - alphabet.least_room();
    let why = match gsm7::stranger(text) {
        Some(stranger) => format!(
            " “{stranger}” is not in the alphabet of text messages: with it there are only {} places.",
            alphabet.places()
        ),
        None => String::new(),
    };
    format!(
        "{name} takes {length} places of {}; {most} at most leave room for the names of office, \
         counter and purpose.{why}",
        alphabet.places()
    )
}
