//! Finding customers by what a clerk typed.
//!
//! The likeliest fields are asked first, each by its own index and in its order,
//! until there are enough customers: beginnings of account numbers, any part of
//! a phone number (its ends first, so that a country code and a trunk zero make
//! no difference), ends of account numbers, beginnings of email addresses and
//! names, and at last the beginnings of words: of a name's words in any order, and
//! of names together with whatever else is known of a customer. Every question
//! stops as soon as it has enough, so that it takes as long among ten million
//! customers as among ten. What was typed is compared as it stands; no character in
//! it has a meaning of its own (security requirement 44).

use std::collections::HashSet;

use crate::domain::customer::Customer;
use crate::domain::query::{Query, SHORTEST_PART, compact};
use crate::domain::text::{digits, fold};
use crate::service::ports::error::StoreError;
use crate::store::database::engine::{Arg, Database, args};
use crate::store::database::rows;
use crate::store::database::statement::{Sql, statements};

/// Words that a statement looks at: the longest ones, which say most. Further
/// ones are compared with what it finds.
const WORDS: usize = 4;

/// Names with one word that are compared with the other words: they lie side by
/// side. Where even the rarest word has more, those beyond are found by typing more.
const NAMES: u32 = 2_000;

/// Customers of one word of whom all is compared: each lies in a place of its own.
const CUSTOMERS: u32 = 500;

/// The digits of a number without its country code, at least.
const WHOLE_PHONE: usize = 7;

