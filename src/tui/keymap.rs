//! The keys: one table says what each key means, where it holds and what it is
//! called. The hint line, the help overlay, the palette and the table of
//! docs/keys.md are made from it, so none of them can be wrong.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What the user means by a key or a line of the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Leave the program.
    Quit,
    /// Show or hide the help.
    Help,
    /// Show the palette: every command by name.
    Palette,
    /// Open or close the log.
    ToggleLog,
    /// Open or close the tray.
    ToggleTray,
    /// Open or close the figures about messages.
    ToggleFigures,
    /// The next set of colours.
    NextTheme,
    /// One step back, or close what is on top.
    Back,
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
    /// Back to the open code's entry.
    EnterCode,
    /// Send another code.
    Resend,
    /// Use another contact.
    ChangeContact,
    /// Withdraw the request.
    CancelRequest,
    /// End the customer's session.
    Logout,
    /// Type a filter for the log.
    FilterText,
    /// Filter the log by the next outcome.
    FilterOutcome,
    /// Filter the log by the next channel.
    FilterChannel,
    /// Show the whole log again.
    FilterNone,
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
    Entry,
    /// The verified customer.
    Verified,
    /// The log.
    Log,
    /// The log's filter field.
    LogFilter,
    /// One request's story.
    Story,
    /// The tray.
    Tray,
    /// The figures about messages.
    Figures,
    /// The palette.
    Palette,
    /// The help.
    Help,
    /// A question that is answered yes or no.
    Confirm,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Where it holds.
    pub context: Context,
    /// The key.
    pub code: KeyCode,
    /// What is held down with it.
    pub modifiers: KeyModifiers,
    /// What it means.
    pub command: Command,
    /// Its name on the hint line and in the help: `Ctrl-R`.
    pub key: &'static str,
    /// A word or two for the hint line; empty where it is not shown there.
    pub hint: &'static str,
    /// One sentence for the help, the palette and docs/keys.md.
    pub help: &'static str,
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const CTRL: KeyModifiers = KeyModifiers::CONTROL;
const SHIFT: KeyModifiers = KeyModifiers::SHIFT;

