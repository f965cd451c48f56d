//! The table of calls: for each its answer, and the permission it needs.
//!
//! A line here makes the variant of [`Call`] and of [`Answer`], the permission
//! check and the dispatch to the call's handler; leaving one out does not
//! compile.

use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::customer::Customer;
use crate::domain::delivery::SendReport;
use crate::domain::delivery_stats::{DeliveryStats, QueueStats};
use crate::domain::event::Event;
use crate::domain::request::Request;
use crate::domain::session::Session;
use crate::service::api::{Permission, TypedCall};
use crate::service::audit::calls::{LogPage, ReadLog, ReadTimeline};
use crate::service::customers::calls::{
    ChannelChoices, ConfirmContact, FindCustomers, FinishImport, IdentifyCustomer, ImportCustomers,
    OpenCustomer, OpenedCustomer, ReadAccount, ReadCustomer, UnlockCustomer, WaitForIndex,
};
use crate::service::customers::lookup::{ChannelChoice, ExactMatch, SearchResult};
use crate::service::delivery::calls::{
    DeliverCode, DeliverDue, DueWork, ReadBreakers, ReadDeliveryStats, ReadQueue, ReadTray,
};
use crate::service::delivery::provider_status::BreakerSnapshot;
use crate::service::ports::{Imported, TrayMessage};
use crate::service::upkeep::calls::{
    CheckStore, CountDueMaintenance, FinishMaintenance, MaintenanceProgress, ReadClock,
    RunMaintenanceStep, StoreClockReading,
};
use crate::service::upkeep::maintenance::MaintenanceTotals;
use crate::service::verification::calls::{
    AskForCode, CancelRequest, EndSession, ListSessions, ReadArchivedRequest, ReadRequest,
    ReadSession, ResendCode, TouchSession, VerifyCode,
};
use crate::service::verification::request::CodeRequestOutcome;
use crate::service::verification::verify::Verification;
use crate::service::{Desk, DeskError};

macro_rules! calls {
    ($($call:ident -> $answer:ty, $permission:ident;)+) => {
        /// Something that the desk is asked for. Its `Debug` shows no secret.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "each variant is named for its call, documented there")]
        pub enum Call {
            $($call($call),)+
        }

        /// What came of a call: the variant of the call's name. An error is a
        /// [`DeskError`], or whatever a reader makes of it ([`Answer::map_err`]).
        #[derive(Debug, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "each variant is named for its call, documented there")]
        pub enum Answer<E = DeskError> {
            $($call(Result<$answer, E>),)+
        }

        impl Call {
            /// What a caller must be allowed to do.
            pub const fn permission(&self) -> Permission {
                match self {
                    $(Self::$call(_) => Permission::$permission,)+
                }
            }

            /// The answer that refuses this call.
            pub fn refused<E>(&self, error: E) -> Answer<E> {
                match self {
                    $(Self::$call(_) => Answer::$call(Err(error)),)+
                }
            }

            /// The call's name and what it needs, for every call.
            pub const TABLE: &[(&str, Permission)] =
                &[$((stringify!($call), Permission::$permission),)+];
        }

        impl<E> Answer<E> {
            /// Why it failed; none where it did not.
            pub const fn error(&self) -> Option<&E> {
                match self {
                    $(Self::$call(Err(error)) => Some(error),)+
                    _ => None,
                }
            }

            /// The same with another error.
            pub fn map_err<F>(self, to: impl FnOnce(E) -> F) -> Answer<F> {
                match self {
                    $(Self::$call(result) => Answer::$call(result.map_err(to)),)+
                }
            }
        }

        $(
            impl From<$call> for Call {
                fn from(call: $call) -> Self {
                    Self::$call(call)
                }
            }

            impl TypedCall for $call {
                type Answer = $answer;

                fn typed(answer: Answer) -> Option<Result<Self::Answer, DeskError>> {
                    match answer {
                        Answer::$call(result) => Some(result),
                        _ => None,
                    }
                }
            }
        )+

        /// Hands a call to its handler.
        pub(super) async fn dispatch(desk: &Desk, call: Call) -> Answer {
            match call {
                // Boxed: the future of this function would be as large as the largest.
                $(Call::$call(call) => Answer::$call(Box::pin(call.handle(desk)).await),)+
            }
        }
    };
}

calls! {
    // Customers
    FindCustomers -> SearchResult, Verify;
    WaitForIndex -> (), Verify;
    OpenCustomer -> Option<OpenedCustomer>, Verify;
    IdentifyCustomer -> ExactMatch, Verify;
    ReadCustomer -> Option<Customer>, Verify;
    ChannelChoices -> Vec<Vec<ChannelChoice>>, Verify;
    ReadAccount -> Account, Verify;
    UnlockCustomer -> bool, Administer;
    ConfirmContact -> bool, Administer;
    ImportCustomers -> Imported, Administer;
    FinishImport -> (), Administer;
    // Verification
    AskForCode -> CodeRequestOutcome, Verify;
    ResendCode -> Option<CodeRequestOutcome>, Verify;
    VerifyCode -> Verification, Verify;
    CancelRequest -> Option<Request>, Verify;
    ReadRequest -> Option<Request>, Verify;
    ReadArchivedRequest -> Option<Request>, Verify;
    TouchSession -> Option<Session>, Verify;
    ReadSession -> Option<Session>, Verify;
    ListSessions -> Vec<Session>, Verify;
    EndSession -> Option<Session>, Verify;
    // Delivery
    DeliverCode -> Option<SendReport>, Verify;
    ReadBreakers -> BreakerSnapshot, Audit;
    ReadDeliveryStats -> DeliveryStats, Audit;
    ReadQueue -> QueueStats, Work;
    DeliverDue -> DueWork, Work;
    ReadTray -> Vec<TrayMessage>, Verify;
    // Audit
    ReadLog -> LogPage, Audit;
    ReadTimeline -> Vec<Event>, Audit;
    // Upkeep
    ReadClock -> StoreClockReading, Anyone;
    CheckStore -> (), Anyone;
    CountDueMaintenance -> MaintenanceTotals, Administer;
    RunMaintenanceStep -> MaintenanceProgress, Administer;
    FinishMaintenance -> (), Administer;
}
