//! The stats in the text format of Prometheus, for its textfile collector: gauges that begin
//! anew with the day.

use std::time::Duration;

use crate::cli::exit::Failure;
use crate::cli::output::Output;
use crate::cli::stats::StatsRead;
use crate::domain::delivery_stats::Percentiles;
use crate::domain::stats::figures::Figure;
use crate::domain::stats::query::{GroupStats, StatsDimension};

pub(super) fn write(
    output: &mut Output,
    found: &StatsRead,
    by: Option<StatsDimension>,
) -> Result<(), Failure> {
    let groups: Vec<&GroupStats> = found.stats.spans.iter().flat_map(|it| &it.groups).collect();
    output
        .line("# HELP countersign_events What was done since midnight, or as it was asked for.")?;
    output.line("# TYPE countersign_events gauge")?;
    for group in &groups {
        for figure in Figure::ALL {
            let labels = labels(&format!("figure=\"{}\"", figure.word()), by, group);
            let count = group.counts.of(figure);
            output.line(&format!("countersign_events{{{labels}}} {count}"))?;
        }
    }
    output.line("# HELP countersign_seconds How long it took from when a code was asked for.")?;
    output.line("# TYPE countersign_seconds gauge")?;
    for group in &groups {
        let until = [
            ("accepted", group.accepted),
            ("delivered", group.delivered),
            ("verified", group.verified),
        ];
        for (until, times) in until {
            let Some(Percentiles { p50, p95, .. }) = times else { continue };
            for (quantile, time) in [("0.5", p50), ("0.95", p95)] {
                let own = format!("until=\"{until}\",quantile=\"{quantile}\"");
                let labels = labels(&own, by, group);
                output.line(&format!("countersign_seconds{{{labels}}} {}", seconds(time)))?;
            }
        }
    }
    output
        .line("# HELP countersign_unsealed_entries Entries of the log that are not sealed yet.")?;
    output.line("# TYPE countersign_unsealed_entries gauge")?;
    output.line(&format!("countersign_unsealed_entries {}", found.stats.unsealed))?;
    Ok(())
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

/// The labels of a value; what stands in a name cannot end its quotes.
fn labels(own: &str, by: Option<StatsDimension>, group: &GroupStats) -> String {
    let Some(by) = by else { return own.to_owned() };
    let name = group.name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{own},{}=\"{name}\"", by.word())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_its_quotes() {
        let group = GroupStats { name: "a\"b\\c".into(), ..GroupStats::default() };
        let labels = labels("x=\"1\"", Some(StatsDimension::Clerk), &group);
        assert_eq!(labels, r#"x="1",clerk="a\"b\\c""#);
    }
}
