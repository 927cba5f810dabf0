//! The smallest pieces: an amount, a moment, a badge, a clock.

use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::web::filters;

/// How a word is coloured. Colour never stands alone: an icon and a word go with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Neutral,
    Accent,
    Ok,
    Warn,
    Danger,
    Paused,
}

impl Tone {
    /// The class that carries the colours.
    pub fn class(self) -> &'static str {
        match self {
            Tone::Neutral => "neutral",
            Tone::Accent => "accent",
            Tone::Ok => "ok",
            Tone::Warn => "warn",
            Tone::Danger => "danger",
            Tone::Paused => "paused",
        }
    }

    /// The icon that says the same as the colour.
    pub fn icon(self) -> &'static str {
        match self {
            Tone::Neutral => "circle",
            Tone::Accent => "circle-dot",
            Tone::Ok => "circle-check",
            Tone::Warn => "triangle-alert",
            Tone::Danger => "octagon-alert",
            Tone::Paused => "circle-pause",
        }
    }

    /// `alert` for what went wrong, `status` for the rest.
    pub fn role(self) -> &'static str {
        if self == Tone::Danger {
            "alert"
        } else {
            "status"
        }
    }
}

/// An amount, its digits below the minor unit set apart.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "parts/money.html")]
pub struct Amount {
    pub figure: String,
    pub rest: String,
    pub negative: bool,
}

impl Amount {
    /// From an amount at 8 decimals.
    pub fn new(e8: i64, currency: &str) -> Amount {
        let (figure, rest) = filters::money_split(e8, currency);
        Amount {
            figure,
            rest,
            negative: e8 < 0,
        }
    }

    /// The amount as plain text, for buttons and titles.
    pub fn text(&self) -> String {
        format!("{}{}", self.figure, self.rest)
    }
}

/// A moment in the reader's zone; the title tells it in full.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "parts/time.html")]
pub struct Moment {
    pub iso: String,
    pub text: String,
    pub full: String,
    /// The text is relative to now and a script may keep it fresh.
    pub ticks: bool,
}

impl Moment {
    /// `24 Nov 14:30`.
    pub fn new(at: DateTime<Utc>, zone: Tz, now: DateTime<Utc>) -> Moment {
        Moment::worded(at, zone, filters::moment(at, zone, now))
    }

    /// In words of the caller's: `by 5pm on Tuesday 24 November`, `9 min ago`.
    pub fn worded(at: DateTime<Utc>, zone: Tz, text: String) -> Moment {
        Moment {
            iso: filters::iso(at),
            text,
            full: filters::moment_in_full(at, zone),
            ticks: false,
        }
    }

    /// `in 3 h 10 min`, `12 min late`.
    pub fn relative(at: DateTime<Utc>, zone: Tz, now: DateTime<Utc>) -> Moment {
        Moment {
            ticks: true,
            ..Moment::worded(at, zone, filters::relative(at, now))
        }
    }
}

/// A state in one or two words.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "parts/badge.html")]
pub struct Badge {
    pub tone: Tone,
    pub icon: &'static str,
    pub word: String,
}

impl Badge {
    /// With the icon of its tone.
    pub fn new(tone: Tone, word: &str) -> Badge {
        Badge {
            tone,
            icon: tone.icon(),
            word: word.to_owned(),
        }
    }

    pub fn with_icon(tone: Tone, icon: &'static str, word: &str) -> Badge {
        Badge {
            tone,
            icon,
            word: word.to_owned(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockState {
    Running,
    /// The last quarter, or the last hour.
    Soon,
    Breached,
    Paused,
    Met,
    Missed,
}

/// One promise and the time left of it.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "parts/clock.html")]
pub struct Clock {
    pub state: ClockState,
    /// Which promise: "First reply", "Decision".
    pub label: String,
    /// `3h 10m`, `−15m`; empty while paused and once stopped.
    pub left: String,
    pub due: Moment,
}

impl Clock {
    /// A clock that still runs, judged at `now`. `started` tells how long the promise is, so that its last quarter
    /// can be marked.
    pub fn running(
        label: &str,
        started: DateTime<Utc>,
        due: DateTime<Utc>,
        zone: Tz,
        now: DateTime<Utc>,
    ) -> Clock {
        let left = (due - now).num_seconds();
        let soon = left < 3_600 || left * 4 < (due - started).num_seconds();
        let state = match (left < 0, soon) {
            (true, _) => ClockState::Breached,
            (false, true) => ClockState::Soon,
            (false, false) => ClockState::Running,
        };
        Clock {
            state,
            label: label.into(),
            left: filters::left(due, now),
            due: Moment::new(due, zone, now),
        }
    }

    /// A clock that stands still or has stopped.
    pub fn standing(
        state: ClockState,
        label: &str,
        due: DateTime<Utc>,
        zone: Tz,
        now: DateTime<Utc>,
    ) -> Clock {
        Clock {
            state,
            label: label.into(),
            left: String::new(),
            due: Moment::new(due, zone, now),
        }
    }

    pub fn class(&self) -> &'static str {
        match self.state {
            ClockState::Running => "neutral",
            ClockState::Soon => "warn",
            ClockState::Breached | ClockState::Missed => "danger",
            ClockState::Paused => "paused",
            ClockState::Met => "ok",
        }
    }

    pub fn icon(&self) -> &'static str {
        match self.state {
            ClockState::Running => "clock",
            ClockState::Soon => "hourglass",
            ClockState::Breached => "alarm-clock",
            ClockState::Paused => "circle-pause",
            ClockState::Met => "circle-check",
            ClockState::Missed => "circle-x",
        }
    }

    /// The state for those who do not see the colour.
    pub fn word(&self) -> &'static str {
        match self.state {
            ClockState::Running => "left",
            ClockState::Soon => "left, due soon",
            ClockState::Breached => "overdue",
            ClockState::Paused => "Paused",
            ClockState::Met => "Met",
            ClockState::Missed => "Missed",
        }
    }

    pub fn runs(&self) -> bool {
        matches!(
            self.state,
            ClockState::Running | ClockState::Soon | ClockState::Breached
        )
    }
}

impl HtmlSafe for Amount {}
impl HtmlSafe for Moment {}
impl HtmlSafe for Badge {}
impl HtmlSafe for Clock {}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::UTC;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_clock_warns_in_its_last_quarter_and_in_its_last_hour() {
        let state = |started, due, now| {
            Clock::running("Decision", at(started), at(due), UTC, at(now)).state
        };
        let (start, end) = ("2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z");
        assert_eq!(
            state(start, end, "2026-11-02T12:00:00Z"),
            ClockState::Running
        );
        assert_eq!(state(start, end, "2026-11-02T12:00:01Z"), ClockState::Soon);
        assert_eq!(state(start, end, "2026-11-03T00:00:00Z"), ClockState::Soon);
        assert_eq!(
            state(start, end, "2026-11-03T00:00:01Z"),
            ClockState::Breached
        );
        assert_eq!(
            state(start, "2026-11-01T01:30:00Z", "2026-11-01T00:30:01Z"),
            ClockState::Soon
        );
    }

    #[test]
    fn what_a_person_typed_is_escaped_inside_a_part() {
        let page = Badge::new(Tone::Ok, "<b>&").to_string();
        assert!(page.contains("&#60;b&#62;&#38;"), "{page}");
    }
}
