//! Alarms by email: each address is told once, whatever number of services run.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign::domain::contact::{Contact, EmailAddress};
use countersign::domain::delivery::{DeliveryState, FailureClass, SendReport};
use countersign::domain::event::{EventFilter, EventKind, EventPage};
use countersign::domain::explanation::Explanation;
use countersign::domain::message::{AlarmMail, Outgoing};
use countersign::domain::stats::alarms::{AlarmKind, Finding};
use countersign::domain::time::Timestamp;
use countersign::random::OsRandom;
use countersign::service::ports::alarms::NewAlarms;
use countersign::service::ports::{AlarmMailStore as _, AlarmStore as _, SendGuard, Sender};
use countersign::service::stats::alarm_mail::AlarmRecipients;
use countersign::service::{Desk, Route, Senders};

use crate::support::{TestStore, actor, on_each_store};
use crate::trail::{Trail, office, ring};

const MINUTE: i64 = 60_000;

/// A provider that keeps what it is given, and fails as often as it is told to.
#[derive(Default)]
struct Mailbox {
    mails: Mutex<Vec<AlarmMail>>,
    failures: Mutex<u32>,
}

#[async_trait]
impl Sender for Mailbox {
    fn provider(&self) -> &'static str {
        "smtp"
    }

    async fn send_guarded(&self, _: &Outgoing, _: &dyn SendGuard) -> SendReport {
        SendReport::not_sent("no codes here")
    }

    async fn send_alarms(&self, mail: &AlarmMail) -> SendReport {
        let mut failures = self.failures.lock().expect("unpoisoned");
        if *failures > 0 {
            *failures -= 1;
            let fault = Some(FailureClass::Provider { retry_after: None });
            let state = DeliveryState::Failed;
            let detail = Some("the server is busy".into());
            return SendReport { state, provider_id: None, detail, fault };
        }
        self.mails.lock().expect("unpoisoned").push(mail.clone());
        SendReport::sent(None)
    }

    async fn check(&self) -> Result<String, Explanation> {
        Ok("there".into())
    }
}

impl Mailbox {
    /// What came: the subjects of each email, and how many more.
    fn told(&self) -> Vec<(Vec<String>, usize)> {
        let mails = self.mails.lock().expect("unpoisoned");
        let subjects = |it: &AlarmMail| it.alarms.iter().map(|it| it.subject.clone()).collect();
        mails.iter().map(|it| (subjects(it), it.more)).collect()
    }
}

fn recipients(addresses: &[&str]) -> AlarmRecipients {
    let parse = |it: &&str| EmailAddress::parse(it).expect("an address");
    AlarmRecipients {
        addresses: addresses.iter().map(parse).collect(),
        moment: |at: Timestamp| at.to_utc().format("%Y-%m-%d %H:%M:%S").to_string(),
    }
}

/// A desk with a provider of email.
async fn desk(fixture: &TestStore, mailbox: &Arc<Mailbox>) -> Desk {
    let email = Some(Route { main: mailbox.clone() as Arc<dyn Sender>, fallback: None });
    let senders = Senders { email, sms: None, whatsapp: None };
    let store = fixture.open().await;
    Desk::new(store, senders, Arc::new(OsRandom), Arc::new(ring(1)), office(), actor())
        .expect("a desk")
}

/// Raises an alarm about each.
async fn raise(trail: &Trail, subjects: &[&str]) {
    let finding = |it: &&str| Finding {
        kind: AlarmKind::Failures,
        subject: (*it).to_owned(),
        request: None,
        detail: "20 of 40 (50 %) codes were wrong; of the others' 2 of 42 (4 %)".into(),
    };
    let findings: Vec<Finding> = subjects.iter().map(finding).collect();
    let up_to = countersign::domain::event::EventId(0);
    let actor = actor();
    let new = NewAlarms { findings: &findings, up_to, actor: &actor };
    trail.store.raise_alarms(&new).await.expect("raised");
}

async fn count(trail: &Trail, kind: EventKind) -> usize {
    let filter = EventFilter { kind: Some(kind), ..EventFilter::default() };
    trail.desk.log(&filter, EventPage::Newest, 50).await.expect("read").len()
}

fn named(subjects: &[&str]) -> Vec<String> {
    subjects.iter().map(|it| (*it).to_owned()).collect()
}

