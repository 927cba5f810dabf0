//! One chromedriver of our own on a free loopback port, and the WebDriver protocol spoken with it (W3C WebDriver, and the few
//! commands that Chromium adds). Ends every process it started, however the test ends.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

/// What the protocol calls the field that holds an element's reference.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
const START: Duration = Duration::from_secs(60);
const ANSWER: Duration = Duration::from_secs(120);

/// A session: one browser window of its own, with an empty profile.
pub struct Session {
    http: reqwest::Client,
    url: String,
    _driver: Chromedriver,
}

/// An element of the page that was open when it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element(String);

/// What the driver refused: its error word (`stale element reference`) and its sentence.
#[derive(Clone)]
pub struct Refused {
    pub word: String,
    pub sentence: String,
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.word, self.sentence)
    }
}

pub type Answer<T> = Result<T, Refused>;

struct Chromedriver {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Chromedriver {
    fn start() -> Chromedriver {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            // Chromium leaves sockets and scratch files there; they go with the folder.
            .env("TMPDIR", folder.path())
            .env("HOME", folder.path())
            // A group of its own, so that the browser and all its children can be ended at once.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver cannot be started (Debian: chromium-driver)");
        let (tell, told) = mpsc::channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Reads to the end, or the driver would stop at a full pipe.
        thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .for_each(|line| drop(tell.send(line)))
        });
        let mut driver = Chromedriver {
            child,
            port: 0,
            folder,
        };
        while driver.port == 0 {
            let line = told
                .recv_timeout(START)
                .expect("chromedriver names no port");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                driver.port = port.trim_end_matches('.').parse().unwrap();
            }
        }
        driver
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let ended = Command::new("kill").args(["-KILL", "--", &group]).status();
        if !ended.is_ok_and(|status| status.success()) {
            eprintln!("could not end the browser's processes, group {group}");
        }
        drop(self.child.wait());
    }
}

impl Session {
    pub async fn open() -> Session {
        let driver = Chromedriver::start();
        let profile = driver.folder.path().join("profile");
        let mut arguments: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-breakpad",
            "--disable-dev-shm-usage",
            "--force-prefers-reduced-motion",
            "--hide-scrollbars",
            "--lang=en",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(format!("--user-data-dir={}", profile.display()));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "pageLoadStrategy": "normal",
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        }}});
        // Whoever comes second finds it there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut session = Session {
            http: reqwest::Client::builder()
                .no_proxy()
                .timeout(ANSWER)
                .build()
                .unwrap(),
            url: format!("http://127.0.0.1:{}", driver.port),
            _driver: driver,
        };
        let made = session.ask(Method::POST, "session", wanted).await.unwrap();
        session.url = format!(
            "{}/session/{}",
            session.url,
            made["sessionId"].as_str().unwrap()
        );
        session
    }

    /// Any command: its path below the session, and its body.
    pub async fn ask(&self, method: Method, path: &str, body: Value) -> Answer<Value> {
        let mut request = self
            .http
            .request(method.clone(), format!("{}/{path}", self.url));
        if method == Method::POST {
            request = request.json(&body);
        }
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        let value = answer["value"].clone();
        match value["error"].as_str() {
            Some(word) => Err(Refused {
                word: word.to_owned(),
                sentence: value["message"].as_str().unwrap_or_default().to_owned(),
            }),
            None => Ok(value),
        }
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer<Value> {
        self.ask(Method::POST, path, body).await
    }

    pub async fn get(&self, path: &str) -> Answer<String> {
        let value = self.ask(Method::GET, path, Value::Null).await?;
        Ok(value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned))
    }

    /// What the selector finds, in document order, within an element or the whole page.
    pub async fn find_all(&self, within: Option<&Element>, css: &str) -> Answer<Vec<Element>> {
        let path = match within {
            Some(Element(id)) => format!("element/{id}/elements"),
            None => "elements".to_owned(),
        };
        let found = self
            .post(&path, json!({ "using": "css selector", "value": css }))
            .await?;
        Ok(found
            .as_array()
            .unwrap()
            .iter()
            .map(Element::read)
            .collect())
    }

    pub async fn active(&self) -> Answer<Element> {
        let found = self.ask(Method::GET, "element/active", Value::Null).await?;
        Ok(Element::read(&found))
    }

    /// What there is to know of an element: `text`, `computedlabel`, `computedrole`, `displayed`, `property/value`, `css/color`.
    pub async fn of(&self, element: &Element, what: &str) -> Answer<String> {
        self.get(&format!("element/{}/{what}", element.0)).await
    }

    pub async fn click(&self, element: &Element) -> Answer<()> {
        self.post(&format!("element/{}/click", element.0), json!({}))
            .await
            .map(drop)
    }

    pub async fn clear(&self, element: &Element) -> Answer<()> {
        self.post(&format!("element/{}/clear", element.0), json!({}))
            .await
            .map(drop)
    }

    pub async fn type_into(&self, element: &Element, text: &str) -> Answer<()> {
        let path = format!("element/{}/value", element.0);
        self.post(&path, json!({ "text": text })).await.map(drop)
    }

    /// A command of Chromium's own protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Answer<Value> {
        let body = json!({ "cmd": command, "params": parameters });
        self.post("goog/cdp/execute", body).await
    }

    /// Ends the session in good order; what is left goes with the driver.
    pub async fn close(self) {
        drop(self.ask(Method::DELETE, "", Value::Null).await);
    }
}

impl Element {
    fn read(value: &Value) -> Element {
        Element(value[ELEMENT].as_str().unwrap().to_owned())
    }
}
