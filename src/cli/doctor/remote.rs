//! `doctor` at a counter that uses a desk service: checks the connection and the service's store.

use crate::cli::app_context::AppContext;
use crate::cli::doctor::{bad, good, in_time, sentence};
use crate::cli::json::Check;
use crate::config::Config;
use crate::service::api::SignInState;
use crate::service::messages;
use crate::service::upkeep::calls::{CheckStore, ReadClock};

const PART: &str = "desk service";

/// Checks the service, and the store as the service sees it.
pub(super) async fn checks(context: &dyn AppContext, config: &Config) -> Vec<Check> {
    let socket = config.desk_socket.as_deref().map(|it| it.display().to_string());
    let socket = socket.unwrap_or_default();
    let tried = in_time(async {
        let desk = context.desk(config).await.map_err(sentence)?;
        if desk.profile().sign_in == SignInState::Needed {
            // The service answers nothing else before the sign-in.
            return Ok(desk);
        }
        let sentence = |error| messages::desk_error(&error).for_admin;
        desk.call(ReadClock).await.map_err(sentence)?;
        desk.call(CheckStore).await.map_err(sentence)?;
        Ok::<_, String>(desk)
    });
    match tried.await {
        Some(Ok(desk)) => {
            let profile = desk.profile();
            let (office, actor) = (&profile.office, &profile.actor);
            let known = match profile.sign_in {
                SignInState::Needed => format!(
                    "{office} asks at {} for a name and a password; whether its store is well \
                     shows after the sign-in",
                    actor.counter
                ),
                _ => format!(
                    "{office} knows you as {} ({}) at {}",
                    actor.clerk, profile.role, actor.counter
                ),
            };
            vec![good(PART, format!("{socket}: {known}"))]
        }
        Some(Err(why)) => vec![bad(PART, format!("{socket}: {why}"), "See docs/desk-service.md.")],
        None => vec![bad(
            PART,
            format!("{socket}: no answer"),
            "Ask your admin to look at the service: systemctl status countersign",
        )],
    }
}
