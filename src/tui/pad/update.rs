//! From keys and answers to what the pad shows: pure, as the clerk's machine is.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::domain::pad::{NUMBER_LENGTH, PAIRING_KEEP_INTERVAL, PairingEnd, PairingState};
use crate::domain::request::Status;
use crate::service::api::{Answer, Call};
use crate::service::messages;
use crate::service::pads::calls::{AskForPad, EnterAtPad, LeavePad, ReadPad, TypeAtPad};
use crate::service::pads::{PadAsked, PadEntered, PadView};
use crate::service::staff::calls::KeepSitting;
use crate::tui::machine::effect::{Effect, EffectId};
use crate::tui::machine::message::{Failure, Msg};
use crate::tui::machine::store_clock::Now;
use crate::tui::machine::text_field::digit;
use crate::tui::pad::state::{Leaving, Pad, Paired, PairingForm, Said, Screen, THANKS_TIME, empty};

const CLOSED: &str = "The clerk ended it. Type another number to pair this pad again.";
const WRONG: &str =
    "No counter shows that number now. Look at the clerk's screen and type it again.";

/// One turn: the pad, the moment and the effects so far.
struct Turn<'a> {
    pad: &'a mut Pad,
    now: Now,
    effects: Vec<Effect>,
}

impl Turn<'_> {
    fn call(&mut self, call: impl Into<Call>) -> EffectId {
        self.pad.last_effect += 1;
        let id = EffectId(self.pad.last_effect);
        self.effects.push(Effect { id, call: call.into() });
        id
    }

    /// The idempotency key of the next call.
    fn key(&self) -> String {
        format!("{}-{}", self.pad.process, self.pad.last_effect + 1)
    }

    /// Reads what the pad shows, once no read is under way.
    fn read(&mut self) {
        let Some(token) = self.pad.token.clone() else { return };
        if self.pad.reading.renew(false) {
            let id = self.call(ReadPad { token });
            self.pad.reading.begin(id);
            self.pad.asked = Some(self.now);
        }
    }
}

/// Takes one message in.
pub fn update(pad: &mut Pad, msg: Msg, now: Now) -> Vec<Effect> {
    let mut turn = Turn { pad, now, effects: Vec::new() };
    match msg {
        Msg::Key(key, _) if key.kind != KeyEventKind::Release => press(&mut turn, key),
        Msg::Resize(columns, rows) => turn.pad.size = (columns, rows),
        Msg::Ground(ground) => turn.pad.terminal.ground = ground,
        Msg::StoreChanged | Msg::Resumed => turn.read(),
        Msg::Reached(reached) => {
            turn.pad.is_lost = reached.is_err();
            if reached.is_ok() {
                turn.read();
            }
        }
        Msg::Broke(_, failure) => turn.pad.is_lost |= failure.lost,
        Msg::Answer(id, answer) => answered(&mut turn, id, *answer),
        Msg::End => leave(&mut turn),
        Msg::Key(..) | Msg::Paste(_) | Msg::Wake | Msg::SignInNeeded | Msg::Written(_) => {}
    }
    tick(&mut turn);
    tell(&mut turn);
    turn.effects
}

/// When time alone changes something: the pad is to be heard of, or the thanks are over.
pub fn next_wake(pad: &Pad) -> Option<Now> {
    let kept = pad.kept.map(|it| it + PAIRING_KEEP_INTERVAL);
    let keep = pad.token.as_ref().and(pad.asked).map(|it| it + PAIRING_KEEP_INTERVAL);
    let thanks = match &pad.screen {
        Screen::Paired(it) => it.thanks_until,
        _ => None,
    };
    [keep.filter(|_| !pad.reading.is_loading()), kept, thanks].into_iter().flatten().min()
}

fn tick(turn: &mut Turn<'_>) {
    let now = turn.now;
    if let Screen::Paired(it) = &mut turn.pad.screen
        && it.thanks_until.take_if(|until| *until <= now).is_some()
    {
        it.said.take_if(|it| *it == Said::Thanks);
    }
    // A pad that nobody touches is left alone by its nature.
    if turn.pad.kept.is_some_and(|it| it + PAIRING_KEEP_INTERVAL <= now) {
        turn.pad.kept = Some(now);
        turn.call(KeepSitting);
    }
    let is_due = turn.pad.asked.is_some_and(|it| it + PAIRING_KEEP_INTERVAL <= now);
    if is_due && !turn.pad.reading.is_loading() {
        turn.read();
    }
}

