//! Sign-in at a desk service whose staff has passwords. Secrets are typed or read from standard
//! input line by line, never taken from the command line or the environment.

use std::io::{self, IsTerminal as _};

use crate::cli::exit::Failure;
use crate::cli::output::Output;
use crate::cli::{moment, prompt};
use crate::domain::outcome::Outcome;
use crate::domain::sign_in::{TypedSecret, qr};
use crate::service::api::{DeskClient, SignInState};
use crate::service::messages;
use crate::service::staff::calls::SignIn;
use crate::service::staff::sign_in::{SignInOutcome, TotpOffer};

/// Signs in if the service asks for it; the returned client knows the clerk.
pub async fn run(
    desk: DeskClient,
    output: &mut Output,
    name: Option<&str>,
) -> Result<DeskClient, Failure> {
    if desk.profile().sign_in != SignInState::Needed {
        return Ok(desk);
    }
    let is_watched = io::stdin().is_terminal();
    let name = match name {
        Some(name) => name.to_owned(),
        None if is_watched => prompt::text(output, "Your name:").await?,
        None => {
            return Err(Failure::usage(
                "This desk asks who you are: say so with --as NAME, and give the password on \
                 standard input.",
            ));
        }
    };
    let secret = TypedSecret(prompt::secret(output, "Password or set-up code:").await?);
    let mut attempt = SignIn { name, secret, new_password: None, totp: None, offer: None };
    loop {
        let again = match desk.call(attempt.clone()).await? {
            SignInOutcome::SignedIn(signed_in) => {
                if is_watched || signed_in.earlier.failures > 0 {
                    output.note(&messages::earlier_sign_ins(&signed_in.earlier, &moment::long));
                }
                return Ok(desk.with_profile(signed_in.profile));
            }
            SignInOutcome::NotNeeded => return Ok(desk),
            SignInOutcome::Refused => {
                return Err(Failure::outcome(Outcome::Forbidden, messages::SIGN_IN_REFUSED));
            }
            SignInOutcome::TotpNeeded => {
                let code = prompt::secret(output, "Code of your authenticator:").await?;
                attempt.totp = Some(TypedSecret(code));
                None
            }
            SignInOutcome::Enrol(offer) => {
                let again = attempt.totp.take().map(|_| messages::WRONG_FIRST_CODE.to_owned());
                if attempt.offer.is_none() {
                    show(output, &offer);
                }
                attempt.offer = Some(offer.sealed);
                again
            }
            SignInOutcome::ChoosePassword => None,
            SignInOutcome::PasswordRefused(fault) => Some(messages::password_fault(fault)),
        };
        if let Some(why) = again {
            if !is_watched {
                return Err(Failure::usage(why));
            }
            output.note(&why);
        }
        if attempt.offer.is_some() {
            let code = prompt::secret(output, "Code that it shows now:").await?;
            attempt.totp = Some(TypedSecret(code));
        } else if attempt.totp.is_none() {
            attempt.new_password = Some(new_password(output, is_watched).await?);
        }
    }
}

async fn new_password(output: &mut Output, is_watched: bool) -> Result<TypedSecret, Failure> {
    loop {
        let first = prompt::secret(output, "New password:").await?;
        if !is_watched {
            return Ok(TypedSecret(first));
        }
        if first == prompt::secret(output, "The same again:").await? {
            return Ok(TypedSecret(first));
        }
        output.note(messages::PASSWORDS_DIFFER);
    }
}

fn show(output: &mut Output, offer: &TotpOffer) {
    output.note("Your role signs in with an authenticator too. Let it read this:");
    if let Some(lines) = qr::lines(&offer.uri.0) {
        output.note(&lines.join("\n"));
    }
    output.note(&format!("Or type it there: {}", offer.words.0.as_str()));
}
