//! Countries with a calling code.
//!
//! A separate list, so that a configuration can be read without loading the numbering plans.

/// ISO 3166 codes, plus AC, TA and XK, which phone companies use.
const COUNTRIES: &str = "\
    AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO \
    BQ BR BS BT BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK \
    DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ \
    GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM \
    KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH \
    PK PL PM PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR \
    SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC \
    VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Whether a two-letter code (upper case) is a country with a calling code.
pub fn is_known(letters: &str) -> bool {
    letters.len() == 2 && COUNTRIES.split(' ').any(|it| it == letters)
}

#[cfg(test)]
mod tests {
    use rlibphonenumber::PHONE_NUMBER_UTIL as PLANS;

    use super::*;

    #[test]
    fn the_list_is_the_one_of_the_numbering_plans() {
        let mut supported: Vec<String> =
            PLANS.get_supported_regions().map(|it| it.as_region_str().to_string()).collect();
        supported.sort();
        assert_eq!(supported.join(" "), COUNTRIES);
        assert!(is_known("AX") && !is_known("001") && !is_known("ax") && !is_known("XX"));
    }
}
