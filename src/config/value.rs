//! The value types of keys: how each is read from the layers, and how its default is declared.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use config::ValueKind;
use strum::VariantNames;

use crate::config::identifier::{Identifier, TableName};
use crate::config::kind::KeyKind;
use crate::config::purposes;
use crate::config::settings::{
    EmailProvider, Environment, GatewayContent, GatewayMethod, LogLevel, MailAuth, ShippingTarget,
    SmsProvider, SmtpTls, StoreTls, ThemeName, WhatsappProvider,
};
use crate::domain::approval::GuardedAct;
use crate::domain::channel::Assurance;
use crate::domain::contact_verification::VerifiedContacts;
use crate::domain::message::Fact;
use crate::domain::phone::NumberType;
use crate::domain::purpose::Purpose;
use crate::domain::sign_in::policy::SignInMode;
use crate::domain::staff::Role;

/// A type that a key's value can have.
pub trait Value: Sized {
    /// The constant form of the default.
    type Default: Copy;
    fn of_default(default: Self::Default) -> Self;
    /// Converts a value that the key's kind has accepted.
    fn read(kind: KeyKind, value: &ValueKind) -> Option<Self>;
    /// Converts to the form in which layers hold it; `None` if there is no value.
    fn show(&self, kind: KeyKind) -> Option<ValueKind>;
    /// If the default is not a value: a description of what it is derived from.
    fn absent(_default: Self::Default) -> &'static str {
        ""
    }
}

/// The default of an optional key: a description of what it is derived from, or an empty text.
#[derive(Clone, Copy, Debug)]
pub struct Absent(pub(super) &'static str);

/// An optional key without a default.
pub(super) const UNSET: Absent = Absent("");

impl<T: Value> Value for Option<T> {
    type Default = Absent;

    fn of_default(_: Absent) -> Self {
        None
    }

    fn read(kind: KeyKind, value: &ValueKind) -> Option<Self> {
        T::read(kind, value).map(Some)
    }

    fn show(&self, kind: KeyKind) -> Option<ValueKind> {
        self.as_ref().and_then(|value| value.show(kind))
    }

    fn absent(Absent(words): Absent) -> &'static str {
        words
    }
}

/// An enum whose variants are words of the configuration.
pub trait Word: Copy + FromStr + Into<&'static str> + VariantNames + 'static {}

macro_rules! words {
    ($($word:ty),+ $(,)?) => {$(impl Word for $word {})+};
}

words!(
    Assurance,
    EmailProvider,
    Environment,
    Fact,
    GatewayContent,
    GatewayMethod,
    GuardedAct,
    LogLevel,
    MailAuth,
    NumberType,
    Role,
    ShippingTarget,
    SignInMode,
    SmsProvider,
    SmtpTls,
    StoreTls,
    ThemeName,
    VerifiedContacts,
    WhatsappProvider,
);

/// The kind "one of the words of `W`".
pub(super) const fn word<W: Word>() -> KeyKind {
    KeyKind::Word(W::VARIANTS)
}

/// The kind "a list of words of `W`".
pub(super) const fn words<W: Word>() -> KeyKind {
    KeyKind::Words(W::VARIANTS)
}

impl<W: Word> Value for W {
    type Default = W;

    fn of_default(default: W) -> Self {
        default
    }

    fn read(_: KeyKind, value: &ValueKind) -> Option<Self> {
        text(value)?.parse().ok()
    }

    fn show(&self, _: KeyKind) -> Option<ValueKind> {
        let word: &'static str = (*self).into();
        Some(word.into())
    }
}

impl<W: Word> Value for Vec<W> {
    type Default = &'static [W];

    fn of_default(default: &'static [W]) -> Self {
        default.to_vec()
    }

    fn read(kind: KeyKind, value: &ValueKind) -> Option<Self> {
        let ValueKind::Array(values) = value else { return None };
        values.iter().map(|value| W::read(kind, &value.kind)).collect()
    }

    fn show(&self, _: KeyKind) -> Option<ValueKind> {
        let words: Vec<&'static str> = self.iter().map(|word| (*word).into()).collect();
        Some(words.into())
    }
}

macro_rules! numbers {
    ($($number:ty),+) => {$(
        impl Value for $number {
            type Default = Self;

            fn of_default(default: Self) -> Self {
                default
            }

            fn read(_: KeyKind, value: &ValueKind) -> Option<Self> {
                let ValueKind::I64(number) = value else { return None };
                Self::try_from(*number).ok()
            }

            fn show(&self, _: KeyKind) -> Option<ValueKind> {
                Some(i64::from(*self).into())
            }
        }
    )+};
}

numbers!(u8, u16, u32);

impl Value for Duration {
    type Default = Self;

