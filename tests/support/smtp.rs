//! A mail server on loopback that plays a script: takes letters, refuses them, falls silent, hangs up at the worst moment.
//! What it took and what it was told can be read back. Every connection plays the script that stands when it opens.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::tls::untrusted;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    Take,
    /// Accepts the connection and closes it at once.
    HangUp,
    /// Says this in place of a greeting.
    Greet(&'static str),
    /// Accepts the connection and never speaks.
    Silent,
    /// Answers RCPT with `code`, so many times; then takes letters.
    Refuse {
        code: u16,
        times: usize,
    },
    /// Takes the letter and then answers with `code`, so many times; then takes letters.
    RefuseData {
        code: u16,
        times: usize,
    },
    /// Lets so many milliseconds pass before each answer.
    Tarpit(u64),
    /// Answers byte by byte.
    Dribble,
    /// Greets with so many lines, and goes on as others do.
    Chatter(usize),
    /// Closes after the first line of a letter.
    CutInData,
    /// Takes the letter, and closes without saying so.
    LoseAck,
    /// Agrees to STARTTLS and then speaks nonsense.
    BrokenTls,
    /// Agrees to STARTTLS and shows a certificate that nobody vouches for.
    UntrustedTls,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    /// As it was before dots were doubled for the journey.
    pub bytes: Vec<u8>,
}

pub struct Sink {
    pub port: u16,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

struct State {
    script: Script,
    taken: Vec<Taken>,
    said: Vec<String>,
}

impl Sink {
    pub async fn start(script: Script) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State {
            script,
            taken: Vec::new(),
            said: Vec::new(),
        }));
        let shared = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that goes away in the middle is part of the play.
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Sink { port, state, task }
    }

    /// The script for the connections to come.
    pub fn play(&self, script: Script) {
        self.state.lock().unwrap().script = script;
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.state.lock().unwrap().taken.clone()
    }

    /// Every command line that any client sent, in order.
    pub fn said(&self) -> Vec<String> {
        self.state.lock().unwrap().said.clone()
    }

    /// Closes the port; whoever comes now is refused by the machine.
    pub async fn stop(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let script = state.lock().unwrap().script;
    let mut stream = BufReader::new(stream);
    match script {
        Script::HangUp => return Ok(()),
        Script::Silent => {
            let mut nothing = String::new();
            stream.read_line(&mut nothing).await?;
            return Ok(());
        }
        Script::Greet(words) => {
            say(&mut stream, words).await?;
            return Ok(());
        }
        Script::Chatter(lines) => {
            let line = format!("220-{}\r\n", "all about us ".repeat(30));
            for _ in 0..lines {
                stream.write_all(line.as_bytes()).await?;
            }
            say(&mut stream, "220 sink").await?;
        }
        _ => say_by(&mut stream, script, "220 sink").await?,
    }
    if talk(&mut stream, script, &state).await? == After::Starttls {
        if script == Script::BrokenTls {
            return stream.write_all(b"this is not a handshake\r\n").await;
        }
        let mut encrypted = BufReader::new(untrusted().accept(stream.into_inner()).await?);
        talk(&mut encrypted, Script::Take, &state).await?;
    }
    Ok(())
}

#[derive(PartialEq)]
enum After {
    Goodbye,
    Starttls,
}

async fn talk<S>(
    stream: &mut BufReader<S>,
    script: Script,
    state: &Mutex<State>,
) -> std::io::Result<After>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut from, mut to) = (String::new(), Vec::new());
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(After::Goodbye);
        }
        let line = line.trim_end().to_owned();
        state.lock().unwrap().said.push(line.clone());
        let verb = line
            .split([' ', ':'])
            .next()
            .unwrap_or("")
            .to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" if matches!(script, Script::BrokenTls | Script::UntrustedTls) => {
                say(stream, "250-sink\r\n250 STARTTLS").await?;
            }
            "EHLO" => {
                let words = "250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN";
                say_by(stream, script, words).await?;
            }
            "STARTTLS" => {
                say(stream, "220 go ahead").await?;
                return Ok(After::Starttls);
            }
            "AUTH" => say(stream, "535 unknown user or password").await?,
            "MAIL" => {
                (from, to) = (path(&line), Vec::new());
                say_by(stream, script, "250 ok").await?;
            }
            "RCPT" => match refusal(state) {
                Some(code) => say(stream, &format!("{code}-no,\r\n{code} says the script")).await?,
                None => {
                    to.push(path(&line));
                    say_by(stream, script, "250 ok").await?;
                }
            },
            "DATA" => {
                say_by(stream, script, "354 go on").await?;
                let Some(bytes) = letter(stream, script).await? else {
                    return Ok(After::Goodbye);
                };
                if let Some(code) = refusal_of_data(state) {
                    say(stream, &format!("{code} not this letter, says the script")).await?;
                    continue;
                }
                let taken = Taken {
                    from: from.clone(),
                    to: to.clone(),
                    bytes,
                };
                state.lock().unwrap().taken.push(taken);
                if script == Script::LoseAck {
                    return Ok(After::Goodbye);
                }
                say_by(stream, script, "250 taken").await?;
            }
            "QUIT" => {
                say(stream, "221 bye").await?;
                return Ok(After::Goodbye);
            }
            _ => say(stream, "500 what?").await?,
        }
    }
}

/// The code to refuse with, while there are refusals left.
fn refusal(state: &Mutex<State>) -> Option<u16> {
    let mut state = state.lock().unwrap();
    match &mut state.script {
        Script::Refuse { code, times } if *times > 0 => {
            *times -= 1;
            Some(*code)
        }
        _ => None,
    }
}

/// The same for a letter that was heard to its end.
fn refusal_of_data(state: &Mutex<State>) -> Option<u16> {
    let mut state = state.lock().unwrap();
    match &mut state.script {
        Script::RefuseData { code, times } if *times > 0 => {
            *times -= 1;
            Some(*code)
        }
        _ => None,
    }
}

/// Lines up to the lone dot, with doubled dots made single (RFC 5321, 4.5.2); nothing where the script cuts it short.
async fn letter<S>(stream: &mut BufReader<S>, script: Script) -> std::io::Result<Option<Vec<u8>>>
where
    S: AsyncRead + Unpin,
{
    let mut bytes = Vec::new();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 || script == Script::CutInData {
            return Ok(None);
        }
        if line == b".\r\n" {
            return Ok(Some(bytes));
        }
        bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

/// As slowly as the script wants it.
async fn say_by<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    script: Script,
    words: &str,
) -> std::io::Result<()> {
    match script {
        Script::Tarpit(millis) => {
            tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
            say(stream, words).await
        }
        Script::Dribble => {
            for byte in format!("{words}\r\n").bytes() {
                stream.write_all(&[byte]).await?;
                stream.flush().await?;
                tokio::task::yield_now().await;
            }
            Ok(())
        }
        _ => say(stream, words).await,
    }
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    words: &str,
) -> std::io::Result<()> {
    stream.write_all(format!("{words}\r\n").as_bytes()).await?;
    stream.flush().await
}

fn path(line: &str) -> String {
    let after = line.split_once('<').map_or("", |(_, after)| after);
    after.split('>').next().unwrap_or("").to_owned()
}
