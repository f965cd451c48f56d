//! Typed configuration keys: path, allowed values, default and help text.

use std::fmt;

use config::ValueKind;
use serde::{Serialize, Serializer};

use crate::config::environment::PREFIX;
use crate::config::kind::KeyKind;
use crate::config::value::Value;

/// A section such as `[email]` or `[email.fallback]`. The root of the file is the section with an
/// empty name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Section(&'static str);

impl Section {
    /// The root of the file.
    pub(super) const ROOT: Self = Self("");

    pub(super) const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// The section's name; empty for the root.
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// The path of a key in this section.
    pub(super) const fn at(self, name: &'static str) -> KeyPath {
        KeyPath { section: self, name }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.0)
    }
}

/// The path of a key, such as `email.fallback.host`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyPath {
    section: Section,
    name: &'static str,
}

impl KeyPath {
    pub const fn section(self) -> Section {
        self.section
    }

    /// The key's name in its section.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Whether `path` is this path in text form.
    pub fn is_written(self, path: &str) -> bool {
        match (self.section.0, path.rsplit_once('.')) {
            ("", None) => self.name == path,
            (section, Some(parts)) => parts == (section, self.name),
            (_, None) => false,
        }
    }

    /// The environment variable that sets the key, such as `COUNTERSIGN__OTP__LENGTH`.
    pub fn variable(self) -> String {
        let name = self.to_string().to_ascii_uppercase().replace('.', "__");
        format!("{PREFIX}{name}")
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.section.0 {
            "" => f.write_str(self.name),
            section => write!(f, "{section}.{}", self.name),
        }
    }
}

impl Serialize for KeyPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A key whose value is a `T`.
pub struct ConfigKey<T: Value> {
    path: KeyPath,
    kind: KeyKind,
    default: T::Default,
    help: &'static str,
}

impl<T: Value> ConfigKey<T> {
    pub(super) const fn new(
        path: KeyPath,
        kind: KeyKind,
        default: T::Default,
        help: &'static str,
    ) -> Self {
        Self { path, kind, default, help }
    }

    pub const fn path(&self) -> KeyPath {
        self.path
    }

    /// The default value.
    pub fn default(&self) -> T {
        T::of_default(self.default)
    }

    /// The typed value of what the layers hold, else the default.
    pub(super) fn read(&self, value: Option<&ValueKind>) -> T {
        let read = value.and_then(|value| T::read(self.kind, value));
        read.unwrap_or_else(|| self.default())
    }

    /// Converts a typed value to the form in which layers hold it.
    pub(super) fn show(&self, value: &T) -> Option<ValueKind> {
        value.show(self.kind)
    }

    /// The untyped description of the key.
    pub(super) fn info(&self) -> KeyInfo {
        let fallback = match self.show(&self.default()) {
            Some(value) => Fallback::of(value),
            None => match T::absent(self.default) {
                "" => Fallback::Unset,
                words => Fallback::Derived(words),
            },
        };
        KeyInfo { path: self.path, kind: self.kind, fallback, help: self.help }
    }
}

impl<T: Value> ConfigKey<Option<T>> {
    /// Converts the value of an optional key to the form in which layers hold it.
    pub(super) fn show_some(&self, value: &T) -> Option<ValueKind> {
        value.show(self.kind)
    }
}

impl<T: Value> fmt::Display for ConfigKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

impl<T: Value> From<&ConfigKey<T>> for KeyPath {
    fn from(key: &ConfigKey<T>) -> Self {
        key.path
    }
}

/// The default of a key, untyped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fallback {
    Text(String),
    Number(i64),
    Flag(bool),
    Texts(Vec<String>),
    /// Derived from other keys or the machine; the text describes how.
    Derived(&'static str),
    /// No default.
    Unset,
}

impl Fallback {
    fn of(value: ValueKind) -> Self {
        match value {
            ValueKind::String(text) => Self::Text(text),
            ValueKind::I64(number) => Self::Number(number),
            ValueKind::Boolean(flag) => Self::Flag(flag),
            ValueKind::Array(values) => {
                Self::Texts(values.into_iter().map(|value| value.kind.to_string()).collect())
            }
            _ => Self::Unset,
        }
    }
}

/// The untyped description of a key.
#[derive(Clone, Debug)]
pub struct KeyInfo {
    pub path: KeyPath,
    /// The allowed values.
    pub kind: KeyKind,
    /// The default.
    pub fallback: Fallback,
    /// The help text, one line.
    pub help: &'static str,
}

/// Declares the keys of a section, one a line: name, type, kind (allowed values), default and help
/// text. A key that differs between sections with the same keys is declared in parentheses and
/// passed to `of`.
macro_rules! section {
    (
        $(#[$doc:meta])*
        $keys:ident $(($($given:ident: $given_type:ty),+))? {
            $($name:ident: $type:ty = $kind:expr, $default:expr, $help:expr;)+
        }
    ) => {
        $(#[$doc])*
        pub struct $keys {
            section: $crate::config::key::Section,
            $($(pub $given: $crate::config::key::ConfigKey<$given_type>,)+)?
            $(pub $name: $crate::config::key::ConfigKey<$type>,)+
        }

        impl $keys {
            /// The keys of a section with this name.
            const fn of(
                section: $crate::config::key::Section,
                $($($given: $crate::config::key::ConfigKey<$given_type>,)+)?
            ) -> Self {
                Self {
                    section,
                    $($($given,)+)?
                    $($name: $crate::config::key::ConfigKey::new(
                        section.at(stringify!($name)),
                        $kind,
                        $default,
                        $help,
                    ),)+
                }
            }

            pub const fn section(&self) -> $crate::config::key::Section {
                self.section
            }

            /// All keys, in the order in which they are shown.
            pub(super) fn infos(&self) -> Vec<$crate::config::key::KeyInfo> {
                vec![$($(self.$given.info(),)+)? $(self.$name.info(),)+]
            }
        }
    };
}
pub(super) use section;
