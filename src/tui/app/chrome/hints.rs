//! The line of keys, made from the keymap. Where they do not all fit, the ones
//! that matter least go first; the help always stays, since it has them all. In
//! a window that is too small to act in, it says so instead.

use ratatui::text::{Line, Span};

use crate::domain::channel::Factor;
use crate::domain::pad::PairingState;
use crate::domain::request::Status;
use crate::service::api::Role;
use crate::tui::app::model::{Model, Overlay, Screen};
use crate::tui::app::subject;
use crate::tui::dashboard::state::Pane;
use crate::tui::factors::state::FactorStage;
use crate::tui::machine::keymap::{self, Binding, Command, Context};
use crate::tui::machine::permissions;
use crate::tui::send::state::Send;
use crate::tui::theme::Theme;
use crate::tui::theme::size::MIN_FRAMED_SIZE;
use crate::tui::widgets::text::width;

/// The cells between two keys.
const GAP: usize = 3;

/// The same where they would not all fit.
const NARROW_GAP: usize = 2;

/// ` Ctrl-R resend   Ctrl-O contact   Ctrl-X cancel   Esc back   F2 log   F1 help`
pub fn line(model: &Model, size: (u16, u16), theme: &Theme) -> Line<'static> {
    let room = usize::from(size.0).saturating_sub(2);
    if !theme.framed {
        return too_small(size, room, theme);
    }
    let mut hints: Vec<&Binding> = keymap::bindings(model.context())
        .filter(|it| !it.hint.is_empty() && holds(model, it))
        .collect();
    while length(&hints, NARROW_GAP) > room {
        let last = (0..hints.len()).max_by_key(|at| (rank(model, hints[*at].command), *at));
        match last {
            Some(last) if hints.len() > 1 => hints.remove(last),
            _ => break,
        };
    }
    let gap = if length(&hints, GAP) > room { NARROW_GAP } else { GAP };
    let mut spans = vec![Span::raw(" ")];
    for (at, hint) in hints.into_iter().enumerate() {
        if at > 0 {
            spans.push(Span::raw(" ".repeat(gap)));
        }
        spans.push(Span::styled(hint.key, theme.key));
        spans.push(Span::styled(format!(" {}", hint.hint), theme.muted));
    }
    Line::from(spans)
}

fn too_small(size: (u16, u16), room: usize, theme: &Theme) -> Line<'static> {
    let size = sizes(size, theme);
    let short = format!("too small: {size}");
    let long = format!("Window too small to act in: {size}");
    let text = if width(&long) <= room { long } else { short };
    Line::styled(format!(" {text}"), theme.warning)
}

/// The size that is needed, and the one that there is.
pub fn sizes((columns, rows): (u16, u16), theme: &Theme) -> String {
    let by = theme.symbols.times;
    let (least_columns, least_rows) = MIN_FRAMED_SIZE;
    format!("{least_columns}{by}{least_rows} needed, {columns}{by}{rows} here")
}

fn length(hints: &[&Binding], gap: usize) -> usize {
    let each = hints.iter().map(|hint| width(hint.key) + 1 + width(hint.hint) + gap);
    each.sum::<usize>().saturating_sub(gap)
}

