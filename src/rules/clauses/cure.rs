//! The seller's hours to fix an approved defect, counted from the complaint; they stand still while the seller
//! waits for access. Missed, the customer has a refund in full or, by choice, a replacement.

use chrono::TimeDelta;

use super::{Cure, Scope, Test, Turn, Verdict};
use crate::rules::assessment::{ClockKind, Deadline, NextAction};
use crate::rules::calendar::{end_of_day, local_day};
use crate::rules::deadline::span;
use crate::rules::facts::{At, Remedy};
use crate::rules::hearing::{Hearing, Words, said};

/// When the hours end, one way or another.
struct Ends {
    /// From the instant of the complaint, pauses included.
    adopted: At,
    /// The same without the pause.
    unpaused: At,
    /// From the end of the complaint's day.
    from_day: At,
    /// Access was asked for in time and is neither given nor refused: no end yet.
    standing: bool,
}

pub(in crate::rules) fn examine(cure: &Cure, hearing: &Hearing) -> Verdict {
    if hearing.order.is_none() {
        return Verdict::no_order();
    }
    let defect = &hearing.facts.findings.defect;
    if defect.access_refused == Some(true) {
        return Verdict::not_met("Access that the repair needs was refused.").turn(Turn::Bar);
    }
    if defect.approved == Some(false) {
        return Verdict::not_met("No major defect was found.").turn(Turn::Bar);
    }
    let ends = ends(cure, hearing);
    let (turn, detail) = judge(cure, hearing, &ends, Count::Adopted);
    let verdict = match turn {
        Turn::Review => Verdict::unknown(detail).lacks("findings.defect.approved"),
        Turn::Ask(_) | Turn::Act(_) => Verdict::unknown(detail),
        _ => Verdict::met(detail),
    };
    let verdict = verdict.due(ends.adopted).turn(turn.clone());
    if matches!(turn, Turn::Ask(_)) {
        return verdict.flag(
            Scope::Always,
            "The hours for the repair stand still while access is awaited.",
        );
    }
    let verdict = verdict.otherwise(
        judge(cure, hearing, &ends, Count::FromDay).0,
        "The hours, counted from the end of the complaint's day, would decide otherwise.",
    );
    verdict.otherwise(
        judge(cure, hearing, &ends, Count::Unpaused).0,
        "Without the time that the seller waited for access it would be decided otherwise.",
    )
}

#[derive(Clone, Copy, PartialEq)]
enum Count {
    Adopted,
    FromDay,
    Unpaused,
}

fn judge(cure: &Cure, hearing: &Hearing, ends: &Ends, count: Count) -> (Turn, Words) {
    let defect = &hearing.facts.findings.defect;
    let end = match count {
        Count::Adopted => ends.adopted,
        Count::FromDay => ends.from_day,
        Count::Unpaused => ends.unpaused,
    };
    let standing = ends.standing && count != Count::Unpaused;
    let fixed = defect.fixed_at.filter(|at| *at <= hearing.now);
    let hours = cure.hours;
    if let Some(fixed) = fixed.filter(|fixed| standing || *fixed <= end) {
        return (
            Turn::Remedied,
            said!(
                hearing,
                "Fixed on {}, within the {hours} hours.",
                hearing.clock(fixed)
            ),
        );
    }
    if standing {
        let ask = Turn::Ask(vec!["findings.defect.access_granted_at".to_owned()]);
        return (
            ask,
            said!(
                hearing,
                "The {hours} hours stand still: access was asked for and is neither given nor refused."
            ),
        );
    }
    if fixed.is_none() && hearing.now <= end {
        let left = span((end - hearing.now).num_seconds());
        return (
            Turn::Act(NextAction::FixDefect),
            said!(
                hearing,
                "The {hours} hours run until {}: {left} left.",
                hearing.clock(end)
            ),
        );
    }
    let missed = match fixed {
        Some(fixed) => said!(
            hearing,
            "The {hours} hours ended on {}; fixed {} late.",
            hearing.clock(end),
            span((fixed - end).num_seconds())
        ),
        None => said!(
            hearing,
            "The {hours} hours ended on {} without a repair.",
            hearing.clock(end)
        ),
    };
    match (defect.approved, hearing.facts.remedy_choice) {
        (None, _) => (
            Turn::Review,
            said!(
                hearing,
                "{missed} Whether there is a major defect is not established yet."
            ),
        ),
        (_, Some(Remedy::Replacement)) if cure.replacement => (
            Turn::Remedied,
            said!(hearing, "{missed} The customer chose a replacement."),
        ),
        _ => (
            Turn::Pass,
            said!(hearing, "{missed} A refund in full is due."),
        ),
    }
}

fn ends(cure: &Cure, hearing: &Hearing) -> Ends {
    let defect = &hearing.facts.findings.defect;
    let hours = TimeDelta::hours(i64::from(cure.hours));
    let known = |at: Option<At>| at.filter(|at| *at <= hearing.now);
    let base = hearing.received + hours;
    let from_day = end_of_day(local_day(hearing.received, hearing.zone), hearing.zone) + hours;
    let asked = known(defect.access_requested_at)
        .map(|at| at.max(hearing.received))
        .filter(|at| *at <= base);
    let granted = known(defect.access_granted_at);
    let pause = match (asked, granted) {
        (Some(asked), Some(granted)) => (granted - asked).max(TimeDelta::zero()),
        _ => TimeDelta::zero(),
    };
    Ends {
        adopted: base + pause,
        unpaused: base,
        from_day: from_day + pause,
        standing: asked.is_some() && granted.is_none(),
    }
}

fn cure_of<'a>(hearing: &Hearing<'a>, clause: &str) -> Option<&'a Cure> {
    hearing.tests().find_map(|(of, test)| match test {
        Test::Cure(cure) if of.id == clause => Some(cure),
        _ => None,
    })
}

/// The promise of a cure, moved by the pause that this claim has seen.
pub(crate) fn paused(hearing: &Hearing, deadline: Deadline) -> Deadline {
    match cure_of(hearing, &deadline.clause) {
        Some(cure) if deadline.kind == ClockKind::Cure => Deadline {
            due_at: ends(cure, hearing).adopted,
            ..deadline
        },
        _ => deadline,
    }
}
