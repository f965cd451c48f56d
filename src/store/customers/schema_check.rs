//! The schema check: whether the table of customers is as the configuration says, and can
//! be read as fast as a counter needs it. It reads the database's catalogue, so that a
//! missing column is reported by name instead of a failed statement.

use crate::config::settings::{CustomerTable, Identifier};
use crate::domain::query::Query;
use crate::service::ports::customers::{CheckFinding, CustomerCheck};
use crate::service::ports::error::StoreError;
use crate::store::customers::catalogue::{Catalogue, is_whole};
use crate::store::customers::list_check;
use crate::store::database::columns::customers::{self, CustomerColumns};
use crate::store::database::engine::{Database, Engine, Row, args};
use crate::store::database::external_table::CustomerSource;
use crate::store::database::statement::statements;
use crate::store::search_index::reindex::Reindexer;
use crate::store::search_index::search;

/// How far customers are counted; an exact count of millions takes seconds.
const COUNT_LIMIT: u32 = 100_000;

/// How many hits the trial search asks for, and how many customers it may be made for.
const TRIAL_HITS: u32 = 50;

statements! {
    /// 1 for a table, 0 for a view; and the table's storage engine.
    IS_TABLE {
        (each
            ("SELECT list.type <> 'view' AS is_table, '' AS engine FROM pragma_table_list($1) AS list \
              WHERE list.schema = $2")
            ("SELECT CAST(CAST(t.relkind IN ('r', 'p') AS INT) AS BIGINT) AS is_table, '' AS engine \
              FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace \
              WHERE t.relname = CAST($1 AS NAME) \
              AND n.nspname = COALESCE(CAST($2 AS NAME), current_schema())")
            ("SELECT CAST(table_type = 'BASE TABLE' AS SIGNED) AS is_table, \
              COALESCE(CAST(engine AS CHAR), '') AS engine FROM information_schema.tables \
              WHERE table_name = IF(@@lower_case_table_names = 1, LOWER($1), $1) \
              AND table_schema = COALESCE($2, DATABASE())"))
    }
    /// Customers without a key, which no read in the order of the key finds.
    KEYLESS {
        "SELECT COUNT(*) AS customers FROM (SELECT 1 FROM core_customer_view c WHERE c.id IS NULL LIMIT $1) few"
    }
    /// Some customers of the search index. The limit is a constant, so that every planner
    /// knows how few they are.
    FOUND {
        "SELECT " (columns CustomerColumns) "FROM (SELECT customer_id FROM core_customer_search \
         WHERE customer_id > $1 ORDER BY customer_id LIMIT 50) few \
         JOIN core_customer_view c ON c.id = few.customer_id"
    }
    COUNT_CUSTOMERS {
        "SELECT COUNT(*) AS customers FROM (SELECT c.id FROM core_customer_view c WHERE c.id > $1 \
         ORDER BY c.id LIMIT $2) few"
    }
    COUNT_INDEXED {
        "SELECT COUNT(*) AS customers FROM (SELECT customer_id FROM core_customer_search \
         WHERE customer_id > $1 ORDER BY customer_id LIMIT $2) few"
    }
}

/// The state of the table of customers and of its search index.
pub(in crate::store) async fn check(
    db: &Database,
    source: &CustomerSource,
    reindexer: &Reindexer,
    read_only: bool,
) -> Result<CustomerCheck, StoreError> {
    let mut findings = of_source(db, source, read_only).await?;
    let name = source.table().map_or_else(|| "own table".into(), |it| it.name.to_string());
    if findings.iter().any(|it| it.stops) {
        return Ok(CustomerCheck { found: name, findings });
    }
    findings.extend(of_rows(db, reindexer).await?);
    findings.extend(of_search(db).await);
    findings.extend(list_check::findings(db, source).await?);
    let count = async |sql| db.maybe(sql, args![i64::MIN, COUNT_LIMIT + 1]).await;
    let (customers, indexed) = (count(&COUNT_CUSTOMERS).await?, count(&COUNT_INDEXED).await?);
    let number = |row: Option<Row>| row.map_or(Ok(0), |row| row.int("customers"));
    let (customers, indexed) = (number(customers)?, number(indexed)?);
    if customers == 0 {
        let help = if source.table().is_some() {
            "Look at customers.table: it names a table without customers."
        } else {
            "Import them with `countersign customers import FILE`."
        };
        findings.push(CheckFinding {
            what: "no customers yet".into(),
            help: Some(help.into()),
            stops: false,
        });
    }
    let found = if customers > COUNT_LIMIT.into() && indexed > COUNT_LIMIT.into() {
        format!("{name}, more than {COUNT_LIMIT}")
    } else {
        if customers != indexed {
            findings.push(CheckFinding {
                what: format!("{indexed} can be found of {customers}"),
                help: Some("Compare them all: countersign customers index".into()),
                stops: false,
            });
        }
        format!("{name}, {indexed} of {customers} can be found")
    };
    Ok(CustomerCheck { found, findings })
}

