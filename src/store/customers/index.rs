//! How customers are found: for each of them one row with what a search reads
//! and compares, and one for each phrase that a search can begin with.
//!
//! The index is this program's own, whichever table holds the customers, and
//! is folded here and not by the database: so the same search finds the same
//! customers on each of them, without an extension that may not be there. All
//! of a customer's phrases can be told from its row, so that they can be taken
//! out again by their key; where other phrases come of the same row, a migration
//! has to empty the index.

use std::collections::{BTreeSet, HashMap};

use crate::domain::contact::PhoneNumber;
use crate::domain::customer::Customer;
use crate::domain::fold::spelled_out;
use crate::domain::query::{SHORTEST_PART, compact, words};
use crate::domain::text::{digits, fold};
use crate::service::ports::error::StoreError;
use crate::store::database::engine::{Row, Tx, args, list};
use crate::store::database::statement::statements;

/// Letters of a phrase, of an account number and of a name that are looked up.
const PHRASE: usize = 64;
const ACCOUNT: usize = 100;
const NAME: usize = 255;

/// Letters of an address: what RFC 5321 allows.
const EMAIL: usize = 254;

/// Between two spellings of a name; a line's end would not come back from a row.
const BETWEEN: char = '¶';

/// Digits of a phone number that are looked up. E.164 has fifteen.
const PHONE: usize = 20;

statements! {
    ENTRIES {
        "SELECT " entry_columns "FROM core_customer_search WHERE customer_id " (among "$1")
    }
    FORGET {
        (each
            ("DELETE FROM core_customer_search WHERE customer_id " (among "$1"))
            ("DELETE FROM core_customer_search WHERE customer_id " (among "$1"))
            ("DELETE s FROM " (numbers "$1") " STRAIGHT_JOIN core_customer_search s \
              ON s.customer_id = list.value"))
    }
    FORGET_WORDS {
        (each
            ("DELETE FROM core_customer_word WHERE (phrase, customer_id) IN \
              (SELECT value ->> 0, value ->> 1 FROM json_each($1))")
            ("DELETE FROM core_customer_word w USING \
              jsonb_array_elements(CAST($1 AS JSONB)) AS list (value) \
              WHERE w.phrase = value ->> 0 AND w.customer_id = CAST(value ->> 1 AS BIGINT)")
            ("DELETE w FROM JSON_TABLE($1, '$[*]' COLUMNS (" (cell "phrase" "0") ", \
              customer_id BIGINT PATH '$[1]')) gone \
              STRAIGHT_JOIN core_customer_word w ON w.customer_id = gone.customer_id \
              AND w.phrase = gone.phrase COLLATE utf8mb4_bin"))
    }
    REMEMBER {
        "INSERT INTO core_customer_search (customer_id, account_key, email_key, phone_key, \
         compact, account_end, name, email, phone, words) "
        (each
            ("SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, \
              value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9 \
              FROM json_each($1)")
            ("SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, value ->> 2, value ->> 3, \
              value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9 \
              FROM jsonb_array_elements(CAST($1 AS JSONB)) AS list (value)")
            ("SELECT * FROM JSON_TABLE($1, '$[*]' COLUMNS (a BIGINT PATH '$[0]', "
              (cell "b" "1") ", " (cell "c" "2") ", " (cell "d" "3") ", " (cell "e" "4") ", "
              (cell "f" "5") ", " (cell "g" "6") ", " (cell "h" "7") ", " (cell "i" "8") ", "
              (cell "j" "9") ")) list"))
    }
    REMEMBER_WORDS {
        "INSERT INTO core_customer_word (phrase, customer_id) "
        (each
            ("SELECT value ->> 0, value ->> 1 FROM json_each($1)")
            ("SELECT value ->> 0, CAST(value ->> 1 AS BIGINT) \
              FROM jsonb_array_elements(CAST($1 AS JSONB)) AS list (value)")
            ("SELECT * FROM JSON_TABLE($1, '$[*]' COLUMNS (" (cell "phrase" "0") ", \
              customer_id BIGINT PATH '$[1]')) list"))
    }
}

/// What is found of one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct IndexEntry {
    /// To the letter but for ASCII case, for naming a customer exactly.
    account_key: String,
    email_key: Option<String>,
    /// In E.164.
    phone_key: Option<String>,
    /// Folded, for searches.
    compact: String,
    account_end: String,
    name: String,
    email: String,
    phone: String,
    words: String,
}

