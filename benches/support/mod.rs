//! Measuring and reporting: percentiles of single operations, and the ratio to a floor measured in
//! the same run, on the same machine, under the same load. Absolute times differ between machines;
//! ratios hardly do.

#![expect(clippy::print_stdout, reason = "a report is printed")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// The latencies of one operation.
pub(crate) struct Figure {
    name: String,
    times: Histogram<u64>,
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        let times = Histogram::new_with_bounds(1, 600_000_000_000, 3).expect("bounds in order");
        Self { name: name.into(), times }
    }

    pub(crate) fn record(&mut self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(1);
        self.times.saturating_record(nanos);
    }

    /// Runs `act` once and records its duration.
    pub(crate) async fn time<T>(&mut self, act: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let result = act.await;
        self.record(start.elapsed());
        result
    }

    /// The latency at a percentile.
    pub(crate) fn percentile(&self, percent: f64) -> Duration {
        Duration::from_nanos(self.times.value_at_percentile(percent))
    }
}

/// The text of a report.
#[derive(Default)]
pub(crate) struct Report {
    text: String,
}

impl Report {
    /// Adds a heading and the names of the columns.
    pub(crate) fn section(&mut self, title: &str) {
        let _ = writeln!(
            self.text,
            "\n{title}\n{:<44}{:>11}{:>11}{:>11}{:>9}",
            "", "p50", "p99", "floor p50", "ratio"
        );
    }

    /// Adds a figure and its ratio to the floor.
    pub(crate) fn line(&mut self, figure: &Figure, floor: &Figure) {
        let (p50, low) = (figure.percentile(50.0), floor.percentile(50.0));
        let _ = writeln!(
            self.text,
            "{:<44}{:>11}{:>11}{:>11}{:>8.2}×",
            figure.name,
            written(p50),
            written(figure.percentile(99.0)),
            written(low),
            p50.as_secs_f64() / low.as_secs_f64()
        );
    }

    /// Adds free text.
    pub(crate) fn note(&mut self, text: &str) {
        let _ = writeln!(self.text, "{text}");
    }

    pub(crate) fn print(&self) {
        println!("{}", self.text);
    }
}

fn written(time: Duration) -> String {
    match time.as_nanos() {
        0..1_000 => format!("{} ns", time.as_nanos()),
        1_000..1_000_000 => format!("{:.1} µs", time.as_secs_f64() * 1e6),
        1_000_000..1_000_000_000 => format!("{:.2} ms", time.as_secs_f64() * 1e3),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}