/// Why nobody can work with the table, as one text; `None` where they can.
pub(in crate::store) async fn obstacle(
    db: &Database,
    source: &CustomerSource,
    read_only: bool,
) -> Result<Option<String>, StoreError> {
    let findings = of_source(db, source, read_only).await?;
    let stops = findings.into_iter().filter(|it| it.stops);
    let sentences: Vec<String> = stops
        .map(|it| match it.help {
            Some(help) => format!("{}. {help}", it.what),
            None => format!("{}.", it.what),
        })
        .collect();
    let table = source.table().map(|it| it.name.to_string()).unwrap_or_default();
    let why = || {
        format!(
            "The table of customers {table} is not as [customers] has it: {}",
            sentences.join(" ")
        )
    };
    Ok((!sentences.is_empty()).then(why))
}

async fn of_source(
    db: &Database,
    source: &CustomerSource,
    read_only: bool,
) -> Result<Vec<CheckFinding>, StoreError> {
    match source.table() {
        Some(table) => of_table(db, source, table, read_only).await,
        None => Ok(Vec::new()),
    }
}

/// The rows that cannot be read, so that nobody finds them.
async fn of_rows(db: &Database, reindexer: &Reindexer) -> Result<Vec<CheckFinding>, StoreError> {
    let mut findings = Vec::new();
    if let Some(what) = reindexer.unreadable(COUNT_LIMIT).await?.sentence() {
        let help = "Have them corrected where the office keeps its customers; then: countersign \
                    customers index";
        findings.push(CheckFinding { what, help: Some(help.into()), stops: false });
    }
    let keyless =
        db.maybe(&KEYLESS, args![COUNT_LIMIT]).await?.map_or(Ok(0), |row| row.int("customers"))?;
    if keyless > 0 {
        findings.push(CheckFinding {
            what: format!("{keyless} rows have no key, and cannot be found"),
            help: Some("Let the table's owner give each customer a key.".into()),
            stops: false,
        });
    }
    Ok(findings)
}

/// Searches for an existing customer, as a clerk would.
async fn of_search(db: &Database) -> Option<CheckFinding> {
    let failed = |error: &StoreError| CheckFinding {
        what: format!("a search for a customer who is there fails: {error}"),
        help: Some("Nobody can be found before this is put right.".into()),
        stops: true,
    };
    let rows = match db.all(&FOUND, args![i64::MIN]).await {
        Ok(rows) => rows,
        Err(error) => return Some(failed(&error)),
    };
    for customer in customers::read_all(&rows).customers {
        let Some(query) = Query::parse(&customer.account_no) else { continue };
        return match search::find(db, &query, TRIAL_HITS).await {
            Err(error) => Some(failed(&error)),
            // Too many customers match to expect this one.
            Ok(found) if found.contains(&customer) || found.len() >= TRIAL_HITS as usize => None,
            Ok(_) => Some(CheckFinding {
                what: format!(
                    "a search for the account number {} does not find it",
                    customer.account_no
                ),
                help: Some("Compare them all: countersign customers index".into()),
                stops: false,
            }),
        };
    }
    None
}

