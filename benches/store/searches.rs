//! The measured searches: typical input of clerks, and hard cases.

use super::people;

/// The input for a random number.
pub(crate) type Typed = fn(u64) -> String;

pub(crate) const SEARCHES: [(&str, Typed); 25] = [
    ("account", people::account),
    ("account, its last digits", |n| format!("{:05}", n % 100_000)),
    ("account, three digits", |n| format!("{:03}", n % 1_000)),
    ("email", people::email),
    ("phone", people::phone),
    ("phone, its last four", |n| format!("{:04}", n % 10_000)),
    ("phone, its last six", |n| format!("{:06}", n % 1_000_000)),
    ("first and last name", |n| format!("{} {}", people::first(n), people::last(n))),
    ("last and first name", |n| format!("{} {}", people::last(n), people::first(n))),
    ("last name", |n| people::last(n).to_owned()),
    ("name, three letters", |n| people::first(n).chars().take(3).collect()),
    ("one letter", |n| people::first(n).chars().take(1).collect()),
    ("name and two letters", |n| {
        format!("{} {}", people::last(n), people::first(n).chars().take(2).collect::<String>())
    }),
    ("ann", |_| "ann".into()),
    ("wb-", |_| "wb-".into()),
    ("gmail", |_| "gmail".into()),
    ("no hit", |n| format!("zzq{}", n % 100)),
    ("no hit beside a common name", |n| format!("{} zzq", people::last(n))),
    ("two last names that never meet", |n| format!("{} {}", people::last(n), people::last(n + 1))),
    ("phone, six digits of its middle", |n| people::phone(n)[4..10].to_owned()),
    ("smith james outlook", |_| "smith james outlook".into()),
    ("gmail yahoo", |_| "gmail yahoo".into()),
    ("yahoo outlook wb-0", |_| "yahoo outlook wb-0".into()),
    ("0000000", |_| "0000000".into()),
    ("com gmail.con", |_| "com gmail.con".into()),
];