/// Tells the counter how many digits are typed, one report after the other.
fn tell(turn: &mut Turn<'_>) {
    let Some(token) = turn.pad.token.clone() else { return };
    let Screen::Paired(it) = &turn.pad.screen else { return };
    let typed = u32::try_from(it.typed.0.len()).unwrap_or(0);
    let Some(request) = &it.request else { return };
    if it.telling.is_some() || it.entering.is_some() || it.told == typed {
        return;
    }
    let telling = TypeAtPad { token, mark: request.mark.clone(), typed };
    let id = turn.call(telling);
    if let Screen::Paired(it) = &mut turn.pad.screen {
        (it.telling, it.told) = (Some(id), typed);
    }
}

fn press(turn: &mut Turn<'_>, key: KeyEvent) {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('q' | 'c') if is_control && turn.pad.leaving == Leaving::Asked => {
            turn.pad.leaving = Leaving::Now;
            return leave(turn);
        }
        KeyCode::Char('q' | 'c') if is_control => {
            turn.pad.leaving = Leaving::Asked;
            return;
        }
        KeyCode::Char('l') if is_control => turn.pad.redraw = true,
        _ => {}
    }
    turn.pad.leaving = Leaving::No;
    let typed = match key.code {
        KeyCode::Char(char) if !is_control => digit(char),
        _ => None,
    };
    match &mut turn.pad.screen {
        Screen::Pairing(form) if form.asking.is_none() => match (key.code, typed) {
            (_, Some(digit)) if form.typed.0.len() < usize::from(NUMBER_LENGTH) => {
                form.typed.0.push(digit);
                form.said = None;
            }
            (KeyCode::Backspace, _) => drop(form.typed.0.pop()),
            (KeyCode::Esc, _) => form.typed.0.clear(),
            (KeyCode::Enter, _) => ask(turn),
            _ => {}
        },
        Screen::Paired(it) if it.entering.is_none() && is_open(it) => match (key.code, typed) {
            (_, Some(digit)) if it.typed.0.len() < it.digits() => {
                it.typed.0.push(digit);
                it.said = None;
            }
            (KeyCode::Backspace, _) => drop(it.typed.0.pop()),
            (KeyCode::Esc, _) => it.typed.0.clear(),
            (KeyCode::Enter, _) => enter(turn),
            _ => {}
        },
        Screen::Pairing(_) | Screen::Waiting | Screen::Paired(_) => {}
    }
}

/// Whether a code can be typed.
pub(super) fn is_open(it: &Paired) -> bool {
    it.request.as_ref().is_some_and(|it| it.status == Status::Open)
}

/// Asks to be paired by the number that was typed.
fn ask(turn: &mut Turn<'_>) {
    let Screen::Pairing(form) = &turn.pad.screen else { return };
    if form.typed.0.len() < usize::from(NUMBER_LENGTH) {
        return;
    }
    let call = AskForPad { number: form.typed.clone(), key: turn.key() };
    let id = turn.call(call);
    if let Screen::Pairing(form) = &mut turn.pad.screen {
        (form.asking, form.said) = (Some(id), None);
        form.typed.0.clear();
    }
}

/// Sends the code that was typed to the desk.
fn enter(turn: &mut Turn<'_>) {
    let (Some(token), Screen::Paired(it)) = (turn.pad.token.clone(), &mut turn.pad.screen) else {
        return;
    };
    let Some(request) = &it.request else { return };
    if it.typed.0.len() < it.digits() {
        it.said = Some(Said::TooShort);
        return;
    }
    let (mark, code) = (request.mark.clone(), it.typed.clone());
    let key = turn.key();
    let id = turn.call(EnterAtPad { token, mark, code, key });
    if let Screen::Paired(it) = &mut turn.pad.screen {
        (it.entering, it.said) = (Some(id), None);
    }
}

/// The program ends: the counter need not wait for the pad to fall silent.
fn leave(turn: &mut Turn<'_>) {
    if let Some(token) = turn.pad.token.take() {
        turn.call(LeavePad { token });
    }
}

