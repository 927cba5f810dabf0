//! The customer's deadline, from the purchase or per deposit, under its adopted and its other plausible readings.

use super::{Start, Turn, Verdict, Window};
use crate::rules::deadline::{Due, OtherReading, Reading, span};
use crate::rules::facts::At;
use crate::rules::hearing::{Hearing, Words, said};
use crate::rules::policy::Clause;

pub fn examine(window: &Window, clause: &Clause, hearing: &Hearing) -> Verdict {
    if window.starts == Start::Deposit {
        return per_deposit(hearing);
    }
    if hearing.order.is_none() {
        return Verdict::no_order();
    }
    let Some(due) = hearing.due(window, window.starts) else {
        return Verdict::unknown("When the time began is not known, so neither is when it ended.")
            .lacks(format!("order.{}", window.starts))
            .turn(Turn::Review);
    };
    let in_time = hearing.received <= due.adopted;
    let elsewhere = due.contradicts(hearing.received);
    let detail = detail(window, &due, hearing);
    let because = elsewhere.map(|(at, reading)| doubt(hearing, at, reading));
    if window.route {
        let verdict = if in_time {
            Verdict::met(detail)
        } else {
            Verdict::not_met(said!(hearing, "{detail} A cancellation is judged instead."))
        };
        return verdict
            .due(due.adopted)
            .flag_if(because.as_ref(), super::Scope::Paying);
    }
    let miss = if_missed(window, clause, hearing);
    if in_time {
        let verdict = Verdict::met(detail).due(due.adopted);
        return because.into_iter().fold(verdict, |verdict, because| {
            verdict.otherwise(miss.turn.clone(), because)
        });
    }
    let verdict = match miss.turn {
        Turn::Review if window.or_from.is_some() => {
            let unknown = window
                .or_from
                .filter(|start| hearing.start(*start).is_none());
            unknown
                .into_iter()
                .fold(Verdict::unknown(detail), |verdict, start| {
                    verdict.lacks(format!("order.{start}"))
                })
        }
        _ => Verdict::not_met(detail),
    };
    let turn = if miss.turn == Turn::Bar && (because.is_some() || miss.otherwise.is_some()) {
        Turn::Late
    } else {
        miss.turn
    };
    let verdict = verdict.due(due.adopted).turn(turn);
    let verdict = because.into_iter().fold(verdict, |verdict, because| {
        verdict.otherwise(Turn::Pass, because)
    });
    miss.otherwise
        .into_iter()
        .fold(verdict, |verdict, (turn, because)| {
            verdict.otherwise(turn, because)
        })
}

/// What missing this window means for the claim, and what another reading would make of that.
struct Miss {
    turn: Turn,
    otherwise: Option<(Turn, Words)>,
}

fn if_missed(window: &Window, clause: &Clause, hearing: &Hearing) -> Miss {
    if window.general {
        // The ground's own limit decides where it is missed too; the general rule adds nothing to that.
        let own = hearing.windows().filter(|(_, own)| !own.general);
        let mut dues = own.filter_map(|(_, own)| hearing.due(own, own.starts));
        let turn = if dues.any(|due| hearing.received > due.adopted) {
            Turn::Pass
        } else {
            Turn::Review
        };
        return Miss {
            turn,
            otherwise: None,
        };
    }
    if let Some(start) = window.or_from {
        return match hearing.due(window, start) {
            None => Miss {
                turn: Turn::Review,
                otherwise: None,
            },
            Some(due) => outside(&due, hearing),
        };
    }
    let rivals = hearing.windows().filter(|(other, rival)| {
        other.id != clause.id
            && (window.rival.as_ref() == Some(&other.id)
                || rival.rival.as_ref() == Some(&clause.id))
    });
    let mut dues = rivals.filter_map(|(_, rival)| hearing.due(rival, rival.starts));
    match dues.next() {
        Some(due) => outside(&due, hearing),
        None => Miss {
            turn: Turn::Bar,
            otherwise: None,
        },
    }
}

/// A person decides while this second deadline is open; after it the claim is barred.
fn outside(due: &Due, hearing: &Hearing) -> Miss {
    let (now, other) = if hearing.received <= due.adopted {
        (Turn::Review, Turn::Bar)
    } else {
        (Turn::Bar, Turn::Review)
    };
    let otherwise = due
        .contradicts(hearing.received)
        .map(|(at, reading)| (other, doubt(hearing, at, reading)));
    Miss {
        turn: now,
        otherwise,
    }
}

fn detail(window: &Window, due: &Due, hearing: &Hearing) -> Words {
    let how = match window.reading {
        Reading::Moment => "counted to the second",
        Reading::Day | Reading::Bare => "to the end of the last day",
    };
    let apart = (hearing.received - due.adopted).num_seconds();
    let standing = if apart > 0 {
        said!(hearing, "late by {}", span(apart))
    } else {
        said!(hearing, "in time by {}", span(apart))
    };
    said!(
        hearing,
        "In time until {}, {how}; received on {}: {standing}.",
        hearing.clock(due.adopted),
        hearing.clock(hearing.received)
    )
}

pub fn doubt(hearing: &Hearing, at: At, reading: OtherReading) -> Words {
    let side = if hearing.received <= at {
        "in time"
    } else {
        "late"
    };
    said!(
        hearing,
        "The same time {reading} ends on {}, and the claim would be {side}.",
        hearing.clock(at)
    )
}

fn per_deposit(hearing: &Hearing) -> Verdict {
    let Some(purse) = &hearing.purse else {
        return Verdict::unknown("The deposits are not known.");
    };
    let counted: Vec<_> = purse
        .deposits
        .iter()
        .filter_map(|held| held.due.as_ref().map(|due| (held, due)))
        .collect();
    let Some((first, _)) = counted.first() else {
        return Verdict::not_applicable("No deposit holds money.");
    };
    let one = |held: &crate::rules::purse::Held, due: &Due| {
        let apart = (hearing.received - due.adopted).num_seconds();
        let standing = if held.late {
            said!(hearing, "late by {}", span(apart))
        } else {
            said!(hearing, "in time by {}", span(apart))
        };
        said!(
            hearing,
            "Deposit {} can go back until {}: {standing}.",
            held.lot.id,
            hearing.clock(due.adopted)
        )
    };
    let detail = counted
        .iter()
        .map(|(held, due)| one(held, due))
        .collect::<Vec<_>>()
        .join(" ");
    let shown = counted
        .iter()
        .find(|(held, _)| !held.late)
        .unwrap_or(&(first, counted[0].1))
        .1
        .adopted;
    let doubts = counted.iter().filter_map(|(held, _)| {
        held.elsewhere.map(|(at, reading)| {
            said!(
                hearing,
                "Deposit {}: {}",
                held.lot.id,
                doubt(hearing, at, reading)
            )
        })
    });
    if counted.iter().all(|(held, _)| held.late) {
        let verdict = Verdict::not_met(detail).due(shown);
        let (mut verdict, mut late) = (verdict, false);
        for because in doubts {
            verdict = verdict.otherwise(Turn::Pass, because);
            late = true;
        }
        return verdict.turn(if late { Turn::Late } else { Turn::Bar });
    }
    doubts.fold(Verdict::met(detail).due(shown), |verdict, because| {
        verdict.flag(super::Scope::Paying, because)
    })
}
