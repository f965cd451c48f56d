//! What every task of the store stands on: the three engines, statements, transactions,
//! rows, migrations, the change feed.

pub(super) mod account_views;
pub(super) mod batch;
pub(super) mod change_feed;
pub(super) mod columns;
pub(super) mod conflict;
pub(super) mod engine;
pub(super) mod error;
pub(super) mod external_table;
pub(super) mod file_identity;
pub(super) mod fragment;
pub(super) mod insert;
pub(super) mod listener;
pub(super) mod locks;
pub(super) mod migrations;
pub(super) mod mysql;
pub(super) mod placeholder;
pub(super) mod pooled_connection;
pub(super) mod pooler;
pub(super) mod postgres;
pub(super) mod query;
pub(super) mod row_type;
pub(super) mod server_check;
pub(super) mod sqlite;
pub(super) mod statement;
pub(super) mod transaction;
pub(super) mod value;
