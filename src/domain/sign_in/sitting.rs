//! Sittings: who works at which terminal, from sign-in to sign-out.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::key::{Key, Keyring};
use crate::domain::mac::MacTag;
use crate::domain::public_id::public_id;
use crate::domain::sign_in::TypedSecret;
use crate::domain::time::Timestamp;

public_id!(
    /// A sitting's id, in the same alphabet as request ids.
    SittingId
);

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The word in JSON and the store.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord(word.to_owned())),
                }
            }
        }
    };
}

/// A text that is not one of the words.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a word about a sitting")]
pub struct UnknownWord(String);

words! {
    /// How a clerk signed in.
    SignInMethod {
        /// By the account of the host.
        OsUser = "os-user",
        Password = "password",
        PasswordTotp = "password-totp",
    }
}

words! {
    /// How a sitting ended.
    SittingEnd {
        SignedOut = "signed-out",
        /// The terminal was locked; the clerk signs in again.
        Locked = "locked",
        /// Another sign-in at the same terminal.
        Replaced = "replaced",
        /// The connection ended: the program, the terminal or SSH.
        Disconnected = "disconnected",
        /// An admin ended it.
        Ended = "ended",
        /// The account was disabled, or its credentials were reset.
        Disabled = "disabled",
        /// Its lease expired because the service stopped.
        Lost = "lost",
    }
}

impl SittingEnd {
    /// A phrase for the log.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::SignedOut => "signed out",
            Self::Locked => "the terminal is locked",
            Self::Replaced => "somebody signed in at the same terminal",
            Self::Disconnected => "the terminal was closed, or its connection ended",
            Self::Ended => "ended by an admin",
            Self::Disabled => "the account may not work any more, or signs in anew",
            Self::Lost => "the service went away",
        }
    }
}

/// A current sitting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sitting {
    pub id: SittingId,
    pub clerk: String,
    pub counter: String,
    pub method: SignInMethod,
    pub since: Timestamp,
    /// Time of the last activity, to about half a minute.
    pub active_at: Timestamp,
}

/// Lets a terminal resume its sitting on a new connection, such as after an update of the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SittingTicket {
    pub sitting: SittingId,
    /// The proof that the desk issued it.
    pub proof: TypedSecret,
}

/// What a ticket is bound to.
#[derive(Clone, Copy, Debug)]
pub struct TicketBinding<'a> {
    pub sitting: &'a SittingId,
    pub clerk: &'a str,
    /// The account of the host that the terminal runs as.
    pub peer: &'a str,
}

impl SittingTicket {
    /// Signs a ticket.
    pub fn new(of: TicketBinding<'_>, key: &Key) -> Self {
        let proof = TypedSecret::new(mac(of, key).to_hex());
        Self { sitting: of.sitting.clone(), proof }
    }

    /// Verifies that the desk issued it to this terminal.
    pub fn is_genuine(&self, of: TicketBinding<'_>, keyring: &Keyring) -> bool {
        keyring.all().any(|key| mac(of, key).is_hex(&self.proof.0))
    }
}

fn mac(of: TicketBinding<'_>, key: &Key) -> MacTag {
    let parts = [of.sitting.as_str(), of.clerk, of.peer].map(str::as_bytes);
    MacTag::of(key, "sitting", parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key::KeyId;

    #[test]
    fn a_ticket_is_of_one_sitting_one_clerk_and_one_account() {
        let ring = Keyring::new(KeyId::new("k1").expect("a name"), Key::new([7; 32]));
        let (one, two) = (SittingId::from_bits(1), SittingId::from_bits(2));
        let of = TicketBinding { sitting: &one, clerk: "dana", peer: "counter" };
        let ticket = SittingTicket::new(of, ring.current().1);
        assert!(ticket.is_genuine(of, &ring));
        for other in [
            TicketBinding { sitting: &two, ..of },
            TicketBinding { clerk: "boss", ..of },
            TicketBinding { peer: "mallory", ..of },
        ] {
            assert!(!ticket.is_genuine(other, &ring), "{other:?}");
        }
        assert!(!format!("{ticket:?}").contains(ticket.proof.0.as_str()));
    }

    #[test]
    fn words_read_back() {
        for end in [SittingEnd::SignedOut, SittingEnd::Lost, SittingEnd::Disabled] {
            assert_eq!(end.word().parse(), Ok(end));
        }
        assert_eq!("password-totp".parse(), Ok(SignInMethod::PasswordTotp));
    }
}
