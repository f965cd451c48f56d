//! `stats --alarms` and `stats acknowledge`.

use crate::cli::args::AcknowledgeArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{AlarmLine, AlarmsReply, Reply};
use crate::cli::moment;
use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::domain::stats::alarm_log::log_words;
use crate::domain::stats::alarms::Alarm;
use crate::service::api::DeskClient;
use crate::service::stats::calls::{AcknowledgeAlarm, ReadAlarms};

/// The open alarms; the exit code says whether there are any.
pub(super) async fn list(desk: &DeskClient, output: &mut Output) -> Result<Exit, Failure> {
    let alarms = desk.call(ReadAlarms).await?;
    let message = match alarms.len() {
        0 => "There is no open alarm.".to_owned(),
        1 => "1 alarm is open.".to_owned(),
        many => format!("{many} alarms are open."),
    };
    if output.json() {
        let line = |it| AlarmLine::new(it, log_of(output, it));
        let outcome = if alarms.is_empty() { "quiet" } else { "alarms" };
        let reply = AlarmsReply { outcome, message, alarms: alarms.iter().map(line).collect() };
        output.object(&reply)?;
    } else {
        write_alarms(output, &alarms, &message)?;
    }
    Ok(if alarms.is_empty() { Exit::DONE } else { Exit::ALARMS })
}

fn write_alarms(output: &mut Output, alarms: &[Alarm], message: &str) -> Result<(), Failure> {
    if !alarms.is_empty() {
        let mut table = Table::new(["ID", "RAISED", "ALARM", "ABOUT", "FOUND"]);
        for it in alarms {
            let finding = &it.finding;
            table.row([
                it.id.to_string(),
                moment::long(it.raised_at),
                finding.kind.label().to_owned(),
                finding.subject.clone(),
                finding.detail.clone(),
            ]);
        }
        table.print(output)?;
        output.line("")?;
    }
    output.line(message)?;
    for it in alarms {
        let log = log_of(output, it);
        output.note(&format!("{}: {log}", it.id));
    }
    Ok(())
}

/// The command that shows the entries behind an alarm.
fn log_of(output: &Output, alarm: &Alarm) -> String {
    let words = log_words(alarm, moment::long);
    output.command(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// `stats acknowledge`
pub(super) async fn acknowledge(
    desk: &DeskClient,
    output: &mut Output,
    arguments: AcknowledgeArgs,
) -> Result<Exit, Failure> {
    let AcknowledgeArgs { alarm, reason, .. } = arguments;
    let key = desk.idempotency_key();
    let Some(found) = desk.call(AcknowledgeAlarm { alarm, reason, key }).await? else {
        return Err(Failure::not_found("There is no alarm of this number."));
    };
    let message = match found.acknowledged_at {
        None => format!("Alarm {alarm} is acknowledged."),
        Some(at) => format!("Alarm {alarm} was acknowledged at {} already.", moment::long(at)),
    };
    output.answer(&Reply::of("acknowledged", message.clone()), &message)?;
    Ok(Exit::DONE)
}
