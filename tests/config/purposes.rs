//! The configuration of purposes: a list of texts, or tables with what each takes.

use std::time::Duration;

use crate::support::Desk;
use countersign::domain::level::Level;
use countersign::domain::purpose::{Attested, SharedContact};

const TABLES: &str = "\
[[purpose]]
name = \"pay at the till\"
level = \"none\"

[[purpose]]
name = \"change of address\"
level = \"two\"
session_minutes = 5
shared_contact = \"refuse\"
second_person = \"alone\"
representative = true
tell = true

[[purpose]]
name = \"hand over a contract\"
level = \"document\"
";

#[test]
fn a_purpose_is_a_table_with_what_it_takes_and_reads_back() {
    let desk = Desk::new();
    let config = desk.load(TABLES, &[]).expect("allowed");
    let [till, address, contract] = config.purposes.as_slice() else {
        panic!("{:?}", config.purposes)
    };
    assert_eq!((till.name.as_str(), till.level), ("pay at the till", Level::None));
    assert_eq!((address.level, address.session), (Level::Two, Some(Duration::from_mins(5))));
    assert_eq!(address.shared_contact, SharedContact::Refuse);
    assert_eq!((address.document, address.second_person), (Attested::Refuse, Attested::Alone));
    assert!(address.tell && !till.tell && !contract.tell);
    assert!(address.representative && !till.representative && !contract.representative);
    assert_eq!((contract.level, contract.document), (Level::Document, Attested::Alone));
    let again = desk.load(&config.show().to_string(), &[]).expect("what is shown reads back");
    assert_eq!(again.purposes, config.purposes);
}

#[test]
fn a_list_of_texts_is_purposes_of_one_code() {
    let config = Desk::new().load("[otp]\npurposes = [\"a\", \"b\"]\n", &[]).expect("allowed");
    let found: Vec<_> = config.purposes.iter().map(|it| (it.name.as_str(), it.level)).collect();
    assert_eq!(found, [("a", Level::Contact), ("b", Level::Contact)]);
}

#[test]
fn what_cannot_be_a_purpose_is_refused_with_what_is_allowed() {
    let of = |more: &str| format!("[[purpose]]\nname = \"a\"\n{more}\n");
    for (text, said) in [
        (of("level = \"high\""), "none, contact, nist, two, document"),
        (of("session_minutes = 0"), "1 to 480"),
        (of("session_minutes = 481"), "1 to 480"),
        (of("representative = \"yes\""), "true, false"),
        (of("tell = 1"), "true, false"),
        (of("shared_contact = \"perhaps\""), "allow, second, refuse"),
        (of("second_person = \"second\""), "refuse, alone"),
        (of("level = \"document\"\ndocument = \"refuse\""), "alone, second"),
        (of("color = \"red\""), "there is no key color"),
        ("[[purpose]]\nlevel = \"two\"\n".into(), "name is a text of 1 to 40 characters"),
        (format!("[[purpose]]\nname = \"{}\"\n", "x".repeat(41)), "1 to 40 characters"),
        (format!("{}{}", of(""), "[[purpose]]\nname = \"A\"\n"), "two purposes"),
        (format!("{}[otp]\npurposes = [\"b\"]\n", of("")), "purpose"),
        ("purpose = []\n".into(), "one at least"),
        ("purpose = \"a\"\n".into(), "[[purpose]]"),
    ] {
        let problems = Desk::new().problems(&text, &[]);
        assert!(problems.iter().any(|it| it.contains(said)), "{text}: {problems:?}");
    }
}
