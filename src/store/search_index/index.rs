//! The tables of the search index: for each customer one row with the columns that a search
//! reads, and one row for each phrase that it can look up.
//!
//! The index is our own, whichever table holds the customers, and its texts are folded by
//! this program, not by the database: the same search finds the same customers on every
//! database, without extensions that may not be installed. The phrases of a customer follow
//! from its row, so that they can be deleted by their key. A change of that rule needs a
//! migration that empties the index.

use std::collections::{BTreeSet, HashMap};

use crate::domain::contact::PhoneNumber;
use crate::domain::customer::Customer;
use crate::domain::fold::spelled_out;
use crate::domain::query::{SHORTEST_PART, compact, words};
use crate::domain::text::{digits, fold};
use crate::service::ports::error::StoreError;
use crate::store::database::engine::{Row, Tx, args, list};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;

/// The lock under which customers and the index are written.
pub(in crate::store) const INDEX_LOCK: &str = "index";

/// The longest phrase, account number and name in the index, in characters.
const PHRASE_MAX: usize = 64;
const ACCOUNT_MAX: usize = 100;
const NAME_MAX: usize = 255;

/// The longest email address, as RFC 5321 allows.
const EMAIL_MAX: usize = 254;

/// Separates two spellings of a name. A line break would not survive the cleaning of texts.
const SPELLING_SEPARATOR: char = '¶';

/// The most digits of a phone number in the index; E.164 has at most fifteen.
const PHONE_MAX: usize = 20;

row_type! {
    pub(in crate::store) struct EntryColumns from "core_customer_search" {
        customer_id: i64 = int "customer_id",
        account_key: String = text "account_key",
        email_key: Option<String> = maybe_text "email_key",
        phone_key: Option<String> = maybe_text "phone_key",
        compact: String = text "compact",
        account_end: String = text "account_end",
        name: String = text "name",
        email: String = text "email",
        phone: String = text "phone",
        words: String = text "words",
    }
}

