//! The agents' side: the queue, the claim on one screen, what staff do there, and the money and mail that leave the desk.
//!
//! `case` reads everything about a claim at once; `panel`, `record` and `talk` turn it into the three regions of the page. Every
//! form carries what its page had shown (`seen`); where that is out of date, `stale` shows what is new and keeps what was typed.

pub mod batches;
mod case;
mod check;
pub mod claim;
pub mod decision;
pub mod dispute;
pub mod disputes;
pub mod exceptions;
pub mod facts;
mod head;
pub mod index;
pub mod mail;
pub mod messages;
pub mod order;
pub mod outbox;
pub mod pack;
mod panel;
pub mod payouts;
pub mod policies;
pub mod question;
pub mod record;
pub mod sanctions;
mod second;
mod seen;
mod stale;
mod story;
mod talk;
pub mod tasks;
pub mod ticket;
mod todo;
pub mod turns;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::page::Filled;
use super::session::Visit;
use super::show::Wall;
use crate::act::Person;
use crate::db::tickets::Scope;
use crate::error::Code;
use crate::rules::tasks::Kind;

/// Who looks, at what, and from which wall.
#[derive(Debug, Clone)]
pub struct Looker {
    person: Person,
    scope: Scope,
    wall: Wall,
}

impl Looker {
    fn of(person: &Person, visit: &Visit) -> Looker {
        Looker {
            person: person.clone(),
            scope: Scope(person.sellers.clone()),
            wall: Wall {
                zone: visit.zone,
                now: visit.now,
            },
        }
    }
}

/// What was typed and refused, to be shown again on the page it came from; and a sentence above it all.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    reply: Option<Filled>,
    note: Option<Filled>,
    other: Option<Filled>,
    reject: Option<Filled>,
    ask: Option<Filled>,
    decline: Option<Filled>,
    facts: Option<Filled>,
    task: Option<(Kind, Filled)>,
    /// Why nothing was done, and what to do next.
    refusal: Option<String>,
    /// The rule that said no, where one did.
    code: Option<Code>,
}

impl Typed {
    fn is_refused(&self) -> bool {
        let forms = [
            &self.reply,
            &self.note,
            &self.other,
            &self.reject,
            &self.ask,
            &self.decline,
            &self.facts,
        ];
        let task = self.task.as_ref().map(|(_, form)| form);
        let mut forms = forms.into_iter().flatten().chain(task);
        self.refusal.is_some() || forms.any(Filled::is_refused)
    }
}

/// The page again, with what was wrong.
fn refused(page: &impl askama::Template) -> HttpResponse {
    super::page::render_as(StatusCode::UNPROCESSABLE_ENTITY, page)
}
