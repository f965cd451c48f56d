//! The table of calls and roles at the socket: every call, made by every role, is refused where
//! the table says so and only there, and the log has the refusals.

use std::collections::BTreeSet;
use std::thread;

use countersign::domain::text::in_words;
use countersign::service::api::{Call, Role};
use countersign::service::upkeep::maintenance::{MaintenanceRun, MaintenanceTotals};
use serde_json::{Value, json};

use crate::service::{Raw, Service, is_root};

/// The account of this process.
const ROOT: &str = "root";

/// The admin first: what they begin the others are refused to go on with.
const ROLES: [Role; 6] =
    [Role::Admin, Role::Clerk, Role::Auditor, Role::Worker, Role::Gate, Role::Pad];

/// What ends the connection is made last.
const LAST: [&str; 2] = ["LockTerminal", "SignOut"];

/// The same of flags, incidents and representatives.
fn about_a_customer(call: &str) -> Option<Value> {
    let customer = 987_654_321;
    let request = "7K3M9QX2TB";
    let (reason, key) = ("a test of the table", "an act");
    Some(match call {
        "FlagCustomer" => json!({
            "customer": customer, "flag": "at_risk", "reason": reason, "until": null, "key": key,
        }),
        "UnflagCustomer" => {
            json!({ "customer": customer, "flag": "at_risk", "reason": reason, "key": key })
        }
        "DisownVerification" => {
            json!({ "reference": request, "customer": customer, "reason": reason, "key": key })
        }
        "AddRepresentative" => json!({
            "customer": customer, "name": "Anna", "email": "anna@example.org", "phone": null,
            "scope": ["pay bill"], "from": null, "until": null, "document": "passport",
            "reason": reason, "key": key,
        }),
        "EndRepresentative" => json!({
            "customer": customer, "representative": request, "reason": reason, "key": key,
        }),
        "ListFlags" => json!({ "limit": 1 }),
        "FileIncident" => {
            json!({ "customer": null, "kind": "other", "seen": reason, "key": key })
        }
        _ => return None,
    })
}

