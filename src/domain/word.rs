//! Enums whose variants have a word: the same in JSON, the store, filters and on the command line.
//! strum derives the words from the variants' names.

/// A text that is not one of an enum's words.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{word}\" is not {what}")]
pub struct UnknownWord {
    word: String,
    /// A description of the enum, with an article.
    what: &'static str,
}

impl UnknownWord {
    pub(super) fn new(word: &str, what: &'static str) -> Self {
        Self { word: word.to_owned(), what }
    }
}

/// All variants, in the order of their declaration.
pub(super) const fn all<T: Copy, const N: usize>(variants: &'static [T]) -> [T; N] {
    match variants.first_chunk() {
        Some(all) => *all,
        // Unreachable: `words!` takes the length from the same list.
        None => panic!("as many variants as the enum has"),
    }
}

/// Implements `ALL`, `word`, `FromStr` and serde for an enum that derives `IntoStaticStr` (with
/// `const_into_str`) and `VariantArray` of strum. The second argument completes the sentence "this
/// word is not …".
macro_rules! words {
    ($name:ident, $what:literal) => {
        impl $name {
            /// Every variant, in the order of the declaration.
            pub const ALL: [Self; <Self as ::strum::VariantArray>::VARIANTS.len()] =
                $crate::domain::word::all(<Self as ::strum::VariantArray>::VARIANTS);

            /// The word in JSON, the store, filters and on the command line.
            pub const fn word(self) -> &'static str {
                self.into_str()
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::domain::word::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.into_iter().find(|it| it.word() == word);
                found.ok_or_else(|| $crate::domain::word::UnknownWord::new(word, $what))
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.word())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let word = String::deserialize(from)?;
                word.parse().map_err(::serde::de::Error::custom)
            }
        }
    };
}

pub(super) use words;

#[cfg(test)]
mod tests {
    use std::fmt::Debug;
    use std::str::FromStr;

    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use crate::domain::channel::{Channel, Factor};
    use crate::domain::circuit_breaker::ProviderHealth;
    use crate::domain::contact::ContactKind;
    use crate::domain::contact_state::ContactFailure;
    use crate::domain::customer_factor::FactorKind;
    use crate::domain::delivery::{DeliveryState, FailureClass};
    use crate::domain::delivery_retry::OutboxTask;
    use crate::domain::event::EventKind;
    use crate::domain::outcome::Outcome;
    use crate::domain::request::Status;
    use crate::domain::session::SessionEnd;
    use crate::domain::staff::Role;

    /// Stores and programs depend on these words: a renamed variant keeps its word.
    fn has<T>(all: &[T], words: &str)
    where
        T: FromStr<Err: Debug> + Serialize + DeserializeOwned + PartialEq + Debug,
    {
        let words: Vec<&str> = words.split_whitespace().collect();
        assert_eq!(all.len(), words.len());
        for (value, word) in all.iter().zip(words) {
            assert_eq!(&word.parse::<T>().expect(word), value);
            let json = serde_json::to_string(value).expect("JSON");
            assert_eq!(json, format!("\"{word}\""));
            assert_eq!(&serde_json::from_str::<T>(&json).expect(word), value);
        }
    }

    #[test]
    fn words_in_stores_and_json_stay() {
        has(&Channel::ALL, "email sms whatsapp");
        has(&ContactKind::ALL, "email phone");
        has(
            &DeliveryState::ALL,
            "queued sent forwarded delivered read undeliverable failed unknown",
        );
        has(
            &EventKind::ALL,
            "requested resent refused sent delayed forwarded delivered read not_sent unsure attempt \
             superseded cancelled expired session_ended unlocked imported maintained provider_down \
             provider_up tested contact_changed contact_confirmed notice_sent notice_not_sent \
             staff_changed account_opened contact_revealed approval_asked approved \
             approval_refused policy_changed signed_in sign_in_failed signed_out terminal_locked sitting_ended \
             sign_in_set_up sign_in_reset service_started keys_rotated store_marked migrated events_purged \
             erased exported reported held released \
             stats_read stats_rebuilt alarm_raised alarm_acknowledged \
             alarm_mailed alarm_not_mailed \
             factor_enrolled factor_replaced factor_removed session_raised document_seen vouched \
             pad_offered pad_asked pad_refused pad_paired pad_ended \
             flag_set flag_lifted incident_filed representative_added representative_ended",
        );
        has(&Factor::ALL, "contact-confirmed sms whatsapp totp backup-code document second-person");
        has(&FactorKind::ALL, "totp backup-codes");
        has(&OutboxTask::ALL, "send settle follow");
        has(
            &Outcome::ALL,
            "verified wrong superseded expired locked used malformed limited unknown_customer \
             no_contact undeliverable unavailable forbidden",
        );
        has(&Role::ALL, "clerk admin auditor worker gate pad");
        has(&SessionEnd::ALL, "logout revoked timed_out idle");
        has(&Status::ALL, "open verified superseded expired locked cancelled");
    }

    #[test]
    fn words_that_are_only_written_stay() {
        let health = [
            ProviderHealth::Ok,
            ProviderHealth::Fallback,
            ProviderHealth::Slow,
            ProviderHealth::Down,
        ]
        .map(ProviderHealth::word);
        assert_eq!(health, ["ok", "fallback", "slow", "down"]);
        let failures = [
            FailureClass::Recipient(ContactFailure::Landline),
            FailureClass::Message,
            FailureClass::Office { every: true },
            FailureClass::Provider { retry_after: None },
            FailureClass::Passing,
            FailureClass::Unclassified,
            FailureClass::Unknown,
        ];
        let words =
            ["recipient", "message", "office", "provider", "passing", "unclassified", "unknown"];
        assert_eq!(failures.map(FailureClass::word), words);
    }

    #[test]
    fn other_words_are_refused_in_a_sentence() {
        let why = "pigeon".parse::<Channel>().expect_err("no channel").to_string();
        assert_eq!(why, "\"pigeon\" is not a channel; use email, sms or whatsapp");
        assert!("Sent".parse::<DeliveryState>().is_err() && "".parse::<Status>().is_err());
    }
}
