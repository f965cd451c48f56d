//! The latency from a key to the frame that shows it, while a hundred sends of the same process
//! hang at a mail server that accepts each letter and never answers; compared with the same without
//! sends.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::cli::app_context::AppContext as _;
use countersign::config::{Config, ProcessEnvironment};
use countersign::domain::channel::Channel;
use countersign::domain::contact::EmailAddress;
use countersign::domain::customer::{NewCustomer, Unsaid};
use countersign::service::ports::CustomerKey;
use countersign::service::verification::request::{CodeRequest, CodeRequestOutcome};
use countersign::wiring::Wiring;
use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::post_office::{At, Does, PostOffice};
use crate::support::{Figure, Report};
use crate::terminal::{PtySession, isolate};

/// Sends that hang.
const SENDS: usize = 100;
/// Keys that are timed, and the longest allowed duration: less than the send timeout.
const KEYS: usize = 1_000;
const ENOUGH: Duration = Duration::from_secs(15);
/// The variable by which the bench starts itself as an interface with this many sends.
const INSIDE: &str = "COUNTERSIGN_BENCH_SENDS";

/// Runs as the interface if the variable is set.
pub(crate) fn inside() -> bool {
    let Ok(sends) = std::env::var(INSIDE) else { return false };
    let sends = sends.parse().expect("a number");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(interface(sends));
    true
}

async fn interface(sends: usize) {
    let home = std::env::var("HOME").expect("a home");
    let config = configuration(Path::new(&home));
    let fixture = Wiring::default();
    let desk = fixture.open_desk(&config).await.expect("a desk");
    let store = fixture.store(&config).await.expect("a store");
    for number in 0..sends {
        let account = account(number);
        let key = CustomerKey::Account(&account);
        let found = store.identify(key).await.expect("a search");
        let ask = CodeRequest {
            customer: found.first().expect("a customer").id,
            channel: Channel::Email,
            purpose: "pay a bill".into(),
            representative: None,
            idempotency: desk.new_idempotency_key().expect("a name"),
        };
        let asked = desk.ask(&ask).await.expect("an answer");
        let CodeRequestOutcome::Ready(request) = asked else { panic!("{asked:?}") };
        let desk = desk.clone();
        tokio::spawn(async move { desk.deliver(request.delivery.id).await });
    }
    // The bench kills it if it does not end by itself.
    let _ = fixture.interface(&config).await;
}

/// Times keys with and without hanging sends.
pub(crate) fn typing(report: &mut Report) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let post = runtime.block_on(PostOffice::start(|_| Some((At::Letter, Does::Hang))));
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    runtime.block_on(furnish(&folder, post.port));

    report.section("from a key to its frame, 80×24, at a terminal");
    let quiet = timed("nothing is sent", &folder, 0, || {});
    let met = || runtime.block_on(post.met(SENDS));
    let hanging = timed("100 sends hang", &folder, SENDS, met);
    report.line(&quiet, &quiet);
    report.line(&hanging, &quiet);
    let worst = hanging.percentile(100.0);
    report.note(&format!("the longest of {KEYS} keys while they hang: {worst:.1?}"));
}

fn timed(name: &str, folder: &Arc<TempDir>, sends: usize, ready: impl Fn()) -> Figure {
    let program = std::env::current_exe().expect("this program");
    let mut command = CommandBuilder::new(program);
    isolate(&mut command, folder);
    command.env(INSIDE, sends.to_string());
    let mut session = PtySession::run(command, Arc::clone(folder));
    session.wait_for_text("Find the customer");
    ready();
    let begun = Instant::now();
    let mut figure = Figure::new(name);
    // A word is typed and deleted down to its first letter, repeatedly.
    let (word, mut before) = ("rivera", 1);
    session.press(&word[..before]);
    session.wait_for("a letter", |seen| (typed(&seen.text()) == &word[..before]).then_some(()));
    let lengths = (2..=word.len()).chain((1..word.len()).rev()).cycle();
    for length in lengths.take(KEYS) {
        let key = if length > before { &word[before..length] } else { "\x7f" };
        let start = Instant::now();
        session.press(key);
        session.wait_for("the key", |seen| (typed(&seen.text()) == &word[..length]).then_some(()));
        figure.record(start.elapsed());
        before = length;
        session.seen().bytes.clear();
        // The speed of a fast typist.
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(sends == 0 || begun.elapsed() < ENOUGH, "they hang no longer");
    session.leave();
    figure
}

/// The content of the search field.
fn typed(screen: &str) -> &str {
    let line = screen.lines().find_map(|line| line.split_once("Search › "));
    line.map_or("", |(_, rest)| rest.trim_end_matches(['│', ' ']))
}

async fn furnish(folder: &TempDir, port: u16) {
    let text = format!(
        "[office]\nname = \"Riverside Billing\"\ncounter = \"3\"\n[store]\n\
         url = \"sqlite:desk.db\"\n[keys]\nfile = \"desk.keys\"\n[log]\nfile = \"desk.log\"\n\
         [limits]\nper_clerk = 100000\nper_counter = 100000\nin_all = 100000\n\
         [email]\nprovider = \"smtp\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
         from = \"desk@example.org\"\n"
    );
    let path = folder.path().join("config.toml");
    std::fs::write(&path, text).expect("written");
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&path, closed).expect("closed");
    let fixture = Wiring::default();
    let config = configuration(folder.path());
    fixture.migrate(&config).await.expect("tables");
    let desk = fixture.open_desk(&config).await.expect("a desk");
    let people: Vec<_> = (0..SENDS).map(person).collect();
    desk.import_batch(&people, false).await.expect("imported");
    fixture.close().await;
}

fn configuration(folder: &Path) -> Config {
    let home = folder.to_str().expect("UTF-8");
    let surroundings = ProcessEnvironment::new(folder, [("HOME", home)]);
    Config::load_in(Some(&folder.join("config.toml")), &surroundings).expect("a configuration")
}

fn account(number: usize) -> String {
    format!("WB-{number:04}")
}

fn person(number: usize) -> NewCustomer {
    let email = format!("dana{number}@example.org");
    NewCustomer {
        account_no: account(number),
        name: format!("Dana Rivera {number:04}"),
        email: Some(EmailAddress::parse(&email).expect("an address")),
        phone: None,
        address: None,
        locale: None,
        balance: None,
        unsaid: Unsaid::default(),
    }
}
