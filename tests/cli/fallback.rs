//! A second provider that stands in for the first one.

use super::desk::Desk;
use crate::closed_port::ClosedPort;

#[test]
fn the_doctor_looks_at_the_provider_that_stands_in_and_names_its_section() {
    let desk = Desk::open();
    let checks = |desk: &Desk, part: &str| -> Vec<(bool, String)> {
        let doctor = desk.run(&["doctor", "--json"]).json();
        let checks = doctor["checks"].as_array().expect("a list").clone();
        let of_part = checks.into_iter().filter(|it| it["part"] == part);
        of_part.map(|it| (it["ok"] == true, it["found"].as_str().unwrap().to_owned())).collect()
    };
    assert_eq!(checks(&desk, "email").len(), 1);
    let nobody = [ClosedPort::take(), ClosedPort::take()];
    let [first, second] = nobody.each_ref().map(ClosedPort::number);
    let section = |name: &str, port: u16| {
        format!(
            "[{name}]\nprovider = \"smtp\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
             from = \"desk@example.org\"\n"
        )
    };
    desk.configure(&format!("{}{}", section("email", first), section("email.fallback", second)));
    let email = checks(&desk, "email");
    let [(false, main), (false, fallback)] = email.as_slice() else { panic!("{email:?}") };
    let refused = |port: u16, section: &str| {
        format!(
            "smtp: The mail server 127.0.0.1:{port} refuses the connection. Check host and port in \
             [{section}]."
        )
    };
    assert_eq!(*main, refused(first, "email"));
    assert_eq!(*fallback, format!("fallback, {}", refused(second, "email.fallback")));
    assert_eq!(checks(&desk, "sms").len(), 1);
    assert_eq!(desk.run(&["doctor", "--json"]).code, 31);
}

#[test]
fn the_doctor_tells_what_the_counters_have_met() {
    let desk = Desk::open();
    let nobody = ClosedPort::take();
    desk.configure(&format!(
        "[email]\nprovider = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
         from = \"desk@example.org\"\n",
        nobody.number()
    ));
    for customer in ["WB-004217", "WB-004218", "WB-004217"] {
        let purpose = format!("--purpose=for {customer}");
        desk.run(&["request", customer, "--channel", "email", &purpose]);
    }
    // A message that waits when its code is withdrawn: said once, and not as if it went.
    let request = desk.run(&["request", "WB-004219", "--channel", "email", "--json"]).json();
    let id = request["request"].as_str().expect("a request");
    desk.run(&["cancel", id]);
    let status = desk.run(&["status", id]).out;
    assert!(status.contains("No message went to s***@example.org."), "{status}");
    assert_eq!(status.matches("It was cancelled").count(), 1, "{status}");

    let told = desk.run(&["doctor"]).out;
    let known =
        "note    email         the provider failed for the counters and is left alone until";
    assert!(told.contains(known), "{told}");
}