statements! {
    ACCOUNT_BEGINS {
        "SELECT " customer_columns "FROM core_customer_search s \
         JOIN core_customer_view c ON c.id = s.customer_id \
         WHERE s.compact >= $1 AND s.compact < $2 ORDER BY s.compact, s.customer_id LIMIT $3"
    }
    ACCOUNT_ENDS {
        "SELECT " customer_columns "FROM core_customer_search s \
         JOIN core_customer_view c ON c.id = s.customer_id \
         WHERE s.account_end >= $1 AND s.account_end < $2 \
         ORDER BY s.account_end, s.customer_id LIMIT $3"
    }
    EMAIL_BEGINS {
        "SELECT " customer_columns "FROM core_customer_search s \
         JOIN core_customer_view c ON c.id = s.customer_id \
         WHERE s.email >= $1 AND s.email < $2 ORDER BY s.email, s.customer_id LIMIT $3"
    }
    NAME_BEGINS {
        "SELECT " customer_columns "FROM core_customer_search s \
         JOIN core_customer_view c ON c.id = s.customer_id \
         WHERE s.name >= $1 AND s.name < $2 ORDER BY s.name, s.customer_id LIMIT $3"
    }
    /// The first customers, each once, of the first words that begin so.
    WORD_BEGINS {
        "SELECT " customer_columns "FROM (SELECT MIN(few.phrase) AS phrase, few.customer_id \
         FROM (SELECT w.phrase, w.customer_id FROM core_customer_word w \
         WHERE w.phrase >= $1 AND w.phrase < $2 ORDER BY w.phrase, w.customer_id LIMIT $4) few \
         GROUP BY few.customer_id ORDER BY 1, 2 LIMIT $3) hit \
         JOIN core_customer_view c ON c.id = hit.customer_id ORDER BY hit.phrase, hit.customer_id"
    }
    /// How many customers a word has, as far as it matters.
    HOW_MANY {
        "SELECT COUNT(*) FROM (SELECT w.customer_id FROM core_customer_word w \
         WHERE w.phrase >= $1 AND w.phrase < $2 ORDER BY w.phrase, w.customer_id LIMIT $3) few"
    }
    /// The customers in whose names one word has the others beside it.
    NAMED {
        "SELECT " customer_columns ", ' ' || hit.phrase, '' \
         FROM (SELECT MIN(few.phrase) AS phrase, few.customer_id \
         FROM (SELECT w.phrase, w.customer_id FROM core_customer_word w \
         WHERE w.phrase >= $1 AND w.phrase < $2 ORDER BY w.phrase, w.customer_id LIMIT $3) few \
         WHERE " (begins "' ' || few.phrase" "$4") "AND " (begins "' ' || few.phrase" "$5")
        "AND " (begins "' ' || few.phrase" "$6") "GROUP BY few.customer_id ORDER BY 1, 2 LIMIT $7) hit \
         JOIN core_customer_view c ON c.id = hit.customer_id ORDER BY hit.phrase, hit.customer_id"
    }
    /// The customers of one word of whom the others are known too.
    KNOWN {
        "SELECT " customer_columns ", hit.words, hit.phone \
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
struct Found {
    customers: Vec<Customer>,
    known: HashSet<i64>,
    limit: usize,
}

impl Found {
    fn is_full(&self) -> bool {
        self.customers.len() >= self.limit
    }

    /// How many to ask for: as many as are wanted, though those that are known come
    /// again.
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
    let mut found = Found { customers: Vec::new(), known: HashSet::new(), limit };
    for query in [Some(query), query.spelled_out.as_deref()].into_iter().flatten() {
        for tier in TIERS {
            if found.is_full() || tier.is_idle(query, &found) {
                continue;
            }
            tier.run(db, query, &mut found).await?;
        }
    }
    Ok(found.customers)
}

/// One question to the store.
#[derive(Clone, Copy)]
enum Tier {
    AccountBegins,
    Phone,
    AccountEnds,
    EmailBegins,
    NameBegins,
    /// The name, begun at any of its words.
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
    /// Whether there is nothing likelier to be found than what was found: who
    /// typed a whole account number, address or phone number has named it.
    fn is_idle(self, query: &Query, found: &Found) -> bool {
        let named = |customer: &Customer| {
            compact(&fold(&customer.account_no)) == query.compact
                || customer.email.as_deref().is_some_and(|it| fold(it) == query.folded)
        };
        let dialled = query.phone.as_ref().filter(|digits| digits.len() >= WHOLE_PHONE);
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

    async fn run(self, db: &Database, query: &Query, found: &mut Found) -> Result<(), StoreError> {
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

/// No blank and a digit in it: the end of an account number is what people
/// remember of it.
fn reads_as_account(query: &Query) -> bool {
    query.compact.len() >= SHORTEST_PART
        && query.compact.chars().any(|char| char.is_ascii_digit())
        && !query.folded.contains([' ', '@'])
}

/// What a word begins: from the word itself to before `end`. No text that is
/// searched holds the last character of Unicode.
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

/// A customer can come by more than one word: twice as many are looked at.
async fn word_begins(db: &Database, word: &str, ask: i64) -> Result<Vec<Customer>, StoreError> {
    read(db, &WORD_BEGINS, args![word, &end(word), ask, ask.saturating_mul(2)]).await
}

/// Looks the rarest word up and compares the others: with the names that have it,
/// and where that is not enough, with all that is known of its customers.
async fn all_words(db: &Database, words: &[String], ask: i64) -> Result<Vec<Customer>, StoreError> {
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut rarest: Option<(i64, usize)> = None;
    for (at, word) in words.iter().take(WORDS).enumerate() {
        let row = db.maybe(&HOW_MANY, args![*word, &end(word), NAMES]).await?;
        let count = row.map_or(Ok(0), |row| row.int(0))?;
        // A word that is only compared, such as a part of an address, leads nowhere.
        if count > 0 && rarest.is_none_or(|(least, _)| count < least) {
            rarest = Some((count, at));
        }
    }
    let Some((_, at)) = rarest else { return Ok(Vec::new()) };
    let word = words.remove(at);
    let mut found = compared(db, &NAMED, word, &words, NAMES, ask).await?;
    let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
    if count < ask {
        // Those that were found come again.
        let ask = ask.saturating_add(count);
        found.extend(compared(db, &KNOWN, word, &words, CUSTOMERS, ask).await?);
    }
    Ok(found)
}

/// Of the first `most` of a word, those who have the others too.
async fn compared(
    db: &Database,
    sql: &Sql,
    word: &str,
    others: &[&str],
    most: u32,
    ask: i64,
) -> Result<Vec<Customer>, StoreError> {
    let other = |at: usize| others.get(at).copied().unwrap_or_default();
    let more = others.get(WORDS - 1..).unwrap_or_default();
    // What is still to be compared here may leave few of many.
    let limit = if more.is_empty() { ask } else { most.into() };
    let end = end(word);
    let arguments = args![word, &end, most, other(0), other(1), other(2), limit];
    let mut rows = Vec::new();
    for row in db.all(sql, arguments).await? {
        let (said, phone) = (row.text(7)?, row.text(8)?);
        if more.iter().all(|it| said.contains(&format!(" {it}")) || phone.contains(it)) {
            rows.push(row);
        }
    }
    Ok(rows::customers(&rows).customers)
}

async fn read(
    db: &Database,
    sql: &Sql,
    arguments: &[Arg<'_>],
) -> Result<Vec<Customer>, StoreError> {
    Ok(rows::customers(&db.all(sql, arguments).await?).customers)
}
