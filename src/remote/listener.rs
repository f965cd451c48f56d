//! The Unix socket of the desk service.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use nix::unistd::Group;
use tokio::net::{UnixListener, UnixStream};

/// Read and write for owner and group: they may connect.
const SOCKET_MODE: u32 = 0o660;

/// Why listening failed.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another service listens there.
    #[error("a desk service runs already at {0}")]
    Taken(String),
    /// The path exists and is not a socket.
    #[error("{0} is not a socket; remove it, or name another place: serve.socket")]
    NotASocket(String),
    /// The host has no such group.
    #[error("there is no group {0} on this host; create it, or name another: serve.group")]
    NoGroup(String),
    /// The service's account is not in the group, or its service manager forbids the change.
    #[error(
        "{path} cannot be given to the group {group}: {error}; add the service's account to it"
    )]
    NotGiven { path: String, group: String, error: io::Error },
    /// An I/O error.
    #[error("{path} cannot be made: {error}; make its folder, or name another place: serve.socket")]
    Failed { path: String, error: io::Error },
}

/// Listens on a socket that a group may connect to. A stale socket of a killed service is replaced.
pub async fn listen(path: &Path, group: Option<&str>) -> Result<UnixListener, ListenError> {
    let shown = || path.display().to_string();
    let failed = |error| ListenError::Failed { path: shown(), error };
    let group = group.map(|name| group_id(name).map(|id| (name, id))).transpose()?;
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
    // Until the group is set, only this account may connect.
    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o177));
    let listener = UnixListener::bind(path);
    rustix::process::umask(before);
    let listener = listener.map_err(failed)?;
    if let Some((name, id)) = group {
        chown(path, None, Some(id)).map_err(|error| ListenError::NotGiven {
            path: shown(),
            group: name.to_owned(),
            error,
        })?;
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
