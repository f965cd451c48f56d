//! The codes of an authenticator against those of two programs that others wrote.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::process::Command;

use countersign::domain::time::Timestamp;
use countersign::domain::totp::Seed;

/// Codes of one seed that are compared.
const STEPS: i64 = 500;

fn told(command: &mut Command) -> Vec<String> {
    let done = command.output().expect("it is installed by .ci/install");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8(done.stdout).expect("digits");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn security_12_the_codes_are_those_of_oathtool_and_pyotp() {
    for (random, start) in [([9; 32], 59), ([0xa7; 32], 1_795_354_320), ([0; 32], 20_000_000_010)] {
        let seed = Seed::new(&random);
        let words = seed.words().replace(' ', "");
        let own: Vec<String> = (0..=STEPS)
            .map(|step| seed.code_at(Timestamp::from_millis((start + step * 30) * 1_000)))
            .collect();
        let oathtool = told(Command::new("oathtool").args([
            "--totp",
            "--digits=6",
            "--base32",
            &format!("--now=@{start}"),
            &format!("--window={STEPS}"),
            &words,
        ]));
        assert_eq!(own, oathtool, "from {start}");
        let script = format!(
            "import pyotp\nit = pyotp.TOTP('{words}')\n\
             for step in range({STEPS} + 1): print(it.at({start} + 30 * step))"
        );
        assert_eq!(own, told(Command::new("/usr/bin/python3").args(["-c", &script])), "{start}");
    }
}
