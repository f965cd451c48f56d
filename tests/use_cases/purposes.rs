//! Purposes as policies: which factors open which purpose, what a further one adds to a session,
//! and what the gate and the account say meanwhile.

use countersign::domain::channel::Factor;
use countersign::domain::customer_factor::{FactorKind, TypedFactor};
use countersign::domain::document::SeenDocument;
use countersign::domain::event::Event;
use countersign::domain::level::{FactorSet, Level};
use countersign::domain::purpose::{Attested, Missing, Proven, Purpose, SharedContact};
use countersign::domain::session::{Session, SessionEnd, SessionToken};
use countersign::domain::sign_in::TypedSecret;
use countersign::service::DeskError;
use countersign::service::factors::calls::{SeeDocument, VerifyFactor};
use countersign::service::factors::document::DocumentSeen;
use countersign::service::factors::{BackupCodes, FactorVerification};
use countersign::service::verification::amount_due::AmountDue;
use countersign::service::verification::session::ServedFor;

use super::*;

fn purpose(name: &str, level: Level) -> Purpose {
    Purpose { level, ..Purpose::from(name) }
}

/// An office with a purpose of each level.
async fn office() -> Bench {
    Bench::new(Scripted::fine(), |office| {
        office.purposes = vec![
            purpose("at the till", Level::None),
            purpose("a question", Level::Contact),
            purpose("a bill", Level::Nist),
            purpose("a new address", Level::Two),
            Purpose { document: Attested::Alone, ..purpose("a closure", Level::Document) },
        ];
    })
    .await
}

/// A session as it was answered, with its secret.
type Open = (Session, SessionToken);

impl Bench {
    async fn ask_for(
        &self,
        customer: &Customer,
        channel: Channel,
        purpose: &str,
    ) -> CodeRequestOutcome {
        let (customer, purpose) = (customer.id, purpose.to_owned());
        let ask = CodeRequest {
            customer,
            channel,
            purpose,
            representative: None,
            idempotency: self.key(),
        };
        self.desk.ask(&ask).await.expect("asked")
    }

    /// Proves a factor for a purpose, in a session or in a new one.
    async fn prove_for(
        &self,
        customer: &Customer,
        factor: Factor,
        purpose: &str,
        codes: &mut Vec<TypedSecret>,
        further: Option<&SessionToken>,
    ) -> Open {
        let channel = match factor {
            Factor::ContactConfirmed => Channel::Email,
            Factor::Sms => Channel::Sms,
            Factor::Whatsapp => Channel::Whatsapp,
            _ => {
                let typed = TypedFactor {
                    kind: FactorKind::BackupCodes,
                    typed: codes.pop().expect("a backup code"),
                };
                let call = VerifyFactor {
                    customer: customer.id,
                    purpose: purpose.into(),
                    typed,
                    key: self.key(),
                    session: further.cloned(),
                };
                return match self.desk.verify_factor(&call).await.expect("judged") {
                    FactorVerification::Verified(it) => (it.session, it.token),
                    other => panic!("not verified: {other:?}"),
                };
            }
        };
        let (request, code) = self.send(self.ask_for(customer, channel, purpose).await).await;
        let verified = self.desk.verify_for(&request.id, &code, &self.key(), further).await;
        match verified.expect("judged") {
            Verification::Verified(it) => (it.session, it.token),
            other => panic!("not verified: {other:?}"),
        }
    }

    async fn gate(&self, purpose: &str) -> bool {
        self.desk.verified_now("WB-1", purpose).await.expect("an answer").is_some()
    }

    /// Email and telephone, in one session.
    async fn two_proofs(&self, customer: &Customer, purpose: &str) -> Open {
        let none = &mut Vec::new();
        let (_, token) =
            self.prove_for(customer, Factor::ContactConfirmed, purpose, none, None).await;
        self.prove_for(customer, Factor::Sms, purpose, none, Some(&token)).await
    }

