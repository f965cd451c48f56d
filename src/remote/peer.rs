//! The peer of a connection: the account that the kernel reports (`SO_PEERCRED`, unix(7)), never a
//! name that the client sends.

use std::fs;
use std::io;

use nix::unistd::{Uid, User};
use tokio::net::unix::UCred;

/// The first and last major number of pseudo terminals, and the number of minors of each (Linux,
/// Documentation/admin-guide/devices.txt).
const PSEUDO_TERMINALS: (u64, u64, u64) = (136, 143, 256);

/// The major number of console terminals.
const CONSOLE_TERMINALS: u64 = 4;

/// The peer process at the time it connected.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) uid: u32,
    /// The account's name; the uid if the host knows no name.
    pub(super) account: String,
    /// Its controlling terminal, such as `pts/3`.
    pub(super) terminal: Option<String>,
}

impl Peer {
    /// Looks up the peer by what the kernel reported of it. That takes a thread, so that it is for
    /// peers that have said hello: one that opens connections and says nothing must cost nothing.
    pub(super) async fn look_up(credentials: UCred) -> io::Result<Self> {
        let (uid, pid) = (credentials.uid(), credentials.pid());
        // Runs on a blocking thread, since names may come from a directory service.
        let look_up = move || (account(uid), pid.and_then(terminal));
        let (account, terminal) = tokio::task::spawn_blocking(look_up).await?;
        Ok(Self { uid, account, terminal })
    }
}

fn account(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        Ok(None) | Err(_) => format!("uid-{uid}"),
    }
}

/// The controlling terminal of a process (proc(5), `/proc/pid/stat`, field 7). It only names the
/// counter in the log; nothing is permitted by it.
fn terminal(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program name is in brackets and may contain anything.
    let device: u64 = stat.rsplit_once(')')?.1.split_whitespace().nth(4)?.parse().ok()?;
    terminal_of(device)
}

fn terminal_of(device: u64) -> Option<String> {
    let (major, minor) = ((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00));
    let (first, last, each) = PSEUDO_TERMINALS;
    match major {
        CONSOLE_TERMINALS => Some(format!("tty{minor}")),
        _ if (first..=last).contains(&major) => {
            Some(format!("pts/{}", (major - first) * each + minor))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::UnixStream;

    use super::*;

    #[test]
    fn a_terminal_has_its_name_from_the_device() {
        assert_eq!(terminal_of(0), None);
        assert_eq!(terminal_of((136 << 8) | 3).as_deref(), Some("pts/3"));
        assert_eq!(terminal_of((137 << 8) | 1).as_deref(), Some("pts/257"));
        assert_eq!(terminal_of((4 << 8) | 2).as_deref(), Some("tty2"));
    }

    #[tokio::test]
    async fn a_peer_is_who_the_kernel_says() -> io::Result<()> {
        let (one, _other) = UnixStream::pair()?;
        let peer = Peer::look_up(one.peer_cred()?).await?;
        assert_eq!(peer.uid, rustix::process::getuid().as_raw());
        assert_eq!(peer.account, account(peer.uid));
        assert_eq!(account(4_000_000_001), "uid-4000000001");
        Ok(())
    }
}
