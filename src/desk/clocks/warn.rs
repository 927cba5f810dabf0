//! Warns the staff before a promise is broken: at half of its time the one who has the ticket, at four fifths the leads, when it is
//! due the managers. Once each, to staff alone; a row a step, which no two workers can both write, stands in the same transaction as
//! the letters.
//!
//! Why these readers: a ticket that nobody has yet is the leads' to give away, so its first warning goes to them. Where a seller has
//! nobody of a rank, the next one up is told.

use chrono::{DateTime, Utc};

use super::{HOUSE, happened, promised, spoken, story};
use crate::act::{Act, Role};
use crate::db::clocks::{self as rows, Clock, Warning};
use crate::db::dialect::worth_retrying;
use crate::db::people::{self, Person};
use crate::db::tickets::Ticket;
use crate::db::{Conn, Tx, claims, sellers, set_apart, tickets};
use crate::desk::mailroom::{self, Envelope};
use crate::error::Result;
use crate::ids::{ClockId, SellerId, fresh};
use crate::letters::clocks::ClockWarning;
use crate::letters::parts::{Moment, Signature};
use crate::rules::clock::{Course, Promise, Step, fold, warns_at};

/// What a round of warnings did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warned {
    /// Clocks that were looked at: fewer than the limit when none is left.
    pub clocks: usize,
    pub warnings: usize,
    /// Those that cannot be counted, and why. They hold up no other, and are looked at again when something happens on their ticket.
    pub failed: Vec<(ClockId, String)>,
}

/// Gives every warning whose moment has come, of so many clocks at most.
pub fn warn(tx: &mut Tx, act: &Act, limit: i64) -> Result<Warned> {
    let mut roster = Roster::default();
    let mut warned = Warned::default();
    for clock in rows::to_warn(tx, act.at, limit)? {
        warned.clocks += 1;
        match set_apart(tx, |tx| warn_of(tx, act, clock.clone(), &mut roster)) {
            Ok(count) => warned.warnings += count,
            Err(error) if worth_retrying(&error) => return Err(error),
            Err(error) => {
                rows::set_warned(tx, &clock, None)?;
                warned.failed.push((clock.id, error.to_string()));
            }
        }
    }
    Ok(warned)
}

fn warn_of(tx: &mut Tx, act: &Act, clock: Clock, roster: &mut Roster) -> Result<usize> {
    let claim = claims::of_ticket(tx, &clock.ticket_id)?;
    let story = story::of(tx, &clock.ticket_id, claim.as_ref(), act.at)?;
    let promise = promised(&clock)?;
    let course = fold(&promise, &story);
    let steps = match &course {
        Some(course) => steps(tx, &clock, &promise, course)?,
        None => Vec::new(),
    };
    let (due, later): (Vec<_>, Vec<_>) = steps.into_iter().partition(|(_, at)| *at <= act.at);
    let next = later.iter().map(|(_, at)| *at).min();
    // Takes the clock before anything is written: whoever comes second finds that it has moved on.
    if !rows::set_warned(tx, &clock, next)? {
        return Ok(0);
    }
    let mut count = 0;
    for (step, _) in due {
        let ticket = tickets::find(tx, &clock.ticket_id)?;
        let readers = roster.readers(tx, &ticket, step)?;
        let warning = Warning {
            id: fresh(act.at),
            clock_id: clock.id.clone(),
            step: step.word().to_owned(),
            at: act.at.into(),
            due_at: clock.due_at,
        };
        if !rows::insert_warning(tx, &warning)? {
            continue;
        }
        let number = claim.as_ref().map(|claim| claim.number.as_str());
        for reader in &readers {
            tell(tx, act, (&clock, step), &ticket, number, reader)?;
        }
        happened(
            tx,
            act,
            &clock,
            "clock_warned",
            spoken_of(&clock, step, &names(&readers)),
        )?;
        count += 1;
    }
    Ok(count)
}

/// When the next warning of a clock is due, of those that were not given yet.
pub fn next(
    conn: &mut Conn,
    clock: &Clock,
    promise: &Promise,
    course: &Course,
) -> Result<Option<DateTime<Utc>>> {
    let steps = steps(conn, clock, promise, course)?;
    Ok(steps.into_iter().map(|(_, at)| at).min())
}

/// The warnings still to come, with their instants. What a bank does is nobody's here to hurry.
fn steps(
    conn: &mut Conn,
    clock: &Clock,
    promise: &Promise,
    course: &Course,
) -> Result<Vec<(Step, DateTime<Utc>)>> {
    let given = rows::warnings(conn, &clock.id)?;
    let is_given = |step: &Step| given.iter().any(|warning| warning.step == step.word());
    let mut steps = still(clock, promise, course);
    steps.retain(|(step, _)| !is_given(step));
    Ok(steps)
}

