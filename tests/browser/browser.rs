//! What a person does with a browser: goes somewhere, reads, follows links, fills fields by their labels, presses buttons by their
//! words, uses the keyboard. Everything waits for the page a bounded while and then says what it saw instead.

use std::fs;
use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::chromedriver::{Answer, Element, Refused, Session};

const PATIENCE: Duration = Duration::from_secs(45);
const PAUSE: Duration = Duration::from_millis(50);
/// More stops than any page has between its top and what is looked for.
const TAB_STOPS: usize = 200;

pub const TAB: &str = "\u{E004}";
pub const ENTER: &str = "\u{E007}";
pub const ESCAPE: &str = "\u{E00C}";

const ROWS: &str = "tr, li";
/// What the driver says of an element whose page is gone, or that lies under another for a moment.
const MOVED: [&str; 4] = [
    "stale element reference",
    "no such element",
    "element not interactable",
    "element click intercepted",
];

/// A kind of thing on a page, in words and as a selector.
#[derive(Debug, Clone, Copy)]
struct Kind {
    words: &'static str,
    css: &'static str,
}

impl Kind {
    const LINK: Kind = Kind {
        words: "link",
        css: "a[href]",
    };
    const BUTTON: Kind = Kind {
        words: "button",
        css: "button, input[type=submit], summary, [role=button]",
    };
    const FIELD: Kind = Kind {
        words: "field",
        css: "input:not([type=hidden]):not([type=radio]):not([type=checkbox]), select, textarea",
    };
    const FILE: Kind = Kind {
        words: "field for a file",
        css: "input[type=file]",
    };
    const CHOICE: Kind = Kind {
        words: "choice",
        css: "input[type=radio], input[type=checkbox]",
    };
    const GROUP: Kind = Kind {
        words: "group",
        css: "fieldset, [role=group], [role=radiogroup]",
    };
    const OPTION: Kind = Kind {
        words: "option",
        css: "option",
    };
}

/// The smallest element of these words lies within the window.
const IN_SIGHT: &str = "
    const [words, done] = arguments;
    const all = [...document.querySelectorAll('main *')].filter(one => one.textContent.trim() === words);
    done(all.some(one => {
        const { top, bottom } = one.getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;
    }));
