//! A mailbox on loopback that keeps what it is given, tells of new mail, and on demand refuses, falls silent, lies or breaks off at any
//! byte. What it was told can be read back.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::tls::{trusted, untrusted};

pub const LOGIN: &str = "desk@mine.example";
pub const PASSWORD: &str = "a \"quoted\" \\ secret";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Answers,
    /// Takes the connection and closes it.
    HangsUp,
    /// Takes the connection and never speaks.
    Silent,
    /// Knows no such password.
    Strange,
    /// Knows no such folder.
    Folderless,
    /// Keeps no flags.
    ReadOnly,
    /// Does what it is told, says so many bytes in all, and closes.
    Cut(usize),
    /// Closes in the middle of the mail with this number.
    Chokes(u32),
    /// Announces more of a mail than any machine has memory for.
    Boasts,
    /// Sends more of a mail than it announced in its size.
    Lies,
    /// Says what no mail server says.
    Babbles,
    /// Never tells of mail by itself.
    Mute,
    /// Hangs up on who waits for mail.
    Restless,
    /// Says that one can wait for mail, and lets nobody.
    Fickle,
    /// Speaks TLS at once.
    Tls,
    /// Speaks TLS after STARTTLS.
    Starttls,
    /// The same, and somebody puts words of their own in before it.
    Injected,
    /// Speaks TLS at once, with a certificate that nobody vouches for.
    Imposter,
    /// The same after STARTTLS.
    LateImposter,
    /// Says that it knows us already.
    Preauth,
}

#[derive(Debug, Clone)]
pub struct Held {
    pub uid: u32,
    pub raw: Vec<u8>,
    pub at: DateTime<Utc>,
    pub seen: bool,
}

struct State {
    mood: Mood,
    validity: u32,
    next: u32,
    mails: Vec<Held>,
    said: Vec<String>,
}

pub struct Postbox {
    pub port: u16,
    state: Arc<Mutex<State>>,
    news: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Postbox {
    pub async fn open() -> Postbox {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State {
            mood: Mood::Answers,
            validity: 7,
            next: 1,
            mails: Vec::new(),
            said: Vec::new(),
        }));
        let news = Arc::new(Notify::new());
        let (shared, told) = (state.clone(), news.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that goes away in the middle is part of the play.
                tokio::spawn(serve(stream, shared.clone(), told.clone()));
            }
        });
        Postbox {
            port,
            state,
            news,
            task,
        }
    }

    /// How an operator writes it down.
    pub fn url(&self) -> String {
        format!(
            "imap://desk%40mine.example@127.0.0.1:{}/INBOX?tls=none",
            self.port
        )
    }

    /// A mail comes in.
    pub fn takes(&self, raw: &[u8], at: DateTime<Utc>) -> u32 {
        let mut state = self.state.lock().unwrap();
        let uid = state.next;
        state.next += 1;
        state.mails.push(Held {
            uid,
            raw: raw.to_vec(),
            at,
            seen: false,
        });
        self.news.notify_waiters();
        uid
    }

    pub fn is(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// Somebody looks at a mail in their mail program.
    pub fn is_looked_at(&self, uid: u32) {
        let mut state = self.state.lock().unwrap();
        for mail in &mut state.mails {
            mail.seen |= mail.uid == uid;
        }
    }

    /// All mails have new numbers, as after the server was restored.
    pub fn renumbers(&self) {
        let mut state = self.state.lock().unwrap();
        state.validity += 1;
        let count = u32::try_from(state.mails.len()).unwrap();
        for (mail, uid) in state.mails.iter_mut().zip(1..) {
            mail.uid = uid;
        }
        state.next = count + 1;
    }

    pub fn mails(&self) -> Vec<Held> {
        self.state.lock().unwrap().mails.clone()
    }

    pub fn seen(&self) -> Vec<bool> {
        self.mails().iter().map(|mail| mail.seen).collect()
    }

    /// Every line that any client sent, in order.
    pub fn said(&self) -> Vec<String> {
        self.state.lock().unwrap().said.clone()
    }
}

