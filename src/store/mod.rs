//! The store on SQLite, by sqlx.
