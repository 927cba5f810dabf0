//! What every page has: the frame around it, the answer that carries it, and the form that is shown again.
//!
//! Plain data only. Who may see what has been decided before a `Frame` is filled; a template lays it out.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use askama::Template;

use super::filters;
use super::parts::Tone;
use crate::error::Fields;

/// Whose page it is: decides the density and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Audience {
    #[default]
    Visitor,
    Customer,
    Staff,
}

/// The colours a person chose; `Auto` follows the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// The word in the cookie, in the form and on the root element.
    pub fn word(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// Reads the word back; anything else is `Auto`.
    pub fn named(word: &str) -> Theme {
        match word {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::Auto,
        }
    }
}

/// Who is signed in, in the words of the account menu.
#[derive(Debug, Clone)]
pub struct Signed {
    pub name: String,
    pub email: String,
    pub role_label: String,
    pub initials: String,
}

#[derive(Debug, Clone)]
pub struct NavItem {
    pub label: String,
    pub href: String,
    pub current: bool,
    /// Ready to print: "12" or "999+".
    pub count: Option<String>,
}

impl NavItem {
    pub fn new(label: &str, href: &str, current: bool) -> NavItem {
        NavItem {
            label: label.into(),
            href: href.into(),
            current,
            count: None,
        }
    }
}

/// A step of the way back; the page itself is not among them.
#[derive(Debug, Clone)]
pub struct Crumb {
    pub label: String,
    pub href: String,
}

/// One sentence carried over a redirect.
#[derive(Debug, Clone)]
pub struct Flash {
    pub tone: Tone,
    pub text: String,
}

/// Everything around a page's own content. A page struct has it as the field `frame`.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    pub title: String,
    pub person: Option<Signed>,
    pub audience: Audience,
    pub nav: Vec<NavItem>,
    pub crumbs: Vec<Crumb>,
    pub flash: Option<Flash>,
    /// True on every page of a demo.
    pub demo: bool,
    pub theme: Theme,
    pub csrf: String,
    /// The shop whose page this is; without one, the desk's own name stands there.
    pub seller_name: Option<String>,
    pub help_href: String,
    /// The address to come back to after a change of colours.
    pub here: String,
    /// The moment the page was made, RFC 3339 in UTC: a script counts on from it.
    pub now: String,
    /// The form on the page was refused: the title says so first.
    pub refused: bool,
}

impl Frame {
    pub fn density(&self) -> &'static str {
        match self.audience {
            Audience::Staff => "compact",
            _ => "comfortable",
        }
    }

    /// Where the wordmark leads.
    pub fn home_href(&self) -> &'static str {
        match self.audience {
            Audience::Visitor => "/",
            Audience::Customer => "/portal",
            Audience::Staff => "/queue",
        }
    }
}

/// A message beside a field, in the same words as in the summary above the form.
#[derive(Debug, Clone)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

/// A form as it is shown: what was typed is kept, and each refused field says why.
#[derive(Debug, Clone, Default)]
pub struct Filled {
    pub values: Vec<(String, String)>,
    pub errors: Vec<FieldError>,
    /// Where several forms of a page ask for the same name: what tells their ids apart.
    pub prefix: String,
}

impl Filled {
    /// The form again, with what was wrong.
    pub fn refused(values: Vec<(String, String)>, fields: &Fields) -> Filled {
        let error = |(field, message): (&str, &str)| FieldError {
            field: field.into(),
            message: message.into(),
        };
        Filled {
            values,
            errors: fields.iter().map(error).collect(),
            prefix: String::new(),
        }
    }

    /// The same with one field under another form's name for it.
    pub fn as_one(mut self, from: &str, to: &str) -> Filled {
        for (name, _) in self.values.iter_mut().filter(|(name, _)| name == from) {
            *name = to.into();
        }
        for error in self.errors.iter_mut().filter(|error| error.field == from) {
            error.field = to.into();
        }
        self
    }

