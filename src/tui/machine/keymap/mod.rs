//! The keys: one table says what each key means, where it holds and what it is
//! called. The hint line, the help overlay, the palette and the table of
//! docs/keys.md are made from it, so none of them can be wrong.

mod table;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What the user means by a key or a line of the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Leave the program, once the clerk has confirmed it.
    Quit,
    /// Empty the field or close what is on top; where neither is there, leave.
    Interrupt,
    /// Draw the whole screen anew: something else wrote on it.
    Redraw,
    /// Show or hide the help.
    Help,
    /// Show the palette: every command by name.
    Palette,
    /// Open or close the log.
    ToggleLog,
    /// Open or close the tray.
    ToggleTray,
    /// Open or close the delivery stats.
    ToggleDeliveryStats,
    /// The next set of colours.
    NextTheme,
    /// Lock the terminal: whoever comes back goes on where it stands.
    Lock,
    /// Sign out.
    SignOut,
    /// One step back, or close what is on top.
    Back,
    /// Close the panel, also where it stands beside the work.
    Close,
    /// Take what is selected.
    Accept,
    /// The line above.
    Up,
    /// The line below.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Half a page up.
    HalfPageUp,
    /// Half a page down.
    HalfPageDown,
    /// The first line.
    First,
    /// The last line.
    Last,
    /// Empty the field.
    Clear,
    /// The next purpose.
    NextPurpose,
    /// The purpose before.
    PreviousPurpose,
    /// The next one who may stand here: the holder, a representative.
    NextPerson,
    /// Back to the open code's entry.
    EnterCode,
    /// Send another code.
    Resend,
    /// Use another contact.
    ChangeContact,
    /// Cancel the request.
    CancelRequest,
    /// End the customer's session.
    Logout,
    /// Ask for a code of the customer's authenticator.
    UseTotp,
    /// Ask for one of the customer's backup codes.
    UseBackupCode,
    /// Show what the customer has enrolled.
    Factors,
    /// Serve the verified customer for another purpose.
    AnotherPurpose,
    /// Ask a colleague to approve the customer.
    AskColleague,
    /// Verify the contacts at a sign-up.
    SignUp,
    /// Say that a document was seen.
    SeeDocument,
    /// The name on it is the customer's.
    NameMatches,
    /// The picture on it is the customer's.
    PhotoMatches,
    /// Enrol an authenticator.
    EnrolTotp,
    /// Remove it.
    RemoveTotp,
    /// Make backup codes.
    MakeBackupCodes,
    /// Type a filter for the log.
    FilterText,
    /// Filter the log by the next outcome.
    FilterOutcome,
    /// Filter the log by the next channel.
    FilterChannel,
    /// Show the whole log again.
    FilterNone,
    /// Show a contact of the customer in full.
    Reveal,
    /// Unlock the customer, or confirm a changed contact.
    Lift,
    /// The next of what can be done to the customer.
    NextAct,
    /// Open or close the list of acts that wait for a second admin.
    ToggleApprovals,
    /// Approve the act that is selected.
    Approve,
    /// Refuse it.
    Refuse,
    /// Open or close the dashboard.
    ToggleDashboard,
    /// The part of the dashboard in this place.
    ShowPane(u8),
    /// The next part.
    NextPane,
    /// The part before.
    PreviousPane,
    /// A longer time, or from the longest the shortest.
    NextPeriod,
    /// A shorter one.
    PreviousPeriod,
    /// Sort by the next figure.
    NextSort,
    /// Sort by the one before.
    PreviousSort,
    /// Say of an alarm that it was seen to.
    Acknowledge,
    /// Write what is seen into a file.
    Export,
    /// Pair a pad with this counter, or see the one that is.
    TogglePad,
    /// Confirm the pad that asks.
    PairPad,
    /// End the pairing, or refuse the pad that asks.
    UnpairPad,
    /// Show another pairing number.
    NewPairingNumber,
    /// File an incident.
    FileIncident,
}

/// Where a key holds: the part of the interface that has the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// Everywhere.
    Global,
    /// The search for a customer.
    Find,
    /// The choice of a channel.
    Send,
    /// The code boxes.
    EnterCode,
    /// The code of an authenticator, or a backup code.
    EnterFactor,
    /// The verified customer.
    Verified,
    /// The form in which a colleague's approval is asked for.
    SecondPerson,
    /// The contacts of a sign-up.
    SignUp,
    /// The form of a document.
    Document,
    /// What the verified customer has enrolled.
    Factors,
    /// The log.
    Log,
    /// The log's filter field.
    LogFilter,
    /// One request's timeline.
    Timeline,
    /// The tray.
    Tray,
    /// The delivery stats.
    DeliveryStats,
    /// The reason for an act on the customer.
    CustomerAct,
    /// The acts that wait for a second admin.
    Approvals,
    /// The form of an incident.
    Incident,
    /// The dashboard.
    Dashboard,
    /// The dashboard's field.
    DashboardField,
    /// The box of the pad.
    Pairing,
    /// The palette.
    Palette,
    /// The help.
    Help,
    /// A question that is answered yes or no.
    Confirm,
    /// Signing in, and the lock.
    SignIn,
}

