//! What the form knows in which a reason is given.

use tui_input::Input;

use crate::domain::contact::ContactKind;
use crate::domain::customer::CustomerId;
use crate::domain::event::Actor;
use crate::domain::time::Timestamp;
use crate::tui::machine::effect::EffectId;

/// What is done to a customer for a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerAct {
    /// A contact is shown in full.
    Reveal(ContactKind),
    /// The lockout is lifted.
    Unlock,
    /// A changed contact may be used at once.
    Confirm(ContactKind),
    /// The customer says of the verification of an entry: it was not me.
    Disown,
}

/// A verification as the log shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedVerification {
    /// The request or the session that names it.
    pub name: String,
    /// Who verified, or did what the entry says, and where.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Whether that entry says that the customer was verified, and not only that a code was asked
    /// for or sent.
    pub is_proof: bool,
}

/// The customer to whom it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The store's number.
    pub id: CustomerId,
    /// The name.
    pub name: String,
    /// The account number.
    pub account_no: String,
    /// The verification of the entry of the log at which they were found.
    pub verification: Option<LoggedVerification>,
}

/// The form in which a reason is given.
#[derive(Debug)]
pub struct ActForm {
    /// To whom.
    pub subject: Subject,
    /// What can be done; never empty.
    pub acts: Vec<CustomerAct>,
    /// Which of it is chosen.
    pub chosen: usize,
    /// The reason that is typed; where nothing is, the one that is selected holds.
    pub typed: Input,
    /// The reason that is selected among the usual ones. None is at first where something is
    /// changed: what the log keeps is what somebody chose.
    pub selected: Option<usize>,
    /// The act under way.
    pub waiting: Option<EffectId>,
}

impl ActForm {
    /// A form about a customer; none where nothing can be done.
    pub fn new(subject: Subject, acts: Vec<CustomerAct>) -> Option<Self> {
        let selected = acts.first()?.first_selected();
        Some(Self { subject, acts, chosen: 0, typed: Input::default(), selected, waiting: None })
    }

    /// What is chosen.
    pub fn act(&self) -> CustomerAct {
        self.acts.get(self.chosen).copied().unwrap_or(CustomerAct::Unlock)
    }

    /// The reason as it stands; empty where none was chosen.
    pub fn reason(&self) -> &str {
        let typed = self.typed.value().trim();
        if typed.is_empty() {
            let selected = self.selected.and_then(|at| self.act().usual_reasons().get(at));
            selected.copied().unwrap_or_default()
        } else {
            typed
        }
    }
}

impl CustomerAct {
    /// The reason that is selected before anything was pressed.
    pub const fn first_selected(self) -> Option<usize> {
        match self {
            Self::Reveal(_) => Some(0),
            Self::Unlock | Self::Confirm(_) | Self::Disown => None,
        }
    }

    /// The reasons that are given most.
    pub const fn usual_reasons(self) -> &'static [&'static str] {
        match self {
            Self::Reveal(_) => &[
                "Customer reads it back to me",
                "Customer says that no message came",
                "Compared with an identity card",
            ],
            Self::Unlock => &["Showed an identity card", "Mistyped, with the message at hand"],
            Self::Confirm(_) => &["Showed an identity card", "Change ordered in writing, checked"],
            Self::Disown => &["Says that it was not them", "Never asked for the message"],
        }
    }
}