async fn of_table(
    db: &Database,
    source: &CustomerSource,
    table: &CustomerTable,
    read_only: bool,
) -> Result<Vec<CheckFinding>, StoreError> {
    let (name, place) = (table.name.name.as_str(), source.schema_name(db.kind()));
    let arguments = args![name, place];
    let catalogue = Catalogue::read(db, name, place).await?;
    if catalogue.is_empty() {
        return unseen(db, table).await;
    }
    let kept = db.maybe(&IS_TABLE, arguments).await?;
    let (is_table, engine) = match kept {
        Some(row) => (row.flag("is_table")?, row.text("engine")?),
        None => (false, String::new()),
    };
    let mut findings = missing(table, source, &catalogue);
    let key = &table.columns.id;
    if let Some(finding) = catalogue.kind(key).and_then(|kind| no_number(key, kind, is_table)) {
        findings.push(finding);
    } else if is_table && catalogue.kind(key).is_some() && !catalogue.is_unique(key) {
        findings.push(CheckFinding {
            what: format!("{key} has no unique index: nothing keeps two customers from one key"),
            help: source.index_statement(db.kind()).map(|it| format!("Let its owner run: {it}")),
            stops: true,
        });
    }
    if !read_only && is_table && !is_transactional(&engine) {
        findings.push(CheckFinding {
            what: format!("{} is kept by the engine {engine}, without transactions", table.name),
            help: Some(format!(
                "Set customers.read_only = true, or let its owner run: ALTER TABLE {} ENGINE = \
                 InnoDB",
                table.name
            )),
            stops: true,
        });
    }
    if is_table && !catalogue.is_unique(&table.columns.account_no) {
        findings.push(CheckFinding {
            what: format!(
                "nothing keeps two customers from one {}: both are then shown",
                table.columns.account_no
            ),
            help: None,
            stops: false,
        });
    }
    Ok(findings)
}

/// The findings for a table that the catalogue does not show to this account. A counter's
/// account can still read the view of it, and the type of its key.
async fn unseen(db: &Database, table: &CustomerTable) -> Result<Vec<CheckFinding>, StoreError> {
    let mut findings = vec![CheckFinding {
        what: format!("{} is not there, or this account may not see it", table.name),
        help: Some("Look at customers.table, and at the rights in assets/grants.".into()),
        stops: db.all(&COUNT_CUSTOMERS, args![i64::MIN, 1_u32]).await.is_err(),
    }];
    if db.kind() != Engine::Sqlite {
        let none: Option<&str> = None;
        let view = Catalogue::read(db, "core_customer_view", none).await?;
        if let Some(kind) = view.kind_of("id") {
            findings.extend(no_number(&table.columns.id, kind, true));
        }
    }
    Ok(findings)
}

/// The finding for a key that is not a whole number. Any other key could be compared with
/// ours only by a cast, which can make two customers one.
fn no_number(key: &Identifier, kind: &str, is_table: bool) -> Option<CheckFinding> {
    // In SQLite, a column of a view may have no type: its rows are checked one by one.
    if is_whole(kind) || (kind.is_empty() && !is_table) {
        return None;
    }
    let kind = if kind.is_empty() { "of no type" } else { kind };
    Some(CheckFinding {
        what: format!("{key} is {kind}, and no whole number"),
        help: Some(
            "Name a column of unique whole numbers in customers.id: countersign tells customers \
             apart by it. Where the table has none, let its owner add one."
                .into(),
        ),
        stops: true,
    })
}

/// Whether a storage engine of MySQL has transactions. Other databases name none.
fn is_transactional(engine: &str) -> bool {
    ["", "innodb", "ndbcluster", "ndb", "rocksdb"].contains(&engine.to_lowercase().as_str())
}

/// The columns that the configuration names and the table does not have.
fn missing(
    table: &CustomerTable,
    source: &CustomerSource,
    catalogue: &Catalogue,
) -> Vec<CheckFinding> {
    source
        .columns()
        .filter(|(_, external)| catalogue.kind(external).is_none())
        .map(|(ours, external)| CheckFinding {
            what: format!("{} has no column {external}", table.name),
            help: Some(format!("Name the right one in customers.{ours}.")),
            stops: true,
        })
        .collect()
}
