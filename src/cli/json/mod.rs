//! The JSON that programs read. It is a stable interface: keys may be added, but none is renamed,
//! removed or given another meaning. `outcome` is the word for programs, `message` the sentence for
//! people.

mod approvals;
mod audit;
mod customers;
mod disown;
mod factors;
mod log;
mod messages;
mod policy;
mod reply;
mod sign_up;
mod staff;
mod stats;
pub(super) mod upkeep;

pub use crate::cli::json::approvals::{ApprovalLine, ApproveReply};
pub use crate::cli::json::audit::{
    CheckReply, CheckpointReply, FaultLine, ShippingReply, TrailKeyLine, VerifyReply,
};
pub use crate::cli::json::customers::{
    BadContactLine, CustomerLine, ErasureReply, FlagLine, ImportReply, LineProblem,
    ReplacedContact, ReportReply, RepresentativeLine, RevealedLine,
};
pub use crate::cli::json::disown::DisownReply;
pub use crate::cli::json::factors::{BackupCodesReply, FactorsReply, OfferLine};
pub use crate::cli::json::log::{EventLine, TrayLine};
pub use crate::cli::json::messages::{DeliverLine, DeliverReply, DeliveriesReply};
pub use crate::cli::json::policy::{PolicyPreviewReply, PolicyReply};
pub use crate::cli::json::reply::{AmountDueReply, GateReply, Reply, SessionLine};
pub use crate::cli::json::sign_up::SignUpReply;
pub use crate::cli::json::staff::{PermissionLine, SittingLine, StaffLine, StaffReply};
pub use crate::cli::json::stats::{
    AlarmLine, AlarmsReply, RebuildReply, StatsLine, StatsReply, TimesLine, UsualLine,
};
pub use crate::cli::json::upkeep::{
    Check, ConfigReply, DoctorReply, IndexReply, KeyLine, MaintainReply, MigrateReply, Preview,
    TemplateLine, TemplatesReply,
};
