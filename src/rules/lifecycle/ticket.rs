//! A ticket's states: whose turn it is.

use super::Illegal;
use crate::rules::words::words;

words! { State {
    New = "new", Open = "open", WaitingCustomer = "waiting_customer", OnHold = "on_hold", Closed = "closed",
} }

words! { Verb {
    CustomerWrites = "customer_writes", StaffAnswers = "staff_answers", Ask = "ask", Hold = "hold", Resume = "resume",
    Close = "close", Reopen = "reopen",
} }

/// The state after `verb`. A customer who writes on a closed ticket opens it again; an answer does not say whose turn is next,
/// a question does.
///
/// # Errors
/// Closing what is closed, reopening what is open, holding or asking on a closed ticket.
pub fn next(state: State, verb: Verb) -> Result<State, Illegal> {
    use State::*;
    let allowed = match (state, verb) {
        (New, Verb::CustomerWrites) => Some(New),
        (OnHold, Verb::CustomerWrites | Verb::StaffAnswers) => Some(OnHold),
        (Open | WaitingCustomer | Closed, Verb::CustomerWrites) => Some(Open),
        (Closed, Verb::StaffAnswers) => Some(Closed),
        (WaitingCustomer, Verb::StaffAnswers) => Some(WaitingCustomer),
        (New | Open, Verb::StaffAnswers) => Some(Open),
        (Closed, Verb::Ask | Verb::Hold | Verb::Resume | Verb::Close) => None,
        (_, Verb::Ask) => Some(WaitingCustomer),
        (_, Verb::Hold) => Some(OnHold),
        (New, Verb::Resume) => Some(New),
        (_, Verb::Resume) => Some(Open),
        (_, Verb::Close) => Some(Closed),
        (Closed, Verb::Reopen) => Some(Open),
        (_, Verb::Reopen) => None,
    };
    allowed.ok_or(Illegal {
        state: state.word(),
        verb: verb.word(),
    })
}