    fn of_default(default: Self) -> Self {
        default
    }

    fn read(kind: KeyKind, value: &ValueKind) -> Option<Self> {
        let (KeyKind::Time { unit, .. }, ValueKind::I64(number)) = (kind, value) else {
            return None;
        };
        u64::try_from(*number).ok().map(|number| unit.times(number))
    }

    fn show(&self, kind: KeyKind) -> Option<ValueKind> {
        let KeyKind::Time { unit, .. } = kind else { return None };
        i64::try_from(self.as_secs() / unit.times(1).as_secs()).ok().map(Into::into)
    }
}

impl Value for bool {
    type Default = Self;

    fn of_default(default: Self) -> Self {
        default
    }

    fn read(_: KeyKind, value: &ValueKind) -> Option<Self> {
        let ValueKind::Boolean(flag) = value else { return None };
        Some(*flag)
    }

    fn show(&self, _: KeyKind) -> Option<ValueKind> {
        Some((*self).into())
    }
}

impl Value for String {
    type Default = &'static str;

    fn of_default(default: &'static str) -> Self {
        default.to_owned()
    }

    fn read(_: KeyKind, value: &ValueKind) -> Option<Self> {
        text(value).map(str::to_owned)
    }

    fn show(&self, _: KeyKind) -> Option<ValueKind> {
        Some(self.as_str().into())
    }
}

impl Value for PathBuf {
    type Default = &'static str;

    fn of_default(default: &'static str) -> Self {
        Self::from(default)
    }

    fn read(_: KeyKind, value: &ValueKind) -> Option<Self> {
        text(value).map(Self::from)
    }

    fn show(&self, _: KeyKind) -> Option<ValueKind> {
        self.to_str().map(Into::into)
    }
}

impl Value for Vec<String> {
    type Default = &'static [&'static str];

    fn of_default(default: &'static [&'static str]) -> Self {
        default.iter().map(|text| (*text).to_owned()).collect()
    }

    fn read(_: KeyKind, value: &ValueKind) -> Option<Self> {
        let ValueKind::Array(values) = value else { return None };
        Some(values.iter().map(|value| value.kind.to_string()).collect())
    }

    fn show(&self, _: KeyKind) -> Option<ValueKind> {
        Some(self.clone().into())
    }
}

impl Value for Vec<Purpose> {
    type Default = &'static [&'static str];

    fn of_default(default: &'static [&'static str]) -> Self {
        default.iter().copied().map(Purpose::from).collect()
    }

    fn read(_: KeyKind, value: &ValueKind) -> Option<Self> {
        purposes::of_value(value)
    }

    fn show(&self, _: KeyKind) -> Option<ValueKind> {
        Some(purposes::value(self))
    }
}

/// The name of a schema, or of a required column.
impl Value for Identifier {
    type Default = &'static str;

    fn of_default(default: &'static str) -> Self {
        Self::of_program(default)
    }

    fn read(_: KeyKind, value: &ValueKind) -> Option<Self> {
        Self::parse(text(value)?)
    }

    fn show(&self, _: KeyKind) -> Option<ValueKind> {
        Some(self.as_str().into())
    }
}

/// The name of an optional column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column(pub Option<Identifier>);

impl Value for Column {
    type Default = &'static str;

    fn of_default(default: &'static str) -> Self {
        Self(Some(Identifier::of_program(default)))
    }

    fn read(_: KeyKind, value: &ValueKind) -> Option<Self> {
        text(value).map(|name| Self(Identifier::parse(name)))
    }

    fn show(&self, _: KeyKind) -> Option<ValueKind> {
        Some(self.0.as_ref().map_or("", Identifier::as_str).into())
    }
}

impl Value for TableName {
    // A table name has no default.
    type Default = std::convert::Infallible;

    fn of_default(default: Self::Default) -> Self {
        match default {}
    }

    fn read(_: KeyKind, value: &ValueKind) -> Option<Self> {
        Self::parse(text(value)?)
    }

    fn show(&self, _: KeyKind) -> Option<ValueKind> {
        Some(self.to_string().into())
    }
}

/// A secret. Layers only hold that it is set; its value is kept apart.
#[derive(Clone, Copy, Debug)]
pub struct Secret;

impl Value for Secret {
    type Default = std::convert::Infallible;

    fn of_default(default: Self::Default) -> Self {
        match default {}
    }

    fn read(_: KeyKind, _: &ValueKind) -> Option<Self> {
        Some(Self)
    }

    fn show(&self, _: KeyKind) -> Option<ValueKind> {
        Some(crate::config::kind::SET.into())
    }
}

fn text(value: &ValueKind) -> Option<&str> {
    match value {
        ValueKind::String(text) => Some(text),
        _ => None,
    }
}
