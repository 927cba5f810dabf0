//! A provider's panel on loopback that behaves as real ones do: errors inside HTTP 200, numbers as text here and as numbers there,
//! spellings of its own, and on demand a slow, half, wrong or silent answer. What it was asked can be read back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The key that it knows the shop by.
pub const KEY: &str = "k-4711-of-the-harbour-panel";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Answers,
    /// Does what it is asked, and never says so.
    Silent,
    /// Does what it is asked, and breaks the connection.
    LosesAnswer,
    /// Takes the connection and closes it.
    HangsUp,
    /// A page of HTML with that status; nothing is done.
    Page(u16),
    /// A warning of its machine before the answer.
    Garbage,
    /// Knows no question about several orders at once.
    OneByOne,
    /// Answers about every order but the last one that was asked for.
    Partial,
}

/// What was asked: the fields of the form, without the key.
pub type Asked = BTreeMap<String, String>;

struct State {
    mood: Mood,
    key: String,
    /// Of each order, what `status` answers.
    orders: BTreeMap<String, Value>,
    /// Orders that cannot be cancelled or refilled, with the panel's words.
    refusals: BTreeMap<String, String>,
    refills: BTreeMap<String, Value>,
    asked: Vec<Asked>,
}

pub struct FakePanel {
    pub url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl FakePanel {
    pub async fn start() -> FakePanel {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/v2", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            mood: Mood::Answers,
            key: KEY.to_owned(),
            orders: BTreeMap::new(),
            refusals: BTreeMap::new(),
            refills: BTreeMap::new(),
            asked: Vec::new(),
        }));
        let shared = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that goes away in the middle is part of the play.
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        FakePanel { url, state, task }
    }

    pub fn turns(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// The shop's key is no longer good.
    pub fn forgets_the_key(&self) {
        self.state.lock().unwrap().key = "another".to_owned();
    }

    /// Where an order stands; the charge is the provider's own, and none of ours.
    pub fn says(&self, order: &str, status: &str, remains: impl Into<Value>) {
        let answer = json!({
            "charge": "0.27819", "start_count": "3572", "status": status, "remains": remains.into(), "currency": "USD",
        });
        self.answers(order, answer);
    }

    /// The same, whatever the answer looks like.
    pub fn answers(&self, order: &str, answer: Value) {
        let mut state = self.state.lock().unwrap();
        state.orders.insert(order.to_owned(), answer);
    }

    pub fn refuses(&self, order: &str, words: &str) {
        let mut state = self.state.lock().unwrap();
        state.refusals.insert(order.to_owned(), words.to_owned());
    }

    pub fn says_of_refill(&self, refill: &str, status: &str) {
        let mut state = self.state.lock().unwrap();
        state.refills.insert(refill.to_owned(), json!(status));
    }

    /// Everything that it was asked to do, in order.
    pub fn asked(&self, action: &str) -> Vec<Asked> {
        let state = self.state.lock().unwrap();
        let asked = state.asked.iter();
        asked
            .filter(|asked| asked.get("action").is_some_and(|known| known == action))
            .cloned()
            .collect()
    }

    /// Closes the port; whoever comes now is refused by the machine.
    pub async fn stop(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let mood = state.lock().unwrap().mood;
    if mood == Mood::HangsUp {
        return Ok(());
    }
    let mut stream = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let mut asked: Asked = serde_urlencoded::from_bytes(&body).unwrap();
    let key = asked.remove("key").unwrap_or_default();
    if let Mood::Page(status) = mood {
        let page = "<!doctype html><html><body><h1>Web server is down</h1></body></html>";
        return write(&mut stream, status, page).await;
    }
    let answer = {
        let mut state = state.lock().unwrap();
        state.asked.push(asked.clone());
        if key == state.key {
            state.answer(&asked)
        } else {
            json!({"error": "Invalid API key"})
        }
    };
    match mood {
        Mood::LosesAnswer => Ok(()),
        // Until the client goes away.
        Mood::Silent => stream.read_exact(&mut [0]).await.map(|_| ()),
        Mood::Garbage => {
            let text = format!("<br />\n<b>Warning</b>: Undefined index in api.php\n{answer}");
            write(&mut stream, 200, &text).await
        }
        _ => write(&mut stream, 200, &answer.to_string()).await,
    }
}

async fn write(stream: &mut BufReader<TcpStream>, status: u16, body: &str) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status} OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.flush().await
}

impl State {
    fn answer(&mut self, asked: &Asked) -> Value {
        let text = |name: &str| asked.get(name).cloned().unwrap_or_default();
        match text("action").as_str() {
            "balance" => json!({"balance": "100.84292", "currency": "USD"}),
            "status" if asked.contains_key("order") => self.status(&text("order")),
            "status" if self.mood == Mood::OneByOne => json!({"error": "Incorrect order ID"}),
            "status" => self.statuses(&text("orders")),
            "cancel" => self.cancel(&text("orders")),
            "refill" => self.refill(&text("order")),
            "refill_status" => match self.refills.get(&text("refill")) {
                Some(status) => json!({"status": status}),
                None => json!({"error": "Refill not found"}),
            },
            _ => json!({"error": "Incorrect request"}),
        }
    }

    fn status(&self, order: &str) -> Value {
        let known = self.orders.get(order).cloned();
        known.unwrap_or_else(|| json!({"error": "Incorrect order ID"}))
    }

    fn statuses(&self, orders: &str) -> Value {
        let mut orders: Vec<&str> = orders.split(',').collect();
        assert!(orders.len() <= 100, "a real panel would refuse so many");
        if self.mood == Mood::Partial {
            orders.pop();
        }
        let said = orders
            .iter()
            .map(|order| ((*order).to_owned(), self.status(order)));
        Value::Object(said.collect())
    }

    /// The wish is taken; the order goes on until `says` tells otherwise.
    fn cancel(&self, order: &str) -> Value {
        let number: u64 = order.parse().unwrap();
        match self.refusals.get(order) {
            Some(words) => json!([{"order": number, "cancel": {"error": words}}]),
            None => json!([{"order": number, "cancel": 1}]),
        }
    }

    fn refill(&mut self, order: &str) -> Value {
        if let Some(words) = self.refusals.get(order) {
            return json!({"error": words});
        }
        let refill = (self.refills.len() + 1).to_string();
        self.refills.insert(refill.clone(), json!("Pending"));
        json!({"refill": refill})
    }
}
