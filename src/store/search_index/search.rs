//! Finding customers by what a clerk typed.
//!
//! The likeliest fields are searched first, each by its own index and in its order, until
//! there are enough customers: the start of an account number; any part of a phone number
//! (its ends first, so that country code and trunk zero make no difference); the end of an
//! account number; the start of an email address or a name; at last the starts of words: of
//! a name in any order, or of a name together with other data of the customer. Every query
//! has a limit, so that it takes as long among ten million customers as among ten. What was
//! typed is compared literally: no character has a special meaning (security requirement
//! 44).

use std::collections::HashSet;

use crate::domain::customer::Customer;
use crate::domain::query::{Query, SHORTEST_PART, compact};
use crate::domain::text::{digits, fold};
use crate::service::ports::error::StoreError;
use crate::store::database::columns::customers::{self, CustomerColumns};
use crate::store::database::engine::{Arg, Database, args};
use crate::store::database::statement::{Sql, statements};

/// How many words a statement compares: the longest, which are the most selective. Further
/// words are compared with its result.
const COMPARED_WORDS: usize = 4;

/// How many names that have one word are compared with the other words: they lie side by
/// side in the index. Where even the rarest word has more, the clerk must type more.
const COMPARED_NAMES: u32 = 2_000;

/// How many customers are compared in full: each is a read of its own.
const COMPARED_CUSTOMERS: u32 = 500;

/// The least digits of a phone number without its country code.
const PHONE_MIN_DIGITS: usize = 7;

statements! {
    ACCOUNT_BEGINS {
        "SELECT " (columns CustomerColumns) "FROM core_customer_search s \
         JOIN core_customer_view c ON c.id = s.customer_id \
         WHERE s.compact >= $1 AND s.compact < $2 ORDER BY s.compact, s.customer_id LIMIT $3"
    }
    ACCOUNT_ENDS {
        "SELECT " (columns CustomerColumns) "FROM core_customer_search s \
         JOIN core_customer_view c ON c.id = s.customer_id \
         WHERE s.account_end >= $1 AND s.account_end < $2 \
         ORDER BY s.account_end, s.customer_id LIMIT $3"
    }
    EMAIL_BEGINS {
        "SELECT " (columns CustomerColumns) "FROM core_customer_search s \
         JOIN core_customer_view c ON c.id = s.customer_id \
         WHERE s.email >= $1 AND s.email < $2 ORDER BY s.email, s.customer_id LIMIT $3"
    }
    NAME_BEGINS {
        "SELECT " (columns CustomerColumns) "FROM core_customer_search s \
         JOIN core_customer_view c ON c.id = s.customer_id \
         WHERE s.name >= $1 AND s.name < $2 ORDER BY s.name, s.customer_id LIMIT $3"
    }
    /// The first customers, each once, of the first phrases that start so.
    WORD_BEGINS {
        "SELECT " (columns CustomerColumns) "FROM (SELECT MIN(few.phrase) AS phrase, few.customer_id \
         FROM (SELECT w.phrase, w.customer_id FROM core_customer_word w \
         WHERE w.phrase >= $1 AND w.phrase < $2 ORDER BY w.phrase, w.customer_id LIMIT $4) few \
         GROUP BY few.customer_id ORDER BY 1, 2 LIMIT $3) hit \
         JOIN core_customer_view c ON c.id = hit.customer_id ORDER BY hit.phrase, hit.customer_id"
    }
    /// How many phrases start so, up to a limit.
    HOW_MANY {
        "SELECT COUNT(*) AS phrases FROM (SELECT w.customer_id FROM core_customer_word w \
         WHERE w.phrase >= $1 AND w.phrase < $2 ORDER BY w.phrase, w.customer_id LIMIT $3) few"
    }
    /// The customers with a phrase that starts with one word and contains the others.
    NAMED {
        "SELECT " (columns CustomerColumns) ", ' ' || hit.phrase AS searched_words, '' AS searched_phone \
         FROM (SELECT MIN(few.phrase) AS phrase, few.customer_id \
         FROM (SELECT w.phrase, w.customer_id FROM core_customer_word w \
         WHERE w.phrase >= $1 AND w.phrase < $2 ORDER BY w.phrase, w.customer_id LIMIT $3) few \
         WHERE " (begins "' ' || few.phrase" "$4") "AND " (begins "' ' || few.phrase" "$5")
        "AND " (begins "' ' || few.phrase" "$6") "GROUP BY few.customer_id ORDER BY 1, 2 LIMIT $7) hit \
         JOIN core_customer_view c ON c.id = hit.customer_id ORDER BY hit.phrase, hit.customer_id"
    }
    /// The customers with a phrase that starts with one word, and the others anywhere in
    /// their data.
    KNOWN {
        "SELECT " (columns CustomerColumns) ", hit.words AS searched_words, hit.phone AS searched_phone \
         FROM (SELECT few.phrase, few.customer_id, s.words, s.phone \
         FROM (SELECT MIN(few.phrase) AS phrase, few.customer_id \
         FROM (SELECT w.phrase, w.customer_id FROM core_customer_word w \
         WHERE w.phrase >= $1 AND w.phrase < $2 ORDER BY w.phrase, w.customer_id LIMIT $3) few \
         GROUP BY few.customer_id) few \
         JOIN core_customer_search s ON s.customer_id = few.customer_id \
         WHERE " (said "$4") "AND " (said "$5") "AND " (said "$6")
        "ORDER BY few.phrase, few.customer_id LIMIT $7) hit \
         JOIN core_customer_view c ON c.id = hit.customer_id ORDER BY hit.phrase, hit.customer_id"
    }
}