/// Arguments with which a call can be made. What they name is not there, so that a call which is
/// let through changes nothing that the next one needs.
fn arguments(call: &str) -> Value {
    if let Some(arguments) = about_a_customer(call) {
        return arguments;
    }
    let customer = 987_654_321;
    let request = "7K3M9QX2TB";
    let token = "0".repeat(64);
    let (reason, key) = ("a test of the table", "an act");
    let mark = json!({ "request": request, "generation": 1 });
    match call {
        "FindCustomers" => json!({ "typed": "dana", "limit": 1 }),
        "IdentifyCustomer" => json!({ "name": "WB-999999" }),
        "OpenCustomer" | "ReadCustomer" | "ReadFactors" | "ReadSignUp" | "ListRepresentatives" => {
            json!({ "customer": customer })
        }
        "ReadAccount" => json!({ "customer": customer, "token": token }),
        "RevealContact" => json!({ "customer": customer, "kind": "email", "reason": reason }),
        "ListBadContacts" => json!({ "after": null }),
        "ChannelChoices" => json!({ "customers": [] }),
        "UnlockCustomer" | "ReportCustomer" | "EraseCustomer" => {
            json!({ "customer": customer, "reason": reason, "key": key })
        }
        "ConfirmContact" => {
            json!({ "customer": customer, "kind": "email", "reason": reason, "key": key })
        }
        "HoldCustomer" => {
            json!({ "customer": customer, "hold": true, "reason": reason, "key": key })
        }
        "ImportCustomers" => json!({ "batch": [], "dry_run": true }),
        "FinishImport" => json!({ "count": {
            "added": 0, "changed": 0, "unchanged": 0, "replaced": 0,
        }}),
        "AskForCode" => json!({
            "customer": customer, "channel": "email", "purpose": "pay bill", "idempotency": key,
        }),
        "ResendCode" => json!({ "request": request, "after": 1 }),
        "VerifyCode" => json!({ "request": request, "code": "123456", "key": key }),
        "CancelRequest" | "ReadRequest" | "ReadArchivedRequest" | "ReadTimeline" => {
            json!({ "request": request })
        }
        "TouchSession" | "ReadPad" | "LeavePad" => json!({ "token": token }),
        "ReadSession" => json!({ "session": request }),
        "ListSessions" => json!({ "filter": "Alive", "limit": 1 }),
        "ServeFor" => json!({ "token": token, "purpose": "pay bill" }),
        "SeeDocument" => json!({
            "customer": customer, "purpose": "pay bill", "key": key, "session": null,
            "document": { "kind": "passport", "name_matches": true, "photo_matches": true, "expires": "2031-04-30" },
        }),
        "VouchFor" => json!({
            "customer": customer, "purpose": "pay bill", "reason": reason, "key": key, "session": null,
        }),
        "LeaveVouch" => json!({ "asked": arguments("VouchFor") }),
        "AskGate" | "ReadAmountDue" => json!({ "account_no": "WB-999999", "purpose": "pay bill" }),
        "EndSession" => json!({ "session": request, "how": "logout" }),
        "VerifyFactor" => json!({
            "customer": customer, "purpose": "pay bill", "key": key,
            "typed": { "kind": "totp", "typed": "123456" },
        }),
        "EnrolTotp" => json!({
            "token": token, "replaces": false, "offer": null, "typed": null, "key": key,
        }),
        "RemoveTotp" => json!({ "token": token, "key": key }),
        "MakeBackupCodes" => json!({ "token": token, "replaces": false, "key": key }),
        "ReadCounterPad" | "ConfirmPad" | "EndPairing" => json!({ "pairing": request }),
        "ShowAtPad" => json!({ "pairing": request, "shown": "Nothing", "session": null }),
        "TakeFactorFromPad" => json!({
            "pairing": request, "entry": request, "customer": customer, "session": null,
        }),
        "TakeFromPad" => json!({ "pairing": request, "request": request, "session": null }),
        "AskForPad" => json!({ "number": "123456", "key": key }),
        "TypeAtPad" => json!({ "token": token, "mark": mark, "typed": 1 }),
        "EnterAtPad" => json!({ "token": token, "mark": mark, "code": "123456", "key": key }),
        "DeliverCode" => json!({
            "delivery": customer,
            "max_elapsed": { "secs": 1, "nanos": 0 },
        }),
        "RecordBounce" => json!({
            "message_ids": ["7K3M9QX2TB-1-0123456789abcdef0123@office.example"],
            "status": { "subject": 1, "detail": 1 },
        }),
        "ReadDeliveryStats" => json!({ "within": { "secs": 60, "nanos": 0 } }),
        "DeliverDue" => json!({ "concurrent": 1 }),
        "ReadTray" => json!({ "after": 0, "limit": 1 }),
        "ReadLog" => json!({ "filter": {}, "page": "Newest", "limit": 1 }),
        "BeginVerification" => json!({ "kept": [], "keys": [] }),
        "BeginExport" => {
            json!({ "range": { "since": null, "until": null }, "personal": null, "key": key })
        }
        "ReadExport" => json!({ "from": 0, "to": 1, "personal": false }),
        "ProveEntry" => json!({ "name": "1", "personal": null, "key": key }),
        "ProveConsistency" => json!({ "old": "no checkpoint" }),
        "ReadStats" => json!({ "spans": [], "by": null, "only": {} }),
        "RecordStatsExport" => json!({ "part": "Clerks", "lines": 3, "key": key }),
        _ => by_an_admin(call),
    }
}

