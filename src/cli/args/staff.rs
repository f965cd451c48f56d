//! `staff`: members, roles and sign-in.

use clap::{Args, Subcommand};

use crate::cli::args::Json;
use crate::domain::sign_in::sitting::SittingId;
use crate::domain::staff::{AccountName, Role};

/// `staff`
#[derive(Debug, Subcommand)]
pub enum Staff {
    /// List the staff
    #[command(after_help = "Example:\n  countersign staff list --json")]
    List(Json),
    /// Let an account of this host work
    #[command(after_help = "\
Examples:
  countersign staff add dana
  countersign staff add boss --role admin

The account's name is the one of the host, as `id -un` prints it. The service's owner adds
the first admin; there is none before.")]
    Add(AddStaffArgs),
    /// Give somebody another role
    #[command(after_help = "Example:\n  countersign staff role dana auditor")]
    Role(RoleArgs),
    /// Let somebody work no more; their connections end with their next call
    #[command(after_help = "Example:\n  countersign staff disable dana")]
    Disable(NamedAccount),
    /// Let somebody work again
    #[command(after_help = "Example:\n  countersign staff enable dana")]
    Enable(NamedAccount),
    /// Make an account an admin, whatever it was: the way back for the service's owner
    #[command(after_help = "Example:\n  \
        countersign --config /etc/countersign/service.toml staff rescue boss\n\n\
        Only in the service's own configuration, never through the socket. The log tells of it.")]
    Rescue(NamedAccount),
    /// Give somebody a new set-up code, with which they set a password of their own
    #[command(after_help = "\
Example:
  countersign staff reset dana

Their password and their authenticator count no more, and their sittings end. For an admin it
waits for a second admin (staff approve), or is done by the service's owner.")]
    Reset(NamedAccount),
    /// Approve the reset of an admin that another admin asked for
    #[command(after_help = "Example:\n  countersign staff approve boss")]
    Approve(NamedAccount),
    /// Let somebody sign in again at once who is blocked after wrong attempts
    #[command(after_help = "Example:\n  countersign staff unblock dana")]
    Unblock(NamedAccount),
    /// Who sits where, and since when
    #[command(after_help = "Example:\n  countersign staff sittings --json")]
    Sittings(Json),
    /// End somebody's sitting: whoever comes back to that terminal signs in anew
    #[command(after_help = "Example:\n  countersign staff end-sitting 7K3M9QX2TB")]
    EndSitting(NamedSitting),
    /// Print which role may do what
    #[command(after_help = "Example:\n  countersign staff permissions")]
    Permissions(Json),
}

/// `staff add`
#[derive(Debug, Args)]
pub struct AddStaffArgs {
    /// The account of this host
    pub account: AccountName,
    /// What they may do
    #[arg(long, default_value = "clerk", value_parser = role())]
    pub role: Role,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// `staff role`
#[derive(Debug, Args)]
pub struct RoleArgs {
    /// The account of this host
    pub account: AccountName,
    /// What they may do from now
    #[arg(value_parser = role())]
    pub role: Role,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// Somebody of the staff, by account.
#[derive(Debug, Args)]
pub struct NamedAccount {
    /// The account of this host
    pub account: AccountName,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

/// A sitting by name.
#[derive(Debug, Args)]
pub struct NamedSitting {
    /// The sitting, as `staff sittings` lists it
    #[arg(value_name = "ID")]
    pub sitting: SittingId,
    #[command(flatten)]
    /// JSON or text.
    pub output: Json,
}

fn role() -> impl clap::builder::TypedValueParser<Value = Role> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(Role::ALL.map(Role::word))
        .try_map(|word| word.parse::<Role>())
}

impl Staff {
    pub(super) const fn json(&self) -> bool {
        match self {
            Self::List(output)
            | Self::Add(AddStaffArgs { output, .. })
            | Self::Role(RoleArgs { output, .. })
            | Self::Disable(NamedAccount { output, .. })
            | Self::Enable(NamedAccount { output, .. })
            | Self::Rescue(NamedAccount { output, .. })
            | Self::Reset(NamedAccount { output, .. })
            | Self::Approve(NamedAccount { output, .. })
            | Self::Unblock(NamedAccount { output, .. })
            | Self::Sittings(output)
            | Self::EndSitting(NamedSitting { output, .. })
            | Self::Permissions(output) => output.json,
        }
    }
}