impl IndexEntry {
    /// The entry of a customer. `e164` is the phone number where it could be read
    /// as one; another one is found by its digits alone.
    pub(in crate::store) fn new(
        account_no: &str,
        name: &str,
        email: Option<&str>,
        phone: Option<&str>,
        e164: Option<&str>,
    ) -> Self {
        // Others' tables hold longer texts than can be looked up.
        let account = folded_account(account_no);
        let email_folded = email.map(folded_email).unwrap_or_default();
        // Umlauts are looked for in both spellings.
        let spelled = spelled_out(name).map(|it| format!("{BETWEEN}{it}")).unwrap_or_default();
        let name = first(&(fold(name) + &spelled), NAME);
        let phone = digits(e164.or(phone).unwrap_or_default());
        let compact = compact(&account);
        Self {
            account_key: first(&account_no.to_ascii_lowercase(), ACCOUNT),
            email_key: email.map(|it| first(&it.to_ascii_lowercase(), EMAIL)),
            phone_key: e164.map(str::to_owned),
            account_end: compact.chars().rev().collect(),
            words: said(&account, &compact, &name, &email_folded),
            compact,
            name,
            email: email_folded,
            phone: first(phone.trim_start_matches('0'), PHONE),
        }
    }

    /// The entry of a customer as the table has one.
    pub(in crate::store) fn of(customer: &Customer, e164: Option<&PhoneNumber>) -> Self {
        Self::new(
            &customer.account_no,
            &customer.name,
            customer.email.as_deref(),
            customer.phone.as_deref(),
            e164.map(PhoneNumber::as_str),
        )
    }

    /// Reads the columns of `ENTRIES`.
    pub(in crate::store) fn read(row: &Row) -> Result<(i64, Self), StoreError> {
        let entry = Self {
            account_key: row.text(1)?,
            email_key: row.maybe_text(2)?,
            phone_key: row.maybe_text(3)?,
            compact: row.text(4)?,
            account_end: row.text(5)?,
            name: row.text(6)?,
            email: row.text(7)?,
            phone: row.text(8)?,
            words: row.text(9)?,
        };
        Ok((row.int(0)?, entry))
    }

    /// What is looked up by its beginning: the name, begun at each of its words; the
    /// words of the address before the @ that do not begin one of those; the number
    /// of the account, and each end of the phone number.
    fn looked_up(&self) -> BTreeSet<String> {
        let local = self.email.split('@').next().unwrap_or_default();
        let account = fold(&self.account_key);
        let numbers = words(&account).filter(|it| it.contains(|it: char| it.is_ascii_digit()));
        let ends = (0..self.phone.len()).map(|from| &self.phone[from..]);
        let names = self.name.split(BETWEEN).flat_map(|name| [name.to_owned(), joined(name)]);
        let names: BTreeSet<String> = names.flat_map(|name| turned(&name)).collect();
        words(local)
            .filter(|word| !names.iter().any(|name| name.starts_with(word)))
            .chain(numbers.flat_map(|number| [number, number.trim_start_matches('0')]))
            .filter(|word| !word.is_empty())
            .chain(ends.filter(|end| end.len() >= SHORTEST_PART))
            .chain(names.iter().map(String::as_str))
            // What was cut behind a word is the word.
            .map(|text| first(text, PHRASE).trim_end().to_owned())
            .collect()
    }

    /// The columns of its row but for the number, and its phrases.
    pub(in crate::store) fn rows(&self) -> (Vec<Option<String>>, Vec<String>) {
        let columns = vec![
            Some(self.account_key.clone()),
            self.email_key.clone(),
            self.phone_key.clone(),
            Some(self.compact.clone()),
            Some(self.account_end.clone()),
            Some(self.name.clone()),
            Some(self.email.clone()),
            Some(self.phone.clone()),
            Some(self.words.clone()),
        ];
        (columns, self.looked_up().into_iter().collect())
    }

    fn json(&self, id: i64) -> serde_json::Value {
        serde_json::json!([
            id,
            self.account_key,
            self.email_key,
            self.phone_key,
            self.compact,
            self.account_end,
            self.name,
            self.email,
            self.phone,
            self.words,
        ])
    }
}

/// An account number as it is kept for searches.
pub(in crate::store) fn folded_account(account_no: &str) -> String {
    first(&fold(account_no), ACCOUNT)
}

/// An email address as it is kept for searches.
pub(in crate::store) fn folded_email(email: &str) -> String {
    first(&fold(email), EMAIL)
}

/// Every word of a record, each after a space: where a search has several words,
/// the others are compared with these.
fn said(account: &str, compact: &str, name: &str, email: &str) -> String {
    let joined = joined(name);
    let short = words(account).map(|word| word.trim_start_matches('0'));
    let all = words(name)
        .chain(words(&joined))
        .chain(words(email))
        .chain(words(account))
        .chain(short.filter(|word| !word.is_empty()))
        .chain([compact]);
    let mut seen = BTreeSet::new();
    all.filter(|word| seen.insert(*word)).flat_map(|word| [" ", word]).collect()
}