    /// A customer with a telephone and backup codes, which are used from the end.
    async fn dana_with_codes(&self) -> (Customer, Vec<TypedSecret>) {
        let dana = self.customer("WB-1", Some("0151 12345678")).await;
        let (session, token) = self.two_proofs(&dana, "a new address").await;
        let made = self.desk.make_backup_codes(&token, false, &self.key()).await.expect("made");
        let BackupCodes::Made(codes) = made else { panic!("{made:?}") };
        let end = self.desk.end_session(&session.id, SessionEnd::Logout).await;
        end.expect("ended");
        let typed = codes.iter().map(|it| format!("{} {}", it.number, it.code.0.as_str()));
        (dana, typed.map(TypedSecret::new).collect())
    }
}

/// Purpose × level × factors, by the desk itself: what the rules say of a set of factors is what
/// the session, the gate and the account say once they were proven one after the other.
#[tokio::test]
async fn security_67_each_purpose_opens_by_the_factors_of_its_level_and_no_others() {
    let bench = office().await;
    let (dana, mut codes) = bench.dana_with_codes().await;
    let sets: [&[Factor]; 8] = [
        &[Factor::ContactConfirmed],
        &[Factor::Sms],
        &[Factor::Whatsapp],
        &[Factor::BackupCode],
        &[Factor::ContactConfirmed, Factor::Sms],
        &[Factor::Sms, Factor::ContactConfirmed],
        &[Factor::Whatsapp, Factor::BackupCode],
        &[Factor::Sms, Factor::BackupCode],
    ];
    let purposes = bench.desk.office().purposes.clone();
    let mut tried = 0;
    for wanted in purposes.iter().filter(|it| it.level != Level::None) {
        for factors in sets {
            let mut proven = FactorSet::default();
            let mut open: Option<Open> = None;
            for factor in factors {
                let before = Proven { factors: &proven, shared_contact: false };
                // A code that proves nothing is not sent; a backup code can be given anyway.
                let is_alone = factors.len() == 1 && *factor == Factor::BackupCode;
                if !is_alone && !wanted.is_helped_by(*factor, false, before) {
                    continue;
                }
                let token = open.as_ref().map(|(_, token)| token.clone());
                let next =
                    bench.prove_for(&dana, *factor, &wanted.name, &mut codes, token.as_ref()).await;
                if let Some((before, _)) = &open {
                    assert_eq!(before.id, next.0.id, "added to the same session");
                    assert!(next.0.level >= before.level, "{:?}", next.0);
                }
                proven = proven.with(*factor);
                open = Some(next);
            }
            let Some((session, token)) = open else {
                assert!(!bench.gate(&wanted.name).await);
                continue;
            };
            let all = Proven { factors: &proven, shared_contact: false };
            let is_reached = wanted.is_reached(all);
            let case = format!("{} by {proven}", wanted.name);
            assert_eq!(session.factors, proven, "{case}");
            assert_eq!(session.is_reached, is_reached, "{case}");
            assert_eq!(bench.gate(&wanted.name).await, is_reached, "{case}");
            let account = bench.desk.account_of(dana.id, &token).await;
            assert_eq!(account.is_ok(), is_reached, "{case}");
            if is_reached {
                assert!(session.level >= wanted.level, "{case}");
            } else {
                let refused = account.expect_err("nothing is shown");
                assert!(matches!(refused, DeskError::NotVerified), "{refused:?}");
            }
            for other in purposes.iter().filter(|it| it.name != wanted.name) {
                assert!(!bench.gate(&other.name).await, "{case}, for {}", other.name);
            }
            bench.desk.end_session(&session.id, SessionEnd::Logout).await.expect("ended");
            assert!(!bench.gate(&wanted.name).await, "{case}, ended");
            tried += 1;
        }
    }
    assert!(tried >= 20, "{tried}");
}