fn answered(turn: &mut Turn<'_>, id: EffectId, answer: Answer<Failure>) {
    match answer.error() {
        Some(failure) => turn.pad.is_lost |= failure.lost,
        None => turn.pad.is_lost = false,
    }
    match answer {
        Answer::AskForPad(answer) => asked(turn, id, answer),
        Answer::ReadPad(answer) => {
            if turn.pad.reading.end(id, answer.is_ok())
                && let Ok(view) = answer
            {
                show(turn, view);
            }
            if turn.pad.reading.is_stale() {
                turn.read();
            }
        }
        // One that failed is made good by the next.
        Answer::TypeAtPad(_) => {
            if let Screen::Paired(it) = &mut turn.pad.screen {
                it.telling.take_if(|telling| *telling == id);
            }
        }
        Answer::EnterAtPad(answer) => entered(turn, id, answer),
        // The pad asks for nothing else that is answered.
        _ => {}
    }
}

fn asked(turn: &mut Turn<'_>, id: EffectId, answer: Result<PadAsked, Failure>) {
    let Screen::Pairing(form) = &mut turn.pad.screen else { return };
    if form.asking.take_if(|asking| *asking == id).is_none() {
        return;
    }
    match answer {
        Ok(PadAsked::Asking(token)) => {
            turn.pad.token = Some(token);
            turn.pad.screen = Screen::Waiting;
            turn.read();
        }
        Ok(PadAsked::Wrong) => form.said = Some(WRONG.into()),
        Ok(PadAsked::Limited { .. }) => form.said = Some(messages::PAD_LIMITED.into()),
        Err(failure) => form.said = Some(failure.text),
    }
}

/// Takes over what the counter lets the pad show.
fn show(turn: &mut Turn<'_>, view: PadView) {
    let PadView { state, counter, request, locales } = view;
    match state {
        PairingState::Offered | PairingState::Asking => {}
        PairingState::Ended(how) => unpaired(turn, how),
        PairingState::Paired => {
            let counter = counter.unwrap_or_default();
            if !matches!(turn.pad.screen, Screen::Paired(_)) {
                turn.pad.screen = Screen::Paired(Box::new(Paired::new(counter)));
            }
            let Screen::Paired(it) = &mut turn.pad.screen else { return };
            let mark = |it: &Option<_>| {
                it.as_ref().map(|it: &crate::service::pads::PadRequest| it.mark.clone())
            };
            let (before, after) = (mark(&it.request), mark(&request));
            if before != after {
                let is_replaced = match (&before, &after) {
                    (Some(before), Some(after)) => before.request == after.request,
                    _ => false,
                };
                // What was typed was for another message.
                it.typed = empty();
                it.told = 0;
                if is_replaced {
                    it.said = Some(Said::Replaced);
                } else if after.is_some() || it.said != Some(Said::Thanks) {
                    (it.said, it.thanks_until) = (None, None);
                }
            }
            if after.is_some() {
                it.locales = locales;
            }
            it.request = request;
        }
    }
}

/// The pairing is over: the pad is as it was before.
fn unpaired(turn: &mut Turn<'_>, how: PairingEnd) {
    turn.pad.token = None;
    turn.pad.asked = None;
    let said = match how {
        PairingEnd::Unpaired | PairingEnd::SittingEnded | PairingEnd::RoleChanged => {
            CLOSED.to_owned()
        }
        how => format!("It is not paired: {}. Type another number.", how.sentence()),
    };
    turn.pad.screen = Screen::Pairing(PairingForm { said: Some(said), ..PairingForm::default() });
}

fn entered(turn: &mut Turn<'_>, id: EffectId, answer: Result<PadEntered, Failure>) {
    let now = turn.now;
    let Screen::Paired(it) = &mut turn.pad.screen else { return };
    if it.entering.take_if(|entering| *entering == id).is_none() {
        return;
    }
    // After an error what was typed stays: Enter tries again.
    let Ok(entered) = answer else { return };
    it.typed = empty();
    it.told = 0;
    match entered {
        PadEntered::Verified => {
            it.said = Some(Said::Thanks);
            it.thanks_until = Some(now + THANKS_TIME);
            if let Some(request) = &mut it.request {
                request.status = Status::Verified;
            }
        }
        PadEntered::Refused { outcome, attempts_left } => {
            it.said = Some(Said::Refused(outcome));
            if let Some(request) = &mut it.request {
                request.attempts_left = attempts_left;
            }
        }
        PadEntered::Malformed => it.said = Some(Said::TooShort),
        PadEntered::Changed => {}
    }
    turn.read();
}
