//! The world's phone numbers, compared with Google's own library.
//!
//! `tests/phone_numbers/world.py` writes numbers of every region in the usual
//! writings, with what Google's library says of them; `.ci/install` puts that
//! library under `target/`. No number may become another one; what is refused is
//! refused for a reason that is expected here.

use std::collections::BTreeMap;
use std::process::Command;

use countersign::domain::phone::{PhoneError, PhoneNumber};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Of a thousand writings of assigned numbers, so many are refused at most.
const REFUSED: usize = 8;

/// One line of the comparison.
struct Case<'a> {
    region: &'a str,
    writing: &'a str,
    /// The number; none where the writing is that of no assigned number.
    e164: Option<&'a str>,
    /// How Google's library reads the writing; none where it is no possible number.
    google: Option<&'a str>,
    country: &'a str,
    number_type: &'a str,
}

impl<'a> Case<'a> {
    fn read(line: &'a str) -> Self {
        let fields: Vec<&str> = line.split('\t').collect();
        let [region, writing, e164, google, country, number_type] = fields[..] else {
            panic!("a line of other fields: {line}")
        };
        let some = |text: &'a str| (text != "-").then_some(text);
        Self { region, writing, e164: some(e164), google: some(google), country, number_type }
    }

    /// What is wrong with a number that was read.
    fn fault(&self, number: &PhoneNumber) -> Option<String> {
        let read = Some(number.as_str());
        if read != self.e164 && read != self.google {
            return Some(format!("read as {}", number.as_str()));
        }
        if read != self.e164 {
            return None;
        }
        let countries = number.countries();
        if !countries.iter().any(|it| it == self.country) {
            return Some(format!("of {countries:?} and not {}", self.country));
        }
        let number_type: &str = number.number_type().into();
        (number_type != self.number_type)
            .then(|| format!("{number_type} and not {}", self.number_type))
    }
}

/// The reasons for which a writing of an assigned number may be refused: it has
/// more than the 15 digits of E.164 or fewer than any phone, decimal places behind
/// a zero that a spreadsheet's number cannot begin with, or another number's digits.
fn is_expected(reason: &PhoneError) -> bool {
    matches!(
        reason,
        PhoneError::TooLong(_)
            | PhoneError::TooShort(_)
            | PhoneError::DecimalPlaces
            | PhoneError::Ambiguous
    )
}

#[test]
fn no_number_of_the_world_becomes_another_one() {
    let python = format!("{ROOT}/target/phonenumbers/bin/python");
    let script = format!("{ROOT}/tests/phone_numbers/world.py");
    let output = Command::new(&python).arg(&script).output();
    let output = output.unwrap_or_else(|error| panic!("{python} (see .ci/install): {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let cases = String::from_utf8(output.stdout).expect("text");

    let mut wrong = Vec::new();
    let (mut all, mut refused) = (0, BTreeMap::<String, usize>::new());
    for case in cases.lines().map(Case::read) {
        let fault = match (PhoneNumber::parse(case.writing, case.region), case.e164) {
            (Ok(number), _) => case.fault(&number),
            (Err(_), None) => None,
            (Err(reason), Some(_)) if is_expected(&reason) => {
                *refused.entry(format!("{reason}")).or_default() += 1;
                None
            }
            (Err(reason), Some(_)) => Some(format!("refused: {reason}")),
        };
        all += usize::from(case.e164.is_some());
        let told = |fault| format!("{:?} in {:?}: {fault}", case.writing, case.region);
        wrong.extend(fault.map(told));
    }
    let count: usize = refused.values().sum();
    println!("{all} writings, {} wrong, {count} refused: {refused:#?}", wrong.len());
    assert!(all > 50_000, "only {all} writings");
    assert!(wrong.is_empty(), "{} wrong: {:#?}", wrong.len(), &wrong[..wrong.len().min(40)]);
    assert!(count * 1_000 <= all * REFUSED, "{count} of {all} are refused: {refused:#?}");
}