on_each_store! {
    async fn alarms_are_mailed_once_to_each_address_however_many_services_run(fixture) {
        let mailbox = Arc::<Mailbox>::default();
        let (one, other) = (desk(&fixture, &mailbox).await, desk(&fixture, &mailbox).await);
        let trail = Trail::new(fixture).await;
        let to = recipients(&["admin@office.example", "night@office.example"]);
        assert_eq!(one.mail_alarms(&to).await.expect("looked"), 0, "nothing is open");
        raise(&trail, &["mallory", "bo"]).await;
        let (first, second) = tokio::join!(one.mail_alarms(&to), other.mail_alarms(&to));
        assert_eq!(first.expect("sent") + second.expect("sent"), 2);
        assert_eq!(mailbox.told(), vec![(named(&["mallory", "bo"]), 0); 2]);
        trail.fixture.pass(11 * MINUTE).await;
        assert_eq!(one.mail_alarms(&to).await.expect("looked"), 0, "they were told");
        assert_eq!(count(&trail, EventKind::AlarmMailed).await, 2);
        let mail = &mailbox.mails.lock().expect("unpoisoned")[0];
        let log = &mail.alarms[0].log;
        assert!(log.starts_with("countersign log --outcome wrong --clerk mallory --since '20"), "{log}");
    }

    async fn many_alarms_are_one_email_and_the_next_one_waits(fixture) {
        let mailbox = Arc::<Mailbox>::default();
        let desk = desk(&fixture, &mailbox).await;
        let trail = Trail::new(fixture).await;
        let to = recipients(&["admin@office.example"]);
        let many: Vec<String> = (10..22).map(|it| format!("clerk{it}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        raise(&trail, &many).await;
        assert_eq!(desk.mail_alarms(&to).await.expect("sent"), 1);
        raise(&trail, &["late"]).await;
        assert_eq!(desk.mail_alarms(&to).await.expect("looked"), 0, "not that soon");
        trail.fixture.pass(11 * MINUTE).await;
        assert_eq!(desk.mail_alarms(&to).await.expect("sent"), 1);
        assert_eq!(mailbox.told(), [(named(&many[..10]), 2), (named(&["late"]), 0)]);
        let mails = mailbox.mails.lock().expect("unpoisoned");
        assert_ne!(mails[0].name, mails[1].name);
    }

    async fn an_email_that_failed_is_tried_again_and_said_once(fixture) {
        let mailbox = Arc::<Mailbox>::default();
        let desk = desk(&fixture, &mailbox).await;
        let trail = Trail::new(fixture).await;
        let to = recipients(&["admin@office.example"]);
        *mailbox.failures.lock().expect("unpoisoned") = 2;
        raise(&trail, &["mallory"]).await;
        assert_eq!(desk.mail_alarms(&to).await.expect("tried"), 1);
        assert_eq!(desk.mail_alarms(&to).await.expect("looked"), 0, "a minute is waited");
        trail.fixture.pass(61_000).await;
        assert_eq!(desk.mail_alarms(&to).await.expect("tried"), 1);
        let address = Contact::Email(to.addresses[0].clone());
        let status = trail.store.alarm_mail_status(&address).await.expect("read");
        assert_eq!(status.failure.map(|(_, why)| why).as_deref(), Some("the server is busy"));
        assert_eq!(status.waiting.map(|(count, _)| count), Some(1));
        trail.fixture.pass(61_000).await;
        assert_eq!(desk.mail_alarms(&to).await.expect("looked"), 0, "two minutes are waited");
        trail.fixture.pass(61_000).await;
        assert_eq!(desk.mail_alarms(&to).await.expect("sent"), 1);
        assert_eq!(mailbox.told(), [(named(&["mallory"]), 0)]);
        let said = [EventKind::AlarmNotMailed, EventKind::AlarmMailed];
        for kind in said {
            assert_eq!(count(&trail, kind).await, 1, "{kind:?}");
        }
        let status = trail.store.alarm_mail_status(&address).await.expect("read");
        assert!(status.failure.is_none() && status.waiting.is_none() && status.mailed_at.is_some());
    }

    async fn a_service_that_died_at_it_leaves_it_to_another_one(fixture) {
        let mailbox = Arc::<Mailbox>::default();
        let desk = desk(&fixture, &mailbox).await;
        let trail = Trail::new(fixture).await;
        let to = recipients(&["admin@office.example"]);
        raise(&trail, &["mallory"]).await;
        let address = Contact::Email(to.addresses[0].clone());
        let claimed = trail.store.claim_alarm_mail(&address, 9).await.expect("claimed");
        assert_eq!(claimed.map(|it| (it.from, it.tries, it.alarms.len())), Some((0, 1, 1)));
        assert_eq!(desk.mail_alarms(&to).await.expect("looked"), 0, "it may be at it still");
        trail.fixture.pass(2 * MINUTE + 1_000).await;
        assert_eq!(desk.mail_alarms(&to).await.expect("sent"), 1);
        assert_eq!(mailbox.told().len(), 1);
    }

    async fn an_acknowledged_alarm_is_not_mailed(fixture) {
        let mailbox = Arc::<Mailbox>::default();
        let desk = desk(&fixture, &mailbox).await;
        let trail = Trail::new(fixture).await;
        let to = recipients(&["admin@office.example"]);
        raise(&trail, &["mallory", "bo"]).await;
        let open = trail.store.open_alarms(9).await.expect("read");
        let of = |subject: &str| open.iter().find(|it| it.finding.subject == subject).map(|it| it.id);
        let mallory = of("mallory").expect("an alarm");
        trail.desk.acknowledge_alarm("a", mallory, "a new clerk").await.expect("said");
        assert_eq!(desk.mail_alarms(&to).await.expect("sent"), 1);
        assert_eq!(mailbox.told(), [(named(&["bo"]), 0)]);
    }
}
