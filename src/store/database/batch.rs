//! Several writes in one round trip.
//!
//! On a server, the time of a transaction is the number of its round trips. Writes that do
//! not depend on each other are sent together: on PostgreSQL as the parts of one statement,
//! on SQLite as one text of several statements; MySQL takes them one by one. Each write is
//! still a statement of its own, which can be run alone and has a query plan of its own.
//!
//! The arguments of all writes follow one another, so that a write with too few of them would
//! take those of the next one: their number is checked on every database, before anything is
//! sent. No two writes of a batch may change the same row: on PostgreSQL, one of the changes
//! would be lost.

use std::fmt::Write as _;

use crate::service::ports::StoreError;
use crate::store::database::engine::Arg;
use crate::store::database::statement::Sql;

/// A statement with its arguments.
pub(in crate::store) struct Write<'a> {
    pub(in crate::store) sql: &'static Sql,
    pub(in crate::store) args: Vec<Arg<'a>>,
}

/// Fails where a write does not have as many arguments as its statement takes.
pub(in crate::store) fn check(writes: &[Write<'_>]) -> Result<(), StoreError> {
    let wrong = writes.iter().find(|it| it.args.len() != it.sql.arguments);
    wrong.map_or(Ok(()), |it| {
        let (given, taken) = (it.args.len(), it.sql.arguments);
        let what = format!("{given} arguments for the {taken} of: {}", it.sql.postgres);
        Err(StoreError::Failed(what))
    })
}

/// The writes as the parts of one PostgreSQL statement, and all their arguments. No part
/// sees what another one changes.
pub(in crate::store) fn statement<'a>(writes: &[Write<'a>]) -> (String, Vec<Arg<'a>>) {
    let (mut text, mut args) = (String::new(), Vec::new());
    for (at, it) in writes.iter().enumerate() {
        let write = renumbered(it.sql.postgres, args.len());
        let _ = match at {
            0 => write!(text, "WITH part0 AS ({write})"),
            _ if at + 1 < writes.len() => write!(text, ", part{at} AS ({write})"),
            _ => write!(text, " {write}"),
        };
        args.extend_from_slice(&it.args);
    }
    (text, args)
}

/// The writes as one text of several SQLite statements, and all their arguments.
pub(in crate::store) fn script<'a>(writes: &[Write<'a>]) -> (String, Vec<Arg<'a>>) {
    let (mut text, mut args) = (String::new(), Vec::new());
    for it in writes {
        let _ = write!(text, "{}; ", renumbered(it.sql.sqlite, args.len()));
        args.extend_from_slice(&it.args);
    }
    (text, args)
}

/// The text with `by` added to the number of each placeholder.
fn renumbered(text: &str, by: usize) -> String {
    let mut parts = text.split('$');
    let mut renumbered = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        match number.parse::<usize>() {
            Ok(number) => {
                let _ = write!(renumbered, "${}{rest}", number + by);
            }
            Err(_) => {
                let _ = write!(renumbered, "${rest}");
            }
        }
    }
    renumbered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::engine::args;
    use crate::store::database::statement::sql;

    #[test]
    fn a_write_does_not_take_the_arguments_of_the_next_one() {
        const A: Sql = sql!("UPDATE a SET x = $2 WHERE y = $1");
        const B: Sql = sql!("DELETE FROM b WHERE x = $1");
        let writes = |first: &[i64], second: &[i64]| {
            let args = |them: &[i64]| them.iter().map(|it| Arg::from(*it)).collect();
            [Write { sql: &A, args: args(first) }, Write { sql: &B, args: args(second) }]
        };
        assert!(check(&writes(&[1, 2], &[3])).is_ok());
        for (first, second) in [(&[1][..], &[2, 3][..]), (&[1, 2, 3], &[]), (&[1, 2], &[3, 4])] {
            assert!(check(&writes(first, second)).is_err(), "{first:?} {second:?}");
        }
    }

    #[test]
    fn writes_become_one_text_with_arguments_in_a_row() {
        const A: Sql = sql!("UPDATE a SET x = $2 WHERE y = $1 AND z = '$'");
        const B: Sql = sql!("INSERT INTO b VALUES ($1, " now ")");
        let writes = [
            Write { sql: &A, args: args![1_i64, 2_i64].to_vec() },
            Write { sql: &B, args: args!["three"].to_vec() },
        ];
        let (text, args) = statement(&writes);
        assert_eq!(
            text,
            "WITH part0 AS (UPDATE a SET x = $2 WHERE y = $1 AND z = '$') \
             INSERT INTO b VALUES ($3, CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS \
             BIGINT))"
        );
        assert_eq!(args.len(), 3);
        let (text, args) = script(&writes);
        assert_eq!(args.len(), 3);
        assert!(text.starts_with("UPDATE a SET x = $2 WHERE y = $1 AND z = '$'; INSERT INTO b"));
        assert!(text.contains("VALUES ($3, "));
    }
}