const fn bind(
    context: Context,
    (modifiers, code): (KeyModifiers, KeyCode),
    command: Command,
    [key, hint, help]: [&'static str; 3],
) -> Binding {
    Binding { context, code, modifiers, command, key, hint, help }
}

/// Every key. Ctrl-H, Ctrl-I, Ctrl-J and Ctrl-M are Backspace, Tab and Enter
/// on a terminal and are never bound.
pub const BINDINGS: &[Binding] = &[
    bind(
        Context::Find,
        (NONE, KeyCode::Enter),
        Command::Accept,
        ["Enter", "choose", "Choose the customer, the first one already; once more sends."],
    ),
    bind(Context::Find, (NONE, KeyCode::Up), Command::Up, ["Up", "", "The customer above."]),
    bind(Context::Find, (NONE, KeyCode::Down), Command::Down, ["Down", "", "The customer below."]),
    bind(
        Context::Find,
        (NONE, KeyCode::Esc),
        Command::Clear,
        ["Esc", "clear", "Empty the search."],
    ),
    bind(
        Context::Send,
        (NONE, KeyCode::Enter),
        Command::Accept,
        ["Enter", "send", "Send the code over the chosen channel."],
    ),
    bind(Context::Send, (NONE, KeyCode::Up), Command::Up, ["Up", "", "The channel above."]),
    bind(Context::Send, (NONE, KeyCode::Down), Command::Down, ["Down", "", "The channel below."]),
    bind(
        Context::Send,
        (NONE, KeyCode::Tab),
        Command::NextPurpose,
        ["Tab", "purpose", "The next purpose."],
    ),
    bind(
        Context::Send,
        (SHIFT, KeyCode::BackTab),
        Command::PreviousPurpose,
        ["Shift-Tab", "", "The purpose before."],
    ),
    bind(
        Context::Send,
        (CTRL, KeyCode::Char('e')),
        Command::EnterCode,
        ["Ctrl-E", "enter code", "Back to the code that is open."],
    ),
    bind(
        Context::Send,
        (NONE, KeyCode::Esc),
        Command::Back,
        ["Esc", "back", "Back to the search, or to the code you came from."],
    ),
    bind(
        Context::Entry,
        (CTRL, KeyCode::Char('r')),
        Command::Resend,
        ["Ctrl-R", "resend", "Send another code to the same contact."],
    ),
    bind(
        Context::Entry,
        (CTRL, KeyCode::Char('o')),
        Command::ChangeContact,
        ["Ctrl-O", "contact", "Send a code to another contact."],
    ),
    bind(
        Context::Entry,
        (CTRL, KeyCode::Char('x')),
        Command::CancelRequest,
        ["Ctrl-X", "cancel", "Withdraw the code."],
    ),
    bind(
        Context::Entry,
        (CTRL, KeyCode::Char('u')),
        Command::Clear,
        ["Ctrl-U", "", "Empty the boxes."],
    ),
    bind(
        Context::Entry,
        (NONE, KeyCode::Enter),
        Command::Accept,
        ["Enter", "check", "Check the code; the last digit does so by itself."],
    ),
    bind(
        Context::Entry,
        (NONE, KeyCode::Esc),
        Command::Back,
        ["Esc", "back", "Back to the channels; the code stays open."],
    ),
    bind(
        Context::Verified,
        (CTRL, KeyCode::Char('l')),
        Command::Logout,
        ["Ctrl-L", "log out", "End the session and go on to the next customer."],
    ),
    bind(Context::Verified, (NONE, KeyCode::Up), Command::Up, ["Up", "", "Scroll up."]),
    bind(Context::Verified, (NONE, KeyCode::Down), Command::Down, ["Down", "", "Scroll down."]),
    bind(Context::Verified, (NONE, KeyCode::PageUp), Command::PageUp, ["PgUp", "", "A page up."]),
    bind(
        Context::Verified,
        (NONE, KeyCode::PageDown),
        Command::PageDown,
        ["PgDn", "", "A page down."],
    ),
    bind(
        Context::Log,
        (NONE, KeyCode::Enter),
        Command::Accept,
        ["Enter", "story", "The whole story of the request."],
    ),
    bind(Context::Log, (NONE, KeyCode::Up), Command::Up, ["Up", "", "The entry above."]),
    bind(Context::Log, (NONE, KeyCode::Down), Command::Down, ["Down", "", "The entry below."]),
    bind(Context::Log, (NONE, KeyCode::PageUp), Command::PageUp, ["PgUp", "", "A page up."]),
    bind(Context::Log, (NONE, KeyCode::PageDown), Command::PageDown, ["PgDn", "", "A page down."]),
    bind(Context::Log, (NONE, KeyCode::Home), Command::First, ["Home", "", "The newest entry."]),
    bind(
        Context::Log,
        (NONE, KeyCode::Char('/')),
        Command::FilterText,
        ["/", "filter", "Show a customer, a request, or up to a time: 10:42."],
    ),
    bind(
        Context::Log,
        (NONE, KeyCode::Char('o')),
        Command::FilterOutcome,
        ["o", "outcome", "Show the next outcome only."],
    ),
    bind(
        Context::Log,
        (NONE, KeyCode::Char('c')),
        Command::FilterChannel,
        ["c", "channel", "Show the next channel only."],
    ),
    bind(
        Context::Log,
        (NONE, KeyCode::Char('x')),
        Command::FilterNone,
        ["x", "all", "Show everything again."],
    ),
    bind(Context::Log, (NONE, KeyCode::Esc), Command::Back, ["Esc", "close", "Back to the work."]),
    bind(
        Context::LogFilter,
        (NONE, KeyCode::Enter),
        Command::Accept,
        ["Enter", "filter", "Filter by this text."],
    ),
    bind(
        Context::LogFilter,
        (NONE, KeyCode::Esc),
        Command::Back,
        ["Esc", "back", "Leave the filter as it was."],
    ),
    bind(Context::Story, (NONE, KeyCode::Up), Command::Up, ["Up", "", "Scroll up."]),
    bind(Context::Story, (NONE, KeyCode::Down), Command::Down, ["Down", "", "Scroll down."]),
    bind(Context::Story, (NONE, KeyCode::PageUp), Command::PageUp, ["PgUp", "", "A page up."]),
    bind(
        Context::Story,
        (NONE, KeyCode::PageDown),
        Command::PageDown,
        ["PgDn", "", "A page down."],
    ),
    bind(Context::Story, (NONE, KeyCode::Esc), Command::Back, ["Esc", "close", "Back to the log."]),
    bind(Context::Tray, (NONE, KeyCode::Up), Command::Up, ["Up", "", "The message above."]),
    bind(Context::Tray, (NONE, KeyCode::Down), Command::Down, ["Down", "", "The message below."]),
    bind(
        Context::Tray,
        (NONE, KeyCode::PageUp),
        Command::PageUp,
        ["PgUp", "", "Scroll the message up."],
    ),
    bind(
        Context::Tray,
        (NONE, KeyCode::PageDown),
        Command::PageDown,
        ["PgDn", "", "Scroll the message down."],
    ),
    bind(Context::Tray, (NONE, KeyCode::Esc), Command::Back, ["Esc", "close", "Back to the work."]),
    bind(
        Context::Palette,
        (NONE, KeyCode::Enter),
        Command::Accept,
        ["Enter", "do it", "Do what is selected."],
    ),
    bind(Context::Palette, (NONE, KeyCode::Up), Command::Up, ["Up", "", "The line above."]),
    bind(Context::Palette, (NONE, KeyCode::Down), Command::Down, ["Down", "", "The line below."]),
    bind(
        Context::Palette,
        (NONE, KeyCode::Esc),
        Command::Back,
        ["Esc", "close", "Close the palette."],
    ),
    bind(Context::Figures, (NONE, KeyCode::Up), Command::Up, ["Up", "", "Scroll up."]),
    bind(Context::Figures, (NONE, KeyCode::Down), Command::Down, ["Down", "", "Scroll down."]),
    bind(Context::Figures, (NONE, KeyCode::PageUp), Command::PageUp, ["PgUp", "", "A page up."]),
    bind(
        Context::Figures,
        (NONE, KeyCode::PageDown),
        Command::PageDown,
        ["PgDn", "", "A page down."],
    ),
    bind(
        Context::Figures,
        (NONE, KeyCode::Esc),
        Command::Back,
        ["Esc", "close", "Back to the work."],
    ),
    bind(Context::Help, (NONE, KeyCode::Up), Command::Up, ["Up", "", "Scroll up."]),
    bind(Context::Help, (NONE, KeyCode::Down), Command::Down, ["Down", "", "Scroll down."]),
    bind(Context::Help, (NONE, KeyCode::PageUp), Command::PageUp, ["PgUp", "", "A page up."]),
    bind(Context::Help, (NONE, KeyCode::PageDown), Command::PageDown, ["PgDn", "", "A page down."]),
    bind(Context::Help, (NONE, KeyCode::Esc), Command::Back, ["Esc", "close", "Close the help."]),
    bind(Context::Confirm, (NONE, KeyCode::Enter), Command::Accept, ["Enter", "yes", "Yes."]),
    bind(Context::Confirm, (NONE, KeyCode::Esc), Command::Back, ["Esc", "no", "No."]),
    bind(
        Context::Global,
        (NONE, KeyCode::F(2)),
        Command::ToggleLog,
        ["F2", "log", "Open or close the log."],
    ),
    bind(
        Context::Global,
        (NONE, KeyCode::F(3)),
        Command::ToggleTray,
        ["F3", "tray", "Open or close the tray of messages."],
    ),
    bind(
        Context::Global,
        (NONE, KeyCode::F(4)),
        Command::ToggleFigures,
        ["F4", "messages", "How messages fare: what waits, by provider, by hour."],
    ),
    bind(
        Context::Global,
        (NONE, KeyCode::F(1)),
        Command::Help,
        ["F1", "help", "Show or hide the keys."],
    ),
    bind(
        Context::Global,
        (CTRL, KeyCode::Char('p')),
        Command::Palette,
        ["Ctrl-P", "", "Every command by name."],
    ),
    bind(
        Context::Global,
        (CTRL, KeyCode::Char('t')),
        Command::NextTheme,
        ["Ctrl-T", "", "The next set of colours."],
    ),
    bind(
        Context::Global,
        (CTRL, KeyCode::Char('q')),
        Command::Quit,
        ["Ctrl-Q", "quit", "Leave countersign."],
    ),
    bind(
        Context::Global,
        (CTRL, KeyCode::Char('c')),
        Command::Quit,
        ["Ctrl-C", "", "Leave countersign."],
    ),
];

/// The parts whose keys are told, in the order of a verification, by name.
pub const PARTS: [(Context, &str); 11] = [
    (Context::Find, "Find"),
    (Context::Send, "Send"),
    (Context::Entry, "Enter code"),
    (Context::Verified, "Verified"),
    (Context::Global, "Everywhere"),
    (Context::Log, "Log"),
    (Context::LogFilter, "Log, while typing a filter"),
    (Context::Story, "A request's story"),
    (Context::Tray, "Tray"),
    (Context::Figures, "Messages"),
    (Context::Palette, "Palette"),
];

/// What a key means in a context; the context's own keys go before the global ones.
pub fn command(context: Context, key: &KeyEvent) -> Option<Command> {
    let held = |context: Context| {
        BINDINGS
            .iter()
            .find(|it| {
                it.context == context && it.code == key.code && it.modifiers == key.modifiers
            })
            .map(|it| it.command)
    };
    held(context).or_else(|| held(Context::Global))
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
