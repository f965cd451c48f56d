//! The table of calls and roles at the command line: each command that asks the desk for
//! something, run by each role, ends as forbidden where a call that it makes is not of the role,
//! and only there.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use clap::CommandFactory as _;
use countersign::cli::args::Cli;
use countersign::domain::text::in_words;
use countersign::service::api::{Call, Role};

use crate::service::{CLERK, Service, is_root};

/// The admin comes last: an erased customer is found by nobody.
const ROLES: [Role; 6] =
    [Role::Clerk, Role::Auditor, Role::Worker, Role::Gate, Role::Pad, Role::Admin];

/// The exit code of what a role may not do, and of what the office refuses to all.
const FORBIDDEN: i32 = 40;

/// How the sentence begins by which a role is refused.
const REFUSED_ROLE: &str = "Your role";

/// Processes at once. Many wait: a refusal is answered late.
const AT_ONCE: usize = 24;

/// What a command that asks for a code reads, and one that asks for a session's token.
const CODE: &str = "123456\n";
const TOKEN: &str = "0000000000000000000000000000000000000000000000000000000000000000\n123456\n";

/// Commands that ask no desk for anything: they look after the store and its keys, with what the
/// service alone can read, open an interface, or print what the program knows by itself.
const OUTSIDE_THE_DESK: &[&str] = &[
    "audit check",
    "completions",
    "config check",
    "config show",
    "customers index",
    "deliver",
    "demo",
    "doctor",
    "keys list",
    "keys rotate",
    "man",
    "migrate",
    "pad",
    "serve",
    "staff permissions",
    "templates check",
    "templates preview",
];

/// Each command, as it is typed, and the call at which a role is refused. What it names is there only
/// where the command would end before that call if it were not.
const COMMANDS: &[(&str, &str, &str)] = &[
    ("amount-due", "amount-due WB-004217 --purpose bill", "ReadAmountDue"),
    ("approvals", "approvals", "ListApprovals"),
    ("approve", "approve 7K3M9QX2TB", "ApproveAct"),
    ("audit checkpoint", "audit checkpoint", "ReadTrail"),
    ("audit export", "audit export --format jsonl", "BeginExport"),
    ("audit key", "audit key", "ReadTrailKeys"),
    ("audit prove", "audit prove 1", "ProveEntry"),
    ("audit seal", "audit seal", "SealTrail"),
    ("audit ship", "audit ship", "ShipTrail"),
    ("audit verify", "audit verify", "BeginVerification"),
    ("bounce", "bounce", "RecordBounce"),
    ("cancel", "cancel 7K3M9QX2TB", "CancelRequest"),
    ("customers confirm", "customers confirm WB-004217 --email --reason test", "ConfirmContact"),
    ("customers contacts", "customers contacts --bad", "ListBadContacts"),
    ("customers disown", "customers disown 7K3M9QX2TB --reason test", "DisownVerification"),
    ("customers erase", "customers erase WB-004219 --reason test", "EraseCustomer"),
    ("customers find", "customers find dana", "FindCustomers"),
    ("customers flag", "customers flag WB-004217 at_risk --reason test", "FlagCustomer"),
    ("customers flags", "customers flags", "ListFlags"),
    ("customers hold", "customers hold WB-004217 --reason test", "HoldCustomer"),
    ("customers import", "customers import ../more.csv", "ImportCustomers"),
    ("customers incident", "customers incident other --seen test", "FileIncident"),
    ("customers release", "customers release WB-004217 --reason test", "HoldCustomer"),
    ("customers report", "customers report WB-004217 --reason test", "ReportCustomer"),
    (
        "customers representatives add",
        "customers representatives WB-004217 add --name Anna --email anna@example.org \
         --purpose bill --document passport --reason test",
        "AddRepresentative",
    ),
    (
        "customers representatives end",
        "customers representatives WB-004217 end 7K3M9QX2TB --reason test",
        "EndRepresentative",
    ),
    (
        "customers representatives list",
        "customers representatives WB-004217 list",
        "ListRepresentatives",
    ),
    ("customers reveal", "customers reveal WB-004217 --email --reason test", "RevealContact"),
    ("customers unflag", "customers unflag WB-004217 at_risk --reason test", "UnflagCustomer"),
    ("customers unlock", "customers unlock WB-004217 --reason test", "UnlockCustomer"),
    ("deliveries", "deliveries", "ReadDeliveryStats"),
    ("factor codes", "factor codes", "TouchSession"),
    (
        "factor document",
        "factor document WB-004217 --kind passport --name-matches --photo-matches --purpose bill",
        "SeeDocument",
    ),
    ("factor enrol", "factor enrol", "EnrolTotp"),
    ("factor remove", "factor remove", "RemoveTotp"),
    ("factor replace", "factor replace", "EnrolTotp"),
    ("factor show", "factor show WB-004217", "ReadFactors"),
    ("factor verify", "factor verify WB-004217 --by totp --purpose bill", "VerifyFactor"),
    ("factor vouch", "factor vouch WB-004217 --reason test --purpose bill --further", "VouchFor"),
    ("gate", "gate WB-004217 --purpose bill", "AskGate"),
    ("log", "log", "ReadLog"),
    ("maintain", "maintain", "RunMaintenanceStep"),
    ("policy preview", "policy preview --set limits.per_contact=3", "ReadPastSends"),
    ("policy show", "policy show", "ReadPolicy"),
    ("refuse", "refuse 7K3M9QX2TB", "RefuseAct"),
    ("request", "request WB-004217 --channel email --purpose bill", "AskForCode"),
    ("resend", "resend 7K3M9QX2TB", "ReadRequest"),
    ("session check", "session check", "TouchSession"),
    ("session end", "session end 7K3M9QX2TB", "EndSession"),
    ("session list", "session list", "ListSessions"),
    ("session serve", "session serve --purpose bill", "ServeFor"),
    ("session show", "session show 7K3M9QX2TB", "ReadSession"),
    ("signup", "signup WB-004217", "ReadSignUp"),
    ("staff add", "staff add nobody", "ChangeStaff"),
    ("staff approve", "staff approve nobody", "ApproveReset"),
    ("staff disable", "staff disable nobody", "ChangeStaff"),
    ("staff enable", "staff enable nobody", "ChangeStaff"),
    ("staff end-sitting", "staff end-sitting 7K3M9QX2TB", "EndSitting"),
    ("staff list", "staff list", "ListStaff"),
    ("staff rescue", "staff rescue nobody", "RescueStaff"),
    ("staff reset", "staff reset nobody", "ResetSignIn"),
    ("staff role", "staff role nobody clerk", "ChangeStaff"),
    ("staff sittings", "staff sittings", "ListSittings"),
    ("staff unblock", "staff unblock nobody", "LiftSignInBlock"),
    ("stats", "stats", "ReadStats"),
    ("stats acknowledge", "stats acknowledge 1 --reason test", "AcknowledgeAlarm"),
    ("stats rebuild", "stats rebuild", "RebuildStats"),
    ("status", "status 7K3M9QX2TB", "ReadRequest"),
    ("tray", "tray", "ReadTray"),
    ("verify", "verify 7K3M9QX2TB", "ReadRequest"),
];

