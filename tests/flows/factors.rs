//! Verifying without a message, and enrolling what that takes.

use countersign::domain::customer_factor::{BackupCodesLeft, CustomerFactors};
use countersign::domain::time::Timestamp;
use countersign::tui::app::model::Overlay;
use countersign::tui::factors::state::{FactorPanel, FactorStage, Sure};

use super::counter::Counter;
use super::desk::CODE;

fn everything() -> CustomerFactors {
    let since = Timestamp::from_millis(1);
    let left = vec![1, 3, 4];
    let backup_codes = Some(BackupCodesLeft { made_at: since, left });
    CustomerFactors { totp_since: Some(since), backup_codes }
}

impl Counter {
    fn panel(&self) -> &FactorPanel {
        match &self.model.overlay {
            Some(Overlay::Factors(panel)) => panel,
            other => panic!("no panel: {other:?}"),
        }
    }

    fn with_factors() -> Self {
        let mut counter = Self::new();
        counter.desk.factors = everything();
        counter
    }
}

#[test]
fn a_customer_is_verified_by_an_authenticator_without_a_message() {
    let mut counter = Counter::with_factors();
    counter.keys("dana<Enter>").is_at("send");
    counter.keys("a").is_at("factor");
    counter.keys("000000<Enter>").is_at("factor").says("That code is wrong.");
    counter.keys(CODE).keys("<Enter>").is_at("verified");
    assert!(counter.desk.asks.is_empty(), "nothing was sent");
}

#[test]
fn a_customer_is_verified_by_a_backup_code_and_few_that_are_left_are_said() {
    let mut counter = Counter::with_factors();
    // Down past the channels, and back from it.
    counter.keys("dana<Enter>jjj<Enter>").is_at("factor");
    counter.keys("3<Enter>").is_at("factor").says("Give the number of the backup code");
    counter.keys("<Esc>").is_at("send");
    counter.keys("b").is_at("factor");
    counter.keys("3 k7q29-xbm4t<Enter>").is_at("verified").says("2 backup codes are left");
}

#[test]
fn who_has_enrolled_nothing_is_sent_a_code() {
    let mut counter = Counter::after("dana<Enter>");
    counter.keys("a").is_at("send").says("has enrolled no authenticator");
    counter.keys("b").is_at("send").says("has no backup codes");
}

#[test]
fn an_authenticator_is_enrolled_replaced_and_removed_and_what_is_taken_away_is_asked_first() {
    let mut counter = Counter::after("dana<Enter><Enter>481902<Ctrl-F>e");
    assert!(matches!(counter.panel().stage, FactorStage::Enrol { replaces: false, .. }));
    counter.keys("000000<Enter>");
    let said = counter.panel().message.clone().expect("a message").1;
    assert!(said.contains("not the code that it shows now"), "{said}");
    counter.keys(CODE).keys("<Enter>");
    assert!(counter.desk.factors.totp_since.is_some());
    assert!(matches!(counter.panel().stage, FactorStage::Overview));
    counter.keys("e");
    assert!(matches!(counter.panel().stage, FactorStage::Sure(Sure::ReplaceTotp)));
    counter.keys("<Esc>r");
    assert!(matches!(counter.panel().stage, FactorStage::Sure(Sure::RemoveTotp)));
    assert!(counter.desk.factors.totp_since.is_some());
    counter.keys("<Enter>");
    assert!(counter.desk.factors.totp_since.is_none());
    counter.keys("<Esc>").is_at("verified");
    assert!(counter.model.overlay.is_none());
}

#[test]
fn security_11_backup_codes_are_on_the_screen_once_and_new_ones_are_asked_first() {
    let mut counter = Counter::after("dana<Enter><Enter>481902<Ctrl-F>b");
    assert!(matches!(&counter.panel().stage, FactorStage::Codes(codes) if codes.len() == 10));
    counter.keys("<Enter>");
    assert!(matches!(counter.panel().stage, FactorStage::Overview), "they are gone");
    counter.keys("b");
    assert!(matches!(counter.panel().stage, FactorStage::Sure(Sure::ReplaceCodes)));
    counter.keys("<Enter>");
    assert!(matches!(counter.panel().stage, FactorStage::Codes(_)));
}