impl Drop for Postbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// What is still said before the connection is cut.
struct Voice {
    stream: BufReader<Box<dyn Wire>>,
    left: usize,
}

impl Voice {
    async fn say(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let now = &bytes[..bytes.len().min(self.left)];
        self.left -= now.len();
        self.stream.write_all(now).await?;
        self.stream.flush().await?;
        match now.len() == bytes.len() {
            true => Ok(()),
            false => Err(std::io::ErrorKind::ConnectionAborted.into()),
        }
    }

    async fn encrypted(self) -> std::io::Result<Voice> {
        let stream = trusted().accept(self.stream.into_inner()).await?;
        Ok(Voice {
            stream: BufReader::new(Box::new(stream)),
            left: self.left,
        })
    }

    async fn line(&mut self, words: &str) -> std::io::Result<()> {
        self.say(format!("{words}\r\n").as_bytes()).await
    }
}

async fn serve(
    stream: TcpStream,
    state: Arc<Mutex<State>>,
    news: Arc<Notify>,
) -> std::io::Result<()> {
    let mood = state.lock().unwrap().mood;
    let mut voice = Voice {
        stream: BufReader::new(Box::new(stream)),
        left: match mood {
            Mood::Cut(bytes) => bytes,
            _ => usize::MAX,
        },
    };
    match mood {
        Mood::HangsUp => return Ok(()),
        Mood::Silent => {
            let mut nothing = String::new();
            voice.stream.read_line(&mut nothing).await?;
            return Ok(());
        }
        Mood::Imposter => {
            untrusted().accept(voice.stream.into_inner()).await?;
            return Ok(());
        }
        Mood::Tls => {
            voice = voice.encrypted().await?;
            voice.line("* OK postbox").await?;
        }
        Mood::Preauth => voice.line("* PREAUTH welcome back").await?,
        Mood::Babbles => return voice.line("+++ )( \u{7} this is not IMAP").await,
        _ => voice.line("* OK [CAPABILITY IMAP4rev1] postbox").await?,
    }
    let mut known = 0;
    loop {
        let mut line = String::new();
        if voice.stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_owned();
        state.lock().unwrap().said.push(line.clone());
        let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = match command.split(' ').next().unwrap_or("") {
            "STARTTLS" if mood == Mood::LateImposter => {
                voice.line(&format!("{tag} OK begin")).await?;
                untrusted().accept(voice.stream.into_inner()).await?;
                return Ok(());
            }
            "STARTTLS" if matches!(mood, Mood::Starttls | Mood::Injected) => {
                let more = match mood {
                    Mood::Injected => "a2 NO go away\r\n* BYE\r\n",
                    _ => "",
                };
                voice
                    .say(format!("{tag} OK begin\r\n{more}").as_bytes())
                    .await?;
                voice = voice.encrypted().await?;
                continue;
            }
            "LOGIN" => login(&line, mood),
            "CAPABILITY" => {
                let idle = if mood == Mood::Mute { "" } else { " IDLE" };
                voice.line(&format!("* CAPABILITY IMAP4rev1{idle}")).await?;
                "OK done"
            }
            "SELECT" if mood == Mood::Folderless => "NO no such folder",
            "SELECT" => {
                let (count, validity, next) = {
                    let state = state.lock().unwrap();
                    (state.mails.len(), state.validity, state.next)
                };
                known = count;
                voice.line("* FLAGS (\\Seen)").await?;
                voice.line(&format!("* {count} EXISTS")).await?;
                voice
                    .line(&format!("* OK [UIDVALIDITY {validity}] valid"))
                    .await?;
                voice.line(&format!("* OK [UIDNEXT {next}] next")).await?;
                "OK [READ-WRITE] open"
            }
            "UID" if command.starts_with("UID FETCH") => {
                fetch(&mut voice, &state, mood, command).await?
            }
            "UID" if mood == Mood::ReadOnly => "NO the folder is only to be read",
            "UID" => {
                let uid = number(command);
                for mail in &mut state.lock().unwrap().mails {
                    mail.seen |= mail.uid == uid;
                }
                "OK stored"
            }
            "IDLE" if mood == Mood::Restless => return voice.line("* BYE too long").await,
            "IDLE" if mood == Mood::Fickle => "NO not now",
            "IDLE" => {
                voice.line("+ idling").await?;
                idle(&mut voice, &state, &news, &mut known).await?;
                "OK idled"
            }
            "LOGOUT" => {
                voice.line("* BYE").await?;
                voice.line(&format!("{tag} OK bye")).await?;
                return Ok(());
            }
            _ => "BAD what?",
        };
        voice.line(&format!("{tag} {answer}")).await?;
    }
}

