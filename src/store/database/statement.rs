//! Statement texts, fixed at compile time.
//!
//! One source gives one text for each database; where their SQL differs it names a
//! fragment ([`crate::store::database::fragment`]). Nothing that a person typed becomes
//! part of a text: it is always an argument. Each module lists its statements, so that a
//! test can read the query plan of every one.

use crate::store::database::placeholder::Unnumbered;

/// One statement, in the SQL of each database.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Sql {
    pub(in crate::store) sqlite: &'static str,
    pub(in crate::store) postgres: &'static str,
    pub(in crate::store) mysql: Unnumbered,
    /// How many arguments it takes.
    pub(in crate::store) arguments: usize,
}

/// A statement made of literals, fragments and the columns of row types.
macro_rules! sql {
    ($($part:tt)+) => {
        $crate::store::database::statement::Sql {
            sqlite: $crate::store::database::statement::joined!(sqlite $($part)+),
            postgres: $crate::store::database::statement::joined!(postgres $($part)+),
            mysql: {
                const TEXT: &str = $crate::store::database::statement::joined!(mysql $($part)+);
                const SHAPE: (usize, usize) = $crate::store::database::placeholder::unnumbered_shape(TEXT);
                const PARTS: ([u8; SHAPE.0], [u8; SHAPE.1]) =
                    $crate::store::database::placeholder::unnumbered(TEXT);
                match ::std::str::from_utf8(&PARTS.0) {
                    Ok(text) => $crate::store::database::placeholder::Unnumbered { text, order: &PARTS.1 },
                    Err(_) => panic!("a statement is UTF-8"),
                }
            },
            arguments: $crate::store::database::placeholder::highest(
                $crate::store::database::statement::joined!(postgres $($part)+),
            ),
        }
    };
}

/// The parts of a statement as one text.
macro_rules! joined {
    ($database:ident $($part:tt)+) => {{
        const PARTS: &[&str] =
            &[$($crate::store::database::statement::part!($database $part)),+];
        const JOINED: [u8; $crate::store::database::statement::length(PARTS)] =
            $crate::store::database::statement::join(PARTS);
        match ::std::str::from_utf8(&JOINED) {
            Ok(text) => text,
            Err(_) => panic!("a statement is UTF-8"),
        }
    }};
}

/// A part of a statement. `(select Type)` and `(columns Type)` are those of a `row_type!`.
macro_rules! part {
    ($database:ident (select $row:ident)) => {
        $crate::store::database::statement::joined!($database "SELECT " (columns $row) (from $row))
    };
    ($database:ident (columns $row:ident)) => {
        $row::COLUMNS.$database
    };
    ($database:ident (from $row:ident)) => {
        $row::FROM
    };
    ($database:ident $part:tt) => {
        $crate::store::database::fragment::fragment!($database $part)
    };
}

/// How many bytes these texts have.
pub(in crate::store) const fn length(parts: &[&str]) -> usize {
    let (mut length, mut at) = (0, 0);
    while at < parts.len() {
        length += parts[at].len();
        at += 1;
    }
    length
}

/// These texts in a row.
pub(in crate::store) const fn join<const LENGTH: usize>(parts: &[&str]) -> [u8; LENGTH] {
    let mut joined = [0; LENGTH];
    let (mut end, mut at) = (0, 0);
    while at < parts.len() {
        let part = parts[at].as_bytes();
        let (_, rest) = joined.split_at_mut(end);
        rest.split_at_mut(part.len()).0.copy_from_slice(part);
        end += part.len();
        at += 1;
    }
    joined
}

/// A module's statements: a constant for each, and the list of them.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident { $($part:tt)+ })+) => {
        $($(#[$doc])* const $name: $crate::store::database::statement::Sql = $crate::store::database::statement::sql!($($part)+);)+
        pub(in crate::store) const STATEMENTS: &[(&str, $crate::store::database::statement::Sql)] =
            &[$((stringify!($name), $name)),+];
    };
}

pub(in crate::store) use {joined, part, sql, statements};

#[cfg(test)]
mod tests {
    #[test]
    fn mysql_takes_the_arguments_in_the_order_of_its_placeholders() {
        let sql = sql!("a = $2 AND b = $10 OR '$[*]' = $2 LIMIT $1");
        assert_eq!(sql.postgres, "a = $2 AND b = $10 OR '$[*]' = $2 LIMIT $1");
        assert_eq!(sql.mysql.text, "a = ? AND b = ? OR '$[*]' = ? LIMIT ?");
        assert_eq!(sql.mysql.order, [2, 10, 2, 1]);
        assert_eq!(sql.arguments, 10);
    }

    #[test]
    fn what_differs_is_said_in_three_ways() {
        let sql = sql!("x" (each (" a " least) (" b") (" c $1")) " y");
        assert_eq!((sql.sqlite, sql.postgres, sql.mysql.text), ("x a MIN y", "x b y", "x c ? y"));
    }
}