#[tokio::test]
async fn security_67_a_session_that_is_raised_asks_for_what_is_missing_and_is_never_lowered() {
    let bench = office().await;
    let (dana, mut codes) = bench.dana_with_codes().await;
    let (first, token) =
        bench.prove_for(&dana, Factor::ContactConfirmed, "a question", &mut codes, None).await;
    assert_eq!((first.level, first.is_reached), (Level::Contact, true));
    let higher = bench.desk.serve_for(&token, "a new address").await.expect("an answer");
    let ServedFor::Missing(_, missing) = higher else { panic!("{higher:?}") };
    assert_eq!(missing, Missing::OtherStrong);
    let over = bench.desk.serve_for(&SessionToken::new([1; 32]), "a bill").await;
    assert_eq!(over.expect("an answer"), ServedFor::SessionOver);

    // A proof that is not enough yet takes nothing away from what it served for.
    let (on_the_way, _) =
        bench.prove_for(&dana, Factor::Whatsapp, "a new address", &mut codes, Some(&token)).await;
    assert_eq!((on_the_way.purpose.as_str(), on_the_way.is_reached), ("a question", true));
    assert!(bench.gate("a question").await && !bench.gate("a new address").await);

    let (raised, same) =
        bench.prove_for(&dana, Factor::Sms, "a new address", &mut codes, Some(&token)).await;
    assert_eq!((&raised.id, raised.level), (&first.id, Level::Two));
    assert_eq!(same.reveal().as_str(), token.reveal().as_str());
    assert_eq!(raised.also_for, ["a question"]);
    assert!(bench.gate("a new address").await && bench.gate("a question").await);
    assert!(!bench.gate("a bill").await, "nobody asked for that");
    assert_eq!(raised.expires_at, first.expires_at, "no longer than before");

    // A lower purpose takes nothing more, and takes nothing away.
    let lower = bench.desk.serve_for(&token, "a bill").await.expect("an answer");
    let ServedFor::Served(lower) = lower else { panic!("{lower:?}") };
    assert_eq!((lower.level, lower.purpose.as_str()), (Level::Two, "a bill"));
    for purpose in ["a question", "a bill", "a new address"] {
        assert!(bench.gate(purpose).await, "{purpose}");
    }
    let closure = bench.desk.serve_for(&token, "a closure").await.expect("an answer");
    assert!(matches!(closure, ServedFor::Missing(_, Missing::Document)), "{closure:?}");
    let log = bench.desk.log(&EventFilter::default(), EventPage::Newest, 50).await.expect("a log");
    let entries = log.iter().filter(|it| it.kind == EventKind::SessionRaised);
    let of_session =
        |it: &&Event| it.detail.as_ref().is_some_and(|it| it.contains(first.id.as_str()));
    assert_eq!(entries.filter(of_session).count(), 3, "each proof, and the other purpose");

    // Once it is over, the next factor opens another session, with this factor alone.
    bench.desk.end_session(&first.id, SessionEnd::Logout).await.expect("ended");
    let (anew, other) =
        bench.prove_for(&dana, Factor::BackupCode, "a new address", &mut codes, Some(&token)).await;
    assert_ne!(anew.id, first.id);
    assert_ne!(other.reveal().as_str(), token.reveal().as_str());
    assert!(!anew.is_reached && !bench.gate("a new address").await, "{anew:?}");
}

#[tokio::test]
async fn security_15_no_message_is_sent_that_proves_nothing_for_the_purpose() {
    let bench = office().await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    for (channel, purpose, says) in [
        (Channel::Email, "a bill", "it takes one strong proof"),
        (Channel::Whatsapp, "a bill", "it takes one strong proof"),
        (Channel::Sms, "a closure", "it takes a document"),
        (Channel::Sms, "at the till", "nothing has to be proven"),
    ] {
        let refusal = refused(bench.ask_for(&dana, channel, purpose).await);
        assert_eq!(refusal.outcome, Outcome::Forbidden);
        assert!(refusal.reason.contains(says), "{}", refusal.reason);
    }
    assert_eq!(bench.sender.calls(), 0);
    let unknown = refused(bench.ask_for(&dana, Channel::Sms, "a chat").await);
    assert!(unknown.reason.contains("at the till, a question"), "{}", unknown.reason);
}

