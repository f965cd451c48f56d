//! `serve`: runs the desk as a service of this host.

use crate::cli::app_context::AppContext;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::config::Config;

pub async fn run(
    context: &dyn AppContext,
    config: &Config,
    output: &mut Output,
) -> Result<Exit, Failure> {
    if config.desk_socket.is_some() {
        return Err(Failure::usage(
            "This configuration is a counter's, since it names desk.socket. Give the service one \
             of its own: countersign --config FILE serve",
        ));
    }
    if let Err(why) = context.keep_log(config) {
        output.note(&why);
    }
    let listens = format!(
        "The desk service of {} listens at {}. Ctrl-C ends it.",
        config.office.name,
        config.serve.socket.display()
    );
    context.serve(config, &mut || output.note(&listens)).await
}
