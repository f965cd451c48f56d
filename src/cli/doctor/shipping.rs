//! The shipping of the log: how far it has come.

use crate::cli::app_context::AppContext;
use crate::cli::doctor::{bad, good, note, sentence};
use crate::cli::json::Check;
use crate::cli::moment;
use crate::config::Config;
use crate::service::audit::ship;
use crate::service::messages::{self, ShippingState};
use crate::service::ports::{Store, StoreError};

const PART: &str = "shipping";
const HELP: &str = "See [audit.ship] in the configuration, and the collector.";

/// How far the log was shipped; nothing where it is shipped nowhere.
pub(super) async fn check(
    context: &dyn AppContext,
    store: &dyn Store,
    config: &Config,
) -> Result<Option<Check>, StoreError> {
    let cursor = match context.shipping_cursor(config) {
        Ok(None) => return Ok(None),
        Ok(Some(cursor)) => cursor,
        Err(failure) => return Ok(Some(bad(PART, sentence(failure), HELP))),
    };
    let status = ship::status(store, &cursor).await?;
    let found = messages::shipping(&status, &moment::long);
    Ok(Some(match messages::shipping_state(&status) {
        ShippingState::Shipped => good(PART, found),
        ShippingState::Behind => note(PART, found, Some(HELP.into())),
        ShippingState::Failing => bad(PART, found, HELP),
    }))
}
