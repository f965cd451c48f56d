//! Names of tables and columns. A statement cannot take an identifier as a parameter, so a name
//! from the configuration is validated here, kept in a type that can hold no other, and quoted by
//! the store.

use std::fmt;

/// Length limit in characters: PostgreSQL's, the smallest of the three databases.
const LENGTH_MAX: usize = 63;

/// The name of a table, column or schema: a letter or `_`, then letters, digits and `_`, 63
/// characters at most. It cannot contain a quote.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identifier(String);

impl Identifier {
    /// Parses a name; `None` if it is not valid.
    pub fn parse(text: &str) -> Option<Self> {
        let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
        let fits = text.len() <= LENGTH_MAX
            && text.bytes().next().is_some_and(letter)
            && text.bytes().all(|byte| letter(byte) || byte.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    }

    /// A name that the program itself defines, as the default of a key.
    pub(super) fn of_program(name: &'static str) -> Self {
        debug_assert!(Self::parse(name).is_some(), "{name}");
        Self(name.to_owned())
    }

    /// The name, unquoted.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a table, optionally qualified by its schema or database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableName {
    /// PostgreSQL's schema or MySQL's database; `None` means that of the connection.
    pub schema: Option<Identifier>,
    pub name: Identifier,
}

impl TableName {
    /// Parses `table` or `schema.table`.
    pub fn parse(text: &str) -> Option<Self> {
        let Some((schema, name)) = text.split_once('.') else {
            return Some(Self { schema: None, name: Identifier::parse(text)? });
        };
        Some(Self { schema: Some(Identifier::parse(schema)?), name: Identifier::parse(name)? })
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => self.name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_nothing_that_could_end_a_quotation() {
        for good in ["core_customer", "_x", "Kunden2", &"a".repeat(63)] {
            assert_eq!(Identifier::parse(good).as_ref().map(Identifier::as_str), Some(good));
        }
        for bad in ["", "2x", "a b", "a\"b", "a`b", "a;b", "a.b", "a-b", "größe", "a\0"] {
            assert_eq!(Identifier::parse(bad), None, "{bad:?}");
        }
        assert_eq!(Identifier::parse(&"a".repeat(64)), None);
    }

    #[test]
    fn a_table_is_named_in_one_or_two_parts() {
        for good in ["core_customer", "billing.core_customer"] {
            assert_eq!(TableName::parse(good).map(|it| it.to_string()).as_deref(), Some(good));
        }
        for bad in ["", ".", "a.", ".a", "a.b.c", "a.\"b\"", "a b", "a;drop"] {
            assert_eq!(TableName::parse(bad), None, "{bad:?}");
        }
    }
}