/// Customers found so far, each once.
struct SearchHits {
    customers: Vec<Customer>,
    known: HashSet<i64>,
    limit: usize,
}

impl SearchHits {
    fn is_full(&self) -> bool {
        self.customers.len() >= self.limit
    }

    /// How many to read: as many as are missing, and those already found, which come again.
    fn ask(&self) -> i64 {
        i64::try_from(self.limit.saturating_add(self.customers.len())).unwrap_or(i64::MAX)
    }

    fn has_phone(&self, ending: &str) -> bool {
        let ends = |phone: &String| digits(phone).ends_with(ending);
        self.customers.iter().any(|it| it.phone.as_ref().is_some_and(ends))
    }

    fn add(&mut self, customers: Vec<Customer>) {
        for customer in customers {
            if !self.is_full() && self.known.insert(customer.id.0) {
                self.customers.push(customer);
            }
        }
    }
}

/// Up to `limit` customers, the likeliest first.
pub(in crate::store) async fn find(
    db: &Database,
    query: &Query,
    limit: u32,
) -> Result<Vec<Customer>, StoreError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found = SearchHits { customers: Vec::new(), known: HashSet::new(), limit };
    for query in [Some(query), query.spelled_out.as_deref()].into_iter().flatten() {
        for tier in TIERS {
            if found.is_full() || tier.is_skipped(query, &found) {
                continue;
            }
            tier.run(db, query, &mut found).await?;
        }
    }
    Ok(found.customers)
}

/// One query of the search.
#[derive(Clone, Copy)]
enum Tier {
    AccountBegins,
    Phone,
    AccountEnds,
    EmailBegins,
    NameBegins,
    /// The name, started at any of its words.
    NameTurned,
    Words,
}

const TIERS: [Tier; 7] = [
    Tier::AccountBegins,
    Tier::Phone,
    Tier::AccountEnds,
    Tier::EmailBegins,
    Tier::NameBegins,
    Tier::NameTurned,
    Tier::Words,
];

impl Tier {
    /// Whether the query is skipped: nothing likelier can be found than what a whole
    /// account number, email address or phone number has found.
    fn is_skipped(self, query: &Query, found: &SearchHits) -> bool {
        let named = |customer: &Customer| {
            compact(&fold(&customer.account_no)) == query.compact
                || customer.email.as_deref().is_some_and(|it| fold(it) == query.folded)
        };
        let dialled = query.phone.as_ref().filter(|digits| digits.len() >= PHONE_MIN_DIGITS);
        match self {
            Self::AccountBegins => false,
            Self::Phone => query.phone.is_none(),
            _ if dialled.is_some_and(|digits| found.has_phone(digits)) => true,
            Self::NameTurned | Self::Words
                if query.phone.is_some() && !found.customers.is_empty() =>
            {
                true
            }
            _ => found.customers.iter().any(named),
        }
    }