/// A key and what is held down with it.
pub type Chord = (KeyModifiers, KeyCode);

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Where it holds.
    pub context: Context,
    /// The keys that give it, the one that is shown first. Of those that hold
    /// everywhere, a character of its own holds only where nothing is typed.
    pub chords: &'static [Chord],
    /// What it means.
    pub command: Command,
    /// The name of the first key on the hint line and in the help: `Ctrl-R`.
    pub key: &'static str,
    /// The names of the other keys; empty where there is none.
    pub also: &'static str,
    /// A word or two for the hint line; empty where it is not shown there.
    pub hint: &'static str,
    /// One sentence for the help, the palette and docs/keys.md.
    pub help: &'static str,
}

impl Binding {
    /// The names of all its keys: `Down, j`.
    pub fn keys(&self) -> String {
        if self.also.is_empty() { self.key.to_owned() } else { [self.key, self.also].join(", ") }
    }
}

pub use crate::tui::machine::keymap::table::BINDINGS;

/// The parts whose keys are listed, in the order of a verification, by name.
pub const PARTS: [(Context, &str); 24] = [
    (Context::Find, "Find"),
    (Context::Send, "Send"),
    (Context::EnterCode, "Enter code"),
    (Context::EnterFactor, "Enter a code without a message"),
    (Context::SignUp, "Sign-up"),
    (Context::Document, "A document"),
    (Context::SecondPerson, "A second person"),
    (Context::Verified, "Verified"),
    (Context::Factors, "Authenticator and backup codes"),
    (Context::Global, "Everywhere"),
    (Context::Log, "Log"),
    (Context::LogFilter, "Log, while typing a filter"),
    (Context::Timeline, "A request's timeline"),
    (Context::Tray, "Tray"),
    (Context::DeliveryStats, "Messages"),
    (Context::CustomerAct, "A reason"),
    (Context::Incident, "An incident"),
    (Context::Approvals, "Approvals"),
    (Context::Dashboard, "Dashboard"),
    (Context::DashboardField, "Dashboard, while typing"),
    (Context::Pairing, "Pad"),
    (Context::Palette, "Palette"),
    (Context::Confirm, "A question"),
    (Context::SignIn, "Sign in"),
];

/// What a key means in a context; the context's own keys go before the global
/// ones. A letter that means nothing as a capital means what the small one
/// does: Caps Lock may be on. `is_typing` says that characters go into a field.
pub fn command(context: Context, key: &KeyEvent, is_typing: bool) -> Option<Command> {
    let held = |of: Context, key: &KeyEvent| {
        let gives = |chord: &Chord| {
            let is_text = matches!(chord, (KeyModifiers::NONE, KeyCode::Char(_)));
            matches(*chord, key) && !(is_typing && of == Context::Global && is_text)
        };
        let mut bindings = BINDINGS.iter().filter(|it| it.context == of);
        bindings.find(|it| it.chords.iter().any(gives)).map(|it| it.command)
    };
    let held = |key: &KeyEvent| held(context, key).or_else(|| held(Context::Global, key));
    held(key).or_else(|| match key.code {
        KeyCode::Char(char) if char.is_ascii_uppercase() => {
            held(&KeyEvent { code: KeyCode::Char(char.to_ascii_lowercase()), ..*key })
        }
        _ => None,
    })
}

/// Whether a key is this one. Shift is part of a character; with Control, it
/// makes another key of it.
fn matches((modifiers, code): Chord, key: &KeyEvent) -> bool {
    let held = match code {
        KeyCode::Char(_) if !key.modifiers.contains(KeyModifiers::CONTROL) => {
            key.modifiers.difference(KeyModifiers::SHIFT)
        }
        _ => key.modifiers,
    };
    code == key.code && modifiers == held
}

/// How a command is given in a context.
pub fn binding(context: Context, command: Command) -> Option<&'static Binding> {
    bindings(context).find(|it| it.command == command)
}

/// The name of the key for a command in a context; nothing where there is none.
pub fn key_name(context: Context, command: Command) -> &'static str {
    binding(context, command).map_or("", |binding| binding.key)
}

/// The bindings that hold in a context, its own first.
pub fn bindings(context: Context) -> impl Iterator<Item = &'static Binding> {
    let of = |wanted: Context| BINDINGS.iter().filter(move |it| it.context == wanted);
    of(context).chain(of(Context::Global).filter(move |_| context != Context::Global))
}

/// `sentence`, with the key that does what its last words say: `Send a new
/// one (Ctrl-R).`
pub fn with_key(sentence: &str, context: Context, command: Command) -> String {
    let body = sentence.trim_end_matches('.');
    match binding(context, command) {
        Some(binding) => format!("{body} ({}).", binding.key),
        None => sentence.to_owned(),
    }
}
