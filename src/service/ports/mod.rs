//! What the desk needs from the world: one port a task for the store, the senders of
//! each channel, the keys and a random source. There is no port for a clock: no terminal's
//! own is trusted, so the store's clock decides.

pub mod alarm_mail;
pub mod alarms;
pub mod approvals;
pub mod audit;
pub mod bounces;
pub mod circuit_breaker;
pub mod contact_binding;
pub mod contact_notices;
pub mod contact_state;
pub mod customers;
pub mod delivery_stats;
pub mod error;
pub mod factors;
pub mod flags;
pub mod health;
pub mod keys;
pub mod outbox;
pub mod oversight;
pub mod pads;
pub mod personal_data;
pub mod policy;
pub mod representatives;
pub mod search_index;
pub mod senders;
pub mod session;
pub mod shipping;
pub mod sign_in;
pub mod staff;
pub mod stats;
pub mod test_message;
pub mod trail;
pub mod upkeep;
pub mod verification;

pub use alarm_mail::AlarmMailStore;
pub use alarms::AlarmStore;
pub use approvals::ApprovalStore;
pub use audit::{AuditStore, NewEvent};
pub use bounces::BounceStore;
pub use circuit_breaker::BreakerStore;
pub use contact_binding::{ContactBindingStore, Quarantine, WaitingContact};
pub use contact_notices::NoticeStore;
pub use contact_state::ContactStateStore;
pub use customers::{
    CheckFinding, CustomerCheck, CustomerKey, CustomerStore, ImportCount, Imported, NoCustomers,
    Replaced,
};
pub use delivery_stats::DeliveryStatsStore;
pub use error::StoreError;
pub use factors::{
    Attestation, ClockFault, FactorAttempt, FactorAttemptOutcome, FactorChange, FactorPadEntry,
    FactorPage, FactorStore, Resealed,
};
pub use flags::{Disowning, EndedByDisowning, FlagStore, FlaggedCustomer, NewFlag};
pub use health::{ProductionMark, StoreHealth};
pub use keys::{Keys, KeysError, Random, RandomError};
pub use outbox::OutboxStore;
pub use oversight::OversightStore;
pub use pads::PadStore;
pub use personal_data::{DataSection, ErasureOutcome, PersonalDataStore};
pub use policy::PolicyStore;
pub use representatives::RepresentativeStore;
pub use search_index::{IndexProgress, IndexStep, SearchIndex, Unreadable};
pub use senders::{AlwaysGranted, SendGuard, Sender, Tray, TrayError, TrayMessage};
pub use session::{Serving, SessionFilter, SessionStore};
pub use shipping::{Collector, CollectorError, CursorClaim, ShippingStore, StoredCursor};
pub use sign_in::{CredentialsChange, EarlierSignIns, NewSitting, SignInStore, StoredCredentials};
pub use staff::{StaffChange, StaffStore, StaffWrite};
pub use stats::StatsStore;
pub use test_message::TestMessageStore;
pub use trail::{TrailError, TrailKeys, TrailStore};
pub use upkeep::{MaintenanceStore, TaskBatch};
pub use verification::{
    Attempt, AttemptOutcome, Dispatch, IssueOutcome, KeysInUse, NewCode, NewDelivery, NewRequest,
    NewSession, PadEntry, Reissue, SupersededCode, VerificationStore,
};

/// The one shared store, the sum of its ports. Each method is one transaction or one
/// statement, decides by the store's own clock, and writes the event of what it does in
/// the same transaction, so that nothing is done without its entry in the log.
pub trait Store:
    StoreHealth
    + CustomerStore
    + PersonalDataStore
    + SearchIndex
    + VerificationStore
    + SessionStore
    + ContactBindingStore
    + ContactStateStore
    + BounceStore
    + OutboxStore
    + NoticeStore
    + BreakerStore
    + TestMessageStore
    + DeliveryStatsStore
    + AuditStore
    + MaintenanceStore
    + StaffStore
    + ApprovalStore
    + FactorStore
    + FlagStore
    + RepresentativeStore
    + PolicyStore
    + SignInStore
    + TrailStore
    + StatsStore
    + AlarmStore
    + AlarmMailStore
    + OversightStore
    + PadStore
    + ShippingStore
{
}

impl<T> Store for T where
    T: StoreHealth
        + CustomerStore
        + PersonalDataStore
        + SearchIndex
        + VerificationStore
        + SessionStore
        + ContactBindingStore
        + ContactStateStore
        + BounceStore
        + OutboxStore
        + NoticeStore
        + BreakerStore
        + TestMessageStore
        + DeliveryStatsStore
        + AuditStore
        + MaintenanceStore
        + StaffStore
        + ApprovalStore
        + FactorStore
        + FlagStore
        + RepresentativeStore
        + PolicyStore
        + SignInStore
        + TrailStore
        + StatsStore
        + AlarmStore
        + AlarmMailStore
        + OversightStore
        + PadStore
        + ShippingStore
{
}
