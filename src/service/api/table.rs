//! The table of calls: for each its answer, the permission it needs, whether a counter makes
//! it until it is answered, and what else guards it.
//!
//! A line here makes the variant of [`Call`] and of [`Answer`], the permission
//! check and the dispatch to the call's handler; leaving one out does not
//! compile.

use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::approval::Approval;
use crate::domain::audit::checkpoint::CheckpointVerifier;
use crate::domain::audit::export::ExportedEntry;
use crate::domain::audit::receipt::{Consistency, Inclusion};
use crate::domain::audit::shipping::ShippingStatus;
use crate::domain::customer::Customer;
use crate::domain::customer_factor::CustomerFactors;
use crate::domain::delivery::SendReport;
use crate::domain::delivery_stats::{DeliveryStats, QueueStats};
use crate::domain::event::Event;
use crate::domain::oversight::Oversight;
use crate::domain::policy_preview::PastSend;
use crate::domain::representative::Representative;
use crate::domain::request::Request;
use crate::domain::session::Session;
use crate::domain::sign_in::sitting::Sitting;
use crate::domain::stats::alarms::Alarm;
use crate::domain::stats::query::Stats;
use crate::service::api::{Permission, TypedCall};
use crate::service::approvals::calls::{
    ApproveAct, LeaveVouch, ListApprovals, RefuseAct, VouchFor,
};
use crate::service::approvals::vouch::Vouched;
use crate::service::approvals::{ApprovalOutcome, RefusalOutcome};
use crate::service::audit::calls::{
    BeginExport, BeginVerification, LogPage, ProveConsistency, ProveEntry, ReadExport, ReadLog,
    ReadShipping, ReadTimeline, ReadTrail, ReadTrailKeys, SealTrail, ShipTrail, VerifyTrail,
};
use crate::service::audit::export::Export;
use crate::service::audit::seal::SealProgress;
use crate::service::audit::ship::ShippingProgress;
use crate::service::audit::trail::TrailStatus;
use crate::service::audit::verify::VerifyRun;
use crate::service::customers::calls::{
    AddRepresentative, ChannelChoices, ConfirmContact, DisownVerification, EndRepresentative,
    EraseCustomer, FileIncident, FindCustomers, FinishImport, FlagCustomer, HoldCustomer,
    IdentifyCustomer, ImportCustomers, ListBadContacts, ListFlags, ListRepresentatives,
    OpenCustomer, OpenedCustomer, ReadAccount, ReadCustomer, ReadSignUp, ReportCustomer,
    RevealContact, UnflagCustomer, UnlockCustomer, WaitForIndex,
};
use crate::service::customers::contact_history::BadContactPage;
use crate::service::customers::disown::DisownOutcome;
use crate::service::customers::lookup::{ChannelChoice, ExactMatch, SearchResult};
use crate::service::customers::personal_data::CustomerReport;
use crate::service::customers::reveal::RevealedContact;
use crate::service::customers::sign_up::SignUp;
use crate::service::delivery::bounces::BounceRecorded;
use crate::service::delivery::calls::{
    DeliverCode, DeliverDue, DueWork, ReadBreakers, ReadDeliveryStats, ReadQueue, ReadTray,
    RecordBounce,
};
use crate::service::delivery::provider_status::BreakerSnapshot;
use crate::service::factors::calls::{
    EnrolTotp, MakeBackupCodes, ReadFactors, RemoveTotp, SeeDocument, VerifyFactor,
};
use crate::service::factors::document::DocumentSeen;
use crate::service::factors::{
    BackupCodes, FactorRemoval, FactorVerification, TotpEnrolment, VerifiedByFactor,
};
use crate::service::pads::calls::{
    AskForPad, ConfirmPad, EndPairing, EnterAtPad, LeavePad, OfferPad, ReadCounterPad, ReadPad,
    ShowAtPad, TakeFactorFromPad, TakeFromPad, TypeAtPad,
};
use crate::service::pads::{CounterPad, PadAsked, PadEntered, PadOffer, PadView};
use crate::service::policy::calls::{ReadPastSends, ReadPolicy};
use crate::service::ports::policy::StoredPolicy;
use crate::service::ports::stats::RebuildStep;
use crate::service::ports::{ErasureOutcome, FlaggedCustomer, Imported, StoreError, TrayMessage};
use crate::service::staff::calls::{
    ApproveReset, ChangeStaff, EndSitting, KeepSitting, LiftSignInBlock, ListSittings, ListStaff,
    LockTerminal, RescueStaff, ResetSignIn, SignIn, SignOut,
};
use crate::service::staff::reset::ResetOutcome;
use crate::service::staff::sign_in::SignInOutcome;
use crate::service::staff::{StaffEntry, StaffOutcome};
use crate::service::stats::calls::{
    AcknowledgeAlarm, CountAlarms, ReadAlarms, ReadOversight, ReadStats, RebuildStats,
    RecordStatsExport,
};
use crate::service::upkeep::calls::{
    CheckStore, CountDueMaintenance, FinishMaintenance, MaintenanceProgress, ReadClock,
    RunMaintenanceStep, StoreClockReading,
};
use crate::service::upkeep::maintenance::MaintenanceTotals;
use crate::service::verification::amount_due::AmountDue;
use crate::service::verification::calls::{
    AskForCode, AskGate, CancelRequest, EndSession, ListSessions, ReadAmountDue,
    ReadArchivedRequest, ReadRequest, ReadSession, ResendCode, ServeFor, TouchSession, VerifyCode,
};
use crate::service::verification::gate::VerifiedNow;
use crate::service::verification::request::CodeRequestOutcome;
use crate::service::verification::session::ServedFor;
use crate::service::verification::verify::{Verification, VerifiedCustomer};
use crate::service::{Desk, DeskError};

