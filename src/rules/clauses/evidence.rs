//! What the customer must bring: reasons, documents, a written request. Only what is missing is asked for, and
//! the claim keeps its instant meanwhile (I3).

use super::{Evidence, Scope, Test, Turn, Verdict};
use crate::rules::facts::{Channel, EvidenceKind, Status};
use crate::rules::hearing::{Hearing, Words, said};
use crate::rules::policy::Clause;

/// What is asked for where a written request is wanted and only a chat is there.
const CHANNEL: &str = "channel";

pub fn examine(evidence: &Evidence, clause: &Clause, hearing: &Hearing) -> Verdict {
    let missing = missing(evidence, hearing);
    if missing.is_empty() {
        let verdict = Verdict::met("What the text asks the customer for is there.");
        return match late(evidence, clause, hearing) {
            Some(because) if evidence.flag_late => verdict.flag(Scope::Paying, because),
            _ => verdict,
        };
    }
    let verdict = Verdict::not_met(said!(
        hearing,
        "Still to come from the customer: {}.",
        missing.join(", ")
    ));
    let verdict = if missing.iter().any(|what| what == CHANNEL) {
        verdict.flag(
            Scope::Paying,
            "The text wants the request by email, and it came by chat.",
        )
    } else {
        verdict
    };
    verdict.turn(Turn::Ask(missing))
}

fn missing(evidence: &Evidence, hearing: &Hearing) -> Vec<String> {
    let facts = hearing.facts;
    let mut missing = Vec::new();
    let waived = evidence.waived_for.contains(&hearing.ground.id)
        && facts.channel == Channel::Portal
        && hearing.units.status == Some(Status::Pending);
    if evidence.reason
        && !waived
        && facts
            .reason
            .as_deref()
            .is_none_or(|reason| reason.trim().is_empty())
    {
        missing.push("reason".to_owned());
    }
    if evidence.written && facts.channel == Channel::Chat {
        missing.push(CHANNEL.to_owned());
    }
    let numbered = hearing.order.is_none_or(|order| order.id.is_some());
    if evidence.order_id && !numbered && !brought(hearing, EvidenceKind::OrderNumber) {
        missing.push(EvidenceKind::OrderNumber.word().to_owned());
    }
    let all = evidence.all.iter().filter(|kind| !brought(hearing, **kind));
    missing.extend(all.map(|kind| kind.word().to_owned()));
    if !evidence.any.iter().any(|kind| brought(hearing, *kind)) {
        missing.extend(evidence.any.first().map(|kind| kind.word().to_owned()));
    }
    missing
}

/// Evidence received after the assessed instant is not there yet; on the portal the order is its own number.
fn brought(hearing: &Hearing, kind: EvidenceKind) -> bool {
    let listed = hearing
        .facts
        .evidence
        .iter()
        .any(|one| one.kind == kind && one.received_at.is_none_or(|at| at <= hearing.now));
    let on_portal = hearing.facts.channel == Channel::Portal
        && hearing.order.is_some_and(|order| order.id.is_some());
    listed || (kind == EvidenceKind::OrderNumber && on_portal)
}

/// Why the evidence of a timely claim came too late to be beyond doubt: after the window of its own clause.
fn late(evidence: &Evidence, clause: &Clause, hearing: &Hearing) -> Option<Words> {
    let window = clause.tests.iter().find_map(|test| match test {
        Test::Window(window) => Some(window),
        _ => None,
    })?;
    let due = hearing.due(window, window.starts)?.adopted;
    let kinds = || evidence.all.iter().chain(&evidence.any);
    let counts = hearing
        .facts
        .evidence
        .iter()
        .filter(|one| kinds().any(|kind| *kind == one.kind));
    let first = counts
        .map(|one| one.received_at.unwrap_or(hearing.received))
        .min()?;
    (first > due && hearing.received <= due).then(|| {
        said!(
            hearing,
            "The evidence came on {}, after the time for the claim had ended on {}.",
            hearing.clock(first),
            hearing.clock(due)
        )
    })
}
