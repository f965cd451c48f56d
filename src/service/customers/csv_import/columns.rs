//! The columns of an import, and their names in other programs.

use strum::VariantArray as _;

use crate::domain::text::{clean, fold};

/// A column of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub(super) enum CsvColumn {
    AccountNo,
    Name,
    Email,
    Phone,
    Address,
    Locale,
    Balance,
    Currency,
}

impl CsvColumn {
    pub(super) const ALL: &[Self] = Self::VARIANTS;

    /// Its name in our own files.
    pub(super) const fn word(self) -> &'static str {
        self.into_str()
    }

    /// Its name in a sentence.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::AccountNo => "account number",
            Self::Email => "email address",
            Self::Phone => "phone number",
            other => other.word(),
        }
    }

    /// The column of a header cell. `Account No.`, `account-no` and `ACCOUNT_NO` are the
    /// same, and so are `E-Mail` and `email`.
    pub(super) fn named(cell: &str) -> Option<Self> {
        let name = plain(cell);
        Self::ALL.iter().copied().find(|column| plain(column.word()) == name)
    }

    /// What other programs call it, in the languages of their offices.
    const fn elsewhere(self) -> &'static str {
        match self {
            Self::AccountNo => {
                "account account_number account_id acct_no customer_no customer_number customer_id \
                 cust_no client_no client_number client_id contract_no contract_number \
                 subscriber_no Kundennummer Kunden-Nr KdNr Kunden-ID Vertragskonto \
                 Vertragsnummer Debitor Debitorennummer Numéro_client N°_client Code_client \
                 Numéro_de_compte Número_de_cliente Código_cliente Nº_cliente Número_de_cuenta \
                 Codice_cliente Numero_cliente Klantnummer Debiteurnummer Numer_klienta \
                 Nr_klienta Código_do_cliente Müşteri_no Müşteri_numarası Abone_no \
                 Číslo_zákazníka Zákaznické_číslo Kundnummer Kundenummer Asiakasnumero Ügyfélszám \
                 Vevőkód Лицевой_счет Номер_клиента Номер_счета Αριθμός_πελάτη 顧客番号 客户编号 \
                 고객번호"
            }
            Self::Name => {
                "full_name customer_name client_name display_name Kundenname Kunde Nachname \
                 Name_Vorname Nom Nom_complet Nom_client Nombre Nombre_completo Nome \
                 Nome_completo Nominativo Naam Klantnaam Nazwisko Imię_i_nazwisko Jméno Namn Navn \
                 Nimi Név Ad_Soyad Müşteri_adı Имя ФИО Όνομα Ονοματεπώνυμο 氏名 姓名 이름 الاسم"
            }
            Self::Email => {
                "email_address mail mail_address email_1 E-Mail-Adresse Mailadresse Courriel \
                 Adresse_email Adresse_mail Correo Correo_electrónico Posta_elettronica Indirizzo_email \
                 E-mailadres Adres_e-mail E-posta E-post Epost Sähköposti E-mail_cím \
                 Электронная_почта Почта メール メールアドレス 邮箱 이메일"
            }
            Self::Phone => {
                "phone_number phone_no phone_1 telephone telephone_number tel tel_no mobile \
                 mobile_number mobile_phone cell cell_phone Telefon Telefonnummer Telefon-Nr \
                 Handy Handynummer Mobil Mobilnummer Mobiltelefon Rufnummer Téléphone \
                 Téléphone_mobile Portable Teléfono Móvil Celular Telefono Cellulare Telefoon \
                 Telefoonnummer Mobiel GSM Numer_telefonu Komórka Cep_telefonu Puhelin \
                 Telefonszám Телефон Мобильный Τηλέφωνο 電話番号 电话 手机 전화번호 هاتف"
            }
            Self::Address => {
                "street street_address postal_address Adresse Anschrift Straße Dirección Indirizzo \
                 Endereço Morada Adres Adress Osoite Cím Адрес Διεύθυνση 住所 地址 주소"
            }
            Self::Locale => "language lang Sprache Langue Idioma Lingua Taal Język Dil Язык",
            Self::Balance => {
                "amount_due open_amount outstanding Saldo Kontostand Offener_Betrag Solde Bakiye \
                 Баланс"
            }
            Self::Currency => {
                "currency_code Währung Devise Moneda Valuta Waluta Para_birimi Валюта"
            }
        }
    }
}

/// The name of a column without case, blanks and punctuation.
pub(super) fn plain(cell: &str) -> String {
    fold(&clean(cell)).chars().filter(|char| char.is_alphanumeric()).collect()
}

/// The similarity from which an unknown name counts as a misspelling: `emial` and `addr`
/// do, `hat size` does not.
const ALIKE: f64 = 0.85;

/// The similarity for names in other languages, which must be nearly equal.
const ALIKE_ELSEWHERE: f64 = 0.93;

/// The column that an unknown name probably means.
pub fn meant(unknown: &str) -> Option<&'static str> {
    probably(unknown).map(|(_, column)| column.word())
}

/// The similarity, and the column.
pub(super) fn probably(unknown: &str) -> Option<(f64, CsvColumn)> {
    let name = plain(unknown);
    if name.is_empty() {
        return None;
    }
    let alike = |known: &str| strsim::jaro_winkler(&plain(known), &name);
    let best = |column: CsvColumn| {
        let own = Some(alike(column.word())).filter(|it| *it >= ALIKE);
        let others = column.elsewhere().split_whitespace().map(alike);
        let others = others.filter(|it| *it >= ALIKE_ELSEWHERE);
        let best = own.into_iter().chain(others).max_by(f64::total_cmp)?;
        Some((best, column))
    };
    CsvColumn::ALL.iter().copied().filter_map(best).max_by(|one, other| one.0.total_cmp(&other.0))
}

