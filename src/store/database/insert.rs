//! INSERT statements from one list that names each value by its column.

/// `(insert "table" { column: value, … })` in a statement; with `select "FROM …"` behind it
/// the values are those of a SELECT.
///
/// `(insert_rows "table" { column: text, … })` inserts a JSON list of rows, given as the
/// argument `$1`. The columns of type `text` and `int` take the values of such a row in
/// their order, the other columns are parts of a statement. `(insert_rows ordered …)` keeps
/// the order of the rows.
macro_rules! insert {
    ($database:ident values $table:literal { $($column:ident: $value:tt),+ $(,)? }) => {
        concat!(
            $crate::store::database::insert::insert!(into $table $($column)+),
            "VALUES (",
            $crate::store::database::insert::insert!(each $database $($value)+),
            ")"
        )
    };
    ($database:ident values $table:literal { $($column:ident: $value:tt),+ $(,)? }
        select $from:tt) => {
        concat!(
            $crate::store::database::insert::insert!(into $table $($column)+),
            "SELECT ",
            $crate::store::database::insert::insert!(each $database $($value)+),
            " ",
            $crate::store::database::fragment::fragment!($database $from)
        )
    };
    ($database:ident rows $order:ident $table:literal { $($column:ident: $value:tt),+ $(,)? }) => {
        concat!(
            $crate::store::database::insert::insert!(into $table $($column)+),
            "SELECT ",
            $crate::store::database::insert::cells!(
                $database "" [0 1 2 3 4 5 6 7 8 9 10 11 12] $($column $value)+
            ),
            " FROM ",
            $crate::store::database::insert::insert!(
                list $database $order
                $crate::store::database::insert::table!(
                    "" [0 1 2 3 4 5 6 7 8 9 10 11 12] $($column $value)+
                )
            )
        )
    };
    (into $table:literal $column:ident $($columns:ident)*) => {
        concat!(
            "INSERT INTO ", $table, " (", stringify!($column), $(", ", stringify!($columns),)* ") "
        )
    };
    (each $database:ident $value:tt $($values:tt)*) => {
        concat!(
            $crate::store::database::fragment::fragment!($database $value),
            $(", ", $crate::store::database::fragment::fragment!($database $values),)*
        )
    };
    // WHERE keeps SQLite from reading ON CONFLICT as the condition of a join.
    (list sqlite unordered $table:expr) => { "json_each($1) WHERE true" };
    (list sqlite ordered $table:expr) => { "json_each($1) WHERE true ORDER BY key" };
    (list postgres unordered $table:expr) => {
        "jsonb_array_elements(CAST($1 AS JSONB)) AS list (value)"
    };
    (list postgres ordered $table:expr) => {
        "jsonb_array_elements(CAST($1 AS JSONB)) WITH ORDINALITY AS list (value, key) ORDER BY key"
    };
    (list mysql unordered $table:expr) => {
        concat!("JSON_TABLE($1, '$[*]' COLUMNS (", $table, ")) list")
    };
    (list mysql ordered $table:expr) => {
        concat!(
            "JSON_TABLE($1, '$[*]' COLUMNS (json_key FOR ORDINALITY, ",
            $table,
            ")) list ORDER BY json_key"
        )
    };
}

/// The values of a row. Each column of the JSON list takes the next number.
macro_rules! cells {
    ($database:ident $comma:literal [$($at:literal)*]) => { "" };
    ($database:ident $comma:literal [$at:literal $($next:literal)*]
        $column:ident text $($rest:tt)*) => {
        concat!(
            $comma,
            $crate::store::database::insert::cells!(one $database text $at $column),
            $crate::store::database::insert::cells!($database ", " [$($next)*] $($rest)*)
        )
    };
    ($database:ident $comma:literal [$at:literal $($next:literal)*]
        $column:ident int $($rest:tt)*) => {
        concat!(
            $comma,
            $crate::store::database::insert::cells!(one $database int $at $column),
            $crate::store::database::insert::cells!($database ", " [$($next)*] $($rest)*)
        )
    };
    ($database:ident $comma:literal [$($at:literal)*] $column:ident $value:tt $($rest:tt)*) => {
        concat!(
            $comma,
            $crate::store::database::fragment::fragment!($database $value),
            $crate::store::database::insert::cells!($database ", " [$($at)*] $($rest)*)
        )
    };
    (one mysql $type:ident $at:literal $column:ident) => {
        concat!("list.json_", stringify!($column))
    };
    (one postgres int $at:literal $column:ident) => {
        concat!("CAST(value ->> ", $at, " AS BIGINT)")
    };
    (one $database:ident $type:ident $at:literal $column:ident) => {
        concat!("value ->> ", $at)
    };
}

/// The columns of MySQL's `JSON_TABLE`. Their names are no names of our tables, since those
/// would be ambiguous after ON DUPLICATE KEY.
macro_rules! table {
    ($comma:literal [$($at:literal)*]) => { "" };
    ($comma:literal [$at:literal $($next:literal)*] $column:ident text $($rest:tt)*) => {
        concat!(
            $comma, "json_", stringify!($column),
            " TEXT CHARACTER SET utf8mb4 PATH '$[", $at, "]'",
            $crate::store::database::insert::table!(", " [$($next)*] $($rest)*)
        )
    };
    ($comma:literal [$at:literal $($next:literal)*] $column:ident int $($rest:tt)*) => {
        concat!(
            $comma, "json_", stringify!($column), " BIGINT PATH '$[", $at, "]'",
            $crate::store::database::insert::table!(", " [$($next)*] $($rest)*)
        )
    };
    ($comma:literal [$($at:literal)*] $column:ident $value:tt $($rest:tt)*) => {
        $crate::store::database::insert::table!($comma [$($at)*] $($rest)*)
    };
}

pub(in crate::store) use {cells, insert, table};

#[cfg(test)]
mod tests {
    use crate::store::database::statement::sql;

    #[test]
    fn each_value_stands_under_its_column() {
        let sql = sql!((insert "a" { x: "$1", y: (sql least "($2, $3)"), z: "'new'" }));
        assert_eq!(sql.sqlite, "INSERT INTO a (x, y, z) VALUES ($1, MIN($2, $3), 'new')");
        let sql = sql!((insert "a" { x: "b.x", y: "$1" } select "FROM b"));
        assert_eq!(sql.sqlite, "INSERT INTO a (x, y) SELECT b.x, $1 FROM b");
    }

    #[test]
    fn rows_of_a_list_are_numbered_by_the_columns() {
        let sql = sql!((insert_rows "a" { x: text, at: "7", y: int }));
        assert_eq!(
            sql.sqlite,
            "INSERT INTO a (x, at, y) SELECT value ->> 0, 7, value ->> 1 \
             FROM json_each($1) WHERE true"
        );
        assert_eq!(
            sql.postgres,
            "INSERT INTO a (x, at, y) SELECT value ->> 0, 7, CAST(value ->> 1 AS BIGINT) \
             FROM jsonb_array_elements(CAST($1 AS JSONB)) AS list (value)"
        );
        assert_eq!(
            sql.mysql.text,
            "INSERT INTO a (x, at, y) SELECT list.json_x, 7, list.json_y \
             FROM JSON_TABLE(?, '$[*]' COLUMNS (json_x TEXT CHARACTER SET utf8mb4 PATH '$[0]', \
             json_y BIGINT PATH '$[1]')) list"
        );
        let sql = sql!((insert_rows ordered "a" { x: text }));
        assert!(sql.mysql.text.ends_with(" ORDER BY json_key"));
    }
}