/// Whether a command can do anything now.
fn holds(model: &Model, binding: &Binding) -> bool {
    let command = binding.command;
    if model.overlay.is_some() && is_elsewhere(command) {
        return false;
    }
    if model.sign_in.is_some() && binding.context == Context::Global && command != Command::Quit {
        return false;
    }
    if let Some(Overlay::Factors(panel)) = &model.overlay
        && matches!(command, Command::EnrolTotp | Command::RemoveTotp | Command::MakeBackupCodes)
    {
        return matches!(panel.stage, FactorStage::Overview);
    }
    if let Some(Overlay::SecondPerson(form)) = &model.overlay
        && form.asked.is_some()
    {
        return !matches!(command, Command::Accept | Command::Down);
    }
    if !permissions::may(&model.shared, command) {
        return false;
    }
    if let Some(dashboard) = model.dashboard.as_ref().filter(|_| model.is_at_dashboard()) {
        match command {
            Command::Acknowledge => return dashboard.pane == Pane::Alarms,
            Command::NextSort => return dashboard.pane.is_sorted(),
            Command::FilterText => return dashboard.pane.is_filtered(),
            Command::NextPeriod => return dashboard.pane.is_of_period(),
            _ => {}
        }
    }
    match (command, &model.screen) {
        (Command::PairPad | Command::UnpairPad, _) => {
            let state = model.shared.pad.known.as_ref().map(|it| it.state);
            matches!(state, Some(PairingState::Asking | PairingState::Paired))
        }
        (Command::Reveal | Command::Lift, _) => subject::is_there(model),
        (Command::ToggleTray, _) => model.shared.place.has_tray,
        (Command::EnterCode, Screen::Send(send)) => send.open.is_some(),
        (Command::NextPurpose, Screen::Send(_)) => model.shared.place.purposes.len() > 1,
        (Command::NextPerson, Screen::Send(send)) => !send.representatives.is_empty(),
        (Command::SeeDocument, Screen::Send(send)) => is_helped_by(model, send, Factor::Document),
        (Command::AskColleague, Screen::Send(send)) => {
            is_helped_by(model, send, Factor::SecondPerson)
        }
        (Command::Accept, Screen::EnterCode(entry)) if binding.context == Context::EnterCode => {
            entry.request.status == Status::Open
                && entry.verifying.is_none()
                && entry.typed.0.len() == usize::from(model.shared.place.code_length)
        }
        (Command::Accept, Screen::Send(send)) if binding.context == Context::Send => {
            can_send(model, send)
        }
        (Command::CancelRequest, Screen::EnterCode(entry)) => entry.request.status == Status::Open,
        (Command::Factors, Screen::Verified(it)) => it.session.representative.is_none(),
        (Command::Clear, Screen::Find(find)) => !find.input.value().is_empty(),
        _ => true,
    }
}

/// Whether Enter does something for the way and the purpose that are selected.
fn can_send(model: &Model, send: &Send) -> bool {
    let purpose = send.purpose_of(&model.shared.place.purposes);
    let purpose = purpose.as_ref();
    if send.without_proof(purpose).is_some() {
        return true;
    }
    match (send.selected_factor(), send.choices.get(send.selected)) {
        (Some(kind), _) => send.is_helped_by(purpose, kind.factor()),
        (None, Some(choice)) => {
            choice.refusal.is_none()
                && !choice.needs_sign_up
                && send.is_helped_over(purpose, choice)
        }
        (None, None) => false,
    }
}

/// Whether this would prove something for the purpose that is selected.
fn is_helped_by(model: &Model, send: &Send, factor: Factor) -> bool {
    let purpose = send.purpose_of(&model.shared.place.purposes);
    send.is_helped_by(purpose.as_ref(), factor)
}

/// Whether a command leads away from what lies on top.
const fn is_elsewhere(command: Command) -> bool {
    matches!(
        command,
        Command::ToggleLog
            | Command::ToggleTray
            | Command::ToggleDeliveryStats
            | Command::ToggleApprovals
            | Command::ToggleDashboard
            | Command::Reveal
            | Command::Lift
            | Command::FileIncident
            | Command::Quit
    )
}

/// Whether the customer on the screen is locked, as far as is known.
fn is_locked(model: &Model) -> bool {
    matches!(&model.screen, Screen::EnterCode(entry) if entry.is_customer_locked())
}

/// How soon a hint goes; the help never does.
fn rank(model: &Model, command: Command) -> u8 {
    match command {
        // An auditor works with the log and the dashboard.
        Command::ToggleDashboard
            if model.shared.place.role == Role::Auditor && !model.is_at_dashboard() =>
        {
            3
        }
        // Where there is a tray, the code is in it and nowhere else.
        Command::ToggleTray if model.context() == Context::EnterCode => 3,
        Command::Help => 0,
        // It is what helps.
        Command::Lift if is_locked(model) => 1,
        Command::Approve
        | Command::Refuse
        | Command::Acknowledge
        | Command::Accept
        | Command::Logout
        | Command::EnterCode => 1,
        Command::Back | Command::Clear | Command::EnrolTotp | Command::MakeBackupCodes => 2,
        Command::Resend | Command::NextPurpose | Command::FilterText | Command::NextPeriod => 3,
        Command::ChangeContact | Command::FilterNone => 4,
        Command::ToggleLog => 6,
        Command::ToggleTray => 7,
        Command::Quit => 8,
        Command::ToggleDeliveryStats | Command::SignUp => 9,
        Command::ToggleApprovals | Command::ToggleDashboard => 10,
        Command::Reveal => 11,
        Command::FileIncident => 13,
        Command::Lift => 12,
        _ => 5,
    }
}
