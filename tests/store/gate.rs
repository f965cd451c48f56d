//! What a billing program sees of who is verified: the view, its role, and a real Django project
//! behind it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use countersign::domain::customer::CustomerId;
use countersign::domain::session::{Session, SessionEnd};
use countersign::service::ports::{AttemptOutcome, CustomerKey, CustomerStore};
use sqlx::postgres::PgListener;

use crate::grants::{admit, forbidden};
use crate::office::Office;
use crate::servers::{PASSWORD, Server, USER};
use crate::support::{Kind, Terminal, TestStore, actor, next, on_each_store, run, token, wish};
use crate::website::{PYTHON, make};

const PAGE: &str = include_str!("../../docs/billing-program.md");
const GATE: &str = include_str!("../support/django/gate.py");
const BILLING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/django/billing.py");

/// All columns of the view.
const COLUMNS: &str = "customer_id, account_no, purpose, factor, clerk, counter, verified_at, \
                       valid_until";

async fn verify(desk: &Terminal, customer: CustomerId) -> Session {
    let request = desk.issue(&wish(customer, "123456")).await;
    let right = desk.enter_with(&request.id, "123456", &token(next())).await.expect("an answer");
    let AttemptOutcome::Verified { session, .. } = right else { panic!("{right:?}") };
    session
}

async fn end(desk: &Terminal, session: &Session) {
    let ended = desk.store.end_session(&session.id, SessionEnd::Logout, &actor()).await;
    ended.expect("answered").expect("ended");
}

/// The statement of the page, for a customer.
fn asked(customer: CustomerId) -> String {
    let (_, after) = PAGE.split_once("```sql\n").expect("a statement");
    let (statement, _) = after.split_once("```").expect("its end");
    statement
        .replace(":customer", &customer.0.to_string())
        .replace(":purpose", "'pay bill'")
        .replace("clerk, counter, valid_until", "COUNT(*)")
}

async fn shown(fixture: &TestStore) -> i64 {
    fixture.number("SELECT COUNT(*) FROM core_verified_now").await
}

on_each_store! {
    async fn security_72_the_view_shows_who_is_verified_until_the_session_ends(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        assert_eq!(shown(&fixture).await, 0);
        let session = verify(&desk, customer).await;
        let row = "SELECT account_no || '|' || purpose || '|' || factor || '|' || clerk || '|' || counter \
                   FROM core_verified_now";
        let row = if fixture.kind() == Kind::MariaDb {
            "SELECT CONCAT_WS('|', account_no, purpose, factor, clerk, counter) FROM core_verified_now"
        } else {
            row
        };
        assert_eq!(fixture.texts(row).await, ["WB-1|pay bill|contact-confirmed|amira|3"]);
        let all = format!("SELECT COUNT(*) FROM (SELECT {COLUMNS} FROM core_verified_now) v");
        assert_eq!(fixture.number(&all).await, 1);
        assert_eq!(fixture.number(&asked(customer)).await, 1);
        assert_eq!(fixture.number(&asked(CustomerId(customer.0 + 1))).await, 0);

        let begun = Instant::now();
        end(&desk, &session).await;
        assert_eq!(shown(&fixture).await, 0);
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());

        // Taking the end back makes it none of the sessions again: its proof is gone.
        fixture.sql("UPDATE core_session SET ended_at = NULL, ended_how = NULL").await;
        assert_eq!(shown(&fixture).await, 0);

        verify(&desk, customer).await;
        assert_eq!(shown(&fixture).await, 1);
        fixture.pass(desk.policy.session_idle.as_millis().try_into().expect("small")).await;
        assert_eq!(shown(&fixture).await, 0, "nobody touched it");
    }

    async fn security_72_a_desk_says_who_is_verified_only_of_sessions_that_it_opened(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let session = verify(&desk, customer).await;
        let alive = desk.store.alive_of(customer).await.expect("read");
        assert!(alive.iter().all(|it| it.is_genuine(&desk.keyring)), "{alive:?}");
        assert_eq!(alive.iter().map(|it| &it.session.id).collect::<Vec<_>>(), [&session.id]);
        let other = desk.customer("WB-2").await;
        fixture.sql(&format!("UPDATE core_session SET customer_id = {}", other.0)).await;
        let moved = desk.store.alive_of(other).await.expect("read");
        assert_eq!(moved.len(), 1);
        assert!(!moved[0].is_genuine(&desk.keyring), "moved to another customer by hand");
    }

    async fn the_account_page_of_a_django_project_opens_after_a_verification_at_the_counter(fixture) {
        assert!(PAGE.contains(GATE.trim_end()), "docs/billing-program.md shows another gate.py");
        let office = Office::new(fixture.kind());
        make(&office);
        let store = office.open().await;
        let desk = Terminal::new(store.clone());
        let zoe = store.identify(CustomerKey::Account("K-1001")).await.expect("read").remove(0);
        let mut billing = Billing::start(&office).await;
        assert!(billing.get("K-1001").starts_with("403"));
        let session = verify(&desk, zoe.id).await;
        assert_eq!(billing.get("K-1001"), "200 The account of Zoë Müller-Lüdenscheidt");
        assert!(billing.get("K-1002").starts_with("403"), "another customer");
        assert!(billing.get("K-9999").starts_with("404"));
        end(&desk, &session).await;
        assert!(billing.get("K-1001").starts_with("403"), "the session has ended");
    }
}

