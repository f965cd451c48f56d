//! What a feature asks of the application around it: the next screen with what it starts
//! from, a question, its own end. So no feature has to know another.

use crate::domain::customer::{Customer, CustomerId};
use crate::domain::customer_factor::{CustomerFactors, FactorKind};
use crate::domain::event::EventFilter;
use crate::domain::purpose::{Missing, Purpose};
use crate::domain::request::Request;
use crate::domain::session::{Session, SessionToken};
use crate::service::customers::calls::OpenedCustomer;
use crate::service::customers::lookup::ChannelChoice;
use crate::service::staff::sign_in::SignedIn;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::{Command, Context};

/// What a feature asks for.
#[derive(Debug)]
pub enum Navigation {
    /// To the search, with this text kept in its field.
    Find {
        /// What is searched for.
        typed: String,
    },
    /// To the channels of a customer who was just opened.
    Send(OpenedCustomer),
    /// Back to the channels, from a code.
    BackToSend(Box<ChannelsOfCustomer>),
    /// To the boxes of a code.
    EnterCode(Box<CodeOfCustomer>),
    /// To the field for a code of an authenticator or a backup code.
    EnterFactor(Box<ChannelsOfCustomer>, FactorKind),
    /// Opens the form in which a colleague's approval is asked for.
    SecondPerson(Box<ChannelsOfCustomer>),
    /// Opens the contacts of a sign-up.
    SignUp(Box<ChannelsOfCustomer>),
    /// Opens the form of a document.
    Document(Box<ChannelsOfCustomer>),
    /// To a customer who was just verified.
    Verified {
        /// Who.
        customer: Customer,
        /// The session.
        session: Box<Session>,
        /// Its secret.
        token: SessionToken,
    },
    /// Opens what a verified customer has enrolled.
    Factors(FactorsOfCustomer),
    /// A question first.
    Ask(Question),
    /// Closes the palette and does what this command means in this context.
    Perform(Context, Command),
    /// Gives the keyboard back to the work; where the panel lies over it, closes the panel.
    BackToWork,
    /// Closes the panel or the overlay that asks.
    Close,
    /// Opens the log with the entries of a filter.
    Log(Box<EventFilter>),
    /// Closes the dashboard.
    CloseDashboard,
    /// Somebody has signed in, and goes on where the terminal stands.
    SignedIn(Box<SignedIn>),
    /// Goes on where the terminal stands, without a sign-in.
    Uncover,
    /// Leaves the program.
    Leave,
}

impl Navigation {
    /// Whether the screen is another one after it.
    pub const fn is_another_screen(&self) -> bool {
        match self {
            Self::Find { .. }
            | Self::Send(_)
            | Self::BackToSend(_)
            | Self::EnterCode(_)
            | Self::EnterFactor(..)
            | Self::Verified { .. }
            | Self::Leave => true,
            Self::Ask(_)
            | Self::Perform(..)
            | Self::BackToWork
            | Self::Close
            | Self::Log(_)
            | Self::CloseDashboard
            | Self::Factors(_)
            | Self::Document(_)
            | Self::SignUp(_)
            | Self::SecondPerson(_)
            | Self::SignedIn(_)
            | Self::Uncover => false,
        }
    }
}

/// A verified customer.
#[derive(Debug)]
pub struct FactorsOfCustomer {
    /// Who.
    pub customer: CustomerId,
    /// The secret of the session.
    pub token: SessionToken,
}

/// A customer and the channels by which a code can be sent.
#[derive(Clone, Debug)]
pub struct ChannelsOfCustomer {
    /// For whom.
    pub customer: Customer,
    /// The channels.
    pub choices: Vec<ChannelChoice>,
    /// The channel that is selected.
    pub selected: usize,
    /// The purpose, among the office's.
    pub purpose: usize,
    /// The code that is still open.
    pub open: Option<Box<Request>>,
    /// What the customer has enrolled.
    pub factors: CustomerFactors,
    /// The clerk only looks for another contact: going back leads to that code.
    pub is_aside: bool,
    /// The session to which a further factor is added.
    pub session: Option<Box<OpenSession>>,
}

/// A session with its secret.
#[derive(Clone, Debug)]
pub struct OpenSession {
    /// The session as last seen.
    pub session: Session,
    /// Its secret.
    pub token: SessionToken,
}

impl OpenSession {
    /// What is still to be proven in it for a purpose.
    pub fn missing_for(&self, purpose: Option<&Purpose>) -> Option<Missing> {
        purpose.and_then(|it| self.session.missing_for(it))
    }
}

/// A code that can be entered, and the channels of its customer.
#[derive(Debug)]
pub struct CodeOfCustomer {
    /// Of whom.
    pub customer: Customer,
    /// The channels, for another contact.
    pub choices: Vec<ChannelChoice>,
    /// The purpose, among the office's.
    pub purpose: usize,
    /// What the customer has enrolled.
    pub factors: CustomerFactors,
    /// The request.
    pub request: Request,
    /// The sending of its message under way.
    pub delivering: Option<EffectId>,
    /// The session to which a further factor is added.
    pub session: Option<Box<OpenSession>>,
}

/// A question that is answered with yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Leave, though a code is open or a customer is verified?
    Quit,
    /// Cancel the code?
    CancelRequest,
}
