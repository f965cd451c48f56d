//! `[customers]`: the office's external table of customers.

use std::path::{Path, PathBuf};

use crate::config::account_lists;
use crate::config::build::Build;
use crate::config::keys::{self, CUSTOMERS, STORE};
use crate::config::settings::{
    CustomerColumns, CustomerSettings, CustomerTable, Identifier, ServerKind, StoreSettings,
    TableName,
};

/// The store's own table of customers.
const OWN: &str = "core_customer";

/// PostgreSQL's default schema.
const PUBLIC: &str = "public";

pub(super) fn read(build: &mut Build<'_>, store: &StoreSettings) -> CustomerSettings {
    let table = build.get(&CUSTOMERS.table);
    if table.is_none() && !build.findings.is_broken(&CUSTOMERS.table) {
        refuse_what_describes_no_table(build);
        account_lists::refuse_without_customers(build);
    }
    let read_only = build.merged.get_or(&CUSTOMERS.read_only, table.is_some());
    let table = table.map(|name| named(build, store, name));
    let default_country = crate::config::sms::phones(build).default_country;
    CustomerSettings { table, read_only, default_country }
}

fn named(build: &mut Build<'_>, store: &StoreSettings, name: TableName) -> CustomerTable {
    let known = !build.is_refused([STORE.url.path(), STORE.url_file.path()]);
    let (name, file) = match store {
        _ if !known => (name, None),
        StoreSettings::Sqlite { file } => {
            let theirs = attached(build, file, &name);
            (name, theirs)
        }
        StoreSettings::Server(server) => {
            refuse_file(build);
            let name = match server.kind {
                ServerKind::Postgres => in_schema(name),
                ServerKind::Mysql => name,
            };
            let ours = match server.kind {
                ServerKind::Postgres => name.schema.as_ref() == Some(&server.schema),
                ServerKind::Mysql => {
                    name.schema.as_ref().is_none_or(|it| it.as_str() == server.database)
                }
            };
            if ours && name.name.as_str() == OWN {
                build.refuse(
                    &CUSTOMERS.table,
                    "customers.table names countersign's own table; leave it out, or name the \
                     office's with its schema or database before it",
                );
            }
            (name, None)
        }
    };
    let columns = CustomerColumns {
        id: build.get(&CUSTOMERS.id),
        account_no: build.get(&CUSTOMERS.account_no),
        name: build.get(&CUSTOMERS.name),
        email: build.get(&CUSTOMERS.email).0,
        phone: build.get(&CUSTOMERS.phone).0,
        address: build.get(&CUSTOMERS.address).0,
        locale: build.get(&CUSTOMERS.locale).0,
    };
    let lists = account_lists::read(build, store, &name);
    CustomerTable { name, file, columns, lists }
}

/// The second SQLite file that contains the external table, to be attached.
fn attached(build: &mut Build<'_>, store: &Path, name: &TableName) -> Option<PathBuf> {
    if name.schema.is_some() {
        let text = format!(
            "customers.table = \"{name}\": a table of SQLite has no schema; name the table alone, \
             and its file in customers.file"
        );
        build.refuse(&CUSTOMERS.table, text);
    }
    let file = build.get(&CUSTOMERS.file);
    if file.is_none() && !build.findings.is_broken(&CUSTOMERS.file) {
        build.miss(&CUSTOMERS.file, "the SQLite file that holds customers.table");
    }
    if file.as_deref() == Some(store) {
        build.refuse(
            &CUSTOMERS.file,
            "customers.file is the store's own file; countersign keeps its tables in a file of \
             their own",
        );
    }
    file
}

fn in_schema(name: TableName) -> TableName {
    let schema = name.schema.or_else(|| Identifier::parse(PUBLIC));
    TableName { schema, name: name.name }
}

fn refuse_file(build: &mut Build<'_>) {
    if build.merged.is_set(&CUSTOMERS.file) {
        build.refuse(
            &CUSTOMERS.file,
            "customers.file is for a store in SQLite; on a server, name the table's schema or \
             database in customers.table",
        );
    }
}

/// Refuses column names and a file without `customers.table`: they would silently have no effect.
fn refuse_what_describes_no_table(build: &mut Build<'_>) {
    if build.merged.is_set(&CUSTOMERS.file) {
        build.refuse(&CUSTOMERS.file, "customers.file needs customers.table, the table in it");
    }
    for key in keys::keys_of(CUSTOMERS.section()) {
        let others = [CUSTOMERS.table.path(), CUSTOMERS.file.path(), CUSTOMERS.read_only.path()];
        let is_column = !others.contains(&key);
        if is_column && build.merged.is_set(key) && !build.merged.is_as_by_default(key) {
            build.refuse(key, format!("{key} names a column of customers.table, which is not set"));
        }
    }
}