/// Names that the office gave for our columns: `account_no=Kundennummer`.
#[derive(Clone, Debug, Default)]
pub struct ColumnNames(Vec<(CsvColumn, String)>);

/// Why such a name cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnNamesError {
    /// A side of the pair is empty.
    #[error("--columns takes COLUMN=NAME, such as account_no=Kundennummer, not \"{0}\"")]
    Shape(String),
    /// There is no such column.
    #[error(
        "--columns: there is no column {0} here, but account_no, name, email, phone, address, \
         locale, balance and currency"
    )]
    Unknown(String),
    /// The column has two names.
    #[error("--columns names the column {0} twice")]
    Twice(&'static str),
}

impl ColumnNames {
    /// Parses pairs of `COLUMN=NAME`; one text may hold several, separated by commas.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, ColumnNamesError> {
        let mut names = Self::default();
        for text in texts {
            for pair in pairs(text) {
                let (column, name) = pair
                    .split_once('=')
                    .filter(|(_, name)| !plain(name).is_empty())
                    .ok_or_else(|| ColumnNamesError::Shape(pair.clone()))?;
                let column = CsvColumn::named(column)
                    .ok_or_else(|| ColumnNamesError::Unknown(column.trim().to_owned()))?;
                if names.of(column).is_some() {
                    return Err(ColumnNamesError::Twice(column.word()));
                }
                names.0.push((column, clean(name).trim().to_owned()));
            }
        }
        Ok(names)
    }

    /// The name that the office gave for a column.
    pub(super) fn of(&self, column: CsvColumn) -> Option<&str> {
        self.0.iter().find(|it| it.0 == column).map(|it| it.1.as_str())
    }

    /// The column that a cell of the header names.
    pub(super) fn find(&self, cell: &str) -> Option<CsvColumn> {
        let name = plain(cell);
        let said = self.0.iter().find(|it| plain(&it.1) == name).map(|it| it.0);
        said.or_else(|| CsvColumn::named(cell).filter(|column| self.of(*column).is_none()))
    }

    /// A given name that none of these cells has.
    pub(super) fn absent(&self, cells: &[String]) -> Option<&str> {
        let is_there = |name: &str| cells.iter().any(|cell| plain(cell) == plain(name));
        self.0.iter().map(|it| it.1.as_str()).find(|name| !is_there(name))
    }
}

/// A name may contain a comma: a pair begins only where a column is named.
fn pairs(text: &str) -> Vec<String> {
    let mut pairs: Vec<String> = Vec::new();
    for part in text.split(',') {
        let begins =
            part.split_once('=').is_some_and(|(column, _)| CsvColumn::named(column).is_some());
        match pairs.last_mut() {
            Some(last) if !begins && !part.contains('=') => {
                last.push(',');
                last.push_str(part);
            }
            _ => pairs.push(part.to_owned()),
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_by_their_letters_and_guessed_by_what_others_call_them() {
        for known in ["Account No.", "account-no", "ACCOUNT_NO", "AccountNo"] {
            assert_eq!(CsvColumn::named(known), Some(CsvColumn::AccountNo), "{known}");
        }
        assert_eq!(CsvColumn::named("E-Mail"), Some(CsvColumn::Email));
        for (name, column) in [
            ("Kundennummer", "account_no"),
            ("KUNDEN-NR.", "account_no"),
            ("Customer Number", "account_no"),
            ("Numéro client", "account_no"),
            ("acount no", "account_no"),
            ("Nachname", "name"),
            ("Nazwisko", "name"),
            ("Телефон", "phone"),
            ("Telefonnumer", "phone"),
            ("Mobile", "phone"),
            ("E-Mail-Adresse", "email"),
            ("emial", "email"),
            ("addr", "address"),
            ("Straße", "address"),
            ("Sprache", "locale"),
            ("Währung", "currency"),
            ("氏名", "name"),
        ] {
            assert_eq!(meant(name), Some(column), "{name}");
            assert_eq!(CsvColumn::named(name), None, "{name} is asked back, not taken");
        }
        for other in ["hat size", "", "notes", "birthday"] {
            assert_eq!(meant(other), None, "{other}");
        }
    }

    #[test]
    fn columns_are_named_by_the_office() {
        let parse = |texts: &[&str]| ColumnNames::parse(texts.iter().copied());
        let names = parse(&["account_no=Kunden Nr,name=Name, Vorname", "E-Mail=Mail"]);
        let names = names.expect("names");
        assert_eq!(names.find("kunden-nr."), Some(CsvColumn::AccountNo));
        assert_eq!(names.find("Name, Vorname"), Some(CsvColumn::Name));
        assert_eq!(names.find("name"), None, "another column is named for it");
        assert_eq!(names.find("MAIL"), Some(CsvColumn::Email));
        assert_eq!(names.find("phone"), Some(CsvColumn::Phone));
        let refused = |texts: &[&str]| parse(texts).map(drop).expect_err("a refusal");
        assert_eq!(refused(&["name"]), ColumnNamesError::Shape("name".into()));
        assert_eq!(refused(&["name="]), ColumnNamesError::Shape("name=".into()));
        assert_eq!(refused(&["hat=x"]), ColumnNamesError::Unknown("hat".into()));
        assert_eq!(refused(&["name=a", "name=b"]), ColumnNamesError::Twice("name"));
    }
}
