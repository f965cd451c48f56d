//! The numbering plans of Google's library (libphonenumber data).
//!
//! The library's own parser is lenient: it converts letters and drops what it does not know. Here
//! it gets digits only, and its result is compared with what was written.

use std::sync::LazyLock;

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL as PLANS, ParseError, PhoneNumber as Number,
    PhoneNumberType, Region, ValidationError, get_national_significant_number_owned as national,
};

use crate::domain::phone::error::{PhoneError, ReadAs};
use crate::domain::phone::writing::Writing;

/// Prefixes that a country abolished: the number is the same without them.
struct AbolishedPrefix {
    country_code: &'static str,
    region: Region,
    prefixes: &'static [&'static str],
    /// Digits of a number since then.
    digits: usize,
}

/// Mexico has ten-digit dialling since August 2019: without the mobile 1 after +52, and without 01,
/// 044 and 045 nationally.
const ABOLISHED: &[AbolishedPrefix] = &[AbolishedPrefix {
    country_code: "52",
    region: Region::MX,
    prefixes: &["044", "045", "01", "1"],
    digits: 10,
}];

/// The calling code of the North American Numbering Plan, whose numbers begin with an area code.
const NORTH_AMERICA: i32 = 1;

/// The fewest digits of a number that is dialled within its area.
const FEWEST_LOCAL: usize = 5;

/// Loads the plans if they are not loaded yet. That takes tens of milliseconds, so it is done
/// before a lock or a transaction is taken.
pub fn load() {
    LazyLock::force(&PLANS);
}

/// Converts a decimal digit of any script to ASCII.
pub(super) fn digit(char: char) -> Option<char> {
    PLANS.normalize_digits_only(char.to_string()).chars().next()
}

/// A parsed number, and whether a plan assigns it.
struct PlanReading {
    number: Number,
    is_valid: bool,
}

/// Parses the written number; one without a country code belongs to `country`.
pub(super) fn read(writing: &Writing, country: &str) -> Result<Number, PhoneError> {
    let Writing { plus, digits, trunk_zero } = writing;
    let written = |digits: &str| {
        if *plus {
            return vec![international(digits.strip_prefix("00").unwrap_or(digits))];
        }
        let abroad = dialled_abroad(digits, country).map(international);
        abroad.into_iter().chain([default(digits, country)]).collect()
    };
    let mut readings = written(digits);
    if let Some(at) = *trunk_zero {
        readings.extend(written(&format!("{}{}", &digits[..at], &digits[at + 1..])));
    }
    one_of(readings).map(|it| it.number)
}

/// The only reading, or the only one that a plan assigns; an error if several differ.
fn one_of(readings: Vec<Result<PlanReading, PhoneError>>) -> Result<PlanReading, PhoneError> {
    let mut failed = None;
    let mut found: Option<PlanReading> = None;
    for reading in readings {
        match (reading, &found) {
            (Err(reason), _) => failed = failed.or(Some(reason)),
            (Ok(new), Some(old)) if new.is_valid && old.is_valid && new.number != old.number => {
                return Err(PhoneError::Ambiguous);
            }
            (Ok(new), Some(old)) if !new.is_valid || old.is_valid => drop(new),
            (Ok(new), _) => found = Some(new),
        }
    }
    found.ok_or_else(|| failed.unwrap_or(PhoneError::NoDigits))
}

/// The digits after the international prefix: 00 in any country, and 011 in North America. The
/// library knows the others.
fn dialled_abroad<'a>(digits: &'a str, country: &str) -> Option<&'a str> {
    let in_north_america = || {
        let code = PLANS.get_country_code_for_region(region(country)?)?;
        digits.strip_prefix("011").filter(|_| code == NORTH_AMERICA)
    };
    digits.strip_prefix("00").or_else(in_north_america)
}

