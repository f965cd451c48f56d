//! A batch over a stream: each batch has a connection of its own, and the other side has it
//! where it read to the end.
//!
//! Syslog knows no answer. That the other side read everything is known all the same: this side
//! says that it writes no more, and the other one closes only then. What was written to a
//! receiver that died is not taken for delivered.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::delivery::collector::syslog::{counted, message};
use crate::delivery::timeouts::{Deadline, TimedOut};
use crate::domain::audit::shipping::ShippedRecord;
use crate::service::ports::CollectorError;

/// A syslog server says nothing; more than this is something else.
const SAID_MAX: usize = 4096;

/// Writes messages, ends, and waits for the other side's end.
pub(super) async fn ship<S>(
    stream: S,
    records: &[ShippedRecord],
    host: &str,
    deadline: &Deadline,
) -> Result<(), CollectorError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let messages: String = records.iter().map(|it| counted(&message(it, host))).collect();
    let done = deadline.rest(exchange(stream, messages.as_bytes())).await;
    let done = done.map_err(|TimedOut| CollectorError::new("the syslog server is too slow"))?;
    done.map_err(|error| {
        CollectorError::new(format!(
            "the syslog server did not confirm, by its end of the connection, that it read \
             everything ({error})"
        ))
    })
}

async fn exchange<S>(mut stream: S, messages: &[u8]) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(messages).await?;
    stream.shutdown().await?;
    let (mut said, mut chunk) = (0, [0; 512]);
    loop {
        match stream.read(&mut chunk).await? {
            0 => return Ok(()),
            more => said += more,
        }
        if said > SAID_MAX {
            return Err(std::io::Error::other("it answers"));
        }
    }
}
