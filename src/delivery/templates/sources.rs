//! Reads template sources: the built-in ones, overridden and extended by those of the office's
//! folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::domain::{locale, text};

/// The parts of an email; a language has all three or none.
pub(super) const EMAIL: [&str; 3] = ["email.subject.txt", "email.txt", "email.html"];
pub(super) const SMS: &str = "sms.txt";
/// The parts of the notice to a replaced contact: email and text message.
pub(super) const NOTICE: [&str; 3] = ["notice.subject.txt", "notice.txt", "notice.html"];
pub(super) const NOTICE_SMS: &str = "notice.sms.txt";
/// The HTML layouts of all languages: of a code message, of a notice, and the frame around both.
pub(super) const LAYOUT: &str = "layout.html";
pub(super) const NOTICE_LAYOUT: &str = "notice.layout.html";
pub(super) const FRAME: &str = "frame.html";

/// Size limit of a template in bytes.
const TEMPLATE_MAX: u64 = 256 * 1024;

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../assets/templates/", $name)))),*]
    };
}

/// The built-in templates.
const SHIPPED: &[(&str, &str)] = shipped![
    "frame.html",
    "layout.html",
    "notice.layout.html",
    "ar/email.html",
    "ar/email.subject.txt",
    "ar/email.txt",
    "ar/notice.html",
    "ar/notice.sms.txt",
    "ar/notice.subject.txt",
    "ar/notice.txt",
    "ar/sms.txt",
    "de/email.html",
    "de/email.subject.txt",
    "de/email.txt",
    "de/notice.html",
    "de/notice.sms.txt",
    "de/notice.subject.txt",
    "de/notice.txt",
    "de/sms.txt",
    "en/email.html",
    "en/email.subject.txt",
    "en/email.txt",
    "en/notice.html",
    "en/notice.sms.txt",
    "en/notice.subject.txt",
    "en/notice.txt",
    "en/sms.txt",
    "es/email.html",
    "es/email.subject.txt",
    "es/email.txt",
    "es/notice.html",
    "es/notice.sms.txt",
    "es/notice.subject.txt",
    "es/notice.txt",
    "es/sms.txt",
    "fr/email.html",
    "fr/email.subject.txt",
    "fr/email.txt",
    "fr/notice.html",
    "fr/notice.sms.txt",
    "fr/notice.subject.txt",
    "fr/notice.txt",
    "fr/sms.txt",
    "hi/email.html",
    "hi/email.subject.txt",
    "hi/email.txt",
    "hi/notice.html",
    "hi/notice.sms.txt",
    "hi/notice.subject.txt",
    "hi/notice.txt",
    "hi/sms.txt",
    "zh/email.html",
    "zh/email.subject.txt",
    "zh/email.txt",
    "zh/notice.html",
    "zh/notice.sms.txt",
    "zh/notice.subject.txt",
    "zh/notice.txt",
    "zh/sms.txt",
];

/// Template sources by name, such as `es/sms.txt`, and what is wrong with the folder.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) texts: BTreeMap<String, String>,
    /// Languages with a template in the folder.
    pub(super) own: BTreeSet<String>,
    /// Problems of the folder: the language, if it concerns one, and a sentence.
    pub(super) problems: Vec<(Option<String>, String)>,
}

impl Sources {
    /// Collects all sources; the folder's override the built-in ones.
    pub(super) fn fill(folder: Option<&Path>) -> Self {
        let texts = SHIPPED.iter().map(|(name, source)| ((*name).into(), (*source).into()));
        let mut sources = Self { texts: texts.collect(), ..Self::default() };
        if let Some(folder) = folder {
            sources.add_folder(folder);
        }
        sources
    }

    /// All languages.
    pub(super) fn tags(&self) -> BTreeSet<String> {
        self.texts.keys().filter_map(|name| name.split_once('/')).map(|(it, _)| it.into()).collect()
    }

    /// Whether a language has this part.
    pub(super) fn has(&self, tag: &str, part: &str) -> bool {
        self.texts.contains_key(&format!("{tag}/{part}"))
    }

    fn add_folder(&mut self, folder: &Path) {
        for (name, path, is_folder) in self.entries(folder, None) {
            if !is_folder {
                if [LAYOUT, NOTICE_LAYOUT, FRAME].contains(&name.as_str()) {
                    self.add(None, name, &path);
                }
                continue;
            }
            let tag = locale::canonical(&name);
            if !locale::is_tag(&tag) {
                self.problem(
                    None,
                    format!(
                        "{} is no language: name the folder as in es, es-MX or zh-Hans.",
                        path.display()
                    ),
                );
                continue;
            }
            self.add_language(&tag, &path);
        }
    }

    fn add_language(&mut self, tag: &str, folder: &Path) {
        for (name, path, _) in self.entries(folder, Some(tag)) {
            let known = EMAIL.iter().chain(&NOTICE).chain(&[SMS, NOTICE_SMS]);
            if known.copied().any(|known| known == name) {
                self.own.insert(tag.into());
                self.add(Some(tag), format!("{tag}/{name}"), &path);
            } else {
                self.problem(
                    Some(tag),
                    format!(
                        "{} is no template: there are {}, {SMS}, {} and {NOTICE_SMS}.",
                        path.display(),
                        EMAIL.join(", "),
                        NOTICE.join(", ")
                    ),
                );
            }
        }
    }

    fn add(&mut self, tag: Option<&str>, name: String, path: &Path) {
        match read(path) {
            Ok(source) => drop(self.texts.insert(name, source)),
            Err(why) => self.problem(tag, format!("{} {why}.", path.display())),
        }
    }

    /// The entries of a folder, sorted by name, without hidden files and editors' backups.
    fn entries(
        &mut self,
        folder: &Path,
        tag: Option<&str>,
    ) -> Vec<(String, std::path::PathBuf, bool)> {
        let listed = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let entries = listed.unwrap_or_else(|error| {
            self.problem(tag, format!("{} cannot be read: {error}.", folder.display()));
            Vec::new()
        });
        let named = entries.into_iter().filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let path = entry.path();
            let is_folder = path.is_dir();
            (!name.starts_with('.') && !name.ends_with('~')).then_some((name, path, is_folder))
        });
        let mut named: Vec<_> = named.collect();
        named.sort();
        named
    }

    fn problem(&mut self, tag: Option<&str>, text: String) {
        self.problems.push((tag.map(str::to_owned), text));
    }
}

fn read(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let metadata = fs::metadata(path).map_err(cannot)?;
    if !metadata.is_file() || metadata.len() > TEMPLATE_MAX {
        return Err(format!("is no file of at most {TEMPLATE_MAX} bytes"));
    }
    let source = fs::read_to_string(path).map_err(cannot)?;
    Ok(text::without_mark(&source).to_owned())
}
