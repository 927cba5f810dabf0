//! A browser without a screen. It knows pages as people do: it fills the *rendered* form by its labels and presses a button by its
//! words, so that a missing field, token or label breaks a test. It keeps its own cookies and follows its own redirects.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, multipart, redirect};
use scraper::{ElementRef, Html, Selector};

#[derive(Clone)]
pub struct Browser {
    client: Client,
    pub base: String,
    pub cookies: BTreeMap<String, String>,
}

/// An answer, as it came.
pub struct Page {
    pub status: u16,
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

/// A form of a page, with what the page has put in already.
#[derive(Clone)]
pub struct Form {
    html: String,
    button: String,
    action: String,
    pub fields: Vec<(String, String)>,
    files: Vec<(String, String, Vec<u8>)>,
    is_multipart: bool,
    is_get: bool,
}

impl Browser {
    /// The answer's bytes, as a browser would save them.
    pub async fn saves(&self, path: &str) -> (u16, HeaderMap, Vec<u8>) {
        let cookies = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let request = Client::new().get(format!("{}{path}", self.base));
        let answer = request.header(COOKIE, cookies).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        (status, headers, answer.bytes().await.unwrap().to_vec())
    }

    pub fn new(base: &str) -> Browser {
        // Whoever comes second finds it there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .build()
            .unwrap();
        Browser {
            client,
            base: base.to_owned(),
            cookies: BTreeMap::new(),
        }
    }

    /// Follows redirects to where they end.
    pub async fn opens(&mut self, path: &str) -> Page {
        let page = self.asks(Method::GET, path, |it| it).await;
        self.follows(page).await
    }

    pub async fn sends(&mut self, form: Form) -> Page {
        let page = self.posts(form).await;
        self.follows(page).await
    }

    /// The answer itself, even where it leads elsewhere.
    pub async fn posts(&mut self, form: Form) -> Page {
        if form.is_get {
            let mut url = reqwest::Url::parse(&format!("{}{}", self.base, form.action)).unwrap();
            url.query_pairs_mut().clear().extend_pairs(&form.fields);
            let path = url[url::Position::BeforePath..].to_owned();
            return self.asks(Method::GET, &path, |it| it).await;
        }
        let origin = self.base.clone();
        self.asks(Method::POST, &form.action.clone(), |it| {
            let it = it
                .header("origin", origin)
                .header("sec-fetch-site", "same-origin");
            if form.is_multipart {
                it.multipart(form.parts())
            } else {
                it.form(&form.fields)
            }
        })
        .await
    }

    /// Any request, as it is put together; cookies go along and come back.
    pub async fn asks(
        &mut self,
        method: Method,
        path: &str,
        more: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Page {
        self.tries(method, path, more).await.unwrap()
    }

    /// The same of a server that may be gone.
    pub async fn tries(
        &mut self,
        method: Method,
        path: &str,
        more: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> reqwest::Result<Page> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !self.cookies.is_empty() {
            let all = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"));
            request = request.header(COOKIE, all.collect::<Vec<_>>().join("; "));
        }
        let answer = more(request).send().await?;
        for set in answer.headers().get_all(SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if set.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(Page {
            status: answer.status().as_u16(),
            path: path.to_owned(),
            headers: answer.headers().clone(),
            body: answer.text().await?,
        })
    }

    /// Sends a form to a server that may be gone; the answer itself, even where it leads elsewhere.
    pub async fn tries_to_post(&mut self, form: &Form) -> reqwest::Result<Page> {
        let origin = self.base.clone();
        self.tries(Method::POST, &form.action, |it| {
            it.header("origin", origin)
                .header("sec-fetch-site", "same-origin")
                .form(&form.fields)
        })
        .await
    }

    async fn follows(&mut self, mut page: Page) -> Page {
        for _ in 0..5 {
            let Some(next) = page.leads_to() else {
                return page;
            };
            page = self.asks(Method::GET, &next, |it| it).await;
        }
        panic!("redirects without an end at {}", page.path);
    }
}

impl Page {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Where a redirect leads.
    pub fn leads_to(&self) -> Option<String> {
        let location = self.headers.get(LOCATION)?.to_str().unwrap();
        Some(location.to_owned())
    }

    /// What a person reads, blanks made one.
    pub fn text(&self) -> String {
        let html = Html::parse_document(&self.body);
        let body = html.select(&selector("body")).next();
        body.map_or_else(|| self.body.clone(), words)
    }

    pub fn sees(&self, what: &str) -> &Page {
        assert!(
            self.text().contains(what),
            "{} does not say {what:?}:\n{}",
            self.path,
            self.text()
        );
        self
    }

    pub fn does_not_see(&self, what: &str) -> &Page {
        assert!(
            !self.body.contains(what),
            "{} says {what:?}:\n{}",
            self.path,
            self.text()
        );
        self
    }

    pub fn title(&self) -> String {
        let html = Html::parse_document(&self.body);
        html.select(&selector("title"))
            .next()
            .map_or_else(String::new, words)
    }

    /// The address of the link with these words.
    pub fn link(&self, text: &str) -> String {
        let html = Html::parse_document(&self.body);
        let all = selector("a[href]");
        let found = html.select(&all).find(|link| words(*link) == text);
        found
            .unwrap_or_else(|| panic!("{} has no link {text:?}:\n{}", self.path, self.text()))
            .attr("href")
            .unwrap()
            .to_owned()
    }

    pub fn has_button(&self, text: &str) -> bool {
        let html = Html::parse_document(&self.body);
        html.select(&selector("button"))
            .any(|button| words(button) == text)
    }

    /// The form with the button of these words.
    pub fn form(&self, button: &str) -> Form {
        let html = Html::parse_document(&self.body);
        let all = selector("form");
        let buttons = selector("button");
        let is_it = |form: &ElementRef| form.select(&buttons).any(|it| words(it) == button);
        // A footer or header has forms too; what a person means stands in the page.
        let inside = html.select(&selector("main form")).find(is_it);
        let Some(form) = inside.or_else(|| html.select(&all).find(is_it)) else {
            panic!("{} has no button {button:?}:\n{}", self.path, self.text());
        };
        let mut fields = defaults(form);
        let pressed = form
            .select(&buttons)
            .find(|it| words(*it) == button)
            .unwrap();
        if let Some(name) = pressed.attr("name") {
            fields.push((
                name.to_owned(),
                pressed.attr("value").unwrap_or_default().to_owned(),
            ));
        }
        Form {
            html: form.html(),
            button: button.to_owned(),
            action: form
                .attr("action")
                .map_or_else(|| self.path.clone(), str::to_owned),
            fields,
            files: Vec::new(),
            is_multipart: form.attr("enctype") == Some("multipart/form-data"),
            is_get: !form
                .attr("method")
                .is_some_and(|method| method.eq_ignore_ascii_case("post")),
        }
    }
}

/// What a form sends when nothing is typed.
fn defaults(form: ElementRef) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for control in form.select(&selector("input[name], textarea[name], select[name]")) {
        let name = control.attr("name").unwrap().to_owned();
        let value = control.attr("value").unwrap_or_default().to_owned();
        match (control.value().name(), control.attr("type")) {
            ("textarea", _) => fields.push((name, control.text().collect())),
            ("select", _) => {
                let options = selector("option");
                let chosen = control
                    .select(&options)
                    .find(|option| option.attr("selected").is_some());
                let chosen = chosen.or_else(|| control.select(&options).next());
                fields.push((name, chosen.map_or_else(String::new, option_value)));
            }
            (_, Some("radio" | "checkbox")) => {
                if control.attr("checked").is_some() {
                    let value = control.attr("value").unwrap_or("on");
                    fields.push((name, value.to_owned()));
                }
            }
            (_, Some("file" | "submit" | "button")) => {}
            _ => fields.push((name, value)),
        }
    }
    fields
}

fn option_value(option: ElementRef) -> String {
    option
        .attr("value")
        .map_or_else(|| words(option), str::to_owned)
}

impl Form {
    /// Types into the field with this label, or picks the option of a list by its words.
    pub fn fill(mut self, label: &str, text: &str) -> Form {
        let html = Html::parse_fragment(&self.html);
        let control = self.labelled(&html, label);
        let name = control.attr("name").unwrap().to_owned();
        let value = if control.value().name() == "select" {
            let options = selector("option");
            let option = control
                .select(&options)
                .find(|option| words(*option) == text);
            option_value(option.unwrap_or_else(|| panic!("{label:?} has no option {text:?}")))
        } else {
            text.to_owned()
        };
        self.put(&name, value);
        self
    }