/// Parses digits that begin with a country code.
fn international(digits: &str) -> Result<PlanReading, PhoneError> {
    let today = ABOLISHED.iter().find_map(|it| {
        let rest = today(it, digits.strip_prefix(it.country_code)?)?;
        Some(format!("{}{rest}", it.country_code))
    });
    let digits = today.as_deref().unwrap_or(digits);
    let read = PLANS.parse(format!("+{digits}"), None);
    // A valid number as written has no prefix to remove.
    let code = read.as_ref().ok().map(|it| it.country_code.to_string());
    let whole = code.and_then(|code| significant(&code, digits.strip_prefix(&code)?));
    match whole.filter(is_valid) {
        Some(number) => Ok(PlanReading { number, is_valid: true }),
        None => judged(read, digits, &ReadAs::Written),
    }
}

/// Parses digits without a plus sign as a national number of `country`, or with its country code if
/// only that gives a number.
fn default(digits: &str, country: &str) -> Result<PlanReading, PhoneError> {
    let Some(region) = region(country) else { return Err(PhoneError::NoCountryCode) };
    let mut abolished = ABOLISHED.iter().filter(|it| it.region == region);
    let today = abolished.find_map(|it| today_or_abroad(it, digits));
    let digits = today.as_deref().unwrap_or(digits);
    let read = judged(PLANS.parse(digits, Some(region)), digits, &ReadAs::Default(country.into()));
    let code = PLANS.get_country_code_for_region(region).unwrap_or_default().to_string();
    // A valid number as written has no international prefix.
    let whole = significant(&code, digits).filter(is_valid);
    let whole = whole.map(|number| Ok(PlanReading { number, is_valid: true }));
    let read = match whole {
        Some(whole) => one_of(vec![whole, read]),
        None => read,
    };
    let with_code = digits.starts_with(&code).then(|| international(digits).ok()).flatten();
    match (read, with_code.filter(|it| it.is_valid)) {
        (read, None) => read,
        (Ok(read), Some(with_code)) if read.is_valid && read.number != with_code.number => {
            without_plus(read, with_code)
        }
        (_, Some(with_code)) => Ok(with_code),
    }
}

/// Resolves digits that are a number both as written and after the country code is removed: the
/// reading that is a mobile number wins, unless both or neither are. What remains of a real
/// national number is too short to be a mobile number; if it is one, the plan permits longer
/// numbers than the country has.
fn without_plus(national: PlanReading, with_code: PlanReading) -> Result<PlanReading, PhoneError> {
    let is_mobile = |it: &PlanReading| number_type(&it.number) == PhoneNumberType::Mobile;
    match (is_mobile(&national), is_mobile(&with_code)) {
        (false, true) => Ok(with_code),
        (true, false) => Ok(national),
        _ => Err(PhoneError::Ambiguous),
    }
}

/// The number without an abolished prefix.
fn today<'a>(abolished: &AbolishedPrefix, national: &'a str) -> Option<&'a str> {
    let rests = abolished.prefixes.iter().filter_map(|prefix| national.strip_prefix(prefix));
    rests.into_iter().find(|rest| rest.len() == abolished.digits)
}

/// Like [`today`], with or without the country code.
fn today_or_abroad(abolished: &AbolishedPrefix, digits: &str) -> Option<String> {
    let behind_code = || today(abolished, digits.strip_prefix(abolished.country_code)?);
    today(abolished, digits).or_else(behind_code).map(str::to_owned)
}

