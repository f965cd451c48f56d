//! Finding customers by what a clerk typed.
//!
//! The likeliest fields are asked first, each by its own index, until there are
//! enough customers: beginnings of account numbers, ends of phone numbers (so
//! that a country code and a trunk zero make no difference), parts of account
//! numbers and phone numbers, beginnings of email addresses and names, and at
//! last any part of any field. What was typed is compared as it stands; no character in it has a
//! meaning of its own (security requirement 44).

use std::collections::{HashMap, HashSet};

use super::db::{Arg, Db, args};
use super::sql::statements;
use super::view;
use crate::domain::customer::Customer;
use crate::domain::query::{Query, SHORTEST_PART, compact};
use crate::domain::text::{digits, fold};
use crate::service::ports::StoreError;

/// Words that the last statement tests one by one; more are tested as a list,
/// which is slower.
const WORDS: usize = 4;

/// Letters of a word that are looked at; the rest is compared, not looked up.
const LETTERS: usize = 40;

/// Parts that are looked up. The rarest leave few enough records to compare; each
/// further one costs time, and parts of one word say much the same.
const PARTS: usize = 4;

/// The digits of a number without its country code, at least.
const WHOLE_PHONE: usize = 7;

statements! {
    ACCOUNT_BEGINS {
        "SELECT " customer_columns "FROM core_customer_search s \
         JOIN core_customer c ON c.id = s.customer_id \
         WHERE s.compact >= $1 AND s.compact < $2 ORDER BY s.compact, s.customer_id LIMIT $3"
    }
    PHONE_ENDS {
        "SELECT " customer_columns "FROM core_customer_search s \
         JOIN core_customer c ON c.id = s.customer_id \
         WHERE s.phone_end >= $1 AND s.phone_end < $2 \
         ORDER BY s.phone_end, s.customer_id LIMIT $3"
    }
    EMAIL_BEGINS {
        "SELECT " customer_columns "FROM core_customer_search s \
         JOIN core_customer c ON c.id = s.customer_id \
         WHERE s.email >= $1 AND s.email < $2 ORDER BY s.email, s.customer_id LIMIT $3"
    }
    NAME_BEGINS {
        "SELECT " customer_columns "FROM core_customer_search s \
         JOIN core_customer c ON c.id = s.customer_id \
         WHERE s.name >= $1 AND s.name < $2 ORDER BY s.name, s.customer_id LIMIT $3"
    }
    WEIGHTS { "SELECT part, weight FROM core_part_weight WHERE part IN " (list "$1") }
    ACCOUNT_HOLDS {
        "SELECT " customer_columns (parts "$1") "AND instr(s.compact, $2) > 0 LIMIT $3"
    }
    PHONE_HOLDS {
        "SELECT " customer_columns (parts "$1") "AND instr(s.phone, $2) > 0 LIMIT $3"
    }
    ANYTHING_HOLDS {
        "SELECT " customer_columns (parts "$1")
        "AND " (holds "$2") "AND " (holds "$3") "AND " (holds "$4") "AND " (holds "$5")
        "AND ($6 IS NULL OR NOT EXISTS (SELECT 1 FROM " (list "$6") " more \
         WHERE NOT " (holds "more.value") ")) LIMIT $7"
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

    /// How many to ask for: as many as are wanted and those that may come again.
    fn ask(&self) -> Arg<'static> {
        Arg::from(i64::try_from(self.limit).unwrap_or(i64::MAX))
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
pub(super) async fn find(db: &Db, query: &Query, limit: u32) -> Result<Vec<Customer>, StoreError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found = Found { customers: Vec::new(), known: HashSet::new(), limit };
    for tier in TIERS {
        if found.is_full() || tier.is_idle(query, &found) {
            continue;
        }
        tier.run(db, query, &mut found).await?;
    }
    Ok(found.customers)
}

/// One question to the store.
#[derive(Clone, Copy)]
enum Tier {
    AccountBegins,
    PhoneEnds,
    AccountHolds,
    Phone,
    EmailBegins,
    NameBegins,
    Anything,
}

const TIERS: [Tier; 7] = [
    Tier::AccountBegins,
    Tier::PhoneEnds,
    Tier::AccountHolds,
    Tier::Phone,
    Tier::EmailBegins,
    Tier::NameBegins,
    Tier::Anything,
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
            Self::PhoneEnds => query.phone.is_none(),
            _ if dialled.is_some_and(|digits| found.has_phone(digits)) => true,
            Self::Anything if query.phone.is_some() && !found.customers.is_empty() => true,
            _ => found.customers.iter().any(named),
        }
    }

    async fn run(self, db: &Db, query: &Query, found: &mut Found) -> Result<(), StoreError> {
        let ask = found.ask();
        let rows = match self {
            Self::AccountBegins => begins(db, &ACCOUNT_BEGINS, &query.compact, ask).await?,
            Self::PhoneEnds => {
                let end: String = query.phone.iter().flat_map(|it| it.chars().rev()).collect();
                begins(db, &PHONE_ENDS, &end, ask).await?
            }
            Self::EmailBegins => begins(db, &EMAIL_BEGINS, &query.folded, ask).await?,
            Self::NameBegins => begins(db, &NAME_BEGINS, &query.folded, ask).await?,
            Self::AccountHolds if reads_as_account(query) => {
                holds(db, &ACCOUNT_HOLDS, &query.compact, ask).await?
            }
            Self::Phone => match &query.phone {
                Some(digits) => holds(db, &PHONE_HOLDS, digits, ask).await?,
                None => return Ok(()),
            },
            Self::Anything => anything(db, &query.words, ask).await?,
            Self::AccountHolds => return Ok(()),
        };
        found.add(rows);
        Ok(())
    }
}

