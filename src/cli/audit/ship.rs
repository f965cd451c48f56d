//! `audit ship`: what is sealed, to the collector of the configuration.

use crate::cli::args::ShipArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{Reply, ShippingReply};
use crate::cli::moment;
use crate::cli::output::Output;
use crate::domain::audit::shipping::ShippingStatus;
use crate::domain::outcome::Outcome;
use crate::service::api::DeskClient;
use crate::service::audit::calls::{ReadShipping, ShipTrail};
use crate::service::audit::ship::ShippingProgress;
use crate::service::messages::{self, ShippingState};

/// `audit ship`
pub(super) async fn run(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &ShipArgs,
) -> Result<Exit, Failure> {
    if arguments.status {
        return match desk.call(ReadShipping).await? {
            Some(status) => tell(output, &status),
            None => Err(nowhere()),
        };
    }
    let mut shipped = 0;
    loop {
        match desk.call(ShipTrail).await? {
            ShippingProgress::Shipped { count, more } => {
                shipped += count;
                if !more {
                    break;
                }
                output.progress(&format!("{shipped} entries shipped"));
            }
            ShippingProgress::Nothing => break,
            ShippingProgress::Off => return Err(nowhere()),
            ShippingProgress::Held => {
                output.progress("");
                let message = "Another process ships the log now. See: audit ship --status";
                output.answer(&Reply::of("held", message), message)?;
                return Ok(Exit::DONE);
            }
            ShippingProgress::Failed { why, .. } => {
                output.progress("");
                let why = format!("The collector took nothing: {}.", why.trim_end_matches('.'));
                return Err(Failure::outcome(Outcome::Unavailable, why));
            }
        }
    }
    output.progress("");
    let message = match shipped {
        0 => "There was nothing to ship.".to_owned(),
        1 => "1 entry shipped.".to_owned(),
        many => format!("{many} entries shipped."),
    };
    output.answer(&Reply::of("shipped", message.clone()), &message)?;
    Ok(Exit::DONE)
}

fn nowhere() -> Failure {
    Failure::configuration(
        "This desk ships its log nowhere: set a collector in [audit.ship] of its configuration.",
    )
}

fn tell(output: &mut Output, status: &ShippingStatus) -> Result<Exit, Failure> {
    let state = messages::shipping_state(status);
    let message = messages::shipping(status, &moment::long);
    if output.json() {
        output.object(&ShippingReply {
            outcome: state.word(),
            message: &message,
            name: &status.cursor.name,
            target: &status.cursor.target,
            shipped: status.shipped,
            sealed: status.sealed,
            waiting: status.waiting(),
            lag_seconds: messages::shipping_lag(status).map(|it| it.as_secs()),
            shipped_at: status.shipped_at,
            failure: status.failure.as_ref(),
        })?;
    } else {
        output.line(&message)?;
    }
    Ok(if state == ShippingState::Failing { Outcome::Unavailable.into() } else { Exit::DONE })
}
