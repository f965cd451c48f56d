//! What the send screen knows.

use crate::domain::channel::Factor;
use crate::domain::customer::Customer;
use crate::domain::customer_factor::{CustomerFactors, FactorKind};
use crate::domain::flag::{CustomerFlag, Standing};
use crate::domain::level::{FactorSet, Level};
use crate::domain::purpose::{Missing, Proven, Purpose};
use crate::domain::representative::NotRepresented;
use crate::domain::request::{Request, Status};
use crate::domain::time::Timestamp;
use crate::service::customers::lookup::ChannelChoice;
use crate::service::customers::representatives::RepresentativeChoice;
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
    /// The channels to whoever stands here, usable ones first.
    pub choices: Vec<ChannelChoice>,
    /// The channels to the holder.
    pub of_holder: Vec<ChannelChoice>,
    /// Who may act for the customer now.
    pub representatives: Vec<RepresentativeChoice>,
    /// Which of them stands here; none where the holder does.
    pub who: Option<usize>,
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
    /// The channels stand as they did before a code was sent: the next read may turn them round.
    pub is_order_old: bool,
}

impl Send {
    /// How many lines can be selected.
    pub fn lines(&self) -> usize {
        self.choices.len() + self.usable_factors().count()
    }

    /// The way that is selected, where it is none of the channels.
    pub fn selected_factor(&self) -> Option<FactorKind> {
        self.selected.checked_sub(self.choices.len()).and_then(|at| self.usable_factors().nth(at))
    }

    /// The flag for which a factor proves nothing, of whoever stands here.
    pub fn refusal_of(&self, factor: Factor) -> Option<&CustomerFlag> {
        let who = if self.who.is_some() { Standing::Representative } else { Standing::Holder };
        self.customer.flags.refusal_of(who, factor)
    }

    /// Who stands here in the place of the holder.
    pub fn represented_by(&self) -> Option<&RepresentativeChoice> {
        self.representatives.get(self.who?)
    }

    /// The ways that need no message: they are the holder's own.
    pub fn usable_factors(&self) -> impl Iterator<Item = FactorKind> + '_ {
        self.factors.usable().filter(|_| self.who.is_none())
    }

    /// Lets the next one stand here: the holder, then each who may act for them.
    pub fn next_person(&mut self) {
        let next = self.who.map_or(0, |it| it + 1);
        self.who = (next < self.representatives.len()).then_some(next);
        self.show_channels();
    }

    /// Shows the channels to whoever stands here.
    pub fn show_channels(&mut self) {
        let of_representative = self.represented_by().map(|it| it.choices.clone());
        self.choices = of_representative.unwrap_or_else(|| self.of_holder.clone());
        self.selected = self.selected.min(self.lines().saturating_sub(1));
    }

    /// The purpose that is selected, as the customer's flags raise it.
    pub fn purpose_of(&self, purposes: &[Purpose]) -> Option<Purpose> {
        purposes.get(self.purpose).map(|it| self.customer.flags.raise(it))
    }

    /// Whether proving this brings the customer closer to the purpose.
    pub fn is_helped_by(&self, purpose: Option<&Purpose>, factor: Factor) -> bool {
        self.would_help(purpose, factor, false)
    }

    /// Whether a code over this channel does.
    pub fn is_helped_over(&self, purpose: Option<&Purpose>, choice: &ChannelChoice) -> bool {
        self.would_help(purpose, choice.channel.factor(), choice.is_shared())
    }

    fn would_help(&self, purpose: Option<&Purpose>, factor: Factor, is_shared: bool) -> bool {
        if self.refusal_of(factor).is_some() {
            return false;
        }
        let Some(purpose) = purpose else { return true };
        if self.represented_by().is_some_and(|it| !it.is_for(purpose, factor)) {
            return false;
        }
        if let Some(open) = &self.session {
            return open.session.is_helped_by(purpose, factor, is_shared);
        }
        let factors = &FactorSet::default();
        purpose.is_helped_by(factor, is_shared, Proven { factors, shared_contact: false })
    }

    /// Whether a colleague's word alone can bring the customer closer to the purpose.
    pub fn is_left_to_colleague(&self, purpose: Option<&Purpose>) -> bool {
        let by_code =
            self.choices.iter().any(|it| it.refusal.is_none() && self.is_helped_over(purpose, it));
        let by_factor = || self.usable_factors().any(|it| self.is_helped_by(purpose, it.factor()));
        let by_document = || self.is_helped_by(purpose, Factor::Document);
        let by_colleague = || self.is_helped_by(purpose, Factor::SecondPerson);
        purpose.is_some() && !by_code && !by_factor() && !by_document() && by_colleague()
    }

    /// The representative who stands here and why they are not served for the purpose, where that
    /// is so.
    pub fn out_of_scope(&self, purpose: Option<&Purpose>) -> Option<(&str, NotRepresented)> {
        let it = &self.represented_by()?.representative;
        Some((&*it.name, it.in_scope(purpose?).err()?))
    }

    /// What is still to be proven in the session for the purpose.
    pub fn missing(&self, purpose: Option<&Purpose>) -> Option<Missing> {
        self.session.as_ref()?.missing_for(purpose)
    }

    /// What Enter does for the purpose where no factor has to be proven.
    pub fn without_proof(&self, purpose: Option<&Purpose>) -> Option<WithoutProof> {
        let purpose = purpose?;
        if purpose.level == Level::None {
            return Some(WithoutProof::AmountDue);
        }
        if self.out_of_scope(Some(purpose)).is_some() {
            return None;
        }
        let is_enough =
            self.session.as_ref().is_some_and(|it| it.missing_for(Some(purpose)).is_none());
        is_enough.then_some(WithoutProof::Serve)
    }

    /// Selects the first way that helps, unless the selected one does.
    pub fn settle(&mut self, purpose: Option<&Purpose>, now: Timestamp) {
        let helps =
            |at: usize, is_usable: &dyn Fn(&ChannelChoice) -> bool| match self.choices.get(at) {
                Some(it) => is_usable(it) && self.is_helped_over(purpose, it),
                None => self
                    .usable_factors()
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