    /// Ticks the radio or checkbox with this label.
    pub fn choose(mut self, label: &str) -> Form {
        let html = Html::parse_fragment(&self.html);
        let control = self.labelled(&html, label);
        let (name, value) = (
            control.attr("name").unwrap(),
            control.attr("value").unwrap_or("on"),
        );
        let (name, value) = (name.to_owned(), value.to_owned());
        self.put(&name, value);
        self
    }

    /// Chooses a file for the field with this label.
    pub fn attach(mut self, label: &str, file: &str, bytes: &[u8]) -> Form {
        let html = Html::parse_fragment(&self.html);
        let name = self.labelled(&html, label).attr("name").unwrap().to_owned();
        assert!(
            self.is_multipart,
            "the form of {:?} takes no files",
            self.button
        );
        self.files.push((name, file.to_owned(), bytes.to_vec()));
        self
    }

    /// What no browser does: sets a field that is hidden, or not there at all.
    pub fn forge(mut self, name: &str, value: &str) -> Form {
        self.put(name, value.to_owned());
        self
    }

    /// What no browser does: leaves a field out.
    pub fn without(mut self, name: &str) -> Form {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// To somewhere else than the page says.
    pub fn to(mut self, path: &str) -> Form {
        self.action = path.to_owned();
        self
    }

    pub fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    fn put(&mut self, name: &str, value: String) {
        match self.fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, kept)) => *kept = value,
            None => self.fields.push((name.to_owned(), value)),
        }
    }

    fn labelled<'a>(&self, html: &'a Html, label: &str) -> ElementRef<'a> {
        let labels = selector("label[for]");
        let found = html.select(&labels).filter(|it| words(*it) == label);
        let ids = found.map(|it| it.attr("for").unwrap()).collect::<Vec<_>>();
        let [id] = ids.as_slice() else {
            panic!(
                "{} labels {label:?} in the form of {:?}:\n{}",
                ids.len(),
                self.button,
                self.html
            );
        };
        let control = html.select(&selector(&format!("[id='{id}']"))).next();
        control.unwrap_or_else(|| panic!("the label {label:?} points at nothing"))
    }

    fn parts(&self) -> multipart::Form {
        let mut parts = multipart::Form::new();
        for (name, value) in &self.fields {
            parts = parts.text(name.clone(), value.clone());
        }
        for (name, file, bytes) in &self.files {
            let part = multipart::Part::bytes(bytes.clone()).file_name(file.clone());
            parts = parts.part(name.clone(), part);
        }
        parts
    }
}

/// The words of an element, without what is only for eyes or for machines.
fn words(element: ElementRef) -> String {
    let text = element.text().collect::<Vec<_>>().join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap()
}
