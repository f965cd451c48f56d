//! The table itself.

use crossterm::event::{KeyCode, KeyModifiers};

use crate::tui::machine::keymap::{Binding, Chord, Command, Context};

const NONE: KeyModifiers = KeyModifiers::NONE;
const CTRL: KeyModifiers = KeyModifiers::CONTROL;
const ALT: KeyModifiers = KeyModifiers::ALT;
const SHIFT: KeyModifiers = KeyModifiers::SHIFT;

const fn bind(
    context: Context,
    chords: &'static [Chord],
    command: Command,
    [key, also, hint, help]: [&'static str; 4],
) -> Binding {
    Binding { context, chords, command, key, also, hint, help }
}

const fn char(char: char) -> Chord {
    (NONE, KeyCode::Char(char))
}

const fn ctrl(char: char) -> Chord {
    (CTRL, KeyCode::Char(char))
}

const fn alt(char: char) -> Chord {
    (ALT, KeyCode::Char(char))
}

const fn plain(code: KeyCode) -> Chord {
    (NONE, code)
}

const ENTER: Chord = plain(KeyCode::Enter);
const ESC: Chord = plain(KeyCode::Esc);
const UP: &[Chord] = &[plain(KeyCode::Up)];
const DOWN: &[Chord] = &[plain(KeyCode::Down)];
// The keys of every pager, where nothing is typed.
const UP_K: &[Chord] = &[plain(KeyCode::Up), char('k')];
const DOWN_J: &[Chord] = &[plain(KeyCode::Down), char('j')];
const PREVIOUS: &[Chord] = &[plain(KeyCode::Up), char('k'), char('N')];
const NEXT: &[Chord] = &[plain(KeyCode::Down), char('j'), char('n')];
const PAGE_UP: &[Chord] = &[plain(KeyCode::PageUp)];
const PAGE_DOWN: &[Chord] = &[plain(KeyCode::PageDown)];
const HALF_UP: &[Chord] = &[ctrl('u')];
const HALF_DOWN: &[Chord] = &[ctrl('d')];
const TOGGLE_PAD: &[Chord] = &[ctrl('k')];
const FIRST: &[Chord] = &[plain(KeyCode::Home), char('g')];
const LAST: &[Chord] = &[plain(KeyCode::End), char('G')];

/// The keys of what is read by scrolling, and of what closes it.
macro_rules! scrolled {
    ($context:expr, $esc:expr, $back:expr, $close:expr) => {
        [
            bind($context, UP_K, Command::Up, ["Up", "k", "", "Scroll up."]),
            bind($context, DOWN_J, Command::Down, ["Down", "j", "", "Scroll down."]),
            bind($context, PAGE_UP, Command::PageUp, ["PgUp", "", "", "A page up."]),
            bind($context, PAGE_DOWN, Command::PageDown, ["PgDn", "", "", "A page down."]),
            bind($context, HALF_UP, Command::HalfPageUp, ["Ctrl-U", "", "", "Half a page up."]),
            bind(
                $context,
                HALF_DOWN,
                Command::HalfPageDown,
                ["Ctrl-D", "", "", "Half a page down."],
            ),
            bind($context, FIRST, Command::First, ["Home", "g", "", "To the top."]),
            bind($context, LAST, Command::Last, ["End", "G", "", "To the end."]),
            bind($context, &[ESC], Command::Back, ["Esc", "", $esc, $back]),
            bind($context, &[char('q')], Command::Close, ["q", "", "", $close]),
        ]
    };
}

const fn join<const N: usize>(parts: &[&[Binding]]) -> [Binding; N] {
    let mut all = [FIND[0]; N];
    let (mut part, mut at) = (0, 0);
    while part < parts.len() {
        let mut place = 0;
        while place < parts[part].len() {
            all[at] = parts[part][place];
            place += 1;
            at += 1;
        }
        part += 1;
    }
    assert!(at == N, "the table is as long as its parts");
    all
}

const fn length(parts: &[&[Binding]]) -> usize {
    let (mut part, mut length) = (0, 0);
    while part < parts.len() {
        length += parts[part].len();
        part += 1;
    }
    length
}

const ALL: &[&[Binding]] = &[
    FIND,
    SEND,
    ENTER_CODE,
    ENTER_FACTOR,
    SIGN_UP,
    DOCUMENT,
    SECOND_PERSON,
    VERIFIED,
    FACTORS,
    LOG,
    TIMELINE,
    TRAY,
    CUSTOMER_ACT,
    INCIDENT,
    APPROVALS,
    DASHBOARD,
    PAIRING,
    PALETTE,
    DELIVERY_STATS,
    HELP,
    CONFIRM,
    SIGN_IN,
    GLOBAL,
];

/// Every key. Ctrl-H, Ctrl-I, Ctrl-J and Ctrl-M are Backspace, Tab and Enter
/// on a terminal and are never bound; Ctrl-S is what a terminal sends to stop
/// its output.
pub const BINDINGS: &[Binding] = &join::<{ length(ALL) }>(ALL);

/// Pairs a pad where a customer is looked for and verified.
const fn toggle_pad(context: Context, hint: &'static str) -> Binding {
    const HELP: &str = "Pair a pad, at which the customer types.";
    bind(context, TOGGLE_PAD, Command::TogglePad, ["Ctrl-K", "", hint, HELP])
}

const FIND: &[Binding] = &[
    bind(
        Context::Find,
        &[ENTER],
        Command::Accept,
        ["Enter", "", "choose", "Choose the customer, the first one already; once more sends."],
    ),
    bind(Context::Find, UP, Command::Up, ["Up", "", "", "The customer above."]),
    bind(Context::Find, DOWN, Command::Down, ["Down", "", "", "The customer below."]),
    toggle_pad(Context::Find, ""),
    bind(Context::Find, &[ESC], Command::Clear, ["Esc", "", "clear", "Clear the search."]),
];

const SEND: &[Binding] = &[
    bind(
        Context::Send,
        &[ENTER],
        Command::Accept,
        ["Enter", "", "send", "Send the code over the chosen channel."],
    ),
    bind(Context::Send, UP_K, Command::Up, ["Up", "k", "", "The channel above."]),
    bind(Context::Send, DOWN_J, Command::Down, ["Down", "j", "", "The channel below."]),
    bind(
        Context::Send,
        &[plain(KeyCode::Tab)],
        Command::NextPurpose,
        ["Tab", "", "purpose", "The next purpose."],
    ),
    bind(
        Context::Send,
        &[(SHIFT, KeyCode::BackTab)],
        Command::PreviousPurpose,
        ["Shift-Tab", "", "", "The purpose before."],
    ),
    bind(
        Context::Send,
        &[char('a')],
        Command::UseTotp,
        ["a", "", "", "Ask for an authenticator's code; nothing is sent."],
    ),
    bind(
        Context::Send,
        &[char('b')],
        Command::UseBackupCode,
        ["b", "", "", "Ask for a backup code; nothing is sent."],
    ),
    bind(
        Context::Send,
        &[char('w')],
        Command::NextPerson,
        ["w", "", "who", "Who stands here: holder, representative."],
    ),
    bind(
        Context::Send,
        &[char('d')],
        Command::SeeDocument,
        ["d", "", "document", "Look at the customer's document."],
    ),
    bind(
        Context::Send,
        &[char('v')],
        Command::AskColleague,
        ["v", "", "colleague", "Ask a colleague to approve the customer."],
    ),
    bind(
        Context::Send,
        &[char('s')],
        Command::SignUp,
        ["s", "", "sign-up", "Sign-up: read the contacts back; verify each."],
    ),
    bind(
        Context::Send,
        &[ctrl('e')],
        Command::EnterCode,
        ["Ctrl-E", "", "enter code", "Back to the code that is open."],
    ),
    toggle_pad(Context::Send, ""),
    bind(
        Context::Send,
        &[ESC],
        Command::Back,
        ["Esc", "", "back", "Back to the search, or to the code before."],
    ),
];

const ENTER_CODE: &[Binding] = &[
    bind(
        Context::EnterCode,
        &[ctrl('r')],
        Command::Resend,
        ["Ctrl-R", "", "new code", "Send a new code to the same contact."],
    ),
    bind(
        Context::EnterCode,
        &[ctrl('o')],
        Command::ChangeContact,
        ["Ctrl-O", "", "contact", "Send a new code to another contact."],
    ),
    bind(
        Context::EnterCode,
        &[ctrl('x')],
        Command::CancelRequest,
        ["Ctrl-X", "", "cancel", "Cancel the code."],
    ),
    toggle_pad(Context::EnterCode, "pad"),
    bind(Context::EnterCode, &[ctrl('u')], Command::Clear, ["Ctrl-U", "", "", "Clear the boxes."]),
    bind(
        Context::EnterCode,
        &[ENTER],
        Command::Accept,
        ["Enter", "", "check", "Check the code; the last digit does so by itself."],
    ),
    bind(
        Context::EnterCode,
        &[ESC],
        Command::Back,
        ["Esc", "", "back", "Back to the channels; the code stays open."],
    ),
];

const ENTER_FACTOR: &[Binding] = &[
    bind(
        Context::EnterFactor,
        &[ENTER],
        Command::Accept,
        ["Enter", "", "check", "Check the code."],
    ),
    bind(Context::EnterFactor, &[ctrl('u')], Command::Clear, ["Ctrl-U", "", "", "Clear the code."]),
    bind(Context::EnterFactor, &[ESC], Command::Back, ["Esc", "", "back", "Back to the channels."]),
];

const SIGN_UP: &[Binding] = &[
    bind(Context::SignUp, UP_K, Command::Up, ["Up", "k", "", "The contact above."]),
    bind(Context::SignUp, DOWN_J, Command::Down, ["Down", "j", "contact", "The contact below."]),
    bind(
        Context::SignUp,
        &[ENTER],
        Command::Accept,
        ["Enter", "", "send a code", "Send a code to the contact."],
    ),
    bind(Context::SignUp, &[ESC], Command::Back, ["Esc", "", "close", "Back to the channels."]),
];

const DOCUMENT: &[Binding] = &[
    bind(Context::Document, UP, Command::Up, ["Up", "", "", "The kind above."]),
    bind(Context::Document, DOWN, Command::Down, ["Down", "", "kind", "The kind below."]),
    bind(
        Context::Document,
        &[char('n')],
        Command::NameMatches,
        ["n", "", "name", "The name on it is the customer's, or not."],
    ),
    bind(
        Context::Document,
        &[char('p')],
        Command::PhotoMatches,
        ["p", "", "picture", "The picture is theirs, or not."],
    ),
    bind(
        Context::Document,
        &[ENTER],
        Command::Accept,
        ["Enter", "", "write down", "Write down that it was seen."],
    ),
    bind(Context::Document, HALF_UP, Command::Clear, ["Ctrl-U", "", "", "Clear the last day."]),
    bind(
        Context::Document,
        &[ESC],
        Command::Back,
        ["Esc", "", "leave", "Leave it; nothing is written."],
    ),
];

const SECOND_PERSON: &[Binding] = &[
    bind(Context::SecondPerson, UP, Command::Up, ["Up", "", "", "The reason above."]),
    bind(Context::SecondPerson, DOWN, Command::Down, ["Down", "", "reason", "The reason below."]),
    bind(
        Context::SecondPerson,
        &[ENTER],
        Command::Accept,
        ["Enter", "", "ask", "Ask a colleague for the approval."],
    ),
    bind(
        Context::SecondPerson,
        &[ESC],
        Command::Back,
        ["Esc", "", "leave", "Leave it, whether it was asked for or not."],
    ),
];

const FACTORS: &[Binding] = &[
    bind(
        Context::Factors,
        &[char('e')],
        Command::EnrolTotp,
        ["e", "", "enrol", "Enrol an authenticator; asks before it replaces one."],
    ),
    bind(
        Context::Factors,
        &[char('r')],
        Command::RemoveTotp,
        ["r", "", "remove", "Remove the authenticator."],
    ),
    bind(
        Context::Factors,
        &[char('b')],
        Command::MakeBackupCodes,
        ["b", "", "backup codes", "Make ten backup codes, shown this once."],
    ),
    bind(
        Context::Factors,
        &[ENTER],
        Command::Accept,
        ["Enter", "", "", "Confirm, or check the first code."],
    ),
    bind(
        Context::Factors,
        &[ESC],
        Command::Back,
        ["Esc", "", "back", "Back, or close; nothing is done."],
    ),
];

const VERIFIED: &[Binding] = &[
    bind(
        Context::Verified,
        &[ctrl('x')],
        Command::Logout,
        [
            "Ctrl-X",
            "",
            "log out",
            "Log the customer out: the session ends. Then the next customer.",
        ],
    ),
    bind(
        Context::Verified,
        &[ctrl('f')],
        Command::Factors,
        ["Ctrl-F", "", "factors", "Authenticator and backup codes."],
    ),
    bind(
        Context::Verified,
        &[char('p')],
        Command::AnotherPurpose,
        ["p", "", "purpose", "Another purpose, or what is missing."],
    ),
    bind(Context::Verified, UP_K, Command::Up, ["Up", "k", "", "Scroll up."]),
    bind(Context::Verified, DOWN_J, Command::Down, ["Down", "j", "", "Scroll down."]),
    bind(Context::Verified, PAGE_UP, Command::PageUp, ["PgUp", "", "", "A page up."]),
    bind(Context::Verified, PAGE_DOWN, Command::PageDown, ["PgDn", "", "", "A page down."]),
    bind(Context::Verified, FIRST, Command::First, ["Home", "g", "", "To the top."]),
    bind(Context::Verified, LAST, Command::Last, ["End", "G", "", "To the end."]),
];

const LOG: &[Binding] = &[
    bind(
        Context::Log,
        &[ENTER],
        Command::Accept,
        ["Enter", "", "timeline", "The whole timeline of the request."],
    ),
    bind(Context::Log, PREVIOUS, Command::Up, ["Up", "k, N", "", "The entry above."]),
    bind(Context::Log, NEXT, Command::Down, ["Down", "j, n", "", "The entry below."]),
    bind(Context::Log, PAGE_UP, Command::PageUp, ["PgUp", "", "", "A page up."]),
    bind(Context::Log, PAGE_DOWN, Command::PageDown, ["PgDn", "", "", "A page down."]),
    bind(Context::Log, HALF_UP, Command::HalfPageUp, ["Ctrl-U", "", "", "Half a page up."]),
    bind(Context::Log, HALF_DOWN, Command::HalfPageDown, ["Ctrl-D", "", "", "Half a page down."]),
    bind(Context::Log, FIRST, Command::First, ["Home", "g", "", "The newest entry."]),
    bind(Context::Log, LAST, Command::Last, ["End", "G", "", "The oldest entry that was read."]),
    bind(
        Context::Log,
        &[char('/')],
        Command::FilterText,
        ["/", "", "filter", "Show a customer, a request, or up to a time: 10:42."],
    ),
    bind(
        Context::Log,
        &[char('o')],
        Command::FilterOutcome,
        ["o", "", "outcome", "Show the next outcome only."],
    ),
    bind(
        Context::Log,
        &[char('c')],
        Command::FilterChannel,
        ["c", "", "channel", "Show the next channel only."],
    ),
    bind(
        Context::Log,
        &[char('x')],
        Command::FilterNone,
        ["x", "", "all", "Show everything again."],
    ),
    bind(Context::Log, &[ESC], Command::Back, ["Esc", "", "back", "Back to the work."]),
    bind(Context::Log, &[char('q')], Command::Close, ["q", "", "", "Close the log."]),
    bind(
        Context::LogFilter,
        &[ENTER],
        Command::Accept,
        ["Enter", "", "filter", "Filter by this text."],
    ),
    bind(
        Context::LogFilter,
        &[ESC],
        Command::Back,
        ["Esc", "", "back", "Leave the filter as it was."],
    ),
];

const TIMELINE: &[Binding] =
    &scrolled!(Context::Timeline, "close", "Back to the log.", "Close the timeline.");

const TRAY: &[Binding] = &[
    bind(Context::Tray, PREVIOUS, Command::Up, ["Up", "k, N", "", "The message above."]),
    bind(Context::Tray, NEXT, Command::Down, ["Down", "j, n", "", "The message below."]),
    bind(
        Context::Tray,
        &[plain(KeyCode::PageUp), ctrl('u')],
        Command::PageUp,
        ["PgUp", "Ctrl-U", "", "Scroll the message up."],
    ),
    bind(
        Context::Tray,
        &[plain(KeyCode::PageDown), ctrl('d')],
        Command::PageDown,
        ["PgDn", "Ctrl-D", "", "Scroll the message down."],
    ),
    bind(Context::Tray, FIRST, Command::First, ["Home", "g", "", "The newest message."]),
    bind(Context::Tray, LAST, Command::Last, ["End", "G", "", "The oldest message."]),
    bind(Context::Tray, &[ESC], Command::Back, ["Esc", "", "back", "Back to the work."]),
    bind(Context::Tray, &[char('q')], Command::Close, ["q", "", "", "Close the tray."]),
];

const CUSTOMER_ACT: &[Binding] = &[
    bind(
        Context::CustomerAct,
        &[ENTER],
        Command::Accept,
        ["Enter", "", "do it", "Do it, for the reason typed or selected."],
    ),
    bind(Context::CustomerAct, UP, Command::Up, ["Up", "", "", "The reason above."]),
    bind(Context::CustomerAct, DOWN, Command::Down, ["Down", "", "reason", "The reason below."]),
    bind(
        Context::CustomerAct,
        &[plain(KeyCode::Tab)],
        Command::NextAct,
        ["Tab", "", "other", "The other contact, or what else can be done."],
    ),
    bind(
        Context::CustomerAct,
        &[ESC],
        Command::Back,
        ["Esc", "", "leave", "Leave it; nothing is done."],
    ),
];

const INCIDENT: &[Binding] = &[
    bind(
        Context::Incident,
        &[ENTER],
        Command::Accept,
        ["Enter", "", "file it", "File it, with what was typed."],
    ),
    bind(Context::Incident, UP, Command::Up, ["Up", "", "", "The kind above."]),
    bind(Context::Incident, DOWN, Command::Down, ["Down", "", "kind", "The kind below."]),
    bind(
        Context::Incident,
        &[ESC],
        Command::Back,
        ["Esc", "", "leave", "Leave it; nothing is filed."],
    ),
];

const APPROVALS: &[Binding] = &[
    bind(
        Context::Approvals,
        &[char('a')],
        Command::Approve,
        ["a", "", "approve", "Approve the act: it is carried out at once."],
    ),
    bind(
        Context::Approvals,
        &[char('r')],
        Command::Refuse,
        ["r", "", "refuse", "Refuse the act, or take one's own back."],
    ),
    bind(Context::Approvals, UP_K, Command::Up, ["Up", "k", "", "The act above."]),
    bind(Context::Approvals, DOWN_J, Command::Down, ["Down", "j", "act", "The act below."]),
    bind(Context::Approvals, FIRST, Command::First, ["Home", "g", "", "The oldest."]),
    bind(Context::Approvals, LAST, Command::Last, ["End", "G", "", "The newest."]),
    bind(Context::Approvals, &[ESC], Command::Back, ["Esc", "", "close", "Back to the work."]),
    bind(Context::Approvals, &[char('q')], Command::Close, ["q", "", "", "Close the list."]),
];

const fn pane(
    chord: &'static [Chord],
    place: u8,
    key: &'static str,
    help: &'static str,
) -> Binding {
    bind(Context::Dashboard, chord, Command::ShowPane(place), [key, "", "", help])
}

const DASHBOARD: &[Binding] = &[
    bind(
        Context::Dashboard,
        &[ENTER],
        Command::Accept,
        ["Enter", "", "entries", "The log entries behind the line; Esc leads back."],
    ),
    bind(Context::Dashboard, UP_K, Command::Up, ["Up", "k", "", "The line above."]),
    bind(Context::Dashboard, DOWN_J, Command::Down, ["Down", "j", "", "The line below."]),
    bind(Context::Dashboard, PAGE_UP, Command::PageUp, ["PgUp", "", "", "A page up."]),
    bind(Context::Dashboard, PAGE_DOWN, Command::PageDown, ["PgDn", "", "", "A page down."]),
    bind(Context::Dashboard, FIRST, Command::First, ["Home", "g", "", "The first line."]),
    bind(Context::Dashboard, LAST, Command::Last, ["End", "G", "", "The last line."]),
    bind(
        Context::Dashboard,
        &[plain(KeyCode::Tab), plain(KeyCode::Right)],
        Command::NextPane,
        ["Tab", "Right", "next", "The next part."],
    ),
    bind(
        Context::Dashboard,
        &[(SHIFT, KeyCode::BackTab), plain(KeyCode::BackTab), plain(KeyCode::Left)],
        Command::PreviousPane,
        ["Shift-Tab", "Left", "", "The part before."],
    ),
    pane(&[char('1')], 0, "1", "Figures against the usual."),
    pane(&[char('2')], 1, "2", "Their course, as charts."),
    pane(&[char('3')], 2, "3", "By channel and provider."),
    pane(&[char('4')], 3, "4", "By counter."),
    pane(&[char('5')], 4, "5", "By clerk."),
    pane(&[char('6')], 5, "6", "Messages in trouble, and those that wait."),
    pane(&[char('7')], 6, "7", "The customers who are locked."),
    pane(&[char('8')], 7, "8", "Who works where, with which customer."),
    pane(&[char('9')], 8, "9", "The open alarms."),
    pane(&[char('0')], 9, "0", "How far the log is sealed and shipped."),
    bind(
        Context::Dashboard,
        &[char('r')],
        Command::NextPeriod,
        ["r", "", "time", "A longer time: today, 24 hours, 7 days, 30 days, this month."],
    ),
    bind(
        Context::Dashboard,
        &[char('R')],
        Command::PreviousPeriod,
        ["R", "", "", "A shorter time; before today comes this month."],
    ),
    bind(
        Context::Dashboard,
        &[char('s')],
        Command::NextSort,
        ["s", "", "sort", "Sort by asked, verified, failed, overrides; Enter opens those."],
    ),
    bind(
        Context::Dashboard,
        &[char('S')],
        Command::PreviousSort,
        ["S", "", "", "Sort by the figure before; before asked come overrides."],
    ),
    bind(
        Context::Dashboard,
        &[char('/')],
        Command::FilterText,
        ["/", "", "filter", "Show only lines with a text."],
    ),
    bind(
        Context::Dashboard,
        &[char('x')],
        Command::FilterNone,
        ["x", "", "", "Show all lines again."],
    ),
    bind(
        Context::Dashboard,
        &[char('a')],
        Command::Acknowledge,
        ["a", "", "acknowledge", "Acknowledge the alarm, for a reason."],
    ),
    bind(
        Context::Dashboard,
        &[char('e')],
        Command::Export,
        ["e", "", "export", "Write these lines into a CSV file here."],
    ),
    bind(Context::Dashboard, &[ESC], Command::Back, ["Esc", "", "close", "Back to the work."]),
    bind(Context::Dashboard, &[char('q')], Command::Close, ["q", "", "", "Close the dashboard."]),
    bind(
        Context::DashboardField,
        &[ENTER],
        Command::Accept,
        ["Enter", "", "take it", "Filter by this text; or acknowledge for this reason."],
    ),
    bind(
        Context::DashboardField,
        &[ESC],
        Command::Back,
        ["Esc", "", "leave", "Leave it; nothing is changed."],
    ),
];

const PAIRING: &[Binding] = &[
    bind(
        Context::Pairing,
        &[char('y')],
        Command::PairPad,
        ["y", "", "pair", "Confirm the pad that asks: it is paired."],
    ),
    bind(
        Context::Pairing,
        &[char('u')],
        Command::UnpairPad,
        ["u", "", "unpair", "Refuse the pad that asks, or unpair it."],
    ),
    bind(
        Context::Pairing,
        &[char('n')],
        Command::NewPairingNumber,
        ["n", "", "number", "Show another number."],
    ),
    bind(
        Context::Pairing,
        &[ESC, ctrl('k')],
        Command::Back,
        ["Esc", "Ctrl-K", "close", "Back to the work; a pad that asks is refused."],
    ),
];

const PALETTE: &[Binding] = &[
    bind(
        Context::Palette,
        &[ENTER],
        Command::Accept,
        ["Enter", "", "do it", "Do what is selected."],
    ),
    bind(Context::Palette, UP, Command::Up, ["Up", "", "", "The line above."]),
    bind(Context::Palette, DOWN, Command::Down, ["Down", "", "line", "The line below."]),
    bind(Context::Palette, &[ESC], Command::Back, ["Esc", "", "close", "Close the palette."]),
];

const DELIVERY_STATS: &[Binding] =
    &scrolled!(Context::DeliveryStats, "close", "Back to the work.", "Close the messages.");

const HELP: &[Binding] = &scrolled!(Context::Help, "close", "Close the help.", "Close the help.");

const CONFIRM: &[Binding] = &[
    bind(Context::Confirm, &[char('y')], Command::Accept, ["y", "", "yes", "Yes."]),
    bind(
        Context::Confirm,
        &[ENTER, char('n'), ESC],
        Command::Back,
        ["Enter", "n, Esc", "no", "No; nothing is done."],
    ),
];

const SIGN_IN: &[Binding] = &[
    bind(
        Context::SignIn,
        &[ENTER],
        Command::Accept,
        ["Enter", "", "go on", "The next field; from the last one, sign in."],
    ),
    bind(
        Context::SignIn,
        &[plain(KeyCode::Down), plain(KeyCode::Tab)],
        Command::Down,
        ["Down", "Tab", "field", "The field below."],
    ),
    bind(
        Context::SignIn,
        &[plain(KeyCode::Up), (SHIFT, KeyCode::BackTab), plain(KeyCode::BackTab)],
        Command::Up,
        ["Up", "Shift-Tab", "", "The field above."],
    ),
    bind(
        Context::SignIn,
        &[ESC],
        Command::Clear,
        ["Esc", "", "begin again", "Begin again with the name."],
    ),
];

const GLOBAL: &[Binding] = &[
    bind(
        Context::Global,
        &[plain(KeyCode::F(2)), alt('2')],
        Command::ToggleLog,
        ["F2", "Alt-2", "log", "Open or close the log."],
    ),
    bind(
        Context::Global,
        &[plain(KeyCode::F(3)), alt('3')],
        Command::ToggleTray,
        ["F3", "Alt-3", "tray", "Open or close the tray of messages."],
    ),
    bind(
        Context::Global,
        &[plain(KeyCode::F(4)), alt('4')],
        Command::ToggleDeliveryStats,
        ["F4", "Alt-4", "messages", "What became of the messages: queued, by provider, by hour."],
    ),
    bind(
        Context::Global,
        &[plain(KeyCode::F(5)), alt('5')],
        Command::Reveal,
        ["F5", "Alt-5", "reveal", "Show a contact in full; for some seconds, for a reason."],
    ),
    bind(
        Context::Global,
        &[plain(KeyCode::F(6)), alt('6')],
        Command::Lift,
        ["F6", "Alt-6", "unlock", "Unlock, confirm a contact or disown; for a reason."],
    ),
    bind(
        Context::Global,
        &[plain(KeyCode::F(7)), alt('7')],
        Command::ToggleApprovals,
        ["F7", "Alt-7", "approvals", "The acts that wait for a second admin."],
    ),
    bind(
        Context::Global,
        &[plain(KeyCode::F(8)), alt('8')],
        Command::ToggleDashboard,
        ["F8", "Alt-8", "dashboard", "The dashboard: figures, alarms, who works where."],
    ),
    bind(
        Context::Global,
        &[plain(KeyCode::F(12)), alt('i')],
        Command::FileIncident,
        ["F12", "Alt-I", "incident", "File an incident: what looks wrong here."],
    ),
    bind(
        Context::Global,
        &[plain(KeyCode::F(1)), alt('1'), char('?')],
        Command::Help,
        ["F1", "Alt-1, ?", "help", "Show or hide the keys; ? where nothing is typed."],
    ),
    bind(
        Context::Global,
        &[ctrl('p'), alt('x'), char(':')],
        Command::Palette,
        ["Ctrl-P", "Alt-X, :", "", "Every command by name; : where nothing is typed."],
    ),
    bind(
        Context::Global,
        &[ctrl('t')],
        Command::NextTheme,
        [
            "Ctrl-T",
            "",
            "",
            "The next theme: light, dark, high contrast, no colours, the terminal's.",
        ],
    ),
    bind(
        Context::Global,
        &[plain(KeyCode::F(9)), alt('9')],
        Command::Lock,
        ["F9", "Alt-9", "", "Lock this terminal; whoever comes back goes on where it stands."],
    ),
    bind(
        Context::Global,
        &[plain(KeyCode::F(10)), alt('0')],
        Command::SignOut,
        ["F10", "Alt-0", "", "Sign out, once no customer is served here."],
    ),
    bind(
        Context::Global,
        &[ctrl('l')],
        Command::Redraw,
        ["Ctrl-L", "", "", "Draw the screen anew."],
    ),
    bind(
        Context::Global,
        &[ctrl('q')],
        Command::Quit,
        ["Ctrl-Q", "", "leave", "Leave countersign; asks first."],
    ),
    bind(
        Context::Global,
        &[ctrl('c')],
        Command::Interrupt,
        ["Ctrl-C", "", "", "Clear the field or close what is open; else leave."],
    ),
];
