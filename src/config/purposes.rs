//! `[[purpose]]`: what a verification can be for, each with what it takes.

use std::str::FromStr;
use std::time::Duration;

use config::{Map, Value, ValueKind};
use strum::VariantNames;

use crate::config::kind::short_text;
use crate::config::raw::Raw;
use crate::domain::level::Level;
use crate::domain::purpose::keys::{
    ALL, DOCUMENT, LEVEL, NAME, REPRESENTATIVE, SECOND_PERSON, SESSION, SHARED, TELL,
};
use crate::domain::purpose::{Attested, Purpose, PurposeEntry, SharedContact};
use crate::domain::text::clean;

/// The longest name, in characters: a message has room for it.
const NAME_MAX: usize = 40;

/// Reads the tables, or says what is wrong with them.
pub(super) fn parse(raw: &Raw) -> Result<Vec<Purpose>, String> {
    let Raw::List(tables) = raw else {
        return Err("write [[purpose]] above the keys of each purpose".into());
    };
    let mut purposes: Vec<Purpose> = Vec::new();
    for table in tables {
        let Raw::Table(entries) = table else {
            return Err("each purpose is a table with a name".into());
        };
        let purpose = one(entries)?;
        if purposes.iter().any(|it| it.name.eq_ignore_ascii_case(&purpose.name)) {
            return Err(format!("there are two purposes \"{}\"", purpose.name));
        }
        purposes.push(purpose);
    }
    if purposes.is_empty() { Err("there has to be one at least".into()) } else { Ok(purposes) }
}

fn one(entries: &[(String, Raw)]) -> Result<Purpose, String> {
    let get = |key: &str| entries.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    if let Some((name, _)) = entries.iter().find(|(name, _)| !ALL.contains(&name.as_str())) {
        let name = clean(name);
        return Err(format!("there is no key {name}; a purpose has {}", ALL.join(", ")));
    }
    let name = match get(NAME) {
        Some(Raw::Text(text)) => short_text(text, NAME_MAX),
        _ => None,
    };
    let name = name.ok_or_else(|| format!("name is a text of 1 to {NAME_MAX} characters"))?;
    let refused = |key: &str, allowed: &str| {
        format!("{key} of \"{name}\" is not allowed; allowed: {allowed}")
    };
    let levels = Level::ALL.map(Level::word).join(", ");
    let level = word(get(LEVEL), Level::Contact).ok_or_else(|| refused(LEVEL, &levels))?;
    let session = match get(SESSION) {
        None => None,
        Some(Raw::Number(minutes @ 1..=480)) => Some(Duration::from_mins(minutes.unsigned_abs())),
        Some(_) => return Err(refused(SESSION, "a whole number from 1 to 480")),
    };
    let flag = |key| match get(key) {
        None => Ok(false),
        Some(Raw::Flag(flag)) => Ok(*flag),
        Some(_) => Err(refused(key, "true, false")),
    };
    let of_document = match level {
        Level::Document => Attested::Alone,
        _ => Attested::Refuse,
    };
    let shared = SharedContact::VARIANTS.join(", ");
    let attested = Attested::VARIANTS.join(", ");
    let purpose = Purpose {
        level,
        session,
        shared_contact: word(get(SHARED), SharedContact::Allow)
            .ok_or_else(|| refused(SHARED, &shared))?,
        document: word(get(DOCUMENT), of_document).ok_or_else(|| refused(DOCUMENT, &attested))?,
        second_person: word(get(SECOND_PERSON), Attested::Refuse)
            .filter(|it| *it != Attested::Second)
            .ok_or_else(|| refused(SECOND_PERSON, "refuse, alone"))?,
        representative: flag(REPRESENTATIVE)?,
        tell: flag(TELL)?,
        ..Purpose::from(name.as_str())
    };
    if level == Level::Document && purpose.document == Attested::Refuse {
        return Err(refused(DOCUMENT, "alone, second, where the level is a document"));
    }
    Ok(purpose)
}

/// A word of the configuration; none where it is not one.
fn word<W: FromStr>(raw: Option<&Raw>, default: W) -> Option<W> {
    match raw {
        None => Some(default),
        Some(Raw::Text(text)) => text.parse().ok(),
        Some(_) => None,
    }
}

/// The form in which layers hold purposes.
pub(super) fn value(purposes: &[Purpose]) -> ValueKind {
    let table = |it: &Purpose| {
        let of_entry = |(key, entry): (&str, PurposeEntry)| {
            let value: ValueKind = match entry {
                PurposeEntry::Text(text) => text.into(),
                PurposeEntry::Number(number) => number.into(),
                PurposeEntry::Flag(flag) => flag.into(),
            };
            (key.to_owned(), Value::new(None, value))
        };
        let table: Map<String, Value> = it.entries().into_iter().map(of_entry).collect();
        Value::new(None, ValueKind::Table(table))
    };
    ValueKind::Array(purposes.iter().map(table).collect())
}

/// Reads what [`value`] makes.
pub(super) fn of_value(value: &ValueKind) -> Option<Vec<Purpose>> {
    parse(&raw(value)?).ok()
}

fn raw(value: &ValueKind) -> Option<Raw> {
    Some(match value {
        ValueKind::String(text) => Raw::Text(text.clone()),
        ValueKind::I64(number) => Raw::Number(*number),
        ValueKind::Boolean(flag) => Raw::Flag(*flag),
        ValueKind::Array(values) => {
            Raw::List(values.iter().map(|it| raw(&it.kind)).collect::<Option<_>>()?)
        }
        ValueKind::Table(table) => {
            let entry = |(name, value): (&String, &Value)| Some((name.clone(), raw(&value.kind)?));
            Raw::Table(table.iter().map(entry).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}
