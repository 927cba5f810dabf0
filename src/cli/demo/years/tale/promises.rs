//! How the promises of a story stand at the history's end: folded once, from everything that happened, with the warnings and misses
//! that the worker would have noted on the way.

use chrono::{DateTime, Duration, Utc};

use super::{Said, Tale};
use crate::act::{Role, Who};
use crate::db::clocks::{Clock, Warning};
use crate::desk::clocks::{self, moments, spoken_of, still, stood};
use crate::error::{Error, Result};
use crate::rules::assessment::ClockKind;
use crate::rules::clock::{Course, Moment, Promise, Step, fold, replies_owed};
use crate::rules::deadline::ClockStart;
use crate::rules::sla::is_firm;

/// The worker notes a miss within seconds.
const NOTED_AFTER: Duration = Duration::seconds(2);

impl Tale<'_> {
    fn story(&self) -> Vec<Moment> {
        let case = self.case.as_ref();
        let claim = case.map(|case| (&case.claim, case.found.as_slice()));
        moments(&self.events, claim, self.ink.now)
    }

    /// Begins the clock of every answer that is owed beside the first.
    pub(super) fn owe_replies(&mut self) -> Result<()> {
        let has = |kind: ClockKind| {
            let mut there = self.clocks.iter();
            there.any(|(row, _)| row.kind == kind.word())
        };
        let (first, decision) = (has(ClockKind::FirstResponse), has(ClockKind::Decision));
        for from in replies_owed(&self.story(), first, decision) {
            let shop = self.shop;
            let policy = match &self.case {
                Some(case) => case.policy,
                None => shop.policy(from)?,
            };
            let target = clocks::house(ClockKind::NextReply, ClockStart::CustomerWrote);
            let promised = policy
                .clocks
                .iter()
                .find(|clock| clock.kind == ClockKind::NextReply);
            self.promise(promised.unwrap_or(&target), policy, from)?;
        }
        Ok(())
    }

    /// The rows of the clocks, with what the timeline tells of them.
    pub(super) fn counted(&mut self) -> Result<Vec<Clock>> {
        let story = self.story();
        let mut counted = Vec::with_capacity(self.clocks.len());
        for (row, promise) in std::mem::take(&mut self.clocks) {
            let course = fold(&promise, &story)
                .ok_or_else(|| Error::broken("a promise beyond the calendar"))?;
            let later = self.warn(&row, &promise, &course, &story)?;
            let mut row = stood(row, &promise, &course, later);
            let has_ended = row.stopped_at.is_some();
            row.priority = has_ended.then(|| clocks::priority(&self.ticket));
            if let Some(noted) = missed_at(&course, self.ink.now) {
                row.breached_at = Some(noted.into());
                if is_firm(&row.firmness) {
                    let said = Said::new("clock_breached", clocks::missed(&row));
                    self.notice(noted, &row, said)?;
                }
            }
            counted.push(row);
        }
        Ok(counted)
    }

    /// Notes the warnings that were given, and gives the next one that is still to come.
    fn warn(
        &mut self,
        row: &Clock,
        promise: &Promise,
        course: &Course,
        story: &[Moment],
    ) -> Result<Option<DateTime<Utc>>> {
        let before = match course.stopped_at {
            None => None,
            // Whether it had run for long enough to be spoken of at all.
            Some(stopped) => {
                let (ran, whole) = (
                    stopped - promise.starts_at,
                    course.due_at - promise.starts_at,
                );
                if ran < whole / 3 {
                    return Ok(None);
                }
                let told: Vec<Moment> = story
                    .iter()
                    .filter(|moment| moment.at < stopped)
                    .copied()
                    .collect();
                fold(promise, &told)
            }
        };
        let until = course.stopped_at.unwrap_or(self.ink.now);
        let mut next: Option<DateTime<Utc>> = None;
        for (step, at) in still(row, promise, before.as_ref().unwrap_or(course)) {
            if at > until || (course.stopped_at.is_some() && at == until) {
                next = Some(next.map_or(at, |next| next.min(at)));
                continue;
            }
            let warning = Warning {
                id: self.ink.dice.id(at),
                clock_id: row.id.clone(),
                step: step.word().to_owned(),
                at: at.into(),
                due_at: course.due_at.into(),
            };
            self.ink.sheaf.warnings.push(warning);
            let reader = self.reader(step);
            let said = Said::new("clock_warned", spoken_of(row, step, &[&reader]));
            self.notice(at, row, said)?;
        }
        Ok(next.filter(|_| course.stopped_at.is_none()))
    }

    /// Who is told, as the desk would: whoever has it, the lead, the manager.
    fn reader(&self, step: Step) -> String {
        let holder = self.ticket.assignee_id.as_ref();
        let mut staff = self.shop.agents.iter().chain([&self.shop.lead]);
        let holder = holder.and_then(|id| staff.find(|who| who.key() == id.as_str()));
        let who = match (step, holder) {
            (Step::Half, Some(holder)) => holder,
            (Step::Whole, _) => &self.shop.manager,
            _ => &self.shop.lead,
        };
        debug_assert!(matches!(who, Who::Person(person) if person.role != Role::Customer));
        who.label().to_owned()
    }

    fn notice(&mut self, at: DateTime<Utc>, row: &Clock, said: Said) -> Result<()> {
        let told_at = std::mem::replace(&mut self.at, at);
        let said = said.with((&row.kind, &row.clause, row.due_at.utc()))?;
        self.record(&Who::Worker, said);
        self.at = told_at;
        Ok(())
    }
}

/// When the worker noted that it was missed: while it ran, two seconds after it was due.
fn missed_at(course: &Course, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if course.paused_at.is_some() {
        return None;
    }
    let noted = course.due_at + NOTED_AFTER;
    (noted < course.stopped_at.unwrap_or(now)).then_some(noted)
}
