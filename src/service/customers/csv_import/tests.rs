//! Files as offices have them.

use proptest::prelude::*;

use crate::domain::money::Money;
use crate::service::customers::csv_import::cells::split;
use crate::service::customers::csv_import::*;

fn reading() -> Reading {
    Reading { country: "DE".into(), ..Reading::default() }
}

fn lines(file: &[u8]) -> Vec<CsvRow> {
    let mut reader = CsvReader::open(file, &reading()).expect("a header");
    let mut lines = Vec::new();
    while let Some(line) = reader.next_line().expect("memory reads") {
        lines.push(line);
    }
    lines
}

fn read(file: &[u8]) -> Vec<(u64, Result<NewCustomer, RowError>)> {
    lines(file).into_iter().map(|line| (line.number, line.customer)).collect()
}

fn accounts(file: &[u8]) -> Vec<(u64, Result<String, RowError>)> {
    let account = |(number, customer): (_, Result<NewCustomer, _>)| {
        (number, customer.map(|customer| customer.account_no))
    };
    read(file).into_iter().map(account).collect()
}

fn refusal(file: &[u8], columns: &[&str]) -> String {
    let columns = ColumnNames::parse(columns.iter().copied()).expect("names");
    let reading = Reading { columns, ..reading() };
    CsvReader::open(file, &reading).err().map(|it| it.to_string()).unwrap_or_default()
}

#[test]
fn columns_stand_in_any_order_and_writing() {
    let file = b"\xef\xbb\xbfPhone;Account No;NAME;balance;currency;shoe size\r\n\
        0151 12345678;WB-1;\"Rivera; Dana \"\"D\"\"\";-12,5;eur;43\r\n";
    let mut reader = CsvReader::open(file.as_slice(), &reading()).expect("a header");
    assert_eq!(reader.unknown_columns(), ["shoe size"]);
    let line = reader.next_line().expect("reads").expect("a line");
    let customer = line.customer.expect("a good line");
    assert_eq!(customer.name, "Rivera; Dana \"D\"");
    assert_eq!(customer.phone.map(|it| it.as_str().to_owned()), Some("+4915112345678".into()));
    assert_eq!(customer.balance, Some(Money { cents: -1_250, currency: "EUR".into() }));
    assert!(reader.next_line().expect("reads").is_none());
}