fn login(line: &str, mood: Mood) -> &'static str {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let right = format!("LOGIN \"{}\" \"{}\"", quoted(LOGIN), quoted(PASSWORD));
    match line.ends_with(&right) && mood != Mood::Strange {
        true => "OK in",
        false => "NO [AUTHENTICATIONFAILED] who?",
    }
}

/// The number after `UID FETCH` or `UID STORE`.
fn number(command: &str) -> u32 {
    let digits = command.split(' ').nth(2).unwrap_or("");
    digits.split(':').next().unwrap_or("").parse().unwrap_or(0)
}

async fn fetch(
    voice: &mut Voice,
    state: &Mutex<State>,
    mood: Mood,
    command: &str,
) -> std::io::Result<&'static str> {
    let (uid, mails) = (number(command), state.lock().unwrap().mails.clone());
    let last = mails.last().map_or(0, |mail| mail.uid);
    for (at, mail) in mails.iter().enumerate() {
        let at = at + 1;
        if command.contains(":*") {
            // Of `n:*`, the last mail is always a part (RFC 3501, 6.4.8).
            if mail.uid >= uid || mail.uid == last {
                let (size, date) = (mail.raw.len(), mail.at.format("%d-%b-%Y %H:%M:%S +0000"));
                let size = if mood == Mood::Lies { 10 } else { size };
                let line = format!(
                    "* {at} FETCH (UID {} RFC822.SIZE {size} INTERNALDATE \"{date}\")",
                    mail.uid
                );
                voice.line(&line).await?;
            }
            continue;
        }
        if mail.uid != uid {
            continue;
        }
        let (part, bytes) = match command.contains("HEADER") {
            true => ("BODY[HEADER]<0>", head(&mail.raw)),
            false => ("BODY[]", &mail.raw[..]),
        };
        let size = match mood {
            Mood::Boasts => 99_999_999_999,
            _ => bytes.len(),
        };
        voice
            .say(format!("* {at} FETCH (UID {uid} {part} {{{size}}}\r\n").as_bytes())
            .await?;
        if mood == Mood::Chokes(uid) {
            voice.left = bytes.len() / 2;
        }
        voice.say(bytes).await?;
        voice.line(")").await?;
    }
    Ok("OK fetched")
}

fn head(raw: &[u8]) -> &[u8] {
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n");
    &raw[..end.map_or(raw.len(), |end| end + 4)]
}

/// Until the client has had enough. What came since it was told last is news too.
async fn idle(
    voice: &mut Voice,
    state: &Mutex<State>,
    news: &Notify,
    known: &mut usize,
) -> std::io::Result<()> {
    let mut line = String::new();
    loop {
        let coming = news.notified();
        let count = state.lock().unwrap().mails.len();
        if count != *known {
            *known = count;
            voice.line(&format!("* {count} EXISTS")).await?;
        }
        tokio::select! {
            () = coming => {}
            read = voice.stream.read_line(&mut line) => {
                read?;
                state.lock().unwrap().said.push(line.trim_end().to_owned());
                return Ok(());
            }
        }
    }
}