#[tokio::test]
async fn security_73_without_a_proof_the_amount_due_is_told_by_account_number_and_nothing_else() {
    let bench = office().await;
    bench.customer("WB-1", Some("0151 12345678")).await;
    let due = |account: &'static str, purpose: &'static str| {
        let desk = &bench.desk;
        async move { desk.amount_due(account, purpose).await.expect("an answer") }
    };
    assert_eq!(due("WB-1", "at the till").await, AmountDue::Due(None));
    let answer = serde_json::to_string(&due("WB-1", "at the till").await).expect("written");
    assert!(!answer.contains("Dana") && !answer.contains("0151"), "{answer}");
    // Neither a name, nor a contact, nor a part of the number finds it.
    for other in ["Dana Rivera", "WB-1@example.org", "WB", "0151 12345678", ""] {
        assert_eq!(due(other, "at the till").await, AmountDue::NoSuchAccount, "{other}");
    }
    assert_eq!(due("WB-1", "a bill").await, AmountDue::TakesProof(Level::Nist));
    assert!(matches!(due("WB-1", "a chat").await, AmountDue::NoSuchPurpose(_)));
    assert!(!bench.gate("at the till").await, "and nobody is verified by it");
    let entries = "SELECT COUNT(*) FROM core_event WHERE kind = 'account_opened'";
    assert_eq!(bench.number(entries).await, 2);
}

#[tokio::test]
async fn a_contact_of_several_customers_is_worth_what_the_purpose_says() {
    let bench = Bench::new(Scripted::fine(), |office| {
        let shared = |name: &str, shared_contact| Purpose { shared_contact, ..name.into() };
        office.purposes = vec![
            shared("any", SharedContact::Allow),
            shared("two", SharedContact::Second),
            shared("own", SharedContact::Refuse),
        ];
    })
    .await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    bench.customer("WB-2", Some("0151 12345678")).await;
    let mut codes = Vec::new();
    let refusal = refused(bench.ask_for(&dana, Channel::Sms, "own").await);
    assert!(refusal.reason.contains("belongs to other customers too"), "{}", refusal.reason);
    let (own, _) = bench.prove_for(&dana, Factor::ContactConfirmed, "own", &mut codes, None).await;
    assert!(own.is_reached, "the email address is hers alone");

    let (one, token) = bench.prove_for(&dana, Factor::Sms, "any", &mut codes, None).await;
    assert!(one.is_reached && one.shared_contact);
    // What was enough for one purpose is not for another that looks at who has the number.
    let two = bench.desk.serve_for(&token, "two").await.expect("an answer");
    assert!(matches!(two, ServedFor::Missing(_, Missing::OtherKind)), "{two:?}");
    let own = bench.desk.serve_for(&token, "own").await.expect("an answer");
    assert!(matches!(own, ServedFor::Missing(_, Missing::Code)), "{own:?}");
    let (both, _) =
        bench.prove_for(&dana, Factor::ContactConfirmed, "two", &mut codes, Some(&token)).await;
    assert!(both.is_reached, "{both:?}");
}

#[tokio::test]
async fn a_purpose_says_how_long_its_session_lasts() {
    let minute = std::time::Duration::from_mins(1);
    let bench = Bench::new(Scripted::fine(), |office| {
        let brief = Purpose { session: Some(minute), ..Purpose::from("brief") };
        let long = Purpose { session: Some(minute * 480), ..Purpose::from("long") };
        office.purposes = vec![Purpose::from("usual"), brief, long];
    })
    .await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let mut codes = Vec::new();
    let (brief, _) = bench.prove_for(&dana, Factor::Sms, "brief", &mut codes, None).await;
    assert_eq!(brief.expires_at.since(brief.created_at), minute);
    let (usual, token) = bench.prove_for(&dana, Factor::Sms, "usual", &mut codes, None).await;
    assert!(usual.expires_at.since(usual.created_at) > minute);
    let ServedFor::Served(cut) = bench.desk.serve_for(&token, "brief").await.expect("an answer")
    else {
        panic!("not served")
    };
    assert!(cut.expires_at < usual.expires_at, "the shorter time holds");
    // The office's time holds for a purpose that has none of its own.
    let (_, token) = bench.prove_for(&dana, Factor::Sms, "long", &mut codes, None).await;
    let ServedFor::Served(cut) = bench.desk.serve_for(&token, "usual").await.expect("an answer")
    else {
        panic!("not served")
    };
    let office = bench.desk.office().otp.session;
    assert!(cut.expires_at.since(cut.created_at) <= office + minute, "{cut:?}");
}