    /// The same form under a prefix of its own.
    pub fn under(mut self, prefix: &str) -> Filled {
        self.prefix = prefix.into();
        self
    }

    /// The id of a field.
    pub fn id(&self, name: &str) -> String {
        match self.prefix.as_str() {
            "" => name.into(),
            prefix => format!("{prefix}-{name}"),
        }
    }

    pub fn value(&self, name: &str) -> &str {
        let found = self.values.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// Whether a choice (radio, checkbox, option) is the one, or one of those, chosen.
    pub fn chose(&self, name: &str, value: &str) -> bool {
        self.values
            .iter()
            .any(|(key, kept)| key == name && kept == value)
    }

    /// The message for a field; empty where it is in order.
    pub fn error(&self, name: &str) -> &str {
        let found = self.errors.iter().find(|error| error.field == name);
        found.map_or("", |error| error.message.as_str())
    }

    pub fn is_refused(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// One of several answers: a radio, or an option of a list.
#[derive(Debug, Clone)]
pub struct Choice {
    pub value: String,
    pub label: String,
    /// May be empty.
    pub hint: String,
}

impl Choice {
    pub fn new(value: &str, label: &str, hint: &str) -> Choice {
        Choice {
            value: value.into(),
            label: label.into(),
            hint: hint.into(),
        }
    }
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answering {
    Radios,
    Checks,
    List,
    Line,
    Words,
    Money,
    Day,
    Moment,
    Count,
    Files,
}

impl Answering {
    /// The type of a one-line input.
    pub fn kind(self) -> &'static str {
        match self {
            Answering::Day => "date",
            Answering::Moment => "datetime-local",
            _ => "text",
        }
    }

    /// The keyboard of a phone.
    pub fn mode(self) -> &'static str {
        match self {
            Answering::Count => "numeric",
            _ => "",
        }
    }
}

/// A file that is stored already.
#[derive(Debug, Clone)]
pub struct KeptFile {
    pub id: String,
    pub name: String,
    /// "1.4 MB".
    pub size: String,
}

/// A question of a form whose questions are decided by a policy: what a ground needs, which facts are open.
#[derive(Debug, Clone)]
pub struct Ask {
    pub name: String,
    pub label: String,
    /// May be empty.
    pub hint: String,
    pub by: Answering,
    pub options: Vec<Choice>,
    /// The currency sign before an amount.
    pub prefix: String,
    pub kept: Vec<KeptFile>,
}

impl Ask {
    pub fn new(name: &str, label: &str, hint: &str, by: Answering) -> Ask {
        Ask {
            name: name.into(),
            label: label.into(),
            hint: hint.into(),
            by,
            options: Vec::new(),
            prefix: String::new(),
            kept: Vec::new(),
        }
    }

    pub fn of(mut self, options: Vec<Choice>) -> Ask {
        self.options = options;
        self
    }
}

/// 200 with the page.
pub fn render(page: &impl Template) -> HttpResponse {
    render_as(StatusCode::OK, page)
}

/// The page under another status: 422 for a refused form, 409 for a stale one.
pub fn render_as(status: StatusCode, page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(body) => HttpResponse::build(status)
            .content_type("text/html; charset=utf-8")
            .insert_header((CACHE_CONTROL, "private, no-cache"))
            .body(body),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// 303: what was asked is done, look there.
pub fn redirect(to: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, to))
        .finish()
}

/// A refusal, or a place that is not there: one page for all of them.
#[derive(Template)]
#[template(path = "error.html")]
pub struct Refusal {
    pub frame: Frame,
    /// "404".
    pub status: String,
    /// "There is no such page".
    pub heading: String,
    /// What to do next, a sentence each.
    pub advice: Vec<String>,
    /// Label and address of the one way on.
    pub way_on: Option<Crumb>,
    /// What a person can quote when asking for help.
    pub request: Option<String>,
}
