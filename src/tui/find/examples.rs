//! How a phone number is typed into the search, in the office's own country.

/// For countries as they are written there: as at home, and with the country.
const PHONES: [(&str, &str); 29] = [
    ("AT", "0664 123, or +43 664"),
    ("AU", "0412 345, or +61 412"),
    ("BE", "0470 12, or +32 470"),
    ("BR", "11 96123, or +55 11"),
    ("CA", "416 555, or +1 416"),
    ("CH", "079 123, or +41 79"),
    ("CZ", "601 123, or +420 601"),
    ("DE", "0151 1234, or +49 151"),
    ("DK", "20 12 34, or +45 20"),
    ("ES", "612 345, or +34 612"),
    ("FI", "041 234, or +358 41"),
    ("FR", "06 12 34, or +33 6"),
    ("GB", "07911 123, or +44 7911"),
    ("IE", "085 123, or +353 85"),
    ("IN", "98123 45, or +91 98123"),
    ("IT", "312 345, or +39 312"),
    ("JP", "090 1234, or +81 90"),
    ("KR", "010 1234, or +82 10"),
    ("MX", "55 1234, or +52 55"),
    ("NL", "06 1234, or +31 6"),
    ("NO", "406 12, or +47 406"),
    ("NZ", "021 123, or +64 21"),
    ("PL", "512 345, or +48 512"),
    ("PT", "912 345, or +351 912"),
    ("SE", "070 123, or +46 70"),
    ("TR", "0501 234, or +90 501"),
    ("UA", "050 123, or +380 50"),
    ("US", "415 555, or +1 415"),
    ("ZA", "071 123, or +27 71"),
];

/// How the beginning of a phone number is typed in a country (ISO 3166).
pub fn phone(country: &str) -> &'static str {
    let known = PHONES.iter().find(|(name, _)| name.eq_ignore_ascii_case(country));
    known.map_or("its last digits, or + and the country's code", |(_, example)| example)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_office_sees_numbers_of_its_own_country() {
        assert!(phone("US").contains("+1 "));
        assert!(phone("de").contains("+49 "));
        assert!(phone("TV").contains("last digits"));
    }
}
