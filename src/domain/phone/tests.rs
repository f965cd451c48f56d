//! Example phone numbers; `tests/phone_numbers.rs` compares those of all countries with Google's
//! library.

use crate::domain::phone::*;

fn parse(raw: &str, country: &str) -> Result<String, PhoneError> {
    PhoneNumber::parse(raw, country).map(|it| it.0)
}

/// Checks numbers of a country: the notation and its E.164 form.
fn all(country: &str, numbers: &[(&str, &str)]) {
    for (raw, e164) in numbers {
        assert_eq!(parse(raw, country).as_deref(), Ok(*e164), "{raw} in {country}");
    }
}

#[test]
fn numbers_are_read_in_any_usual_writing() {
    for raw in [
        "+49 151 12345678",
        "0049 151 12345678",
        "+0049 151 12345678",
        "0151 12345678",
        "(0151) 1234-5678",
        "+49 (0)151 12345678",
        "(+49) 151 12345678",
        "49 151 12345678",
        "15112345678.0",
        "4915112345678.0",
        "Tel.: 0151/12345678",
    ] {
        assert_eq!(parse(raw, "DE").as_deref(), Ok("+4915112345678"), "{raw}");
    }
    // Another country's leading 1 is not a prefix here.
    all(
        "US",
        &[
            ("+49 160 7654321", "+491607654321"),
            ("0049 160 7654321", "+491607654321"),
            ("011 49 160 7654321", "+491607654321"),
            ("(415) 555-0142", "+14155550142"),
            ("1-415-555-0142", "+14155550142"),
            ("4155550142.0", "+14155550142"),
        ],
    );
}

#[test]
fn a_prefix_of_the_country_goes_and_a_zero_that_belongs_to_the_number_stays() {
    all("IT", &[("06 6982 1234", "+390669821234"), ("+39 (0)6 698 21234", "+390669821234")]);
    all("RU", &[("8 (916) 123-45-67", "+79161234567"), ("79161234567", "+79161234567")]);
    all("HU", &[("06 20 123 4567", "+36201234567"), ("36201234567", "+36201234567")]);
    all("BB", &[("230-4567", "+12462304567")]);
    all(
        "KR",
        &[
            ("010-1234-5678", "+821012345678"),
            ("011-234-5678", "+82112345678"),
            ("02-312-3456", "+8223123456"),
            ("0082 10 1234 5678", "+821012345678"),
        ],
    );
}

#[test]
fn a_national_number_that_begins_like_its_countrys_code_keeps_its_digits() {
    all(
        "BR",
        &[
            ("(55) 99123-4567", "+5555991234567"),
            ("5511987654321", "+5511987654321"),
            ("(11) 98765-4321", "+5511987654321"),
        ],
    );
    all("NO", &[("47 12 34 56", "+4747123456"), ("4741234567", "+4741234567")]);
    all("DK", &[("45 12 34 56", "+4545123456")]);
    all("PL", &[("48 123 45 67", "+48481234567"), ("48 512 345 678", "+48512345678")]);
    all("IT", &[("391 234 5678", "+393912345678")]);
    all("IN", &[("91234 56789", "+919123456789"), ("91 91234 56789", "+919123456789")]);
}

#[test]
fn prefixes_that_mexico_withdrew_are_taken_away() {
    for raw in [
        "+52 1 55 1234 5678",
        "5215512345678",
        "044 55 1234 5678",
        "045 55 1234 5678",
        "01 55 1234 5678",
        "1 55 1234 5678",
        "55 1234 5678",
        "+52 55 1234 5678",
        "+52 044 55 1234 5678",
    ] {
        assert_eq!(parse(raw, "MX").as_deref(), Ok("+525512345678"), "{raw}");
    }
    all(
        "US",
        &[("+52 1 55 1234 5678", "+525512345678"), ("011 52 1 55 1234 5678", "+525512345678")],
    );
}

#[test]
fn refusals_say_why() {
    let unknown = |country: &str| ReadAs::Default(country.into());
    for (raw, country, reason) in [
        ("12", "DE", PhoneError::TooShort(unknown("DE"))),
        ("+49 151 1", "DE", PhoneError::TooShort(ReadAs::Written)),
        ("+1234567890123456", "DE", PhoneError::TooLong(ReadAs::Written)),
        ("0151 12345678", "US", PhoneError::TooLong(unknown("US"))),
        ("555-0142", "US", PhoneError::NoAreaCode(unknown("US"))),
        ("+1 555 010 01421", "DE", PhoneError::TooLong(ReadAs::Written)),
        ("055 501 00142", "US", PhoneError::TooLong(unknown("US"))),
        ("015 550 1014", "US", PhoneError::NotInPlan(unknown("US"))),
        ("+999 123 456 789", "DE", PhoneError::UnknownCountryCode),
        ("0151 12345678", "", PhoneError::NoCountryCode),
        ("call me", "DE", PhoneError::Letters),
    ] {
        assert_eq!(parse(raw, country), Err(reason), "{raw} in {country}");
    }
}

#[test]
fn countries_that_share_a_plan_each_have_the_number() {
    let of = |raw: &str, country: &str| {
        PhoneNumber::parse(raw, country).map(|it| it.countries()).unwrap_or_default()
    };
    for (raw, country) in [
        ("0690 12 34 56", "MF"),
        ("0690 12 34 56", "BL"),
        ("0690 12 34 56", "GP"),
        ("0457 123 4567", "AX"),
        ("41 23 45 67", "SJ"),
        ("07797 712345", "JE"),
        ("0639 01 23 45", "YT"),
    ] {
        assert!(of(raw, country).iter().any(|it| it == country), "{raw} in {country}");
    }
    // Countries that the plan distinguishes are distinguished, assigned or not.
    assert_eq!(of("07797 712345", "GB"), ["JE"]);
    assert_eq!(of("+1 876 210 1234", "US"), ["JM"]);
    assert_eq!(of("+1 876 000 1234", "US"), ["JM"]);
    assert_eq!(of("+1 416 000 1234", "US"), ["CA"]);
    assert_eq!(of("+1 555 010 0142", "DE"), ["US"]);
    assert_eq!(of("+7 701 234 5678", "RU"), ["KZ"]);
}

#[test]
fn the_plan_says_what_a_number_is_for() {
    for (raw, of) in [
        ("+4915112345678", NumberType::Mobile),
        ("+493090182", NumberType::FixedLine),
        ("+14155550142", NumberType::FixedOrMobile),
        ("+611900123456", NumberType::PremiumRate),
        ("+447012345678", NumberType::Personal),
        ("+447640123456", NumberType::Pager),
        ("+491801234567", NumberType::SharedCost),
        ("+15550100142", NumberType::Unknown),
    ] {
        let number = PhoneNumber::from_e164(raw).expect("a number");
        assert_eq!(number.number_type(), of, "{raw}");
    }
}

#[test]
fn a_number_that_was_written_down_is_taken_over() {
    let again = |raw| PhoneNumber::from_e164(raw).map(|it| it.0);
    assert_eq!(again("+4915112345678").as_deref(), Ok("+4915112345678"));
    for bad in ["", "4915112345678", "+4915112345678901", "+49151x", "+0491511234567", "+49151"] {
        assert!(again(bad).is_err(), "{bad:?}");
    }
    assert_eq!(format!("{:?}", PhoneNumber("+4915112345612".into())), "+4**********12");
}