/// One word with a digit in it: the end of an account number is what people
/// remember of it.
fn reads_as_account(query: &Query) -> bool {
    query.words.len() == 1
        && query.compact.chars().any(|char| char.is_ascii_digit())
        && !query.folded.contains('@')
}

async fn begins(
    db: &Db,
    sql: &super::sql::Sql,
    prefix: &str,
    ask: Arg<'_>,
) -> Result<Vec<Customer>, StoreError> {
    if prefix.is_empty() {
        return Ok(Vec::new());
    }
    // No text that is searched holds the last character of Unicode.
    let end = format!("{prefix}\u{10ffff}");
    read(db, sql, &[prefix.into(), Arg::from(&end), ask]).await
}

async fn holds(
    db: &Db,
    sql: &super::sql::Sql,
    part: &str,
    ask: Arg<'_>,
) -> Result<Vec<Customer>, StoreError> {
    match rarest(db, &[part]).await? {
        Some(parts) => read(db, sql, &[Arg::from(&parts), part.into(), ask]).await,
        None => Ok(Vec::new()),
    }
}

async fn anything(db: &Db, words: &[String], ask: Arg<'_>) -> Result<Vec<Customer>, StoreError> {
    let all: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(parts) = rarest(db, &all).await? else {
        return Ok(Vec::new());
    };
    let more = words.get(WORDS..).filter(|more| !more.is_empty());
    let more = more.and_then(|more| serde_json::to_string(more).ok());
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let arguments = args![&parts, word(0), word(1), word(2), word(3), more.as_deref()];
    let arguments: Vec<Arg<'_>> = arguments.iter().copied().chain([ask]).collect();
    read(db, &ANYTHING_HOLDS, &arguments).await
}

async fn read(
    db: &Db,
    sql: &super::sql::Sql,
    arguments: &[Arg<'_>],
) -> Result<Vec<Customer>, StoreError> {
    db.all(sql, arguments).await?.iter().map(view::customer).collect()
}

/// The rarest parts of `words`, as the full-text index is asked for them; none
/// where every word is shorter than a part.
async fn rarest(db: &Db, words: &[&str]) -> Result<Option<String>, StoreError> {
    let words: Vec<Vec<String>> = words.iter().map(|word| parts(word)).collect();
    let all: Vec<&String> = words.iter().flatten().collect();
    if all.is_empty() {
        return Ok(None);
    }
    let mut weights = HashMap::new();
    if let Ok(list) = serde_json::to_string(&all) {
        for row in db.all(&WEIGHTS, args![&list]).await? {
            weights.insert(row.text(0)?, row.int(1)?);
        }
    }
    Ok(Some(pick(words, &weights)))
}

/// Each three letters in a row of a word, once.
pub(super) fn parts(word: &str) -> Vec<String> {
    let chars: Vec<char> = word.chars().take(LETTERS).collect();
    let mut seen = HashSet::new();
    let all = chars.windows(SHORTEST_PART).map(|part| part.iter().collect::<String>());
    all.filter(|part| seen.insert(part.clone())).collect()
}

fn pick(words: Vec<Vec<String>>, weights: &HashMap<String, i64>) -> String {
    let weight = |part: &String| weights.get(part).copied().unwrap_or(0);
    let mut picked: Vec<(usize, i64, String)> = Vec::new();
    for mut parts in words {
        parts.sort_by_key(weight);
        picked
            .extend(parts.into_iter().enumerate().map(|(rank, part)| (rank, weight(&part), part)));
    }
    // The best of each word before the second best of any.
    picked.sort();
    picked.truncate(PARTS);
    picked.sort_by_key(|it| it.1);
    let quoted: Vec<String> =
        picked.iter().map(|it| format!("\"{}\"", it.2.replace('"', "\"\""))).collect();
    quoted.join(" AND ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rarest_parts_of_each_word_are_asked_for_and_quoted() {
        let weights = [("ann", 90), ("nna", 50), ("smi", 9), ("mit", 10), ("ith", 80), ("th\"", 1)];
        let weights = weights.map(|(part, weight)| (part.to_owned(), weight)).into();
        let words = vec![parts("smith\""), parts("anna"), parts("an")];
        assert_eq!(pick(words, &weights), "\"th\"\"\" AND \"smi\" AND \"nna\" AND \"ann\"");
        assert_eq!(parts("0000000"), ["000"]);
        assert_eq!(parts("an"), [] as [&str; 0]);
    }
}