#[tokio::test]
async fn security_67_no_session_serves_for_what_takes_no_proof() {
    let bench = office().await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let (half, token) =
        bench.prove_for(&dana, Factor::Sms, "a new address", &mut Vec::new(), None).await;
    assert!(!half.is_reached);
    let served = bench.desk.serve_for(&token, "at the till").await.expect("an answer");
    assert!(matches!(served, ServedFor::NoSuchPurpose(_)), "{served:?}");
    let account = bench.desk.account_of(dana.id, &token).await;
    assert!(matches!(account, Err(DeskError::NotVerified)), "{account:?}");
    assert!(!bench.gate("at the till").await);
    let seen = bench.see(&dana, "at the till", seen("passport", ""), None).await;
    assert!(matches!(seen, DocumentSeen::NoSuchPurpose(_)), "{seen:?}");
}

/// Else whoever holds one of two proofs makes the other one of it.
#[tokio::test]
async fn security_68_one_proof_enrols_no_second_one_where_a_purpose_takes_two() {
    let bench = office().await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    for purpose in ["a bill", "a new address"] {
        let (_, token) = bench.prove_for(&dana, Factor::Sms, purpose, &mut Vec::new(), None).await;
        let codes = bench.desk.make_backup_codes(&token, false, &bench.key()).await;
        assert!(matches!(codes, Ok(BackupCodes::Refused(_))), "{purpose}: {codes:?}");
    }
    let (_, token) = bench.two_proofs(&dana, "a new address").await;
    let codes = bench.desk.make_backup_codes(&token, false, &bench.key()).await;
    assert!(matches!(codes, Ok(BackupCodes::Made(_))), "{codes:?}");
}

fn seen(kind: &str, expires: &str) -> SeenDocument {
    SeenDocument {
        kind: kind.into(),
        name_matches: true,
        photo_matches: true,
        expires: expires.into(),
    }
}

impl Bench {
    async fn see(
        &self,
        customer: &Customer,
        purpose: &str,
        document: SeenDocument,
        session: Option<&SessionToken>,
    ) -> DocumentSeen {
        let (customer, purpose) = (customer.id, purpose.to_owned());
        let key = self.key();
        let call = SeeDocument { customer, purpose, document, key, session: session.cloned() };
        self.desk.see_document(&call).await.expect("an answer")
    }
}

#[tokio::test]
async fn a_document_is_worth_what_the_purpose_says() {
    let bench = Bench::new(Scripted::fine(), |office| {
        let taking = |name: &str, document| Purpose { document, ..purpose(name, Level::Nist) };
        office.purposes = vec![
            taking("never", Attested::Refuse),
            taking("alone", Attested::Alone),
            taking("two clerks", Attested::Second),
        ];
    })
    .await;
    let dana = bench.customer("WB-1", None).await;
    let passport = || seen("passport", "2090-01-01");
    let never = bench.see(&dana, "never", passport(), None).await;
    assert!(matches!(never, DocumentSeen::NotTaken), "{never:?}");
    assert!(!bench.gate("never").await);

    let DocumentSeen::Seen(alone) = bench.see(&dana, "alone", passport(), None).await else {
        panic!("not seen")
    };
    assert!(alone.session.is_reached && bench.gate("alone").await);
    assert!(bench.desk.account_of(dana.id, &alone.token).await.is_ok());
    // It enrols nothing that would prove more than it is worth elsewhere.
    let codes = bench.desk.make_backup_codes(&alone.token, false, &bench.key()).await;
    assert!(matches!(codes, Ok(BackupCodes::Refused(_))), "{codes:?}");
    let other = bench.desk.serve_for(&alone.token, "never").await.expect("an answer");
    assert!(matches!(other, ServedFor::Missing(_, Missing::Strong)), "{other:?}");

    let DocumentSeen::Seen(first) = bench.see(&dana, "two clerks", passport(), None).await else {
        panic!("not seen")
    };
    assert!(!first.session.is_reached && !bench.gate("two clerks").await);
    let log = bench.desk.log(&EventFilter::default(), EventPage::Newest, 50).await.expect("a log");
    let entries: Vec<_> = log.iter().filter(|it| it.kind == EventKind::DocumentSeen).collect();
    assert_eq!(entries.len(), 2);
    let detail = entries[0].detail.as_deref().expect("a detail");
    let said = format!(
        "session {}: passport, good until 2090-01-01; name and picture match",
        first.session.id
    );
    assert_eq!(detail, said);
}