";

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

    /// Loads the page again and again until it says this: for what the worker does in its own time.
    pub async fn comes_to_see(&self, words: &str) {
        let there = async || {
            let text = self.text().await;
            if text.contains(words) {
                return Ok(());
            }
            self.goes_to(&self.url().await).await;
            Err(text)
        };
        if let Err(text) = patiently(there).await {
            panic!("{words:?} never came on {}:\n{text}", self.url().await);
        }
    }

    /// The word that stands after these on the page.
    pub async fn word_after(&self, words: &str) -> String {
        self.sees(words).await;
        let text = self.text().await;
        let (_, after) = text.split_once(words).unwrap();
        after.split_whitespace().next().unwrap().to_owned()
    }

    /// The text of the row or the list's item that says these words.
    pub async fn row_text(&self, words: &str) -> String {
        let read = async || -> Result<String, String> {
            let row = self.looks_for_row(words).await?;
            let text = self.session.of(&row, "text").await;
            text.map_err(|refused| refused.word)
        };
        match patiently(read).await {
            Ok(text) => tidy(&text),
            Err(why) => panic!("on {}: {why}", self.url().await),
        }
    }

    /// The address has this path now.
    pub async fn is_at(&self, path: &str) {
        self.comes_to(&format!("not at {path}"), |here| here == path)
            .await;
    }

    /// The address has another path now.
    pub async fn leaves(&self, path: &str) {
        self.comes_to(&format!("still at {path}"), |here| here != path)
            .await;
    }

    async fn comes_to(&self, words: &str, there: impl Fn(&str) -> bool) {
        let look = async || {
            let url = url::Url::parse(&self.url().await).unwrap();
            if there(url.path()) { Ok(()) } else { Err(url) }
        };
        if let Err(url) = patiently(look).await {
            panic!("{words}: {url}\n{}", self.text().await);
        }
    }

    pub async fn follows(&self, link: &str) {
        self.clicks(None, Kind::LINK, link).await;
    }

    /// Follows the link in the row or the list's item that says these words.
    pub async fn follows_beside(&self, words: &str, link: &str) {
        self.clicks(Some(words), Kind::LINK, link).await;
    }

    /// Follows the link of the row or the list's item that says these words, where it has but one.
    pub async fn enters(&self, words: &str) {
        self.follows_beside(words, "").await;
    }

    pub async fn presses(&self, button: &str) {
        self.clicks(None, Kind::BUTTON, button).await;
    }

    pub async fn presses_beside(&self, words: &str, button: &str) {
        self.clicks(Some(words), Kind::BUTTON, button).await;
    }

    async fn clicks(&self, beside: Option<&str>, kind: Kind, name: &str) {
        let click = async |found: Element| self.session.click(&found).await;
        self.with(beside, kind, name, click).await;
    }

    /// Types into the field with this label, in place of what was there; for a list, chooses the option of these words.
    pub async fn fills(&self, label: &str, text: &str) {
        let fill = async |field: Element| self.fill(&field, text).await;
        self.with(None, Kind::FIELD, label, fill).await;
    }

    /// The same in the row or the list's item that says these words.
    pub async fn fills_beside(&self, words: &str, label: &str, text: &str) {
        let fill = async |field: Element| self.fill(&field, text).await;
        self.with(Some(words), Kind::FIELD, label, fill).await;
    }

    async fn fill(&self, field: &Element, text: &str) -> Answer<()> {
        if self.session.of(field, "name").await? == "select" {
            let option = self.looks_for(Some(field), Kind::OPTION.css, text).await?;
            let option = option.unwrap_or_else(|others| panic!("no option {text:?}: {others:?}"));
            self.session.click(&option).await
        } else {
            self.session.clear(field).await?;
            self.session.type_into(field, text).await
        }
    }

    pub async fn attaches(&self, label: &str, file: &Path) {
        let path = file.to_string_lossy();
        let choose = async |field: Element| self.session.type_into(&field, &path).await;
        self.with(None, Kind::FILE, label, choose).await;
    }

    /// What stands in the field with this label.
    pub async fn value(&self, label: &str) -> String {
        let read = async |field: Element| self.session.of(&field, "property/value").await;
        self.with(None, Kind::FIELD, label, read).await
    }

    /// Picks the choice of these words in the group of this legend.
    pub async fn picks(&self, legend: &str, choice: &str) {
        let pick = async |group: Element| {
            let found = self.looks_for(Some(&group), Kind::CHOICE.css, choice);
            let found = found.await?;
            let found = found.unwrap_or_else(|others| panic!("no choice {choice:?}: {others:?}"));
            self.session.click(&found).await
        };
        self.with(None, Kind::GROUP, legend, pick).await;
    }

    pub async fn ticks(&self, choice: &str) {
        self.clicks(None, Kind::CHOICE, choice).await;
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

    /// Follows a link to a file, and reads the file.
    pub async fn downloads(&self, link: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let kept = json!({ "behavior": "allow", "downloadPath": folder.path() });
        self.devtools("Page.setDownloadBehavior", kept).await;
        self.follows(link).await;
        let whole = async || {
            let files = fs::read_dir(folder.path()).unwrap();
            let file = files.map(|file| file.unwrap().path()).next();
            match file.filter(|file| file.extension().is_some_and(|kind| kind != "crdownload")) {
                Some(file) => Ok(fs::read_to_string(file).unwrap()),
                None => Err(()),
            }
        };
        match patiently(whole).await {
            Ok(file) => file,
            Err(()) => panic!("{link:?} on {} is no file", self.url().await),
        }
    }

    /// Whether the words stand where the window shows them.
    pub async fn is_in_sight(&self, words: &str) -> bool {
        let seen = self.measures(IN_SIGHT, json!([words])).await;
        seen == true
    }

    /// Runs a script as the tools of a developer would, outside the page's own rules; for measuring, not for acting.
    pub async fn measures(&self, script: &str, arguments: Value) -> Value {
        let body = json!({ "script": script, "args": arguments });
        let measure = async || match self.session.post("execute/async", body.clone()).await {
            // The page went away under the script.
            Err(refused) if refused.sentence.contains("aborted by navigation") => Err(refused),
            answer => Ok(answer),
        };
        patiently(measure).await.unwrap().unwrap()
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
        let picture = patiently(|| self.session.get("screenshot")).await.unwrap();
        data_encoding::BASE64.decode(picture.as_bytes()).unwrap()
    }

    pub async fn devtools(&self, command: &str, parameters: Value) {
        self.session.devtools(command, parameters).await.unwrap();
    }

    /// Does it with the one displayed element of this name (in the row that says `beside`), and once more from the start where the
    /// page was replaced meanwhile: what is gone was neither clicked nor filled.
    async fn with<T>(
        &self,
        beside: Option<&str>,
        kind: Kind,
        name: &str,
        deed: impl AsyncFn(Element) -> Answer<T>,
    ) -> T {
        let words = kind.words;
        let attempt = async || -> Result<T, String> {
            let row = match beside {
                Some(text) => Some(self.looks_for_row(text).await?),
                None => None,
            };
            let found = match self.looks_for(row.as_ref(), kind.css, name).await {
                Ok(found) => {
                    found.map_err(|others| format!("no {words} {name:?}, but {others:?}"))?
                }
                Err(refused) => return Err(refused.word),
            };
            match deed(found).await {
                Ok(done) => Ok(done),
                Err(refused) if MOVED.contains(&refused.word.as_str()) => Err(refused.word),
                Err(refused) => panic!("{words} {name:?}: {refused:?}"),
            }
        };
        match patiently(attempt).await {
            Ok(done) => done,
            Err(why) => panic!("{words} {name:?} on {}: {why}", self.url().await),
        }
    }

    /// The row or item that says these words; of several within each other, the smallest.
    async fn looks_for_row(&self, words: &str) -> Result<Element, String> {
        let rows = self.session.find_all(None, ROWS).await;
        let mut there = Vec::new();
        let mut others = Vec::new();
        for row in rows.map_err(|refused| refused.word)? {
            // A page that is being replaced has no rows for a moment.
            let text = tidy(&self.session.of(&row, "text").await.unwrap_or_default());
            if text.contains(words) {
                there.push((text.len(), row));
            } else {
                others.push(text);
            }
        }
        there.sort_by_key(|(length, _)| *length);
        let smallest = there.into_iter().next().map(|(_, row)| row);
        smallest.ok_or_else(|| format!("no row {words:?}, but {others:#?}"))
    }

    /// The one displayed element of this accessible name; failing that, the one whose name begins so. What else is there, otherwise.
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
            let shown = css == Kind::OPTION.css
                || css == Kind::FILE.css
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
