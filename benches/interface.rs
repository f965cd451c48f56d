//! The interface: a frame of every screen in every state at 140×40 compared with an empty frame;
//! the start of the program to its first frame on the store of a million customers that the bench
//! `store` leaves behind, compared with `--version`; and the latency from a key to its frame while
//! a hundred sends hang.
//!
//! ```sh
//! cargo bench --bench store && cargo bench --bench interface
//! cargo bench --bench interface -- typing   # the last one alone
//! ```

#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a bench that cannot go on ends, and says why"
)]

#[path = "../tests/screens/dashboards.rs"]
mod dashboards;
#[path = "../tests/screens/models.rs"]
mod models;
#[expect(dead_code, reason = "the tests hold it at points of a conversation")]
#[path = "../tests/outbox/post_office.rs"]
mod post_office;
#[path = "../tests/screens/states.rs"]
mod states;
#[expect(dead_code, reason = "each bench uses its part")]
mod support;
#[expect(dead_code, reason = "the tests of the terminal need more of it")]
#[path = "../tests/pty/terminal.rs"]
mod terminal;
#[path = "interface/typing.rs"]
mod typing;

use std::io::Read as _;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::time::Instant;

use countersign::config::settings::ThemeName;
use countersign::tui::app::view::view;
use countersign::tui::theme::Theme;
use portable_pty::{CommandBuilder, NativePtySystem, PtySize, PtySystem as _};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use support::{Figure, Report};

const WIDE: (u16, u16) = (140, 40);
const FRAMES: usize = 2_000;
const STARTS: usize = 50;

fn main() {
    if typing::inside() {
        return;
    }
    let mut report = Report::default();
    if !std::env::args().any(|it| it == "typing") {
        frames(&mut report);
        starts(&mut report);
    }
    typing::typing(&mut report);
    report.print();
}

fn frames(report: &mut Report) {
    report.section("a frame at 140×40");
    let mut empty = Figure::new("empty");
    let mut terminal = Terminal::new(TestBackend::new(WIDE.0, WIDE.1)).expect("a terminal");
    for _ in 0..FRAMES {
        let start = Instant::now();
        terminal.draw(|_| {}).expect("a frame");
        empty.record(start.elapsed());
    }
    for (name, make) in states::ALL {
        let (mut model, now) = make();
        model.shared.size = WIDE;
        let theme = Theme::of(ThemeName::Dark, false);
        let mut figure = Figure::new(*name);
        for _ in 0..FRAMES {
            let start = Instant::now();
            terminal.draw(|frame| view(&model, &theme, now, frame)).expect("a frame");
            figure.record(start.elapsed());
        }
        report.line(&figure, &empty);
    }
}

fn starts(report: &mut Report) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench/1000000");
    if !folder.join("store.db").exists() {
        eprintln!("Run `cargo bench --bench store` first: it makes the store to start on.");
        return;
    }
    report.section("start, on a store of 1,000,000 customers");
    let mut version = Figure::new("version");
    let mut interface = Figure::new("to the first frame");
    for _ in 0..STARTS {
        version.record(start(&folder, &["--version"], "countersign"));
        interface.record(start(&folder, &[], "Find the customer"));
    }
    report.line(&interface, &version);
}

/// The time from the start of the program until `shown` is on its terminal.
fn start(folder: &Path, arguments: &[&str], shown: &str) -> std::time::Duration {
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let pair = NativePtySystem::default().openpty(size).expect("a terminal");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(arguments);
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    command.env("COUNTERSIGN__STORE__URL", format!("sqlite:{}", store(folder).display()));
    for home in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"] {
        command.env(home, folder);
    }
    let mut reader = pair.master.try_clone_reader().expect("its output");
    let begun = Instant::now();
    let mut child = pair.slave.spawn_command(command).expect("the program starts");
    drop(pair.slave);
    let cells = |count| NonZeroU16::new(count).expect("not zero");
    let mut screen = vt100::Parser::new(cells(24), cells(80), 0);
    let mut bytes = [0; 4_096];
    while !screen.screen().contents().contains(shown) {
        let length = reader.read(&mut bytes).expect("its output");
        assert!(length > 0, "it ended before it showed {shown:?}");
        screen.process(&bytes[..length]);
    }
    let took = begun.elapsed();
    // It may have ended already.
    let _ = child.kill();
    child.wait().expect("its end");
    took
}

fn store(folder: &Path) -> PathBuf {
    folder.join("store.db")
}
