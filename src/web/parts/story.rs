//! What happened and what happens next: the timeline of a ticket, the steps of a claim.

use askama::Template;
use askama::filters::HtmlSafe;

use super::words::{Moment, Tone};
use crate::web::filters;

/// Who speaks in an entry, which decides how it looks and who is told that they can see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The customer's words.
    Customer,
    /// The desk's words to the customer.
    Staff,
    /// Words among the staff. Never part of a customer's timeline.
    Note,
    /// Something that happened: one line.
    Event,
}

impl Kind {
    pub fn class(self) -> &'static str {
        match self {
            Kind::Customer => "customer",
            Kind::Staff => "staff",
            Kind::Note => "note",
            Kind::Event => "event",
        }
    }
}

#[derive(Debug, Clone)]
pub struct File {
    pub name: String,
    pub href: String,
    /// "1.4 MB, PNG".
    pub size: String,
}

#[derive(Debug, Clone)]
pub struct Link {
    pub label: String,
    pub href: String,
}

/// One line or one message of a timeline.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The fragment that names it: `m-41`.
    pub anchor: String,
    pub kind: Kind,
    pub author: String,
    pub initials: String,
    /// "Support", "Customer", "You"; may be empty.
    pub role: String,
    pub at: Moment,
    /// Plain text, line ends kept. For an event the whole sentence.
    pub text: String,
    pub files: Vec<File>,
    /// For an event: its icon and tone.
    pub icon: &'static str,
    pub tone: Tone,
    pub link: Option<Link>,
    pub unread: bool,
}

impl Entry {
    /// A line that tells what happened.
    pub fn event(
        anchor: &str,
        icon: &'static str,
        tone: Tone,
        at: Moment,
        sentence: &str,
    ) -> Entry {
        Entry {
            anchor: anchor.into(),
            kind: Kind::Event,
            author: String::new(),
            initials: String::new(),
            role: String::new(),
            at,
            text: sentence.into(),
            files: Vec::new(),
            icon,
            tone,
            link: None,
            unread: false,
        }
    }

    /// A message or a note.
    pub fn message(
        anchor: &str,
        kind: Kind,
        author: &str,
        role: &str,
        at: Moment,
        text: &str,
    ) -> Entry {
        Entry {
            kind,
            author: author.into(),
            initials: filters::initials(author),
            role: role.into(),
            ..Entry::event(anchor, "message-square", Tone::Neutral, at, text)
        }
    }

    pub fn is_event(&self) -> bool {
        self.kind == Kind::Event
    }

    pub fn is_note(&self) -> bool {
        self.kind == Kind::Note
    }
}

/// Messages, notes and events in one stream, oldest first.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/timeline.html")]
pub struct Timeline {
    pub entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    Done,
    Current,
    Ahead,
    /// It ended here, and not well.
    Stopped,
}

#[derive(Debug, Clone)]
pub struct Step {
    pub label: String,
    pub state: StepState,
    /// "20 Nov", "by 24 Nov"; may be empty.
    pub note: String,
}

impl Step {
    pub fn new(label: &str, state: StepState, note: &str) -> Step {
        Step {
            label: label.into(),
            state,
            note: note.into(),
        }
    }

    pub fn class(&self) -> &'static str {
        match self.state {
            StepState::Done => "done",
            StepState::Current => "current",
            StepState::Ahead => "ahead",
            StepState::Stopped => "stopped",
        }
    }

    /// The icon inside the mark; none for what lies ahead.
    pub fn icon(&self) -> Option<&'static str> {
        match self.state {
            StepState::Done => Some("check"),
            StepState::Stopped => Some("x"),
            StepState::Current | StepState::Ahead => None,
        }
    }

    /// The state for those who do not see the mark.
    pub fn word(&self) -> &'static str {
        match self.state {
            StepState::Done => "done",
            StepState::Current => "now",
            StepState::Ahead => "to come",
            StepState::Stopped => "stopped",
        }
    }
}

/// How far a claim has come.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/progress.html")]
pub struct Progress {
    pub steps: Vec<Step>,
}

/// What happens next, by when, and whether the reader has to do anything.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/next.html")]
pub struct NextStep {
    pub tone: Tone,
    /// "Omar decides by 5pm on Tuesday 24 November".
    pub sentence: String,
    /// "Nothing is needed from you right now."
    pub advice: String,
    pub progress: Option<Progress>,
    /// The one thing to do, where there is one.
    pub way_on: Option<Link>,
}

impl HtmlSafe for Timeline {}
impl HtmlSafe for Progress {}
impl HtmlSafe for NextStep {}