/// A name begun at each of its words, with those before it at the end: so the words
/// of a name lie side by side in any order that people say them in.
fn turned(name: &str) -> Vec<String> {
    let words: Vec<&str> = words(name).collect();
    let begun_at = |from| {
        let (last, first) = words.split_at(from);
        [first, last].concat().join(" ")
    };
    (0..words.len()).map(begun_at).collect()
}

/// A name as those write it who leave out apostrophes and hyphens: O'Brien as
/// obrien.
fn joined(name: &str) -> String {
    name.chars().filter(|char| char.is_alphanumeric() || char.is_whitespace()).collect()
}

fn first(text: &str, letters: usize) -> String {
    text.chars().take(letters).collect()
}

/// Brings the index up to these customers; gives how many were not as they are.
pub(in crate::store) async fn write(
    tx: &mut Tx,
    entries: &HashMap<i64, IndexEntry>,
) -> Result<usize, StoreError> {
    let mut stale = read(tx, entries.keys()).await?;
    let same: BTreeSet<i64> =
        stale.extract_if(|id, entry| entries.get(id) == Some(entry)).map(|it| it.0).collect();
    let after: Vec<_> = entries.iter().filter(|(id, _)| !same.contains(id)).collect();
    forget(tx, &stale).await?;
    if after.is_empty() {
        return Ok(0);
    }
    let rows = list(after.iter().map(|(id, entry)| entry.json(**id)));
    tx.write(&REMEMBER, args![&rows]).await?;
    tx.write(&REMEMBER_WORDS, args![&word_list(after.iter().copied())]).await?;
    Ok(after.len())
}

/// The entries of these customers, of those that have one.
pub(in crate::store) async fn read(
    tx: &mut Tx,
    ids: impl Iterator<Item = &i64>,
) -> Result<HashMap<i64, IndexEntry>, StoreError> {
    let ids = list(ids.copied());
    tx.all(&ENTRIES, args![&ids]).await?.iter().map(IndexEntry::read).collect()
}

/// Takes entries out, which read as they are given here.
pub(in crate::store) async fn forget(
    tx: &mut Tx,
    entries: &HashMap<i64, IndexEntry>,
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    tx.write(&FORGET_WORDS, args![&word_list(entries.iter())]).await?;
    let ids = list(entries.keys().copied());
    tx.write(&FORGET, args![&ids]).await?;
    Ok(())
}

fn word_list<'a>(entries: impl Iterator<Item = (&'a i64, &'a IndexEntry)>) -> String {
    list(entries.flat_map(|(id, entry)| {
        entry.looked_up().into_iter().map(move |word| serde_json::json!([word, id]))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> IndexEntry {
        let phone = Some("+15550100142");
        IndexEntry::new("WB-004217", "Dána O'Brien", Some("D.Rivera@Example.org"), phone, phone)
    }

    #[test]
    fn names_addresses_and_numbers_are_looked_up_by_their_words() {
        let found = entry().looked_up();
        for word in [
            "dana o brien",
            "o brien dana",
            "brien dana o",
            "obrien dana",
            "rivera",
            "15550100142",
            "142",
            "4217",
        ] {
            assert!(found.contains(word), "{word}: {found:?}");
        }
        for word in ["42", "example", "wb", "brien"] {
            assert!(!found.contains(word), "{word}: {found:?}");
        }
        let named =
            IndexEntry::new("1", "Dana Rivera", Some("dana.rivera.7@example.org"), None, None);
        let found = named.looked_up();
        assert!(!found.contains("dana") && !found.contains("rivera"), "twice: {found:?}");
        let long = IndexEntry::new("1", &format!("{} b c", "a".repeat(63)), None, None, None);
        assert!(long.looked_up().contains(&"a".repeat(63)), "{:?}", long.looked_up());
    }

    #[test]
    fn umlauts_are_looked_up_in_both_spellings() {
        let entry = IndexEntry::new("1", "Jürgen Müller", None, None, None);
        let found = entry.looked_up();
        for word in ["muller jurgen", "mueller juergen", "jurgen muller", "juergen mueller"] {
            assert!(found.contains(word), "{word}: {found:?}");
        }
        // The fifth is the account number.
        assert_eq!(found.len(), 5, "{found:?}");
        assert_eq!(crate::domain::text::clean(&entry.name), entry.name, "as a row is read");
        assert!(entry.words.contains(" mueller") && entry.words.contains(" muller"));
        let plain = IndexEntry::new("1", "Jurgen Muller", None, None, None);
        assert_eq!(plain.name, "jurgen muller");
    }

    #[test]
    fn all_words_are_there_to_compare() {
        let said = entry().words;
        for word in [" dana", " obrien", " example", " wb", " 004217", " 4217", " wb004217"] {
            assert!(said.contains(word), "{word}: {said}");
        }
    }
}
