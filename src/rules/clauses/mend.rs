//! The seller puts it right before money is decided: sends again, or repairs.

use super::{Mend, MendBy, Turn, Verdict};
use crate::rules::assessment::NextAction;
use crate::rules::facts::Resend;
use crate::rules::hearing::Hearing;

pub fn examine(mend: &Mend, hearing: &Hearing) -> Verdict {
    if hearing.order.is_none() {
        return Verdict::no_order();
    }
    let findings = &hearing.facts.findings;
    let (tried, action) = match mend.by {
        MendBy::Resend => (
            findings.resend.map(|resend| resend == Resend::Received),
            NextAction::Resend,
        ),
        MendBy::Repair => (findings.repaired, NextAction::FixDefect),
    };
    match (mend.by, tried) {
        (MendBy::Resend, Some(true)) => {
            Verdict::met("It was sent again, and the customer has it.").turn(Turn::Remedied)
        }
        (MendBy::Resend, Some(false)) => {
            Verdict::met("It was sent again without reaching the customer.")
        }
        (MendBy::Repair, Some(true)) => {
            Verdict::met("The fault was repaired.").turn(Turn::Remedied)
        }
        (MendBy::Repair, Some(false)) => Verdict::met("Support could not repair the fault."),
        (by, None) => {
            let detail = if by == MendBy::Resend {
                "Nobody has sent it again yet."
            } else {
                "Nobody has tried to repair it yet."
            };
            let turn = if mend.still_owed && is_too_late(hearing) {
                Turn::StillOwed(action)
            } else {
                Turn::Act(action)
            };
            Verdict::unknown(detail).turn(turn)
        }
    }
}

fn is_too_late(hearing: &Hearing) -> bool {
    let dues = hearing
        .windows()
        .filter(|(_, window)| !window.general)
        .filter_map(|(_, window)| hearing.due(window, window.starts));
    dues.into_iter().any(|due| hearing.received > due.lenient())
}
