//! Typed keys: where a key stands, what it may hold, what holds without it, and what it is for.

use std::fmt;

use config::ValueKind;
use serde::{Serialize, Serializer};

use crate::config::environment::PREFIX;
use crate::config::kind::Kind;
use crate::config::value::Value;

/// A section, `[email]`; one can be part of another, `[email.fallback]`. The file itself is
/// the section without a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Section(&'static str);

impl Section {
    /// The file itself.
    pub(super) const ROOT: Self = Self("");

    pub(super) const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// Its name; empty for the file itself.
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// The place of a key in it.
    pub(super) const fn at(self, name: &'static str) -> KeyPath {
        KeyPath { section: self, name }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.0)
    }
}

/// Where a key stands: `email.fallback.host`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyPath {
    section: Section,
    name: &'static str,
}

impl KeyPath {
    /// The section it is in.
    pub const fn section(self) -> Section {
        self.section
    }

    /// Its name there.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Whether this is how it is written.
    pub fn is_written(self, path: &str) -> bool {
        match (self.section.0, path.rsplit_once('.')) {
            ("", None) => self.name == path,
            (section, Some(parts)) => parts == (section, self.name),
            (_, None) => false,
        }
    }

    /// The environment variable that sets it: `COUNTERSIGN__OTP__LENGTH`.
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
pub struct Key<T: Value> {
    path: KeyPath,
    kind: Kind,
    default: T::Default,
    help: &'static str,
}

impl<T: Value> Key<T> {
    pub(super) const fn new(
        path: KeyPath,
        kind: Kind,
        default: T::Default,
        help: &'static str,
    ) -> Self {
        Self { path, kind, default, help }
    }

    /// Where it stands.
    pub const fn path(&self) -> KeyPath {
        self.path
    }

    /// What it holds when nobody says anything.
    pub fn default(&self) -> T {
        T::of_default(self.default)
    }

    /// Its value where the layers hold `value`.
    pub(super) fn read(&self, value: Option<&ValueKind>) -> T {
        let read = value.and_then(|value| T::read(self.kind, value));
        read.unwrap_or_else(|| self.default())
    }

    /// A value as the layers hold it.
    pub(super) fn show(&self, value: &T) -> Option<ValueKind> {
        value.show(self.kind)
    }

    /// What there is to know of it without its type.
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

impl<T: Value> Key<Option<T>> {
    /// A value as the layers hold it.
    pub(super) fn show_some(&self, value: &T) -> Option<ValueKind> {
        value.show(self.kind)
    }
}

impl<T: Value> fmt::Display for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

impl<T: Value> From<&Key<T>> for KeyPath {
    fn from(key: &Key<T>) -> Self {
        key.path
    }
}

/// What a key holds when nobody says anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// This text.
    Text(String),
    /// This number.
    Number(i64),
    /// This answer.
    Flag(bool),
    /// These texts.
    Texts(Vec<String>),
    /// Something worked out from the other keys or the machine; in words.
    Derived(&'static str),
    /// Nothing.
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

/// A key without the type of its value.
#[derive(Clone, Debug)]
pub struct KeyInfo {
    /// Where it stands.
    pub path: KeyPath,
    /// What it may hold.
    pub kind: Kind,
    /// What it holds when nobody says anything.
    pub fallback: Fallback,
    /// What it is for, in one line.
    pub help: &'static str,
}

/// Declares the keys of a section, one a line: its name, the type of its value, what it may
/// hold, what it holds when nobody says anything, and what it is for. A key that differs from
/// one section to another of the same keys is declared in parentheses, and given to `of`.
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
            $($(pub $given: $crate::config::key::Key<$given_type>,)+)?
            $(pub $name: $crate::config::key::Key<$type>,)+
        }

        impl $keys {
            /// The keys of a section of this name.
            const fn of(
                section: $crate::config::key::Section,
                $($($given: $crate::config::key::Key<$given_type>,)+)?
            ) -> Self {
                Self {
                    section,
                    $($($given,)+)?
                    $($name: $crate::config::key::Key::new(
                        section.at(stringify!($name)),
                        $kind,
                        $default,
                        $help,
                    ),)+
                }
            }

            /// The section they are in.
            pub const fn section(&self) -> $crate::config::key::Section {
                self.section
            }

            /// All of them, in the order in which they are shown.
            pub(super) fn infos(&self) -> Vec<$crate::config::key::KeyInfo> {
                vec![$($(self.$given.info(),)+)? $(self.$name.info(),)+]
            }
        }
    };
}
pub(super) use section;
