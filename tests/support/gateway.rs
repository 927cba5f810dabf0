//! A payment gateway on loopback that plays a script for each payment: pays and hangs up, answers late, answers nonsense, never
//! answers. It keeps its own books, by key, so that a test can ask what really left.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

pub const SECRET: &str = "the gateway and the desk know this";
pub const TOKEN: &str = "desk-token";

/// What it does with the payments that come now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Play {
    /// Pays, and says so.
    Pay,
    /// Takes the order, and says that it is under way.
    Accept,
    /// Pays, and hangs up without a word.
    PayAndHangUp,
    /// Pays, and keeps silent until the desk has lost its patience.
    PayAndKeepSilent,
    /// Does nothing, and keeps silent.
    KeepSilent,
    /// Does nothing, and says that something broke.
    Break,
    /// Pays, and answers with a page for people.
    PayAndShowAPage,
    /// Pays, and answers with another amount.
    PayAndMisquote,
    /// Says that the bank refuses.
    Refuse,
}

#[derive(Debug, Clone)]
struct Held {
    state: &'static str,
    amount: String,
    currency: String,
}

#[derive(Default)]
struct State {
    play: Option<Play>,
    held: BTreeMap<String, Held>,
    /// Every order to pay, by its key, in the order in which they came.
    told: Vec<String>,
    asked: Vec<String>,
    /// Answers to questions are lost.
    deaf: bool,
}

pub struct Fake {
    pub url: String,
    state: Arc<Mutex<State>>,
    /// Dropped with it; then its thread ends.
    _stop: oneshot::Sender<()>,
}

impl Fake {
    /// On a thread of its own, so that it answers whatever the test waits for.
    pub fn start() -> Fake {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let shared = state.clone();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                let accepting = async {
                    while let Ok((stream, _)) = listener.accept().await {
                        // A client that goes away in the middle is part of the play.
                        tokio::spawn(serve(stream, shared.clone()));
                    }
                };
                tokio::select! {
                    () = accepting => {}
                    _ = stopped => {}
                }
            });
        });
        Fake {
            url,
            state,
            _stop: stop,
        }
    }

    /// The script for the payments to come.
    pub fn play(&self, play: Play) {
        self.state.lock().unwrap().play = Some(play);
    }

    /// From now on no question is answered, or every one again.
    pub fn deaf(&self, deaf: bool) {
        self.state.lock().unwrap().deaf = deaf;
    }

    /// What becomes of a payment that it holds.
    pub fn settles(&self, key: &str, state: &'static str) {
        self.state.lock().unwrap().held.get_mut(key).unwrap().state = state;
    }

    /// How often it was told to pay under this key.
    pub fn told(&self, key: &str) -> usize {
        let state = self.state.lock().unwrap();
        state.told.iter().filter(|told| *told == key).count()
    }

    pub fn asked(&self) -> usize {
        self.state.lock().unwrap().asked.len()
    }

    /// What it paid out, under how many keys.
    pub fn paid(&self) -> usize {
        let state = self.state.lock().unwrap();
        state
            .held
            .values()
            .filter(|held| held.state == "succeeded")
            .count()
    }

    /// The body of a call-back about a payment that it holds.
    pub fn word(&self, key: &str, state: &str) -> String {
        let held = self.state.lock().unwrap().held.get(key).cloned();
        let held = held.unwrap_or_else(|| panic!("the gateway holds no {key}"));
        json!({"key": key, "state": state, "amount": held.amount, "currency": held.currency,
            "reference": format!("re_{state}")})
        .to_string()
    }
}

/// The signature of a call-back at a moment, in seconds since 1970.
pub fn signature(secret: &str, at: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.{body}").as_bytes());
    let hex = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
    format!("t={at},v1={hex}")
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let Some((head, body)) = request(&mut stream).await else {
        return;
    };
    let authorised = head
        .to_lowercase()
        .contains(&format!("authorization: bearer {TOKEN}"));
    if !authorised {
        return answer(&mut stream, 401, "{}").await;
    }
    if let Some(path) = head.strip_prefix("GET /v1/payouts/") {
        let key = path.split(' ').next().unwrap();
        let key = percent_decode_str(key).decode_utf8().unwrap().into_owned();
        let found = {
            let mut state = state.lock().unwrap();
            state.asked.push(key.clone());
            if state.deaf {
                return;
            }
            state.held.get(&key).cloned()
        };
        return match found {
            Some(held) => answer(&mut stream, 200, &said(&key, &held)).await,
            None => {
                let absent = json!({"key": key, "state": "absent"}).to_string();
                answer(&mut stream, 404, &absent).await
            }
        };
    }
    let order: Value = serde_json::from_slice(&body).unwrap();
    let text = |name: &str| order[name].as_str().unwrap().to_owned();
    let key = text("key");
    assert!(head.to_lowercase().contains("idempotency-key: "), "{head}");
    let play = {
        let mut state = state.lock().unwrap();
        state.told.push(key.clone());
        let play = state.play.expect("the gateway was given no script");
        let outcome = match play {
            Play::Accept => Some("pending"),
            Play::Refuse => Some("failed"),
            Play::KeepSilent | Play::Break => None,
            _ => Some("succeeded"),
        };
        if let Some(outcome) = outcome {
            let held = Held {
                state: outcome,
                amount: text("amount"),
                currency: text("currency"),
            };
            // The same key again is the same payment.
            state.held.entry(key.clone()).or_insert(held);
        }
        play
    };
    let held = state.lock().unwrap().held.get(&key).cloned();
    match (play, held) {
        (Play::PayAndHangUp, _) => {}
        (Play::PayAndKeepSilent | Play::KeepSilent, _) => {
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
        (Play::Break, _) => answer(&mut stream, 500, "{}").await,
        (Play::PayAndShowAPage, _) => answer(&mut stream, 200, "<h1>Thank you</h1>").await,
        (Play::PayAndMisquote, Some(held)) => {
            let wrong = Held {
                amount: "999.00".to_owned(),
                ..held
            };
            answer(&mut stream, 200, &said(&key, &wrong)).await;
        }
        (Play::Refuse, Some(held)) => answer(&mut stream, 422, &said(&key, &held)).await,
        (_, Some(held)) => answer(&mut stream, 201, &said(&key, &held)).await,
        (_, None) => {}
    }
}

fn said(key: &str, held: &Held) -> String {
    json!({"key": key, "state": held.state, "amount": held.amount, "currency": held.currency,
        "reference": format!("re_{}", held.state), "reason": "The account is closed."})
    .to_string()
}

/// The head and the body of one request.
async fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut heard = Vec::new();
    loop {
        let end = heard.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(heard[..end].to_vec()).unwrap();
            let length = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, length)| length.trim().parse::<usize>().unwrap());
            if heard.len() >= end + 4 + length {
                return Some((head, heard[end + 4..end + 4 + length].to_vec()));
            }
        }
        if stream.read_buf(&mut heard).await.ok()? == 0 {
            return None;
        }
    }
}

async fn answer(stream: &mut TcpStream, status: u16, body: &str) {
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body.as_bytes()).await;
    let _ = stream.shutdown().await;
}
