//! The shapes that pages are built from. Each draws itself with the template of the same name in `templates/parts`,
//! so a page writes `{{ order.charge }}` or `{{ timeline }}` and gets the whole piece, escaped and labelled.
//!
//! They are plain values: made from words that are ready, never from rows. Fields of forms are macros instead
//! (`templates/parts/form.html`), because their words belong to the page.

mod lists;
mod story;
mod sum;
mod words;

pub use lists::{Pager, Row, Summary, Tile, Tiles, Value};
pub use story::{Entry, File, Kind, Link, NextStep, Progress, Step, StepState, Timeline};
pub use sum::{
    Alternative, Answer, ClauseRef, Deadline, Deadlines, Finding, Findings, Share, Sum, SumLine,
    Verdict,
};
pub use words::{Amount, Badge, Clock, ClockState, Moment, Tone};