    async fn run(
        self,
        db: &Database,
        query: &Query,
        found: &mut SearchHits,
    ) -> Result<(), StoreError> {
        let ask = found.ask();
        let rows = match self {
            Self::AccountBegins => begins(db, &ACCOUNT_BEGINS, &query.compact, ask).await?,
            Self::Phone => match &query.phone {
                Some(digits) => word_begins(db, digits, ask).await?,
                None => return Ok(()),
            },
            Self::AccountEnds if reads_as_account(query) => {
                let end: String = query.compact.chars().rev().collect();
                begins(db, &ACCOUNT_ENDS, &end, ask).await?
            }
            Self::AccountEnds => return Ok(()),
            Self::EmailBegins => begins(db, &EMAIL_BEGINS, &query.folded, ask).await?,
            Self::NameBegins => begins(db, &NAME_BEGINS, &query.folded, ask).await?,
            Self::NameTurned => word_begins(db, &query.words.join(" "), ask).await?,
            Self::Words if query.words.len() == 1 => return Ok(()),
            Self::Words => all_words(db, &query.words, ask).await?,
        };
        found.add(rows);
        Ok(())
    }
}

/// Whether it may be the end of an account number: it has a digit and no blank.
fn reads_as_account(query: &Query) -> bool {
    query.compact.len() >= SHORTEST_PART
        && query.compact.chars().any(|char| char.is_ascii_digit())
        && !query.folded.contains([' ', '@'])
}

/// The upper bound of the texts that start with `word`: no folded text contains the last
/// character of Unicode.
fn end(word: &str) -> String {
    format!("{word}\u{10ffff}")
}

async fn begins(
    db: &Database,
    sql: &Sql,
    prefix: &str,
    ask: i64,
) -> Result<Vec<Customer>, StoreError> {
    if prefix.is_empty() {
        return Ok(Vec::new());
    }
    read(db, sql, args![prefix, &end(prefix), ask]).await
}

/// A customer may have several matching phrases, so twice as many are read.
async fn word_begins(db: &Database, word: &str, ask: i64) -> Result<Vec<Customer>, StoreError> {
    read(db, &WORD_BEGINS, args![word, &end(word), ask, ask.saturating_mul(2)]).await
}

/// Looks up the rarest word and compares the others: first with the names that have it,
/// then, where those are too few, with all data of its customers.
async fn all_words(db: &Database, words: &[String], ask: i64) -> Result<Vec<Customer>, StoreError> {
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut rarest: Option<(i64, usize)> = None;
    for (at, word) in words.iter().take(COMPARED_WORDS).enumerate() {
        let row = db.maybe(&HOW_MANY, args![*word, &end(word), COMPARED_NAMES]).await?;
        let count = row.map_or(Ok(0), |row| row.int("phrases"))?;
        // A word that starts no phrase, such as a part of the address, can only be
        // compared.
        if count > 0 && rarest.is_none_or(|(least, _)| count < least) {
            rarest = Some((count, at));
        }
    }
    let Some((_, at)) = rarest else { return Ok(Vec::new()) };
    let word = words.remove(at);
    let mut found = compared(db, &NAMED, word, &words, COMPARED_NAMES, ask).await?;
    let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
    if count < ask {
        // The customers found so far come again.
        let ask = ask.saturating_add(count);
        found.extend(compared(db, &KNOWN, word, &words, COMPARED_CUSTOMERS, ask).await?);
    }
    Ok(found)
}

/// The customers among the first `most` of a word who have the other words too.
async fn compared(
    db: &Database,
    sql: &Sql,
    word: &str,
    others: &[&str],
    most: u32,
    ask: i64,
) -> Result<Vec<Customer>, StoreError> {
    let other = |at: usize| others.get(at).copied().unwrap_or_default();
    let more = others.get(COMPARED_WORDS - 1..).unwrap_or_default();
    // The words compared here may leave few of many.
    let limit = if more.is_empty() { ask } else { most.into() };
    let end = end(word);
    let arguments = args![word, &end, most, other(0), other(1), other(2), limit];
    let mut rows = Vec::new();
    for row in db.all(sql, arguments).await? {
        let (said, phone) = (row.text("searched_words")?, row.text("searched_phone")?);
        if more.iter().all(|it| said.contains(&format!(" {it}")) || phone.contains(it)) {
            rows.push(row);
        }
    }
    Ok(customers::read_all(&rows).customers)
}

async fn read(
    db: &Database,
    sql: &Sql,
    arguments: &[Arg<'_>],
) -> Result<Vec<Customer>, StoreError> {
    Ok(customers::read_all(&db.all(sql, arguments).await?).customers)
}
