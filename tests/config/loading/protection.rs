//! Secrets, and who may read or decide what the configuration says.

use super::*;

#[test]
fn secrets_come_from_files_that_others_cannot_read() {
    let desk = Desk::new();
    desk.write("email.password", "pass word\n", 0o600);
    desk.write("sms.token", "token\r\n", 0o640);
    let config = desk.load(PRODUCTION, &[]).expect("complete");
    let EmailSettings::Smtp(smtp) = &config.email else { panic!("it is SMTP") };
    let password = smtp.login.as_ref().map(|login| match &login.proof {
        LoginSecret::Password(password) => password.expose_secret().to_owned(),
        LoginSecret::Token(_) => panic!("a password"),
    });
    assert_eq!(password.as_deref(), Some("pass word"));
    let SmsSettings::Twilio(twilio) = &config.sms else { panic!("it is Twilio") };
    let TwilioCredentials::AuthToken(token) = &twilio.credentials else { panic!("a token") };
    assert_eq!(token.expose_secret(), "token");

    desk.write("email.password", "pass word\n", 0o644);
    let problems = desk.problems(PRODUCTION, &[]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("email.password holds a secret and everybody"), "{problems:?}");
    let development = [("COUNTERSIGN__ENVIRONMENT", "development")];
    let warned = desk.load(PRODUCTION, &development).expect("allowed in development");
    assert_eq!(warned.warnings.len(), 1);

    for bad in ["", "two\nlines\n"] {
        desk.write("email.password", bad, 0o600);
        let problems = desk.problems(PRODUCTION, &[]);
        assert_eq!(problems.len(), 1, "{bad:?}: {problems:?}");
    }
    fs::remove_file(desk.path().join("sms.token")).expect("removed");
    desk.write("email.password", "x", 0o600);
    let problems = desk.problems(PRODUCTION, &[]);
    assert!(problems[0].contains("line 9: sms.auth_token_file"), "{problems:?}");
}

#[test]
fn a_configuration_file_with_a_secret_is_not_for_everybody() {
    let desk = Desk::new();
    let file = PRODUCTION.replace("password_file = \"email.password\"", "password = \"x\"");
    desk.write("sms.token", "token", 0o600);
    let open = desk.write("open.toml", &file, 0o644);
    let refused = desk.load_named(Some(&open), &[]).expect_err("refused");
    assert!(refused.to_string().contains("open.toml holds a secret"), "{refused}");
    let by_variable = [("COUNTERSIGN__EMAIL__PASSWORD", "x")];
    let open = desk.write("open.toml", &file.replace("password = \"x\"", ""), 0o644);
    desk.load_named(Some(&open), &by_variable).expect("no secret in the file");
}

#[test]
fn security_33_no_message_and_no_screen_repeats_a_secret() {
    let desk = Desk::new();
    let canary = "kn0wn-canary";
    let good = format!(
        "[email]\nprovider = \"sendgrid\"\nfrom = \"codes@example.org\"\npassword = \"{canary}\"\n\
         [sms]\nprovider = \"twilio\"\naccount_sid = \"{ACCOUNT}\"\nauth_token = \"{canary}\"\n\
         from = \"Office\"\n"
    );
    let config = desk.load(&good, &[]).expect("complete");
    let shown = format!(
        "{config:?}{}{}",
        config.show(),
        serde_json::to_string(config.show()).expect("JSON")
    );
    assert!(!shown.contains(canary), "{shown}");
    assert!(config.show().to_string().contains("password = \"(set)\""), "{}", config.show());
    for bad in [
        format!("email.password = [\"{canary}\"]"),
        format!("email.password = \"{canary}\\n\""),
        format!("email.password = \"{canary}"),
        format!("email.passwrd = \"{canary}\""),
        format!("emial.password = \"{canary}\""),
        format!("sms.base_url = \"https://{canary}@api.twilio.com\""),
        format!("store.url = \"{canary}://x\""),
        format!("[email]\npassword = \"x\"\npassword = {canary}"),
        format!("sms.account_sid = \"{canary}\""),
    ] {
        let error = desk.load(&bad, &[]).expect_err("refused");
        let told = format!("{error}\n{error:?}");
        assert!(!told.contains(canary), "{bad}: {told}");
    }
    let error = desk.load("", &[("COUNTERSIGN__EMAIL__PASSWRD", canary)]).expect_err("refused");
    assert!(!format!("{error:?}").contains(canary), "{error}");
}

#[test]
fn security_56_variables_do_not_decide_whom_to_trust() {
    let desk = Desk::new();
    desk.write("email.password", "pass", 0o600);
    desk.write("sms.token", "token", 0o600);
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        let variable = [(name, "/tmp/theirs")];
        let told = desk.problems(PRODUCTION, &variable).join("\n");
        assert!(told.contains(&format!("the variable {name} would decide")), "{told}");
        let config = desk.load("", &variable).expect("development goes on");
        assert!(config.warnings.iter().any(|it| it.contains(name)), "{:?}", config.warnings);
    }
}

#[test]
fn security_57_a_configuration_that_others_can_write_is_refused_in_production() {
    let desk = Desk::new();
    let inner = desk.path().join("office");
    fs::create_dir_all(inner.join("templates/en")).expect("made");
    let file = inner.join("config.toml");
    let templates = inner.join("templates");
    let text = format!("{PRODUCTION}[messages]\nfolder = \"{}\"\n", templates.display());
    fs::write(&file, text).expect("written");
    desk.write("office/email.password", "pass", 0o600);
    desk.write("office/sms.token", "token", 0o600);
    let set = |path: &Path, mode| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
    };
    for path in [&inner, &templates, &templates.join("en")] {
        set(path, 0o755);
    }
    set(&file, 0o600);
    let home = [("HOME", desk.path().to_str().expect("UTF-8"))];
    let load = || Config::load_in(Some(&file), &ProcessEnvironment::new(&inner, home));
    load().expect("closed, it is taken");
    for (path, open, closed) in [
        (&file, 0o620, 0o600),
        (&inner, 0o775, 0o755),
        (&templates, 0o777, 0o755),
        (&templates.join("en"), 0o757, 0o755),
    ] {
        set(path, open);
        let told = load().expect_err("refused").to_string();
        assert!(told.contains(&format!("others may write {}", path.display())), "{told}");
        set(path, closed);
    }
}