/// The same for what staff do to alarms, staff and policy.
fn by_an_admin(call: &str) -> Value {
    let request = "7K3M9QX2TB";
    let (reason, key) = ("a test of the table", "an act");
    match call {
        "AcknowledgeAlarm" => json!({ "alarm": 987_654, "reason": reason, "key": key }),
        "ChangeStaff" => json!({ "account": "nobody-here", "act": "disable" }),
        "RescueStaff" | "ResetSignIn" | "ApproveReset" | "LiftSignInBlock" => {
            json!({ "account": "nobody-here" })
        }
        "ApproveAct" | "RefuseAct" => json!({ "approval": request }),
        "ReadPolicy" => json!({ "version": null }),
        "ReadPastSends" => json!({ "from": "2026-01-01T00:00:00Z", "limit": 1 }),
        "EndSitting" => json!({ "sitting": request }),
        "SignIn" => json!({
            "name": "dana", "secret": "x", "new_password": null, "totp": null, "offer": null,
        }),
        _ => Value::Null,
    }
}

/// Connections on which calls are refused at once: each refusal is answered late.
const CONNECTIONS: usize = 12;

/// A connection of this account, whose role is set before.
fn greeted(service: &Service, role: Role) -> Raw {
    let mut raw = service.raw();
    let welcome = raw.hello().expect("welcome");
    assert_eq!(welcome["Welcome"]["profile"]["role"], role.word(), "{welcome}");
    raw
}

/// Makes a call, with what a verification was begun with; gives the answer.
fn answer(raw: &mut Raw, id: usize, name: &str, begun: &Value) -> Value {
    let arguments = match name {
        "VerifyTrail" => json!({ "run": begun }),
        "RunMaintenanceStep" => {
            json!({ "run": MaintenanceRun::default(), "reason": "a test", "key": "x" })
        }
        "FinishMaintenance" => json!({ "totals": MaintenanceTotals::default(), "reason": null }),
        name => arguments(name),
    };
    let call = json!({ name: arguments });
    if let Err(error) = serde_json::from_value::<Call>(call.clone()) {
        panic!("{name} cannot be made with these arguments: {error}");
    }
    raw.call(id as u64, &call).expect("an answer")[name].take()
}

#[test]
fn security_31_each_call_by_each_role_is_refused_where_the_table_says_so_and_nowhere_else() {
    if !is_root() {
        return;
    }
    let service = Service::start();
    service.owner(&["staff", "add", ROOT, "--json"]).ended(0, "changed");
    let mut begun = Value::Null;
    let (mut let_through, mut refused) = (0, 0);
    let mut names = BTreeSet::new();
    for role in ROLES {
        service.owner(&["staff", "role", ROOT, role.word(), "--json"]).ended(0, "changed");
        let (may, may_not): (Vec<_>, Vec<_>) =
            Call::TABLE.iter().partition(|(_, permission)| permission.is_of(role));
        thread::scope(|scope| {
            for calls in may_not.chunks(may_not.len().div_ceil(CONNECTIONS)) {
                let (service, begun) = (&service, &begun);
                scope.spawn(move || {
                    let mut raw = greeted(service, role);
                    for (id, (name, _)) in calls.iter().enumerate() {
                        let answer = answer(&mut raw, id, name, begun);
                        let error = &answer["Err"]["Forbidden"]["role"];
                        assert_eq!(*error, role.word(), "{name}: {answer}");
                    }
                });
            }
        });
        let mut raw = greeted(&service, role);
        let of = |is_last| may.iter().filter(move |(name, _)| LAST.contains(name) == is_last);
        for (id, (name, _)) in of(false).chain(of(true)).enumerate() {
            let mut answer = answer(&mut raw, id, name, &begun);
            assert!(answer["Err"]["Forbidden"].is_null(), "{name} by {role:?}: {answer}");
            if *name == "BeginVerification" && begun.is_null() {
                begun = answer["Ok"].take();
            }
        }
        let_through += may.len();
        refused += may_not.len();
        names.extend(may_not.iter().map(|(name, _)| *name));
    }
    println!("{refused} cells were refused, {let_through} let through");
    assert_eq!(refused + let_through, ROLES.len() * Call::TABLE.len());
    let log = service.owner(&["log", "--outcome", "forbidden", "--limit", "500", "--json"]).lines();
    for name in names {
        let is_there = log.iter().any(|it| it["detail"].to_string().contains(&in_words(name)));
        assert!(is_there, "{name} is an entry of the log");
    }
}