#[test]
fn a_bad_cell_costs_itself_and_a_bad_line_that_line() {
    let file = b"account_no,name,email,locale\n\
        WB-1,Dana,dana@example.org,en_US\n\
        WB-2,Bo,no address,x\n\
        WB-3,\xff\xfe Eve,\xffa@example.org\n\
        ,Nameless,\n\
        WB-5,,\n\
        WB-6,Six\n\
        \n\
        WB-8,\"Eight,\n\
        WB-9,Nin\xc3\xa9 \xc3\xa9\xc3\xa9,\xc3\xa9@example.org\n\
        #N/A,Ten\n\
        1.23E+11,Eleven\n\
        WB-12,Twelve,a@example.org,de,more\n";
    assert_eq!(
        accounts(file),
        [
            (2, Ok("WB-1".into())),
            (3, Ok("WB-2".into())),
            (4, Ok("WB-3".into())),
            (5, Err(RowError::Missing("account number"))),
            (6, Err(RowError::Missing("name"))),
            (7, Ok("WB-6".into())),
            (9, Err(RowError::OpenQuote)),
            (10, Ok("WB-9".into())),
            (11, Err(RowError::Unusable("account number", CellFault::Formula))),
            (12, Err(RowError::Unusable("account number", CellFault::Rounded))),
            (13, Err(RowError::Cells { expected: 4, found: 5 })),
        ]
    );
    let lines = lines(file);
    let faults_of = |at: usize| {
        let cells = lines[at].bad_cells.iter();
        cells.map(|it| (it.column, it.value.as_str(), it.reason.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(faults_of(0), []);
    assert_eq!(
        faults_of(1),
        [
            ("email", "no******ss", "the email address is not valid"),
            ("locale", "x", "the locale is not a language such as en or de-AT"),
        ]
    );
    let bad: Vec<_> = faults_of(2).iter().map(|it| (it.0, it.2)).collect();
    let no_text = "is not text in the encoding of the file";
    assert_eq!(bad[0], ("name", format!("the name {no_text}").as_str()));
    assert_eq!(bad[1], ("email", format!("the email address {no_text}").as_str()));
    assert_eq!(lines[10].account_no.as_deref(), Some("WB-12"), "who it is about is told");
    let customer = lines[1].customer.as_ref().expect("imported");
    assert!(customer.email.is_none() && !customer.unsaid.email, "what was there goes");
}

#[test]
fn a_balance_that_cannot_be_read_does_not_leave_the_old_one() {
    let file =
        b"account_no,name,balance,currency\n1,A,12,EUR\n2,B,,EUR\n3,C,\"1,234\",EUR\n4,D,5,\n";
    let read: Vec<_> = read(file)
        .into_iter()
        .map(|(_, customer)| customer.expect("imported"))
        .map(|it| (it.balance.map(|it| it.cents), it.unsaid.void_balance))
        .collect();
    assert_eq!(read, [(Some(1_200), false), (None, false), (None, true), (None, true)]);
    let file = b"account_no,name,balance\n1,A,12\n";
    let reader = CsvReader::open(file.as_slice(), &reading()).expect("a header");
    assert!(reader.lacks_currency(), "told once, not for each line");
    assert_eq!(lines(file)[0].bad_cells, []);
}

#[test]
fn a_quoted_cell_spans_lines_and_the_count_goes_on_right() {
    let file = b"account_no,name,address\nWB-1,Dana,\"1 Main St\nTown\"\nWB-2,,\n";
    let lines = read(file);
    assert_eq!(lines[0].1.as_ref().map(|it| it.address.clone()), Ok(Some("1 Main St Town".into())));
    assert_eq!(lines[1], (4, Err(RowError::Missing("name"))));
}

#[test]
fn a_line_without_end_does_not_fill_memory() {
    let mut file = b"account_no,name\nWB-1,".to_vec();
    file.extend(std::iter::repeat_n(b'x', 3 * RECORD_MAX));
    file.extend(b"\nWB-2,Bo");
    assert_eq!(accounts(&file), [(2, Err(RowError::TooLong)), (3, Ok("WB-2".into()))]);
}

#[test]
fn files_are_read_as_spreadsheets_and_mail_programs_write_them() {
    for (label, file) in [
        ("padded", "account_no,name,email,,,\nK-1,Bo,b@example.org,,,\n,,,,,\n"),
        ("more delimiters than columns", "account_no,name,email\nK-1,Bo,b@example.org,,,\n,,\n"),
        ("tabs", "account_no\tname\temail\nK-1\tBo\tb@example.org\n"),
        ("bars", "account_no|name|email\nK-1|Bo|b@example.org\n"),
        ("sep", "sep=;\naccount_no;name, first;name;email\nK-1;x;Bo;b@example.org\n"),
        ("sep in quotes", "\"sep=\t\"\r\naccount_no\tname\temail\r\nK-1\tBo\tb@example.org\r\n"),
        ("a title", "Customers, as of today\n\naccount_no;name;email\nK-1;Bo;b@example.org\n"),
        (
            "a title in quotes",
            "\"Our \"\"best\"\"\";;\naccount_no;name;email\nK-1;Bo;b@example.org\n",
        ),
        ("a stray quote in the title", "12\" pipes\naccount_no;name;email\nK-1;Bo;b@example.org\n"),
        ("a header over two lines", "\"account\nno\",name,email\nK-1,Bo,b@example.org\n"),
        ("formulas", "account_no;name;email\n=\"K-1\";=\"Bo\";b@example.org\n"),
        (
            "the header again",
            "account_no,name,email\nK-1,Bo,b@example.org\naccount_no,name,email\n",
        ),
        ("ends of an old Mac", "account_no,name,email\rK-1,Bo,b@example.org\r"),
        ("no end", "account_no,name,email\nK-1,Bo,b@example.org"),
    ] {
        let read: Vec<_> = read(file.as_bytes()).into_iter().map(|it| it.1).collect();
        let [Ok(one)] = read.as_slice() else { panic!("{label}: {read:?}") };
        let email = one.email.as_ref().map(|it| it.as_str().to_owned());
        assert_eq!(
            (one.account_no.as_str(), one.name.as_str(), email.as_deref()),
            ("K-1", "Bo", Some("b@example.org")),
            "{label}"
        );
    }
    let title = "Customers\n\naccount_no,name\nK-1,Bo\n".as_bytes();
    let reader = CsvReader::open(title, &reading()).expect("a header");
    assert_eq!(reader.title_lines(), 2);
    assert_eq!(accounts(title), [(4, Ok("K-1".into()))], "lines are counted from the top");
    let padded = "account_no,name,,\nK-1,Bo,,\n".as_bytes();
    let reader = CsvReader::open(padded, &reading()).expect("a header");
    assert!(reader.unknown_columns().is_empty(), "a column without a name is none");
}

#[test]
fn a_header_that_cannot_be_used_is_refused_in_one_sentence() {
    assert!(refusal(b"", &[]).contains("empty"));
    assert!(refusal(b"\n\r\n", &[]).contains("empty"));
    assert!(refusal(b"name\nDana", &[]).contains("account_no"));
    assert!(refusal(b"account_no,name,name\n", &[]).contains("twice"));
    assert!(refusal(b"a\0c\0account_no\n", &[]).contains("UTF-8"));
    let foreign = refusal("Kundennummer;Name;E-Mail-Adresse\n1;Bo;\n".as_bytes(), &[]);
    for said in [
        "names no column account_no",
        "Did you mean Kundennummer, E-Mail-Adresse?",
        "--columns account_no=Kundennummer --columns email=E-Mail-Adresse",
    ] {
        assert!(foreign.contains(said), "{foreign}");
    }
    let absent = refusal(b"nr,name\n", &["account_no=Nummer"]);
    assert!(absent.contains("\"Nummer\"") && absent.contains("nr, name"), "{absent}");
}

#[test]
fn columns_are_taken_as_they_are_named() {
    let file = "Kunden-Nr;Kontakt;Name\n1;Bo;x\n".as_bytes();
    let names = ["account_no=Kunden-Nr", "name=kontakt"];
    let columns = ColumnNames::parse(names).expect("names");
    let mut reader = CsvReader::open(file, &Reading { columns, ..reading() }).expect("a header");
    assert_eq!(reader.unknown_columns(), ["Name"]);
    let line = reader.next_line().expect("reads").expect("a line");
    assert_eq!(line.customer.expect("a customer").name, "Bo");
}

#[test]
fn security_38_imported_text_is_cleaned() {
    let file = "account_no,name\nWB-1,Da\u{1b}]52;c;x\u{7}na\u{202e}\n";
    let lines = read(file.as_bytes());
    assert_eq!(lines[0].1.as_ref().map(|it| it.name.clone()), Ok("Da]52;c;xna".into()));
}

proptest! {
    #[test]
    fn any_bytes_are_read_to_the_end(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut file = b"account_no,name,email,phone,balance,currency\n".to_vec();
        file.extend(&bytes);
        if let Ok(mut reader) = CsvReader::open(file.as_slice(), &reading()) {
            let mut count = 0;
            while reader.next_line().expect("memory reads").is_some() {
                count += 1;
            }
            prop_assert!(count <= file.len());
        }
        let _ = CsvReader::open(bytes.as_slice(), &reading());
    }

    #[test]
    fn what_a_csv_library_writes_is_read_back(
        cells in proptest::collection::vec("[^\r\0]{0,12}", 1..5),
        semicolon in any::<bool>(),
    ) {
        // A text that looks like a formula is read as the text in it.
        prop_assume!(!cells.iter().any(|cell| cell.starts_with("=\"")));
        let delimiter = if semicolon { b';' } else { b',' };
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        writer.write_record(&cells).expect("memory writes");
        let written = String::from_utf8(writer.into_inner().expect("memory")).expect("text");
        let record = written.strip_suffix('\n').expect("an end of line");
        prop_assert_eq!(split(record, delimiter), Some(cells));
    }
}