/// Validates the library's result for `digits`.
fn judged(
    parsed: Result<Number, ParseError>,
    digits: &str,
    read_as: &ReadAs,
) -> Result<PlanReading, PhoneError> {
    let number = parsed.map_err(|error| match error {
        ParseError::InvalidCountryCode => PhoneError::UnknownCountryCode,
        ParseError::TooLongNsn => PhoneError::TooLong(read_as.clone()),
        ParseError::TooShortNsn | ParseError::TooShortAfterIdd | ParseError::NotANumber(_) => {
            PhoneError::TooShort(read_as.clone())
        }
    })?;
    let significant = national(&number);
    // The last digits must be the same, whatever prefix was added or removed.
    let end = significant.len().saturating_sub(6);
    if !digits.ends_with(&significant[end..]) {
        return Err(PhoneError::NotInPlan(read_as.clone()));
    }
    if is_valid(&number) {
        return Ok(PlanReading { number, is_valid: true });
    }
    match PLANS.is_possible_number_with_reason(&number) {
        Ok(NumberLengthType::IsPossible) => {}
        Ok(NumberLengthType::IsPossibleLocalOnly) if significant.len() < FEWEST_LOCAL => {
            return Err(PhoneError::TooShort(read_as.clone()));
        }
        Ok(NumberLengthType::IsPossibleLocalOnly) => {
            return Err(PhoneError::NoAreaCode(read_as.clone()));
        }
        Err(ValidationError::InvalidCountryCode) => return Err(PhoneError::UnknownCountryCode),
        Err(ValidationError::TooShort) => return Err(PhoneError::TooShort(read_as.clone())),
        Err(ValidationError::TooLong) => return Err(PhoneError::TooLong(read_as.clone())),
        Err(ValidationError::InvalidLength) => {
            return Err(PhoneError::NotInPlan(read_as.clone()));
        }
    }
    // A leading zero, or a leading one in North America, is the rest of a prefix that does not
    // belong here.
    let is_rest = significant.starts_with('0')
        || number.country_code == NORTH_AMERICA && significant.starts_with('1');
    if is_rest {
        return Err(PhoneError::NotInPlan(read_as.clone()));
    }
    Ok(PlanReading { number, is_valid: false })
}

fn is_valid(number: &Number) -> bool {
    PLANS.is_valid_number(number)
}

/// The region of a country with a calling code.
pub(super) fn region(country: &str) -> Option<Region> {
    crate::domain::phone::country::is_known(country)
        .then(|| Region::from_code(country).ok())
        .flatten()
}

/// The countries of a number, the library's choice first. A number that is not assigned belongs to
/// the country of its area code if that is known, else to the main country of the calling code.
pub(super) fn countries(number: &Number) -> Vec<Region> {
    let first = PLANS.get_region_for_number(number);
    let sharing = || PLANS.get_regions_for_country_calling_code(number.country_code);
    let valid = sharing().into_iter().flatten();
    let valid = valid.filter(|region| PLANS.is_valid_number_for_region(number, *region));
    let mut countries: Vec<Region> = valid.collect();
    if let Some(at) = countries.iter().position(|it| Some(*it) == first) {
        countries.swap(0, at);
    }
    if countries.is_empty() {
        let region = first.or_else(|| area(number));
        countries.extend(region.or_else(|| PLANS.get_region_for_country_code(number.country_code)));
    }
    countries
}

/// The country of a North American area code.
fn area(number: &Number) -> Option<Region> {
    /// A subscriber number that exists in every area.
    const SUBSCRIBER: u64 = 234_5678;
    if number.country_code != NORTH_AMERICA {
        return None;
    }
    let area = number.national_number / 10_000_000;
    let inside = Number { national_number: area * 10_000_000 + SUBSCRIBER, ..number.clone() };
    PLANS.get_region_for_number(&inside)
}

pub(super) fn number_type(number: &Number) -> PhoneNumberType {
    PLANS.get_number_type(number)
}

/// The number of a country code and all digits after it.
fn significant(country_code: &str, digits: &str) -> Option<Number> {
    let zeros = digits.len() - digits.trim_start_matches('0').len();
    Some(Number {
        country_code: country_code.parse().ok()?,
        national_number: digits.parse().ok()?,
        italian_leading_zero: (zeros > 0).then_some(true),
        number_of_leading_zeros: i32::try_from(zeros).ok().filter(|zeros| *zeros > 1),
        ..Number::default()
    })
}

/// The number in E.164.
pub(super) fn e164(number: &Number) -> String {
    format!("+{}{}", number.country_code, national(number))
}

/// Parses a number in E.164.
pub(super) fn of_e164(e164: &str) -> Option<Number> {
    let code = PLANS.parse(e164, None).ok()?.country_code.to_string();
    significant(&code, e164.strip_prefix('+')?.strip_prefix(&code)?)
}
