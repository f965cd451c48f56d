//! The socket of the desk service.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use nix::unistd::Group;
use tokio::net::{UnixListener, UnixStream};

/// Who may connect: the owner and the group.
const SOCKET_MODE: u32 = 0o660;

/// Why there is no socket to listen at.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another service listens there.
    #[error("a desk service runs already at {0}")]
    Taken(String),
    /// Something else than a socket lies there.
    #[error("{0} is not a socket; remove it, or name another place: serve.socket")]
    NotASocket(String),
    /// The host has no such group.
    #[error("there is no group {0} on this host; create it, or name another: serve.group")]
    NoGroup(String),
    /// The system does not allow it.
    #[error("{path} cannot be made: {error}; make its folder, or name another place: serve.socket")]
    Failed {
        /// The socket.
        path: String,
        /// Why.
        error: io::Error,
    },
}

/// Listens at a socket for the accounts of a group. A socket that a service left behind when
/// it was killed is replaced.
pub async fn listen(path: &Path, group: Option<&str>) -> Result<UnixListener, ListenError> {
    let shown = || path.display().to_string();
    let failed = |error| ListenError::Failed { path: shown(), error };
    let group = match group {
        Some(name) => Some(group_id(name)?),
        None => None,
    };
    if let Ok(metadata) = fs::symlink_metadata(path) {
        use std::os::unix::fs::FileTypeExt as _;
        if !metadata.file_type().is_socket() {
            return Err(ListenError::NotASocket(shown()));
        }
        if UnixStream::connect(path).await.is_ok() {
            return Err(ListenError::Taken(shown()));
        }
        fs::remove_file(path).map_err(failed)?;
    }
    // Until its group is set, nobody but this account may connect.
    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o177));
    let listener = UnixListener::bind(path);
    rustix::process::umask(before);
    let listener = listener.map_err(failed)?;
    if group.is_some() {
        chown(path, None, group).map_err(failed)?;
    }
    fs::set_permissions(path, fs::Permissions::from_mode(SOCKET_MODE)).map_err(failed)?;
    Ok(listener)
}

fn group_id(name: &str) -> Result<u32, ListenError> {
    match Group::from_name(name) {
        Ok(Some(group)) => Ok(group.gid.as_raw()),
        Ok(None) | Err(_) => Err(ListenError::NoGroup(name.to_owned())),
    }
}