/// A mail that came back, of which the desk has no message.
const BOUNCE: &str = "Content-Type: multipart/report; boundary=x\n\n--x\n\
    Content-Type: message/delivery-status\n\nAction: failed\nStatus: 5.1.1\n\n--x\n\
    Content-Type: text/rfc822-headers\n\n\
    Message-ID: <7K3M9QX2TB-1-0123456789abcdef0123@office.example>\n--x--\n";

/// The commands below another one that do something themselves, as they are typed.
fn leaves(command: &clap::Command, path: &str, into: &mut BTreeSet<String>) {
    let subcommands: Vec<_> =
        command.get_subcommands().filter(|it| it.get_name() != "help").collect();
    if subcommands.is_empty() || (!path.is_empty() && !command.is_subcommand_required_set()) {
        into.insert(path.to_owned());
    }
    for it in subcommands {
        leaves(it, format!("{path} {}", it.get_name()).trim_start(), into);
    }
}

#[test]
fn each_command_is_in_this_table() {
    let mut all = BTreeSet::new();
    leaves(&Cli::command(), "", &mut all);
    let here: BTreeSet<String> = COMMANDS
        .iter()
        .map(|(name, ..)| *name)
        .chain(OUTSIDE_THE_DESK.iter().copied())
        .map(str::to_owned)
        .collect();
    assert_eq!(all, here);
    for (name, typed, _) in COMMANDS {
        let mut words = typed.split(' ');
        assert!(name.split(' ').all(|it| words.any(|word| word == it)), "{name}: {typed}");
    }
}

#[test]
fn security_31_each_command_by_each_role_is_refused_where_the_table_says_so_and_nowhere_else() {
    if !is_root() {
        return;
    }
    let service = Service::start_with("[otp]\npurposes = [\"bill\"]");
    let more = service.path("more.csv");
    std::fs::write(&more, "account_no,name\nWB-004219,Eve Moreau\n").expect("written");
    service.owner(&["customers", "import", "../more.csv"]);
    let permission = |call: &str| {
        let of = Call::TABLE.iter().find(|(name, _)| *name == call);
        of.unwrap_or_else(|| panic!("{call} is no call")).1
    };
    let (let_through, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    for role in ROLES {
        service.owner(&["staff", "role", CLERK, role.word(), "--json"]);
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    while let Some((name, typed, call)) =
                        COMMANDS.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        let arguments: Vec<&str> = typed.split(' ').collect();
                        let is_code = name.ends_with("verify");
                        let input = match *name {
                            "bounce" => BOUNCE,
                            _ if is_code => CODE,
                            _ => TOKEN,
                        };
                        let ran = service.told(CLERK, &arguments, input);
                        let may = permission(call).is_of(role);
                        let told = format!("{name} by {role:?}: {}{}", ran.out, ran.err);
                        let is_refused = ran.code == FORBIDDEN && told.contains(REFUSED_ROLE);
                        assert_eq!(is_refused, !may, "{told}");
                        assert!(ran.code != 2 || !ran.err.contains("Usage"), "{told}");
                        let count = if may { &let_through } else { &refused };
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
    }
    println!("{refused:?} commands were refused, {let_through:?} let through");
    let log = service.owner(&["log", "--outcome", "forbidden", "--limit", "500", "--json"]).lines();
    for call in COMMANDS
        .iter()
        .map(|(.., call)| call)
        .filter(|it| permission(it) != permission("ReadClock"))
    {
        let is_there = log.iter().any(|it| it["detail"].to_string().contains(&in_words(call)));
        assert!(is_there, "{call} is an entry of the log");
    }
}