/// Every warning of a clock that stands so, given or not, with its instant.
pub fn still(clock: &Clock, promise: &Promise, course: &Course) -> Vec<(Step, DateTime<Utc>)> {
    if clock.firmness == "estimate" || course.stopped_at.is_some() || course.paused_at.is_some() {
        return Vec::new();
    }
    let all = Step::ALL.iter();
    all.filter_map(|step| Some((*step, warns_at(promise, course, *step)?)))
        .collect()
}

/// How the timeline tells of a warning, with the names of those who were told.
pub fn spoken_of(clock: &Clock, step: Step, readers: &[&str]) -> String {
    let what = match clock.clause.as_str() {
        HOUSE => format!("the house target for {}", spoken(&clock.kind)),
        clause => format!("the promise of {} ({clause})", spoken(&clock.kind)),
    };
    let told = match readers {
        [] => "nobody of the staff could be told".to_owned(),
        names => format!("{} was told", names.join(", ")),
    };
    let used = match step {
        Step::Half => "Half the time of",
        Step::FourFifths => "Four fifths of the time of",
        Step::Whole => "All the time of",
    };
    format!("{used} {what} is used up; {told}.")
}

fn names(readers: &[Person]) -> Vec<&str> {
    readers.iter().map(|reader| reader.name.as_str()).collect()
}

fn tell(
    tx: &mut Tx,
    act: &Act,
    (clock, step): (&Clock, Step),
    ticket: &Ticket,
    claim: Option<&str>,
    reader: &Person,
) -> Result<()> {
    let seller = sellers::find(tx, &ticket.seller_id)?;
    let letter = ClockWarning {
        signature: Signature {
            name: seller.name.clone(),
            site: act.site.clone(),
            is_read: false,
        },
        ticket: ticket.number.clone(),
        claim: claim.map(str::to_owned),
        about: ticket.subject.clone(),
        what: spoken(&clock.kind).to_owned(),
        clause: (clock.clause != HOUSE).then(|| clock.clause.clone()),
        step,
        due: Moment {
            at: clock.due_at.utc(),
            zone: reader.time_zone.parse().unwrap_or(chrono_tz::UTC),
        },
        is_yours: ticket.assignee_id.as_ref() == Some(&reader.id),
        is_nobodys: ticket.assignee_id.is_none(),
    }
    .letter()?;
    let envelope = Envelope {
        key: format!("clock:{}:{}:{}", clock.id, step.word(), reader.id),
        kind: "clock_warning",
        seller: Some(&ticket.seller_id),
        ticket: Some(&ticket.id),
        claim: clock.claim_id.as_ref(),
        from_name: &seller.name,
        to: &reader.email,
    };
    mailroom::queue(tx, act, &envelope, letter).map(|_| ())
}

/// The staff, read once a round.
#[derive(Default)]
struct Roster {
    staff: Option<Vec<(Person, Vec<SellerId>)>>,
}

impl Roster {
    /// Who is told at that step.
    fn readers(&mut self, conn: &mut Conn, ticket: &Ticket, step: Step) -> Result<Vec<Person>> {
        let staff = self.serving(conn, &ticket.seller_id)?;
        let holder = staff
            .iter()
            .find(|person| Some(&person.id) == ticket.assignee_id.as_ref());
        let first = match (step, holder) {
            (Step::Half, Some(holder)) => return Ok(vec![(*holder).clone()]),
            (Step::Half | Step::FourFifths, _) => Role::Lead,
            (Step::Whole, _) => Role::Manager,
        };
        for rank in [Role::Lead, Role::Manager, Role::Admin] {
            let of_rank = staff.iter().filter(|person| person.role == rank);
            let of_rank: Vec<Person> = of_rank.map(|person| (*person).clone()).collect();
            if rank >= first && !of_rank.is_empty() {
                return Ok(of_rank);
            }
        }
        Ok(Vec::new())
    }

    fn serving(&mut self, conn: &mut Conn, seller: &SellerId) -> Result<Vec<&Person>> {
        if self.staff.is_none() {
            let limits = people::limits(conn)?;
            let of = |person: &Person| {
                let own = limits.iter().filter(|(id, _)| *id == person.id);
                own.map(|(_, seller)| seller.clone()).collect()
            };
            let staff = people::staff(conn)?.into_iter();
            let able = staff.filter(|person| person.disabled_at.is_none());
            self.staff = Some(
                able.map(|person| (of(&person), person))
                    .map(|(own, person)| (person, own))
                    .collect(),
            );
        }
        let staff = self.staff.iter().flatten();
        let serving = staff.filter(|(_, sellers)| sellers.is_empty() || sellers.contains(seller));
        Ok(serving.map(|(person, _)| person).collect())
    }
}
