//! What every store must do, whatever database is behind it. Each story takes
//! a terminal on a store of its own and knows nothing of the database.

mod codes;
mod customers;
mod limits;
mod log;

/// Runs each story on each kind of store.
macro_rules! stories {
    ($($part:ident::$story:ident;)+) => {
        stories! { @ sqlite Sqlite $($part::$story)+ }
        stories! { @ postgres Postgres $($part::$story)+ }
        stories! { @ mariadb MariaDb $($part::$story)+ }
    };
    (@ $module:ident $kind:ident $($part:ident::$story:ident)+) => {
        mod $module {
            use crate::support::{TestStore, Kind, Terminal};

            $(
                #[tokio::test]
                async fn $story() {
                    let fixture = TestStore::new(Kind::$kind);
                    super::$part::$story(&Terminal::new(fixture.open().await)).await;
                }
            )+
        }
    };
}

stories! {
    codes::a_right_code_opens_a_session;
    codes::wrong_codes_are_counted_and_the_last_locks;
    codes::a_used_code_is_used;
    codes::an_attempt_sent_twice_is_one_attempt;
    codes::an_attempt_that_meets_a_locked_customer_is_answered_alike_twice;
    limits::security_05_a_new_code_wins_no_guesses_back;
    limits::a_new_request_takes_the_count_over_and_ends_the_old_one;
    limits::a_cancelled_request_keeps_its_count;
    codes::the_same_act_issues_once;
    codes::a_reissue_that_comes_late_does_nothing;
    codes::a_repeated_reissue_returns_what_is_stored;
    codes::an_older_code_is_recognised_and_never_accepted;
    limits::the_cooldown_is_per_contact;
    limits::each_limit_says_when_there_is_room_again;
    limits::security_06_a_clerk_with_too_many_wrong_codes_enters_none;
    limits::security_06_failures_in_a_row_lock_the_customer;
    codes::security_07_a_code_is_bound_to_its_request_and_purpose;
    codes::security_10_a_missing_key_fails_closed_and_burns_no_attempt;
    log::reports_never_go_back;
    log::what_went_wrong_reads_back_for_clerk_and_admin;
    log::sessions_are_prolonged_and_ended;
    log::events_are_paged_and_filtered;
    log::the_log_is_read_between_two_moments;
    log::a_request_is_found_by_the_word_in_its_message;
    customers::customers_are_imported_counted_and_found;
    customers::an_empty_store_says_that_nobody_can_be_found;
    customers::names_are_found_from_another_keyboard;
    customers::security_44_what_was_typed_has_no_meaning_of_its_own;
    customers::security_45_identity_is_to_the_letter;
    customers::an_account_is_what_was_imported;
    customers::a_store_says_how_it_is;
    codes::closed_requests_stay_closed;
    limits::security_04_a_cap_that_was_lowered_holds_for_what_is_open;
    limits::security_06_a_customers_cap_that_was_lowered_holds_at_once;
}