/// What the door looks at beside the permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing.
    None,
    /// How often the clerk looked customers up within the hour.
    Lookup,
    /// That it has a reason and, where the office says so, a second admin.
    Act,
}

macro_rules! calls {
    (@retried until_answered) => { true };
    (@retried once) => { false };
    (@guard) => { Guard::None };
    (@guard lookup) => { Guard::Lookup };
    (@guard act) => { Guard::Act };
    ($($call:ident -> $answer:ty, $permission:ident, $retried:ident $(, $guard:ident)?;)+) => {
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

            /// Whether a counter that loses the desk makes the call again until it is
            /// answered: an act, which must come to its end, and the question for the
            /// time, which finds out that the desk is back. A read is made anew by whoever
            /// needs it then.
            pub const fn is_until_answered(&self) -> bool {
                match self {
                    $(Self::$call(_) => calls!(@retried $retried),)+
                }
            }

            /// What else the door looks at.
            pub const fn guard(&self) -> Guard {
                match self {
                    $(Self::$call(_) => calls!(@guard $($guard)?),)+
                }
            }

            /// The answer that refuses this call.
            pub fn refused<E>(&self, error: E) -> Answer<E> {
                match self {
                    $(Self::$call(_) => Answer::$call(Err(error)),)+
                }
            }

            /// The call's name.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$call(_) => stringify!($call),)+
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

            /// The same, to be told more of.
            pub(in crate::service) const fn error_mut(&mut self) -> Option<&mut E> {
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

        impl Answer {
            /// The answer, unless it is that the store or the desk is away for a moment.
            pub fn unless_broken(self) -> Result<Self, StoreError> {
                match self {
                    $(Self::$call(Err(DeskError::Store(error))) if error.is_break() => Err(error),)+
                    answer => Ok(answer),
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
    FindCustomers -> SearchResult, Verify, once, lookup;
    WaitForIndex -> (), Anyone, once;
    OpenCustomer -> Option<OpenedCustomer>, Verify, once, lookup;
    IdentifyCustomer -> ExactMatch, Audit, once, lookup;
    ReadCustomer -> Option<Customer>, Verify, once, lookup;
    RevealContact -> Option<RevealedContact>, Verify, once, lookup;
    ChannelChoices -> Vec<Vec<ChannelChoice>>, Verify, once;
    ReadSignUp -> Option<SignUp>, Verify, once, lookup;
    ListBadContacts -> BadContactPage, Administer, once;
    ReadAccount -> Account, Verify, once, lookup;
    UnlockCustomer -> bool, Administer, until_answered, act;
    ConfirmContact -> bool, Administer, until_answered, act;
    ImportCustomers -> Imported, Administer, until_answered;
    FinishImport -> (), Administer, until_answered;
    ReportCustomer -> CustomerReport, Administer, until_answered;
    EraseCustomer -> ErasureOutcome, Administer, until_answered;
    HoldCustomer -> bool, Administer, until_answered;
    FlagCustomer -> bool, Administer, until_answered;
    UnflagCustomer -> bool, Administer, until_answered;
    DisownVerification -> DisownOutcome, Administer, until_answered;
    ListFlags -> Vec<FlaggedCustomer>, Oversee, once;
    FileIncident -> (), Verify, until_answered;
    AddRepresentative -> Representative, Verify, until_answered, act;
    ListRepresentatives -> Vec<Representative>, Verify, once, lookup;
    EndRepresentative -> bool, Verify, until_answered;
    // Verification
    AskForCode -> CodeRequestOutcome, Verify, until_answered;
    ResendCode -> Option<CodeRequestOutcome>, Verify, until_answered;
    VerifyCode -> Verification, Verify, until_answered;
    CancelRequest -> Option<Request>, Verify, until_answered;
    ReadRequest -> Option<Request>, Verify, once;
    ReadArchivedRequest -> Option<Request>, Verify, once;
    TouchSession -> Option<Session>, Verify, once;
    ServeFor -> ServedFor, Verify, until_answered;
    ReadAmountDue -> AmountDue, Verify, once, lookup;
    ReadSession -> Option<Session>, Verify, once;
    ListSessions -> Vec<Session>, Verify, once;
    AskGate -> Option<Box<VerifiedNow>>, Gate, once;
    EndSession -> Option<Session>, Verify, until_answered;
    // Factors
    ReadFactors -> CustomerFactors, Verify, once;
    VerifyFactor -> FactorVerification, Verify, until_answered;
    SeeDocument -> DocumentSeen, Verify, until_answered, lookup;
    EnrolTotp -> TotpEnrolment, Verify, until_answered;
    RemoveTotp -> FactorRemoval, Verify, until_answered;
    MakeBackupCodes -> BackupCodes, Verify, once;
    // Pads: the counter's side, then the pad's
    OfferPad -> PadOffer, Verify, once;
    ReadCounterPad -> Option<CounterPad>, Verify, once;
    ConfirmPad -> Option<CounterPad>, Verify, until_answered;
    EndPairing -> Option<CounterPad>, Verify, until_answered;
    ShowAtPad -> Option<CounterPad>, Verify, until_answered;
    TakeFromPad -> Option<Box<VerifiedCustomer>>, Verify, until_answered;
    TakeFactorFromPad -> Option<Box<VerifiedByFactor>>, Verify, until_answered;
    AskForPad -> PadAsked, Pad, until_answered;
    ReadPad -> PadView, Pad, once;
    TypeAtPad -> (), Pad, once;
    EnterAtPad -> PadEntered, Pad, until_answered;
    LeavePad -> (), Pad, once;
    // Delivery
    DeliverCode -> Option<SendReport>, Verify, until_answered;
    ReadBreakers -> BreakerSnapshot, Audit, once;
    ReadDeliveryStats -> DeliveryStats, Audit, once;
    ReadQueue -> QueueStats, Work, once;
    DeliverDue -> DueWork, Work, until_answered;
    RecordBounce -> BounceRecorded, Work, until_answered;
    ReadTray -> Vec<TrayMessage>, Verify, once;
    // Audit
    ReadLog -> LogPage, Audit, once;
    ReadTimeline -> Vec<Event>, Audit, once;
    SealTrail -> SealProgress, Work, until_answered;
    ReadTrail -> TrailStatus, Audit, once;
    ShipTrail -> ShippingProgress, Work, until_answered;
    ReadShipping -> Option<Box<ShippingStatus>>, Audit, once;
    ReadTrailKeys -> Vec<CheckpointVerifier>, Audit, once;
    BeginVerification -> Box<VerifyRun>, Audit, once;
    VerifyTrail -> Box<VerifyRun>, Audit, once;
    BeginExport -> Export, Audit, until_answered;
    ReadExport -> Vec<ExportedEntry>, Audit, once;
    ProveEntry -> Box<Inclusion>, Audit, until_answered;
    ProveConsistency -> Consistency, Audit, once;
    // Stats
    ReadStats -> Stats, Oversee, once;
    RecordStatsExport -> (), Oversee, until_answered;
    RebuildStats -> RebuildStep, Administer, until_answered;
    ReadOversight -> Box<Oversight>, Oversee, once;
    ReadAlarms -> Vec<Alarm>, Oversee, once;
    CountAlarms -> u32, Oversee, once;
    AcknowledgeAlarm -> Option<Alarm>, Administer, until_answered;
    // Staff
    ListStaff -> Vec<StaffEntry>, Administer, once;
    ChangeStaff -> StaffOutcome, Administer, until_answered;
    RescueStaff -> StaffOutcome, Own, until_answered;
    // Approvals
    ListApprovals -> Vec<Approval>, Administer, once;
    ApproveAct -> ApprovalOutcome, Administer, until_answered;
    RefuseAct -> RefusalOutcome, Administer, until_answered;
    VouchFor -> Vouched, Verify, until_answered, act;
    LeaveVouch -> bool, Verify, until_answered;
    // Policy
    ReadPolicy -> Option<StoredPolicy>, Audit, once;
    ReadPastSends -> Vec<PastSend>, Administer, once;
    ResetSignIn -> ResetOutcome, Administer, once;
    ApproveReset -> ResetOutcome, Administer, once;
    LiftSignInBlock -> bool, Administer, once;
    ListSittings -> Vec<Sitting>, Administer, once;
    EndSitting -> Option<Sitting>, Administer, once;
    // The terminal itself
    SignIn -> SignInOutcome, Anyone, once;
    SignOut -> (), Anyone, once;
    LockTerminal -> (), Anyone, once;
    KeepSitting -> (), Anyone, once;
    // Upkeep
    ReadClock -> StoreClockReading, Anyone, until_answered;
    CheckStore -> (), Anyone, once;
    CountDueMaintenance -> MaintenanceTotals, Administer, once;
    RunMaintenanceStep -> MaintenanceProgress, Administer, until_answered, act;
    FinishMaintenance -> (), Administer, until_answered;
}
