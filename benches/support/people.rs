//! Synthetic customers: names with a realistic skew, a few common mail domains, phone numbers of
//! one country, consecutive account numbers. The same number always gives the same customer.

use countersign::domain::contact::{EmailAddress, PhoneNumber};
use countersign::domain::customer::{NewCustomer, Unsaid};
use countersign::domain::money::Money;

const FIRST: &str = "Anna Annika Hannah Joanna Dana Diana James Mary John Patricia Robert Jennifer \
Michael Linda David Elizabeth William Barbara Richard Susan Joseph Jessica Thomas Sarah Charles \
Karen Christopher Lisa Daniel Nancy Matthew Betty Anthony Margaret Mark Sandra Donald Ashley Steven \
Kimberly Paul Emily Andrew Joshua Michelle Kenneth Carol Kevin Amanda Brian Dorothy George Melissa \
Timothy Deborah Ronald Stephanie Edward Rebecca Jason Sharon Jeffrey Laura Ryan Cynthia Jacob \
Kathleen Gary Amy Nicholas Angela Eric Shirley Jonathan Brenda Stephen Pamela Larry Emma Justin \
Nicole Scott Helen Brandon Samantha Benjamin Katherine Samuel Christine Zoë José Jürgen Łukasz";

const LAST: &str = "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez \
Hernandez Lopez Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White \
Harris Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill \
Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez Phillips Evans \
Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers Gutierrez \
Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson Watson Brooks \
Hoffmann Schneider Fischer Weber Meyer Wagner Becker Schulz Zimmermann Hartmann Lehmann Müller Ñandú";

const DOMAINS: [&str; 10] = [
    "gmail.com",
    "gmail.com",
    "gmail.com",
    "yahoo.com",
    "yahoo.com",
    "outlook.com",
    "outlook.com",
    "example.org",
    "example.org",
    "example.com",
];

/// A uniform, deterministic hash of a number.
pub(crate) fn scattered(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 27)
}

/// Picks from a list, the first elements much more often.
fn uneven(list: &'static str, bits: u64) -> &'static str {
    let words = list.split_whitespace().count() as u64;
    let (one, two) = (bits % words, (bits >> 24) % words);
    let place = usize::try_from(one.min(two)).unwrap_or(0);
    list.split_whitespace().nth(place).unwrap_or("Dana")
}

pub(crate) fn first(number: u64) -> &'static str {
    uneven(FIRST, scattered(number))
}

pub(crate) fn last(number: u64) -> &'static str {
    uneven(LAST, scattered(number ^ 0x5555_5555))
}

pub(crate) fn account(number: u64) -> String {
    format!("WB-{number:07}")
}

pub(crate) fn email(number: u64) -> String {
    let domain = DOMAINS[usize::try_from(scattered(number) % 10).unwrap_or(0)];
    let plain = |name: &str| -> String { name.chars().filter(char::is_ascii).collect() };
    let (first, last) = (plain(first(number)), plain(last(number)));
    format!("{first}.{last}{}@{domain}", number % 1_000).to_lowercase()
}

pub(crate) fn phone(number: u64) -> String {
    format!("+1{}", 2_010_000_000 + scattered(number ^ 0xaaaa) % 7_900_000_000)
}

pub(crate) fn customer(number: u64) -> NewCustomer {
    NewCustomer {
        account_no: account(number),
        name: format!("{} {}", first(number), last(number)),
        email: EmailAddress::parse(&email(number)).ok(),
        phone: PhoneNumber::parse(&phone(number), "US").ok(),
        address: Some(format!("{} Mill Lane", number % 200 + 1)),
        locale: None,
        balance: Some(Money { cents: 4_210, currency: "USD".into() }),
        unsaid: Unsaid::default(),
    }
}
