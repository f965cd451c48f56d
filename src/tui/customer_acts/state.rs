//! What the form knows in which a reason is given.

use tui_input::Input;

use crate::domain::contact::ContactKind;
use crate::domain::customer::CustomerId;
use crate::domain::request::RequestId;
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
    /// The customer says of the request of an entry: it was not me.
    Disown,
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
    /// The request of the entry of the log at which they were found.
    pub request: Option<RequestId>,
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
    /// The reason that is selected among the usual ones.
    pub selected: usize,
    /// The act under way.
    pub waiting: Option<EffectId>,
}

impl ActForm {
    /// A form about a customer; none where nothing can be done.
    pub fn new(subject: Subject, acts: Vec<CustomerAct>) -> Option<Self> {
        let is_empty = acts.is_empty();
        let form =
            Self { subject, acts, chosen: 0, typed: Input::default(), selected: 0, waiting: None };
        (!is_empty).then_some(form)
    }

    /// What is chosen.
    pub fn act(&self) -> CustomerAct {
        self.acts.get(self.chosen).copied().unwrap_or(CustomerAct::Unlock)
    }

    /// The reason as it stands.
    pub fn reason(&self) -> &str {
        let typed = self.typed.value().trim();
        if typed.is_empty() {
            self.act().usual_reasons().get(self.selected).copied().unwrap_or_default()
        } else {
            typed
        }
    }
}

impl CustomerAct {
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