/// The Django project, which answers as long as it runs.
struct Billing {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Billing {
    async fn start(office: &Office) -> Self {
        let mut django = Command::new(PYTHON);
        django.arg("-B").arg(BILLING);
        let kind = office.fixture.kind();
        if kind == Kind::Sqlite {
            django.arg("sqlite3").arg(office.file()).arg(office.fixture.file());
        } else {
            let ours = office.fixture.database();
            let theirs = office.database.as_ref().map_or(&ours.name, |it| &it.name);
            let (engine, server) = match kind {
                Kind::Postgres => ("postgresql", Server::postgres()),
                _ => ("mysql", Server::mariadb()),
            };
            let gate = admit(kind, ours, "countersign_gate").await;
            let port = server.port().to_string();
            django.args([engine, theirs, &ours.name, USER, PASSWORD, "127.0.0.1", &port, &gate]);
        }
        let mut child =
            django.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a website");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, answers }
    }

    /// Asks for an account page; the status and the beginning of the page.
    fn get(&mut self, account: &str) -> String {
        let stdin = self.child.stdin.as_mut().expect("piped");
        writeln!(stdin, "{account}").expect("asked");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("an answer");
        answer.trim_end().to_owned()
    }
}

impl Drop for Billing {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test]
async fn security_72_the_role_of_a_billing_program_reads_the_view_and_nothing_else() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let fixture = TestStore::new(kind);
        let database = fixture.database();
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        verify(&desk, customer).await;
        let gate = admit(kind, database, "countersign_gate").await;
        let url = database.url.replace("//counter:", &format!("//{gate}:"));
        run(&url, &format!("SELECT {COLUMNS} FROM core_verified_now")).await.expect("its right");
        forbidden(
            &url,
            &[
                "SELECT token_digest FROM core_session",
                "SELECT id FROM core_otp",
                "SELECT id FROM core_customer",
                "SELECT id FROM core_customer_view",
                "SELECT contact FROM core_otp_readable",
                "SELECT id FROM core_event",
                "SELECT value FROM core_setting",
                "DELETE FROM core_session",
                "INSERT INTO core_event (at, kind, clerk, counter) VALUES (0, 'x', 'x', 'x')",
                "CREATE TABLE mine (id BIGINT)",
            ],
        )
        .await;
    }
}

/// Listens to what a billing program listens to.
pub(crate) async fn listen(fixture: &TestStore) -> PgListener {
    let mut listener = PgListener::connect(&fixture.database().url).await.expect("a connection");
    listener.listen("countersign_verified").await.expect("listening");
    listener
}

pub(crate) async fn heard(listener: &mut PgListener) -> String {
    let heard = tokio::time::timeout(Duration::from_secs(10), listener.recv()).await;
    heard.expect("in time").expect("a notification").payload().to_owned()
}

#[tokio::test]
async fn postgres_notifies_that_a_session_was_opened_and_ended() {
    let fixture = TestStore::new(Kind::Postgres);
    let desk = Terminal::new(fixture.open().await);
    let customer = desk.customer("WB-1").await;
    let mut listener = listen(&fixture).await;
    let session = verify(&desk, customer).await;
    assert_eq!(heard(&mut listener).await, "", "it names nobody");
    end(&desk, &session).await;
    heard(&mut listener).await;
}
