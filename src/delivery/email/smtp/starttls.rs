//! The plaintext part of a connection before STARTTLS (RFC 3207).
//!
//! It is implemented here instead of by lettre because of command injection: bytes that arrive
//! together with the reply to STARTTLS came in plaintext, perhaps from an attacker, and must not be
//! read as a reply under TLS. lettre 0.11.23 keeps such bytes in its buffer and reads them as the
//! reply to the next EHLO. Here they end the connection.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Length limit of a reply in bytes.
const PROLOGUE_MAX: usize = 16 * 1024;

/// Why STARTTLS failed.
#[derive(Debug)]
pub(super) enum Prologue {
    /// An I/O error, or the connection was closed.
    Broken(io::Error),
    /// The server refused it.
    Refused {
        /// The reply code.
        code: u16,
        /// The reply text.
        text: String,
    },
    /// The server does not offer STARTTLS, or somebody removed it from its reply.
    NotOffered,
    /// There were bytes after the reply (injection).
    Injected,
    /// The peer does not speak SMTP.
    Nonsense,
}

impl From<io::Error> for Prologue {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

/// Negotiates on a new connection, up to the start of TLS.
pub(super) async fn negotiate<S>(stream: &mut S, hello: &str) -> Result<(), Prologue>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    read_reply(stream, 220).await?;
    stream.write_all(format!("EHLO {hello}\r\n").as_bytes()).await?;
    let offers = read_reply(stream, 250).await?;
    if !offers.iter().skip(1).any(|line| line.trim().eq_ignore_ascii_case("STARTTLS")) {
        return Err(Prologue::NotOffered);
    }
    stream.write_all(b"STARTTLS\r\n").await?;
    read_reply(stream, 220).await.map(drop)
}

/// Reads exactly one reply; returns the text of each line.
async fn read_reply<S>(stream: &mut S, expected: u16) -> Result<Vec<String>, Prologue>
where
    S: AsyncRead + Unpin,
{
    let mut received = Vec::new();
    loop {
        if let Some(reply) = parse(&received)? {
            if reply.code != expected {
                return Err(Prologue::Refused { code: reply.code, text: reply.lines.join(" ") });
            }
            return Ok(reply.lines);
        }
        if received.len() > PROLOGUE_MAX {
            return Err(Prologue::Nonsense);
        }
        if stream.read_buf(&mut received).await? == 0 {
            return Err(Prologue::Broken(io::ErrorKind::UnexpectedEof.into()));
        }
    }
}

struct Reply {
    code: u16,
    lines: Vec<String>,
}

/// Parses a reply; `None` if it is incomplete (RFC 5321, 4.2.1).
fn parse(received: &[u8]) -> Result<Option<Reply>, Prologue> {
    let mut lines = Vec::new();
    let mut rest = received;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = rest.split_at(end + 1);
        rest = after;
        let line = line.strip_suffix(b"\r\n").ok_or(Prologue::Nonsense)?;
        let (code, text) = line.split_at_checked(3).ok_or(Prologue::Nonsense)?;
        let code = std::str::from_utf8(code)
            .ok()
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|code| code.parse().ok())
            .ok_or(Prologue::Nonsense)?;
        let (last, text) = match text.split_first() {
            None => (true, &[][..]),
            Some((b' ', text)) => (true, text),
            Some((b'-', text)) => (false, text),
            Some(_) => return Err(Prologue::Nonsense),
        };
        lines.push(String::from_utf8_lossy(text).into_owned());
        if last {
            return if rest.is_empty() {
                Ok(Some(Reply { code, lines }))
            } else {
                Err(Prologue::Injected)
            };
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn replies_are_read_whole_and_nothing_beyond_them() {
        let reply = |bytes: &[u8]| {
            parse(bytes).map(|reply| reply.map(|reply| (reply.code, reply.lines.join("|"))))
        };
        assert!(matches!(reply(b"220 go\r\n"), Ok(Some((220, text))) if text == "go"));
        assert!(matches!(reply(b"250-a\r\n250 b\r\n"), Ok(Some((250, text))) if text == "a|b"));
        assert!(matches!(reply(b"250\r\n"), Ok(Some((250, _)))));
        for part in [b"".as_slice(), b"22", b"220 go\r", b"250-a\r\n", b"250-a\r\n250 b"] {
            assert!(matches!(reply(part), Ok(None)), "{part:?}");
        }
        assert!(matches!(reply(b"220 go\r\n250-X\r\n"), Err(Prologue::Injected)));
        assert!(matches!(reply(b"220 go\r\n\x16"), Err(Prologue::Injected)));
        for bad in [b"HTTP/1.1 400\r\n".as_slice(), b"\r\n", b"220\tgo\r\n", b"220 go\n"] {
            assert!(matches!(reply(bad), Err(Prologue::Nonsense)), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_reply_or_are_refused(bytes in any::<Vec<u8>>()) {
            let _ = parse(&bytes);
        }
    }
}
