//! Reads template sources: the built-in ones, overridden and extended by those of the office's
//! folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::delivery::templates::shipped::{LANGUAGES, LAYOUTS};
use crate::domain::contact_notice::NoticeAbout;
use crate::domain::{locale, text};

/// The parts of an email; a language has all three or none.
pub(super) const EMAIL: [&str; 3] = ["email.subject.txt", "email.txt", "email.html"];
pub(super) const SMS: &str = "sms.txt";
/// The parts of a notice.
#[derive(Clone, Copy)]
pub(super) struct NoticeParts {
    pub(super) email: [&'static str; 3],
    pub(super) sms: &'static str,
}

impl NoticeParts {
    fn has(self, name: &str) -> bool {
        self.email.contains(&name) || self.sms == name
    }
}

/// The parts of a notice by their first word.
macro_rules! parts_of {
    ($word:literal) => {
        NoticeParts {
            email: [
                concat!($word, ".subject.txt"),
                concat!($word, ".txt"),
                concat!($word, ".html"),
            ],
            sms: concat!($word, ".sms.txt"),
        }
    };
}

/// The parts of a notice about this.
pub(super) const fn notice_parts(about: NoticeAbout) -> NoticeParts {
    match about {
        NoticeAbout::Contact => parts_of!("notice"),
        NoticeAbout::Factor => parts_of!("factor"),
        NoticeAbout::Addition => parts_of!("addition"),
        NoticeAbout::Verified => parts_of!("verified"),
        NoticeAbout::Represented => parts_of!("represented"),
        NoticeAbout::Lockout => parts_of!("lockout"),
    }
}

/// Whether a file is a part of a notice.
pub(super) fn is_notice(name: &str) -> bool {
    NoticeAbout::ALL.into_iter().any(|about| notice_parts(about).has(name))
}

/// The HTML layouts of all languages: of a code message, of a notice, and the frame around both.
pub(super) const LAYOUT: &str = "layout.html";
pub(super) const NOTICE_LAYOUT: &str = "notice.layout.html";
pub(super) const FRAME: &str = "frame.html";

/// Size limit of a template in bytes.
const TEMPLATE_MAX: u64 = 256 * 1024;

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
        let all = LAYOUTS.iter().chain(LANGUAGES.iter().copied().flatten());
        let texts = all.map(|(name, source)| ((*name).into(), (*source).into()));
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
            if EMAIL.contains(&&*name) || name == SMS || is_notice(&name) {
                self.own.insert(tag.into());
                self.add(Some(tag), format!("{tag}/{name}"), &path);
            } else {
                let of_notices = NoticeAbout::ALL.into_iter().flat_map(|about| {
                    let NoticeParts { email, sms } = notice_parts(about);
                    email.into_iter().chain([sms])
                });
                let all: Vec<&str> = EMAIL.into_iter().chain([SMS]).chain(of_notices).collect();
                let text =
                    format!("{} is no template: there are {}.", path.display(), all.join(", "));
                self.problem(Some(tag), text);
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
