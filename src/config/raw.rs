//! A value as written, before validation.

use toml::de::DeValue;

use crate::config::kind::KeyKind;
use crate::domain::text::clean;

#[derive(Clone, PartialEq)]
pub(super) enum Raw {
    Text(String),
    Number(i64),
    Flag(bool),
    List(Vec<Raw>),
    Table(Vec<(String, Raw)>),
    /// Anything that no key accepts: a float, a date, an integer out of range.
    Other,
}

impl Raw {
    /// Converts a value of a TOML document.
    pub(super) fn of_toml(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.clone().into_owned()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Self::Other, Self::Number),
            DeValue::Boolean(flag) => Self::Flag(*flag),
            DeValue::Array(values) => {
                Self::List(values.iter().map(|value| Self::of_toml(value.get_ref())).collect())
            }
            DeValue::Table(table) => {
                let entries = table.iter();
                let entries = entries.map(|(name, value)| {
                    (name.get_ref().to_string(), Self::of_toml(value.get_ref()))
                });
                Self::Table(entries.collect())
            }
            _ => Self::Other,
        }
    }

    /// Converts an environment variable; its type follows from the key's kind.
    pub(super) fn of_variable(text: &str, kind: KeyKind) -> Self {
        let as_text = || Self::Text(text.to_owned());
        match kind {
            KeyKind::Number { .. } | KeyKind::Time { .. } => {
                text.trim().parse().map_or_else(|_| as_text(), Self::Number)
            }
            KeyKind::Flag => text.trim().parse().map_or_else(|_| as_text(), Self::Flag),
            KeyKind::Purposes => {
                let document = format!("value = {text}");
                let (table, errors) = toml::de::DeTable::parse_recoverable(&document);
                match table.get_ref().get("value") {
                    Some(value) if errors.is_empty() => Self::of_toml(value.get_ref()),
                    _ => as_text(),
                }
            }
            KeyKind::Texts { .. }
            | KeyKind::Words(_)
            | KeyKind::Countries
            | KeyKind::Addresses { .. }
                if text.trim().is_empty() =>
            {
                Self::List(Vec::new())
            }
            KeyKind::Texts { .. }
            | KeyKind::Words(_)
            | KeyKind::Countries
            | KeyKind::Addresses { .. } => {
                Self::List(text.split(',').map(|part| Self::Text(part.trim().to_owned())).collect())
            }
            _ => as_text(),
        }
    }

    /// The elements of a list that contains texts only.
    pub(super) fn texts(&self) -> Option<Vec<&str>> {
        let Self::List(values) = self else { return None };
        values
            .iter()
            .map(|value| match value {
                Self::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// The value for a message, unless it is too long.
    pub(super) fn shown(&self) -> Option<String> {
        let shown = match self {
            Self::Text(text) => format!("\"{}\"", clean(text)),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::List(values) => {
                let shown: Option<Vec<_>> = values.iter().map(Self::shown).collect();
                format!("[{}]", shown?.join(", "))
            }
            Self::Table(_) | Self::Other => return None,
        };
        (shown.chars().count() <= 80).then_some(shown)
    }
}