const NUMBER: &str = "C01X00T47";

#[tokio::test]
async fn security_70_a_number_of_a_document_is_refused_by_form_and_written_nowhere() {
    let bench = office().await;
    let dana = bench.customer("WB-1", None).await;
    for document in [
        seen(NUMBER, ""),
        seen(&format!("passport {NUMBER}"), ""),
        seen("passport", NUMBER),
        seen("passport", "480019283"),
        SeenDocument { photo_matches: false, ..seen("passport", "") },
    ] {
        let refused = bench.see(&dana, "a closure", document, None).await;
        assert!(matches!(refused, DocumentSeen::Fault(_)), "{refused:?}");
    }
    assert!(!bench.gate("a closure").await);
    assert_eq!(bench.number("SELECT COUNT(*) FROM core_session").await, 0);
    let log = bench.desk.log(&EventFilter::default(), EventPage::Newest, 50).await.expect("a log");
    assert!(!format!("{log:?}").contains(NUMBER));
}

#[tokio::test]
async fn the_same_document_told_again_is_written_once_and_answered_alike() {
    let bench = office().await;
    let dana = bench.customer("WB-1", None).await;
    let call = SeeDocument {
        customer: dana.id,
        purpose: "a closure".into(),
        document: seen("passport", ""),
        key: bench.key(),
        session: None,
    };
    let mut told = Vec::new();
    for _ in 0..3 {
        let DocumentSeen::Seen(it) = bench.desk.see_document(&call).await.expect("an answer")
        else {
            panic!("not seen")
        };
        told.push((it.session.id, it.token.reveal().to_string()));
    }
    assert!(told.iter().all(|it| *it == told[0]), "{told:?}");
    let entries = "SELECT COUNT(*) FROM core_event WHERE kind = 'document_seen'";
    assert_eq!(bench.number(entries).await, 1);
}

#[tokio::test]
async fn security_73_the_account_is_given_at_no_level_before_it_is_reached() {
    let bench = office().await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    for (purpose, by_email) in
        [("a question", Some(true)), ("a new address", Some(false)), ("a bill", None)]
    {
        let given = async |token: &SessionToken| bench.desk.account_of(dana.id, token).await;
        let none = &mut Vec::new();
        let email = Factor::ContactConfirmed;
        // No email is sent where it proves nothing.
        let first = if by_email.is_some() { email } else { Factor::Sms };
        let (_, one) = bench.prove_for(&dana, first, purpose, none, None).await;
        assert_eq!(given(&one).await.is_ok(), by_email.unwrap_or(true), "{purpose}: one proof");
        if first == email {
            let (_, two) = bench.prove_for(&dana, Factor::Sms, purpose, none, Some(&one)).await;
            assert!(given(&two).await.is_ok(), "{purpose}: two proofs");
        }
        let another = bench.customer("WB-2", None).await;
        let (_, token) = bench.prove_for(&dana, Factor::Sms, purpose, none, None).await;
        let elsewhere = bench.desk.account_of(another.id, &token).await;
        assert!(elsewhere.is_err(), "{purpose}: another customer's");
    }
}
