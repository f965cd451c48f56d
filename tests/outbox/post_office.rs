//! A mail server of the tests' own: it counts the letters that it got to their
//! last dot, and does at a wished point of a conversation what it is told to.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign::config::settings::{SmtpSettings, SmtpTls};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// Where in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// Before the server has said anything.
    Greeting,
    /// At the recipient.
    Recipient,
    /// Asked for leave to hand in the letter.
    Data,
    /// After the letter's last dot.
    Letter,
}

/// What happens there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Does {
    /// No answer ever.
    Hang,
    /// The connection ends.
    Close,
    /// This answer.
    Say(&'static str),
    /// These bytes, and the connection ends.
    Break(&'static str),
    /// The usual answer, later.
    Wait(Duration),
    /// The usual answer once [`PostOffice::release`] was called.
    Hold,
    /// This answer once that was called.
    HoldAndSay(&'static str),
}

/// A letter as the server has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Letter {
    pub(crate) to: String,
    pub(crate) code: String,
}

/// What the conversation of this number meets.
type Plan = dyn Fn(usize) -> Option<(At, Does)> + Send + Sync;

/// A server that listens; it ends with the runtime.
pub(crate) struct PostOffice {
    pub(crate) port: u16,
    inner: Arc<Inner>,
}

struct Inner {
    plan: Box<Plan>,
    conversations: AtomicUsize,
    letters: Mutex<Vec<Letter>>,
    /// How many conversations have met their plan.
    met: watch::Sender<usize>,
    released: Semaphore,
}

impl PostOffice {
    /// A server whose conversations go as planned: each is numbered from 0.
    pub(crate) async fn start(
        plan: impl Fn(usize) -> Option<(At, Does)> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let inner = Arc::new(Inner {
            plan: Box::new(plan),
            conversations: AtomicUsize::new(0),
            letters: Mutex::default(),
            met: watch::Sender::new(0),
            released: Semaphore::new(0),
        });
        let office = Arc::clone(&inner);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let office = Arc::clone(&office);
                tokio::spawn(async move { office.converse(stream).await });
            }
        });
        Self { port, inner }
    }

    /// The letters it took or may have taken: those it did not refuse.
    pub(crate) fn letters(&self) -> Vec<Letter> {
        self.inner.letters.lock().expect("no panic").clone()
    }

    /// How many those are.
    pub(crate) fn count(&self) -> usize {
        self.inner.letters.lock().expect("no panic").len()
    }

    /// How many conversations began.
    pub(crate) fn conversations(&self) -> usize {
        self.inner.conversations.load(Ordering::SeqCst)
    }

    /// How many conversations met their plan.
    pub(crate) fn troubled(&self) -> usize {
        *self.inner.met.borrow()
    }

    /// Waits until so many conversations have met their plan.
    pub(crate) async fn met(&self, count: usize) {
        let mut met = self.inner.met.subscribe();
        let waited = tokio::time::timeout(Duration::from_mins(1), met.wait_for(|it| *it >= count));
        waited.await.expect("it comes that far").expect("a server");
    }

    /// Lets one that is held go on.
    pub(crate) fn release(&self) {
        self.inner.released.add_permits(1);
    }

    /// Settings that reach it.
    pub(crate) fn settings(&self) -> SmtpSettings {
        SmtpSettings {
            provider: "smtp",
            host: "127.0.0.1".into(),
            port: self.port,
            tls: SmtpTls::None,
            login: None,
            from: "Riverside Billing <desk@example.org>".into(),
            ca_file: None,
            ehlo_name: None,
        }
    }
}

impl Inner {
    async fn converse(&self, stream: TcpStream) -> Option<()> {
        let mut talk = Talk { lines: BufReader::new(stream), plan: None };
        talk.plan = (self.plan)(self.conversations.fetch_add(1, Ordering::SeqCst));
        let (mut begun, mut to) = (false, String::new());
        self.answer(&mut talk, At::Greeting, "220 post.test\r\n").await?;
        loop {
            let line = talk.line().await?;
            let command = line.split([' ', '\r', ':']).next().unwrap_or_default().to_owned();
            match command.as_str() {
                "EHLO" => talk.say("250-post.test\r\n250 SMTPUTF8\r\n").await?,
                "MAIL" => {
                    if begun {
                        // One more on the same connection.
                        let number = self.conversations.fetch_add(1, Ordering::SeqCst);
                        talk.plan = (self.plan)(number);
                    }
                    begun = true;
                    talk.say("250 ok\r\n").await?;
                }
                "RCPT" => {
                    to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    self.answer(&mut talk, At::Recipient, "250 ok\r\n").await?;
                }
                "DATA" if self.answer(&mut talk, At::Data, "354 go\r\n").await? => {
                    let code = talk.letter().await?;
                    if !matches!(talk.plan, Some((At::Letter, Does::Say(_) | Does::HoldAndSay(_))))
                    {
                        let letter = Letter { to: to.clone(), code };
                        self.letters.lock().expect("no panic").push(letter);
                    }
                    self.answer(&mut talk, At::Letter, "250 ok: queued as P0ST\r\n").await?;
                }
                "QUIT" => {
                    talk.say("221 bye\r\n").await?;
                    return None;
                }
                _ => talk.say("250 ok\r\n").await?,
            }
        }
    }

    /// Answers as usual or as planned; gives whether it was as usual.
    async fn answer(&self, talk: &mut Talk, at: At, usual: &str) -> Option<bool> {
        let Some((_, does)) = talk.plan.filter(|(planned, _)| *planned == at) else {
            return talk.say(usual).await.map(|()| true);
        };
        if let Does::Wait(time) = does {
            tokio::time::sleep(time).await;
        }
        self.met.send_modify(|met| *met += 1);
        match does {
            Does::Hang => {
                // Held until the other side gives up.
                let _ = talk.lines.read_to_end(&mut Vec::new()).await;
                None
            }
            Does::Close => None,
            Does::Say(answer) => talk.say(answer).await.map(|()| false),
            Does::Break(bytes) => {
                talk.say(bytes).await;
                None
            }
            Does::Wait(_) => talk.say(usual).await.map(|()| true),
            Does::Hold => {
                self.released.acquire().await.ok()?.forget();
                talk.say(usual).await.map(|()| true)
            }
            Does::HoldAndSay(answer) => {
                self.released.acquire().await.ok()?.forget();
                talk.say(answer).await.map(|()| false)
            }
        }
    }
}

/// One connection.
struct Talk {
    lines: BufReader<TcpStream>,
    plan: Option<(At, Does)>,
}

impl Talk {
    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.lines.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        Some(line)
    }

    async fn say(&mut self, answer: &str) -> Option<()> {
        self.lines.write_all(answer.as_bytes()).await.ok()
    }

    /// Reads a letter to its last dot; gives the code on a line of its own.
    async fn letter(&mut self) -> Option<String> {
        let mut code = String::new();
        loop {
            let line = self.line().await?;
            let word = line.trim_end();
            if word == "." {
                return Some(code);
            }
            if word.len() == 6 && word.bytes().all(|it| it.is_ascii_digit()) {
                word.clone_into(&mut code);
            }
        }
    }
}
