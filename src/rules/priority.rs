//! How much a ticket presses, as the desk sees it. It moves no deadline: what was promised to a customer stays promised, whatever
//! the desk thinks of the matter. It is a way to filter the queue and to cut the reports.

use super::words::words;

words! { Priority { Low = "low", Normal = "normal", High = "high", Urgent = "urgent" } }

impl Priority {
    /// Of a ticket of which nobody said anything: as most are.
    pub fn of(said: Option<&str>) -> Priority {
        said.and_then(Priority::from_word)
            .unwrap_or(Priority::Normal)
    }
}
