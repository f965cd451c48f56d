//! What the send screen knows.

use crate::domain::channel::Factor;
use crate::domain::customer::Customer;
use crate::domain::customer_factor::{CustomerFactors, FactorKind};
use crate::domain::level::{FactorSet, Level};
use crate::domain::purpose::{Proven, Purpose};
use crate::domain::request::{Request, Status};
use crate::domain::time::Timestamp;
use crate::service::customers::lookup::ChannelChoice;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::loaded::Reading;
use crate::tui::machine::navigation::OpenSession;

/// What can be done where nothing has to be proven any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithoutProof {
    /// The amount that is due is shown, and nothing else.
    AmountDue,
    /// The session serves for the purpose too.
    Serve,
}

/// Step two.
#[derive(Debug)]
pub struct Send {
    /// For whom.
    pub customer: Customer,
    /// The channels, usable ones first.
    pub choices: Vec<ChannelChoice>,
    /// What the customer has enrolled: ways that need no message, below the channels.
    pub factors: CustomerFactors,
    /// The channel that is selected, or the way below them.
    pub selected: usize,
    /// The purpose that is selected, among
    /// [`CounterInfo::purposes`](crate::tui::machine::counter_info::CounterInfo::purposes).
    pub purpose: usize,
    /// The act under way; its key is dead until it is answered.
    pub sending: Option<EffectId>,
    /// The customer's code that is still open, when the clerk came back from it.
    pub open: Option<Box<Request>>,
    /// The clerk only looks for another contact: going back leads to that code.
    pub aside: bool,
    /// The session to which a further factor is added.
    pub session: Option<Box<OpenSession>>,
    /// The read of the customer and the channels, which may have changed.
    pub reading: Reading,
}

impl Send {
    /// How many lines can be selected.
    pub fn lines(&self) -> usize {
        self.choices.len() + self.factors.usable().count()
    }

    /// The way that is selected, where it is none of the channels.
    pub fn selected_factor(&self) -> Option<FactorKind> {
        self.selected.checked_sub(self.choices.len()).and_then(|at| self.factors.usable().nth(at))
    }

    /// The purpose that is selected, as the customer's flags raise it.
    pub fn purpose_of(&self, purposes: &[Purpose]) -> Option<Purpose> {
        purposes.get(self.purpose).map(|it| self.customer.flags.raise(it))
    }

    /// Whether proving this brings the customer closer to the purpose.
    pub fn is_helped_by(&self, purpose: Option<&Purpose>, factor: Factor) -> bool {
        if self.customer.flags.refusal_of(factor).is_some() {
            return false;
        }
        let Some(purpose) = purpose else { return true };
        if let Some(open) = &self.session {
            return open.session.is_helped_by(purpose, factor);
        }
        let factors = &FactorSet::default();
        purpose.is_helped_by(factor, false, Proven { factors, shared_contact: false })
    }

    /// What Enter does for the purpose where no factor has to be proven.
    pub fn without_proof(&self, purpose: Option<&Purpose>) -> Option<WithoutProof> {
        let purpose = purpose?;
        if purpose.level == Level::None {
            return Some(WithoutProof::AmountDue);
        }
        let is_enough =
            self.session.as_ref().is_some_and(|it| it.missing_for(Some(purpose)).is_none());
        is_enough.then_some(WithoutProof::Serve)
    }

    /// Selects the first way that helps, unless the selected one does.
    pub fn settle(&mut self, purpose: Option<&Purpose>, now: Timestamp) {
        let helps =
            |at: usize, is_usable: &dyn Fn(&ChannelChoice) -> bool| match self.choices.get(at) {
                Some(it) => is_usable(it) && self.is_helped_by(purpose, it.channel.factor()),
                None => self
                    .factors
                    .usable()
                    .nth(at - self.choices.len())
                    .is_some_and(|it| self.is_helped_by(purpose, it.factor())),
            };
        let is_offered = |it: &ChannelChoice| it.refusal.is_none();
        if helps(self.selected, &is_offered) {
            return;
        }
        let first =
            (0..self.lines()).find(|at| helps(*at, &|it: &ChannelChoice| it.is_usable(now)));
        if let Some(first) = first {
            self.selected = first;
        }
    }

    /// Whether something would be lost by leaving.
    pub fn is_at_stake(&self) -> bool {
        let is_open = self.open.as_deref().is_some_and(|it| it.status == Status::Open);
        self.sending.is_some() || is_open || self.session.is_some()
    }
}
