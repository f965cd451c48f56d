//! The shapes of the JSON that programs read. They are a promise: keys may be
//! added, but none is renamed, dropped or given another meaning.

mod customers;
mod house;
mod log;
mod messages;
mod reply;

pub use customers::{CustomerLine, ImportReply, LineProblem, ReplacedContact};
pub use house::{
    Check, ConfigReply, DoctorReply, IndexReply, KeyLine, MaintainReply, MigrateReply, Preview,
    TemplateLine, TemplatesReply,
};
pub use log::{EventLine, TrayLine};
pub use messages::{DeliverLine, DeliverReply, DeliveriesReply};
pub use reply::{Reply, SessionLine};
