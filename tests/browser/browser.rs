//! What a person does with a browser: goes somewhere, reads, follows links, fills fields by their labels, presses buttons by their
//! words, uses the keyboard. Everything waits for the page a bounded while and then says what it saw instead.

use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::chromedriver::{Answer, Element, Refused, Session};

const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(50);
/// More stops than any page has between its top and what is looked for.
const TAB_STOPS: usize = 200;

pub const TAB: &str = "\u{E004}";
pub const ENTER: &str = "\u{E007}";
pub const SPACE: &str = " ";

const BUTTONS: &str = "button, input[type=submit], summary, [role=button]";
const LINKS: &str = "a[href]";
const FIELDS: &str =
    "input:not([type=hidden]):not([type=radio]):not([type=checkbox]), select, textarea";
const CHOICES: &str = "input[type=radio], input[type=checkbox]";
const GROUPS: &str = "fieldset, [role=group], [role=radiogroup]";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Desk,
    Phone,
    /// What a page at 400 % zoom has left (WCAG 1.4.10).
    Narrow,
}

impl Size {
    fn pixels(self) -> (u32, u32) {
        match self {
            Size::Desk => (1280, 900),
            Size::Phone => (390, 844),
            Size::Narrow => (320, 640),
        }
    }
}

pub struct Browser {
    pub session: Session,
}

impl Browser {
    pub async fn open() -> Browser {
        let browser = Browser {
            session: Session::open().await,
        };
        browser.is(Size::Desk).await;
        browser
    }

    /// Switches scripts off for every page from the next one on.
    pub async fn without_scripts(&self) {
        self.devtools(
            "Emulation.setScriptExecutionDisabled",
            json!({ "value": true }),
        )
        .await;
    }

