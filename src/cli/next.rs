//! Suggests the command to type next, ready to paste into a POSIX shell: with the global options of
//! this run, and quoted, since names and purposes come from outside.

use std::path::Path;

use crate::domain::text;

/// The commands that sentences name.
const NAMED: [&str; 9] = [
    "audit ",
    "customers ",
    "deliver ",
    "doctor",
    "keys ",
    "migrate",
    "staff ",
    "stats ",
    "config ",
];

/// Builds suggested commands with the global options of this run.
#[derive(Debug, Default)]
pub struct Next {
    options: Vec<String>,
}

impl Next {
    /// Keeps the options that every suggested command must repeat.
    pub fn new(config: Option<&Path>, demo: bool) -> Self {
        let mut options = Vec::new();
        if demo {
            options.push("--demo".to_owned());
        }
        if let Some(file) = config {
            options.extend(["--config".to_owned(), text::shell_word(&file.to_string_lossy())]);
        }
        Self { options }
    }

    /// The same text with the options in each command that it names: `countersign migrate`.
    pub fn repeated(&self, text: &str) -> String {
        if self.options.is_empty() {
            return text.to_owned();
        }
        let options = self.options.join(" ");
        NAMED.iter().fold(text.to_owned(), |text, command| {
            text.replace(
                &format!("countersign {command}"),
                &format!("countersign {options} {command}"),
            )
        })
    }

    /// The command line of these words, quoted.
    pub fn command(&self, words: &[&str]) -> String {
        let words = words.iter().map(|word| text::shell_word(word));
        let all = std::iter::once("countersign".to_owned()).chain(self.options.iter().cloned());
        all.chain(words).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_that_led_here_are_repeated() {
        let plain = Next::new(None, false).command(&["verify", "7K3M9QX2TB"]);
        assert_eq!(plain, "countersign verify 7K3M9QX2TB");
        let sentence = "An admin makes it so with: countersign migrate";
        let with_file = Next::new(Some(Path::new("o.toml")), false).repeated(sentence);
        assert_eq!(with_file, "An admin makes it so with: countersign --config o.toml migrate");
        assert_eq!(Next::default().repeated(sentence), sentence);
        let demo = Next::new(None, true).command(&["verify", "7K3M9QX2TB"]);
        assert_eq!(demo, "countersign --demo verify 7K3M9QX2TB");
        let file = Next::new(Some(Path::new("my office.toml")), false).command(&["migrate"]);
        assert_eq!(file, "countersign --config 'my office.toml' migrate");
    }

    #[test]
    fn no_name_becomes_a_command_of_the_shell() {
        let hostile = Next::default().command(&["request", "$(rm x); it's", "=1+1", ""]);
        assert_eq!(hostile, r"countersign request '$(rm x); it'\''s' '=1+1' ''");
    }
}
