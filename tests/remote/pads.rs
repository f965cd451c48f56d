//! A pad of an account of its own at a desk service.

use crate::service::{BOSS, CLERK, PAD, Service, is_root};
use crate::terminal::{PtySession, Seen};

/// The number in the clerk's box: three digits, a space, three digits.
fn number(seen: &Seen) -> Option<String> {
    let text = seen.text();
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_group = |it: &str| it.len() == 3 && it.bytes().all(|it| it.is_ascii_digit());
    let pair = words.windows(2).find(|it| is_group(it[0]) && is_group(it[1]))?;
    Some(pair.concat())
}

fn pair(counter: &mut PtySession, pad: &mut PtySession) {
    counter.act("\x0b").wait_for_text("Type this number at the pad");
    let number = counter.wait_for("number", number);
    pad.press(&number).press("\r").wait_for_text("Wait for the clerk");
    counter.wait_for_text(&format!("{PAD} at front desk pts/"));
    counter.act("y").wait_for_text("Paired:");
    pad.wait_for_text("Please wait. The clerk will send you a code.");
}

#[test]
fn a_customer_at_a_pad_of_its_own_account_is_verified_at_the_clerks_counter() {
    if !is_root() {
        return;
    }
    let mut service = Service::start();
    let no_pad = service.terminal_of(CLERK, &["pad"]);
    no_pad.wait_for_text("This account is no pad at the desk service.");
    service.counter(BOSS, &["staff", "add", PAD, "--role", "pad", "--json"]).ended(0, "changed");
    // What is no pad's is refused to its account.
    let refused: [&[&str]; 4] = [
        &["customers", "find", "dana", "--json"],
        &["request", "WB-004217", "--channel", "sms", "--json"],
        &["log", "--json"],
        &["tray", "--json"],
    ];
    for arguments in refused {
        let ran = service.counter(PAD, arguments);
        assert_eq!(ran.code, 40, "{arguments:?}: {}{}", ran.out, ran.err);
    }
    let mut pad = service.terminal_of(PAD, &["pad"]);
    pad.wait_for_text("Type the number");
    let mut counter = service.terminal_of(CLERK, &[]);
    counter.wait_for_text("Riverside Billing");
    pair(&mut counter, &mut pad);
    counter.press("dana").wait_for_text("Dana Rivera");
    counter.act("\r").wait_for_text("Purpose");
    counter.act("\r").wait_for_text("Time left");
    counter.wait_for_text("in the tray");
    pad.wait_for_text("Type the 6 digits of the message");
    let code = service.newest_code();
    pad.press(&code[..3]);
    counter.wait_for("dots", |seen| (seen.text().matches("┃ ● ┃").count() == 3).then_some(()));
    // The service is updated while the customer types; nobody starts anew.
    service.end();
    pad.wait_for_text("One moment, please.");
    service.run();
    pad.wait_for_text("Type the 6 digits of the message");
    pad.press(&code[3..]).press("\r").wait_for_text("Thank you");
    counter.wait_for_text("VERIFIED");
    counter.wait_for_text("Account");
    let seen = pad.seen().output();
    for canary in ["Dana", "WB-004217", "example.org", "4155550142"] {
        assert!(!seen.contains(canary), "the pad was told {canary}");
    }
    let log = service.counter(BOSS, &["log", "--json"]).lines();
    let by = |kind: &str| {
        let found = log.iter().find(|it| it["event"] == kind || it["kind"] == kind);
        found.unwrap_or_else(|| panic!("no {kind} in {log:?}")).clone()
    };
    assert_eq!(by("pad_paired")["clerk"], CLERK);
    assert_eq!(by("pad_asked")["clerk"], PAD);
    let attempt = by("attempt");
    let typed = "typed by the customer at the pad of counter front desk pts/";
    assert_eq!(attempt["clerk"], CLERK);
    assert!(attempt["detail"].as_str().is_some_and(|it| it.contains(typed)), "{attempt}");
    // The sitting ends, and the pairing with it.
    counter.hang_up();
    pad.wait_for_text("The clerk ended it.");
}
