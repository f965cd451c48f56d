//! What the machine wants done. Effects are data: the runtime carries them out
//! and brings the answer back under the same id; an answer whose id is no
//! longer waited for is dropped.

use std::fmt;

use zeroize::Zeroizing;

use crate::domain::customer::CustomerId;
use crate::domain::event::{EventFilter, EventPage};
use crate::domain::request::{Request, RequestId};
use crate::domain::session::{SessionId, SessionToken};
use crate::service::verification::request::CodeRequest;

/// The name of one effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId(pub u64);

/// Something to be done, and under which id to answer.
#[derive(Clone, Debug)]
pub struct Effect {
    /// Its name.
    pub id: EffectId,
    /// What to do.
    pub act: EffectKind,
}

/// Code text as typed; `Debug` never shows it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TypedCode(pub Zeroizing<String>);

impl fmt::Debug for TypedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TypedCode({} digits)", self.0.len())
    }
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum EffectKind {
    /// Read the store's clock.
    ReadClock,
    /// Search; a later search makes an earlier one pointless, which is aborted.
    Find {
        /// The search field.
        typed: String,
    },
    /// Read a customer and the channels open to them.
    Open {
        /// Whom.
        customer: CustomerId,
    },
    /// Ask for a code. Never aborted.
    Ask(CodeRequest),
    /// Ask for another code. Never aborted.
    Resend {
        /// For which request.
        request: RequestId,
    },
    /// Hand the message of a request that was just stored to its provider. Never
    /// aborted.
    Deliver {
        /// The request it belongs to.
        request: Box<Request>,
    },
    /// Judge a code. Never aborted.
    Verify {
        /// For which request.
        request: RequestId,
        /// What was typed.
        code: TypedCode,
    },
    /// Withdraw a request. Never aborted.
    Cancel {
        /// Which.
        request: RequestId,
    },
    /// Read a request again: its delivery, or what another terminal did to it.
    ReadRequest {
        /// Which.
        request: RequestId,
    },
    /// Read what the office has on a customer.
    ReadAccount {
        /// Whom.
        customer: CustomerId,
    },
    /// Prove that the session is alive and prolong it.
    Touch {
        /// Its secret.
        token: SessionToken,
    },
    /// Read a session without prolonging it.
    ReadSession {
        /// Which.
        session: SessionId,
    },
    /// Log the customer out. Never aborted.
    Logout {
        /// Of which session.
        session: SessionId,
    },
    /// Read a page of the log.
    ReadLog {
        /// Which events.
        filter: EventFilter,
        /// Which page.
        page: EventPage,
        /// How many at most.
        limit: u32,
    },
    /// Read everything about one request.
    ReadStory {
        /// Which.
        request: RequestId,
    },
    /// Read how the providers do.
    ReadLines,
    /// Read what the messages come to.
    ReadFigures,
    /// Read the tray's messages after a number.
    ReadTray {
        /// The last number known.
        after: u64,
    },
}
