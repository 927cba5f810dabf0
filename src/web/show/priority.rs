//! How much a ticket presses, in words.

use crate::rules::priority::Priority;
use crate::web::page::Choice;
use crate::web::parts::{Badge, Tone};

pub fn label(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "Low",
        Priority::Normal => "Normal",
        Priority::High => "High",
        Priority::Urgent => "Urgent",
    }
}

/// What can be chosen, the most pressing first.
pub fn choices() -> Vec<Choice> {
    let choice = |priority: &Priority| Choice::new(priority.word(), label(*priority), "");
    Priority::ALL.iter().rev().map(choice).collect()
}

/// Of a ticket that presses more or less than most.
pub fn badge(said: Option<&str>) -> Option<Badge> {
    match Priority::of(said) {
        Priority::Normal => None,
        Priority::Low => Some(Badge::new(Tone::Neutral, "Low priority")),
        Priority::High => Some(Badge::new(Tone::Warn, "High priority")),
        Priority::Urgent => Some(Badge::new(Tone::Danger, "Urgent")),
    }
}
