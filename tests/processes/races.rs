//! Fifty processes at one store: what may be done once is done once.

use std::env;

use crate::ledger::{balances, count, evaluated, rows, tell};
use crate::office::{Office, account, other_than};
use crate::start_together::{Act, CROWD, Crowd, Done};

/// Runs each test on each kind of store, as often as was asked for.
macro_rules! on_each_store {
    ($(fn $test:ident($kind:ident) $body:block)+) => {
        $crate::races::on_each_store! { @ sqlite Sqlite $($test)+ }
        $crate::races::on_each_store! { @ postgres Postgres $($test)+ }
        $crate::races::on_each_store! { @ mariadb MariaDb $($test)+ }
        $(fn $test($kind: $crate::office::Kind) $body)+
    };
    (@ $module:ident $kind:ident $($test:ident)+) => {
        mod $module {
            use $crate::office::Kind;

            $(
                #[test]
                fn $test() {
                    for _ in 0..$crate::races::rounds() {
                        super::$test(Kind::$kind);
                    }
                }
            )+
        }
    };
}
pub(crate) use on_each_store;

pub(crate) fn rounds() -> usize {
    env::var("COUNTERSIGN_TEST_ROUNDS").ok().and_then(|it| it.parse().ok()).unwrap_or(1)
}

fn race(office: &Office, what: &str, acts: Vec<Act>) -> Done {
    let done = Crowd::gather(office, acts).go();
    tell(office, what, done.took, "");
    balances(office);
    done
}

on_each_store! {
    fn security_03_of_50_processes_with_the_right_code_one_is_verified(kind) {
        let office = Office::open(kind, 1, "");
        let (request, code) = office.request(0, "pay a bill");
        let done = race(&office, "the right code, 50 times", vec![Act::verify(&request, &code); CROWD]);
        assert_eq!(done.told("verify", "verified"), 1, "{:?}", done.all);
        assert_eq!(done.told("verify", "used"), CROWD - 1, "{:?}", done.all);
        assert_eq!((evaluated(&office), office.messages().len()), (1, 1));
        assert_eq!(count(&office, "core_event WHERE kind = 'attempt'"), CROWD);
    }

    fn security_04_of_50_processes_with_a_wrong_code_five_are_evaluated(kind) {
        let office = Office::open(kind, 1, "");
        let (request, code) = office.request(0, "pay a bill");
        let wrong = Act::verify(&request, other_than(&code));
        let done = race(&office, "a wrong code, 50 times", vec![wrong; CROWD]);
        assert_eq!(done.told("verify", "wrong"), 5, "{:?}", done.all);
        assert_eq!(done.told("verify", "locked"), CROWD - 5, "{:?}", done.all);
        assert_eq!((evaluated(&office), office.messages().len()), (5, 1));
        let late = Crowd::gather(&office, [Act::verify(&request, &code)]).go();
        assert_eq!(late.told("verify", "locked"), 1, "{:?}", late.all);
    }

    fn security_05_processes_that_resend_and_ask_anew_win_no_guess_back(kind) {
        let office = Office::open(kind, 1, "per_customer = 100000");
        let (request, code) = office.request(0, "account access");
        let wrong = other_than(&code);
        // As many as fit the cap, so that the request stays open to be replaced.
        let mut acts = vec![Act::verify(&request, wrong); 4];
        acts.extend(vec![Act::resend(&request); 41]);
        acts.extend(vec![Act::request(&account(0)); 5]);
        let done = race(&office, "4 wrong, 41 resent, 5 asked anew", acts);
        // What is replaced before its message was begun sends none.
        let replaced = done.told("request", "superseded");
        assert_eq!(done.told("request", "sent") + replaced, 5, "{:?}", done.all);
        let guessed = done.told("verify", "wrong");
        assert_eq!(guessed, evaluated(&office));
        // Who resends while another one does takes that one's message for sent.
        let sent = office.messages().len();
        assert_eq!(sent, count(&office, "core_delivery WHERE state = 'sent'"), "{:?}", done.all);
        let asked = 1 + done.told("request", "sent");
        assert!((asked..=asked + done.told("resend", "sent")).contains(&sent), "{:?}", done.all);
        // What is open now goes on counting where the first one was.
        let open = rows(&office, "SELECT public_id FROM core_otp WHERE status = 'open'");
        let wrong = vec![Act::verify(&open[0][0], wrong); CROWD - 4];
        let done = race(&office, "then a wrong code, 46 times", wrong);
        assert_eq!(guessed + done.told("verify", "wrong"), 5, "{:?}", done.all);
        assert_eq!(evaluated(&office), 5);
        assert_eq!(office.messages().len(), sent);
    }

    fn security_06_the_customers_cap_holds_over_fifty_processes(kind) {
        let office = Office::open(kind, 1, "");
        let mut acts = Vec::new();
        let mut codes = Vec::new();
        for purpose in 0..10 {
            let (request, code) = office.request(0, &format!("purpose {purpose}"));
            acts.extend(vec![Act::verify(&request, other_than(&code)); CROWD / 10]);
            codes.push(Act::verify(&request, &code));
        }
        let done = race(&office, "5 wrong codes for each of 10 purposes", acts);
        assert_eq!(done.told("verify", "wrong"), 20, "{:?}", done.all);
        assert_eq!(done.told("verify", "locked"), CROWD - 20, "{:?}", done.all);
        let late = Crowd::gather(&office, codes).go();
        assert_eq!(late.told("verify", "locked"), 10, "{:?}", late.all);
        assert_eq!((evaluated(&office), office.messages().len()), (20, 10));
    }

    fn security_19_the_limit_of_a_customer_holds_over_fifty_processes(kind) {
        let office = Office::open(kind, 1, "per_customer = 8");
        let done = race(&office, "50 ask for one customer, 8 may", vec![Act::request(&account(0)); CROWD]);
        let sent = done.told("request", "sent");
        assert_eq!(sent + done.told("request", "superseded"), 8, "{:?}", done.all);
        assert_eq!(done.told("request", "limited"), CROWD - 8, "{:?}", done.all);
        assert_eq!((office.messages().len(), count(&office, "core_otp")), (sent, 8));
        assert_eq!(count(&office, "core_otp WHERE status = 'open'"), 1);
    }

    fn security_43_none_of_fifty_processes_that_write_fails(kind) {
        let office = Office::open(kind, CROWD, "");
        let ask = (0..CROWD).map(|it| Act::request(&account(it))).collect();
        let done = race(&office, "50 ask for a customer each", ask);
        assert_eq!(done.told("request", "sent"), CROWD, "{:?}", done.all);
        let messages = office.messages();
        let requests = rows(&office, "SELECT public_id, email FROM core_otp");
        let enter = requests.iter().map(|row| {
            let message = messages.iter().find(|it| it.to == row[1]).expect("the message");
            Act::verify(&row[0], &message.code)
        });
        let done = race(&office, "50 enter the code of their own", enter.collect());
        assert_eq!(done.told("verify", "verified"), CROWD, "{:?}", done.all);
    }
}
