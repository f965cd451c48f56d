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
}

/// A statement made of literals and fragments.
macro_rules! sql {
    ($($part:tt)+) => {
        $crate::store::database::statement::Sql {
            sqlite: concat!($($crate::store::database::fragment::fragment!(sqlite $part)),+),
            postgres: concat!($($crate::store::database::fragment::fragment!(postgres $part)),+),
            mysql: {
                const TEXT: &str = concat!($($crate::store::database::fragment::fragment!(mysql $part)),+);
                const SHAPE: (usize, usize) = $crate::store::database::placeholder::unnumbered_shape(TEXT);
                const PARTS: ([u8; SHAPE.0], [u8; SHAPE.1]) =
                    $crate::store::database::placeholder::unnumbered(TEXT);
                match ::std::str::from_utf8(&PARTS.0) {
                    Ok(text) => $crate::store::database::placeholder::Unnumbered { text, order: &PARTS.1 },
                    Err(_) => panic!("a statement is UTF-8"),
                }
            },
        }
    };
}

/// A module's statements: a constant for each, and the list of them.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident { $($part:tt)+ })+) => {
        $($(#[$doc])* const $name: $crate::store::database::statement::Sql = $crate::store::database::statement::sql!($($part)+);)+
        pub(in crate::store) const STATEMENTS: &[(&str, $crate::store::database::statement::Sql)] =
            &[$((stringify!($name), $name)),+];
    };
}

pub(in crate::store) use {sql, statements};

#[cfg(test)]
mod tests {
    #[test]
    fn mysql_takes_the_arguments_in_the_order_of_its_placeholders() {
        let sql = sql!("a = $2 AND b = $10 OR '$[*]' = $2 LIMIT $1");
        assert_eq!(sql.postgres, "a = $2 AND b = $10 OR '$[*]' = $2 LIMIT $1");
        assert_eq!(sql.mysql.text, "a = ? AND b = ? OR '$[*]' = ? LIMIT ?");
        assert_eq!(sql.mysql.order, [2, 10, 2, 1]);
    }

    #[test]
    fn what_differs_is_said_in_three_ways() {
        let sql = sql!("x" (each (" a " least) (" b") (" c $1")) " y");
        assert_eq!((sql.sqlite, sql.postgres, sql.mysql.text), ("x a MIN y", "x b y", "x c ? y"));
    }
}