    pub async fn is(&self, size: Size) {
        let (width, height) = size.pixels();
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    pub async fn prefers_dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    pub async fn goes_to(&self, url: &str) {
        self.session
            .post("url", json!({ "url": url }))
            .await
            .unwrap();
    }

    pub async fn url(&self) -> String {
        self.session.get("url").await.unwrap()
    }

    pub async fn title(&self) -> String {
        self.session.get("title").await.unwrap()
    }

    /// The words that are on the page for everyone to read.
    pub async fn text(&self) -> String {
        let read = async || {
            let body = self.session.find_all(None, "body").await?;
            match body.first() {
                Some(body) => self.session.of(body, "text").await,
                None => Ok(String::new()),
            }
        };
        // A page that is being replaced has no text for a moment.
        read().await.unwrap_or_default()
    }

    pub async fn sees(&self, words: &str) {
        let there = async || {
            let text = self.text().await;
            if text.contains(words) {
                Ok(())
            } else {
                Err(text)
            }
        };
        if let Err(text) = patiently(there).await {
            panic!("{words:?} is not on {}:\n{text}", self.url().await);
        }
    }

    /// For a page that is known to be there: no waiting.
    pub async fn sees_no(&self, words: &str) {
        let text = self.text().await;
        assert!(
            !text.contains(words),
            "{words:?} is on {}:\n{text}",
            self.url().await
        );
    }

    pub async fn follows(&self, link: &str) {
        let link = self.named("link", None, LINKS, link).await;
        self.session.click(&link).await.unwrap();
    }

    pub async fn presses(&self, button: &str) {
        let button = self.named("button", None, BUTTONS, button).await;
        self.session.click(&button).await.unwrap();
    }

    /// Types into the field with this label, in place of what was there; for a list, chooses the option of these words.
    pub async fn fills(&self, label: &str, text: &str) {
        let field = self.named("field", None, FIELDS, label).await;
        if self.session.of(&field, "name").await.unwrap() == "select" {
            let option = self.named("option", Some(&field), "option", text).await;
            self.session.click(&option).await.unwrap();
        } else {
            self.session.clear(&field).await.unwrap();
            self.session.type_into(&field, text).await.unwrap();
        }
    }

    pub async fn attaches(&self, label: &str, file: &Path) {
        let field = self.named("field", None, "input[type=file]", label).await;
        let path = file.to_string_lossy();
        self.session.type_into(&field, &path).await.unwrap();
    }

    /// What stands in the field with this label.
    pub async fn value(&self, label: &str) -> String {
        let field = self.named("field", None, FIELDS, label).await;
        self.session.of(&field, "property/value").await.unwrap()
    }

    /// Picks the choice of these words in the group of this legend.
    pub async fn picks(&self, legend: &str, choice: &str) {
        let group = self.named("group", None, GROUPS, legend).await;
        let choice = self.named("choice", Some(&group), CHOICES, choice).await;
        self.session.click(&choice).await.unwrap();
    }

    pub async fn ticks(&self, choice: &str) {
        let choice = self.named("choice", None, CHOICES, choice).await;
        self.session.click(&choice).await.unwrap();
    }

    /// Types with the keyboard, wherever the focus is.
    pub async fn types(&self, text: &str) {
        let strokes: Vec<Value> = text
            .chars()
            .flat_map(|key| {
                ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() }))
            })
            .collect();
        let keyboard =
            json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] });
        self.session.post("actions", keyboard).await.unwrap();
    }

    /// Moves the focus with Tab alone until it is on something of this name, and sees the focus there.
    pub async fn tabs_to(&self, name: &str) {
        let mut passed = Vec::new();
        for _ in 0..TAB_STOPS {
            self.types(TAB).await;
            let here = self.session.active().await.unwrap();
            let label = tidy(&self.session.of(&here, "computedlabel").await.unwrap());
            if is_named(&label, name) {
                let ring = self.session.of(&here, "css/outline-style").await.unwrap();
                assert_ne!(ring, "none", "the focus on {name:?} cannot be seen");
                return;
            }
            passed.push(label);
        }
        panic!("Tab never reaches {name:?}; it stops at {passed:?}");
    }

    /// The accessible name of what has the focus.
    pub async fn focus(&self) -> String {
        let here = self.session.active().await.unwrap();
        tidy(&self.session.of(&here, "computedlabel").await.unwrap())
    }

    /// Runs a script as the tools of a developer would, outside the page's own rules; for measuring, not for acting.
    pub async fn measures(&self, script: &str, arguments: Value) -> Value {
        let body = json!({ "script": script, "args": arguments });
        self.session.post("execute/async", body).await.unwrap()
    }

    /// What the browser complained about since it was last asked: scripts that failed, rules of the page that were broken.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self
            .session
            .post("se/log", json!({ "type": "browser" }))
            .await
            .unwrap();
        entries
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING")
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    pub async fn screenshot(&self) -> Vec<u8> {
        let picture = self.session.get("screenshot").await.unwrap();
        data_encoding::BASE64.decode(picture.as_bytes()).unwrap()
    }

    pub async fn devtools(&self, command: &str, parameters: Value) {
        self.session.devtools(command, parameters).await.unwrap();
    }

    /// The one displayed element of this accessible name; failing that, the one whose name begins so.
    async fn named(&self, kind: &str, within: Option<&Element>, css: &str, name: &str) -> Element {
        let look = async || match self.looks_for(within, css, name).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(others)) => Err(others),
            Err(refused) => Err(vec![refused.word]),
        };
        match patiently(look).await {
            Ok(found) => found,
            Err(others) => panic!("no {kind} {name:?} on {}, but {others:?}", self.url().await),
        }
    }

    async fn looks_for(
        &self,
        within: Option<&Element>,
        css: &str,
        name: &str,
    ) -> Answer<Result<Element, Vec<String>>> {
        let mut begins = Vec::new();
        let mut others = Vec::new();
        for element in self.session.find_all(within, css).await? {
            let label = match self.session.of(&element, "computedlabel").await {
                Ok(label) => tidy(&label),
                Err(Refused { word, .. }) if word == "stale element reference" => continue,
                Err(refused) => return Err(refused),
            };
            if !is_named(&label, name) && !label.starts_with(name) {
                others.push(label);
                continue;
            }
            // A file field may be dressed as something else, and an option is as visible as its list.
            let shown = css == "option"
                || css == "input[type=file]"
                || self.session.of(&element, "displayed").await? == "true";
            match (shown, is_named(&label, name)) {
                (false, _) => others.push(format!("{label} (hidden)")),
                (true, true) => return Ok(Ok(element)),
                (true, false) => begins.push((element, label)),
            }
        }
        if begins.len() == 1 {
            return Ok(Ok(begins.remove(0).0));
        }
        others.extend(begins.into_iter().map(|(_, label)| label));
        Ok(Err(others))
    }
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_named(label: &str, name: &str) -> bool {
    label == name
}

/// Asks again and again for a bounded while; what it found, or what it saw last.
async fn patiently<T, E, F: Future<Output = Result<T, E>>>(look: impl Fn() -> F) -> Result<T, E> {
    let began = Instant::now();
    loop {
        match look().await {
            Err(_) if began.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
}
