//! A second provider that stands in for the first one.

use std::net::TcpListener;

use super::desk::Desk;

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
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("bound").port();
    drop(free);
    desk.configure(&format!(
        "[email.fallback]\nprovider = \"smtp\"\nhost = \"127.0.0.1\"\nport = {port}\n\
         tls = \"none\"\nfrom = \"desk@example.org\""
    ));
    let email = checks(&desk, "email");
    let [(true, main), (false, fallback)] = email.as_slice() else { panic!("{email:?}") };
    assert!(main.starts_with("tray: "), "{main}");
    assert_eq!(
        *fallback,
        format!(
            "fallback, smtp: The mail server 127.0.0.1:{port} refuses the connection. Check host \
             and port in [email.fallback]."
        )
    );
    assert_eq!(checks(&desk, "sms").len(), 1);
    assert_eq!(desk.run(&["doctor", "--json"]).code, 31);
}