statements! {
    ENTRIES {
        (select EntryColumns) "WHERE customer_id " (among "$1")
    }
    DELETE {
        (each
            ("DELETE FROM core_customer_search WHERE customer_id " (among "$1"))
            ("DELETE FROM core_customer_search WHERE customer_id " (among "$1"))
            ("DELETE s FROM " (numbers "$1") " STRAIGHT_JOIN core_customer_search s \
              ON s.customer_id = list.value"))
    }
    DELETE_WORDS {
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
    INSERT {
        (insert_rows "core_customer_search" {
            customer_id: int,
            account_key: text,
            email_key: text,
            phone_key: text,
            compact: text,
            account_end: text,
            name: text,
            email: text,
            phone: text,
            words: text,
        })
    }
    INSERT_WORDS {
        (insert_rows "core_customer_word" { phrase: text, customer_id: int })
    }
}

/// The entry of one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct IndexEntry {
    /// In lower case for ASCII letters, to find a customer exactly.
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
    /// The entry of a customer. `e164` is the phone number where it could be parsed; any
    /// other is found by its digits only.
    pub(in crate::store) fn new(
        account_no: &str,
        name: &str,
        email: Option<&str>,
        phone: Option<&str>,
        e164: Option<&str>,
    ) -> Self {
        // External tables may hold longer texts than the index takes.
        let account = folded_account(account_no);
        let email_folded = email.map(folded_email).unwrap_or_default();
        // Umlauts are found in both spellings.
        let spelled =
            spelled_out(name).map(|it| format!("{SPELLING_SEPARATOR}{it}")).unwrap_or_default();
        let name = cut(&(fold(name) + &spelled), NAME_MAX);
        let phone = digits(e164.or(phone).unwrap_or_default());
        let compact = compact(&account);
        Self {
            account_key: cut(&account_no.to_ascii_lowercase(), ACCOUNT_MAX),
            email_key: email.map(|it| cut(&it.to_ascii_lowercase(), EMAIL_MAX)),
            phone_key: e164.map(str::to_owned),
            account_end: compact.chars().rev().collect(),
            words: all_words(&account, &compact, &name, &email_folded),
            compact,
            name,
            email: email_folded,
            phone: cut(phone.trim_start_matches('0'), PHONE_MAX),
        }
    }

    /// The entry of a customer as read from the table.
    pub(in crate::store) fn of(customer: &Customer, e164: Option<&PhoneNumber>) -> Self {
        Self::new(
            &customer.account_no,
            &customer.name,
            customer.email.as_deref(),
            customer.phone.as_deref(),
            e164.map(PhoneNumber::as_str),
        )
    }

    /// Reads [`EntryColumns`]: the customer's number, and the entry.
    pub(in crate::store) fn read(row: &Row) -> Result<(i64, Self), StoreError> {
        let it = EntryColumns::read(row)?;
        let entry = Self {
            account_key: it.account_key,
            email_key: it.email_key,
            phone_key: it.phone_key,
            compact: it.compact,
            account_end: it.account_end,
            name: it.name,
            email: it.email,
            phone: it.phone,
            words: it.words,
        };
        Ok((it.customer_id, entry))
    }

    /// The phrases by whose beginnings the customer is found: the name, started at each of
    /// its words; the words before the @ of the email address, unless one of those starts
    /// with them; the number in the account number; and each end of the phone number.
    fn phrases(&self) -> BTreeSet<String> {
        let local = self.email.split('@').next().unwrap_or_default();
        let account = fold(&self.account_key);
        let numbers = words(&account).filter(|it| it.contains(|it: char| it.is_ascii_digit()));
        let ends = (0..self.phone.len()).map(|from| &self.phone[from..]);
        let names = self
            .name
            .split(SPELLING_SEPARATOR)
            .flat_map(|name| [name.to_owned(), without_punctuation(name)]);
        let names: BTreeSet<String> = names.flat_map(|name| rotations(&name)).collect();
        words(local)
            .filter(|word| !names.iter().any(|name| name.starts_with(word)))
            .chain(numbers.flat_map(|number| [number, number.trim_start_matches('0')]))
            .filter(|word| !word.is_empty())
            .chain(ends.filter(|end| end.len() >= SHORTEST_PART))
            .chain(names.iter().map(String::as_str))
            // A phrase that was cut behind a word must not end in a blank.
            .map(|text| cut(text, PHRASE_MAX).trim_end().to_owned())
            .collect()
    }

    /// The columns of the row but for the number, and the phrases.
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
        (columns, self.phrases().into_iter().collect())
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

/// An account number as it stands in the index.
pub(in crate::store) fn folded_account(account_no: &str) -> String {
    cut(&fold(account_no), ACCOUNT_MAX)
}

/// An email address as it stands in the index.
pub(in crate::store) fn folded_email(email: &str) -> String {
    cut(&fold(email), EMAIL_MAX)
}

/// All words of a customer, each after a space, with which a search compares its further
/// words.
fn all_words(account: &str, compact: &str, name: &str, email: &str) -> String {
    let without_punctuation = without_punctuation(name);
    let short = words(account).map(|word| word.trim_start_matches('0'));
    let all = words(name)
        .chain(words(&without_punctuation))
        .chain(words(email))
        .chain(words(account))
        .chain(short.filter(|word| !word.is_empty()))
        .chain([compact]);
    let mut seen = BTreeSet::new();
    all.filter(|word| seen.insert(*word)).flat_map(|word| [" ", word]).collect()
}

/// The name started at each of its words, with the words before that one at the end: so a
/// name is found by its words in any order.
fn rotations(name: &str) -> Vec<String> {
    let words: Vec<&str> = words(name).collect();
    let begun_at = |from| {
        let (last, first) = words.split_at(from);
        [first, last].concat().join(" ")
    };
    (0..words.len()).map(begun_at).collect()
}

/// A name without apostrophes and hyphens: O'Brien as obrien.
fn without_punctuation(name: &str) -> String {
    name.chars().filter(|char| char.is_alphanumeric() || char.is_whitespace()).collect()
}

fn cut(text: &str, letters: usize) -> String {
    text.chars().take(letters).collect()
}

/// Writes the entries that differ from those in the index; returns how many did.
pub(in crate::store) async fn write(
    tx: &mut Tx,
    entries: &HashMap<i64, IndexEntry>,
) -> Result<usize, StoreError> {
    let mut stale = read(tx, entries.keys()).await?;
    let same: BTreeSet<i64> =
        stale.extract_if(|id, entry| entries.get(id) == Some(entry)).map(|it| it.0).collect();
    let after: Vec<_> = entries.iter().filter(|(id, _)| !same.contains(id)).collect();
    delete(tx, &stale).await?;
    if after.is_empty() {
        return Ok(0);
    }
    let rows = list(after.iter().map(|(id, entry)| entry.json(**id)));
    tx.write(&INSERT, args![&rows]).await?;
    tx.write(&INSERT_WORDS, args![&word_list(after.iter().copied())]).await?;
    Ok(after.len())
}

/// The entries of these customers, as far as they exist.
pub(in crate::store) async fn read(
    tx: &mut Tx,
    ids: impl Iterator<Item = &i64>,
) -> Result<HashMap<i64, IndexEntry>, StoreError> {
    let ids = list(ids.copied());
    tx.all(&ENTRIES, args![&ids]).await?.iter().map(IndexEntry::read).collect()
}

/// Deletes these entries, which must be as they are in the index.
pub(in crate::store) async fn delete(
    tx: &mut Tx,
    entries: &HashMap<i64, IndexEntry>,
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    tx.write(&DELETE_WORDS, args![&word_list(entries.iter())]).await?;
    let ids = list(entries.keys().copied());
    tx.write(&DELETE, args![&ids]).await?;
    Ok(())
}

fn word_list<'a>(entries: impl Iterator<Item = (&'a i64, &'a IndexEntry)>) -> String {
    list(entries.flat_map(|(id, entry)| {
        entry.phrases().into_iter().map(move |word| serde_json::json!([word, id]))
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
        let found = entry().phrases();
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
        let found = named.phrases();
        assert!(!found.contains("dana") && !found.contains("rivera"), "twice: {found:?}");
        let long = IndexEntry::new("1", &format!("{} b c", "a".repeat(63)), None, None, None);
        assert!(long.phrases().contains(&"a".repeat(63)), "{:?}", long.phrases());
    }

    #[test]
    fn umlauts_are_looked_up_in_both_spellings() {
        let entry = IndexEntry::new("1", "Jürgen Müller", None, None, None);
        let found = entry.phrases();
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
        let all_words = entry().words;
        for word in [" dana", " obrien", " example", " wb", " 004217", " 4217", " wb004217"] {
            assert!(all_words.contains(word), "{word}: {all_words}");
        }
    }
}
