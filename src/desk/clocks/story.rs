//! A ticket's story as its clocks hear it: signals at their instants, read from the timeline and from what was found out about a
//! repair. Both are append-only; of a fact that was found out twice the later word holds, as the rules read it too.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::db::Conn;
use crate::db::claims::{self, Claim, Fact};
use crate::db::events::{self, Event};
use crate::error::Result;
use crate::ids::TicketId;
use crate::rules::clock::{Moment, Signal};

/// Everything until `now`, in the order in which it happened.
pub fn of(
    conn: &mut Conn,
    ticket: &TicketId,
    claim: Option<&Claim>,
    now: DateTime<Utc>,
) -> Result<Vec<Moment>> {
    let events = events::of_ticket(conn, ticket)?;
    let facts = match claim {
        Some(claim) => claims::facts(conn, &claim.id)?,
        None => Vec::new(),
    };
    Ok(moments(
        &events,
        claim.map(|claim| (claim, facts.as_slice())),
        now,
    ))
}

/// The same of rows that are at hand: a ticket's timeline, and the facts of its claim.
pub fn moments(
    events: &[Event],
    claim: Option<(&Claim, &[Fact])>,
    now: DateTime<Utc>,
) -> Vec<Moment> {
    let mut story = Vec::new();
    for event in events {
        let at = event.at.utc();
        story.extend(signals(event).iter().map(|signal| Moment {
            at,
            signal: *signal,
        }));
    }
    if let Some((claim, facts)) = claim {
        story.extend(repair(facts, claim));
    }
    story.retain(|moment| moment.at <= now);
    story.sort_by_key(|moment| moment.at);
    story
}

fn signals(event: &Event) -> &'static [Signal] {
    use Signal::*;
    match event.kind.as_str() {
        "ticket_opened" | "claim_filed" => &[Received],
        "customer_wrote" | "claim_appealed" => &[CustomerWrote],
        "claim_supplied" => &[Supplied, OurTurn],
        "staff_answered" => &[StaffAnswered],
        "claim_asked" => &[StaffAnswered, CustomersTurn],
        "evidence_awaited" => &[CustomersTurn],
        "evidence_complete" => &[OurTurn],
        "claim_approved" if is_all_on_balance(event) => &[Approved, Settled],
        "claim_approved" => &[Approved],
        "claim_rejected" => &[Rejected],
        "claim_remedied" => &[Remedied],
        "claim_settled" => &[Settled],
        "claim_unpaid" => &[Unpaid],
        "claim_withdrawn" => &[Withdrawn],
        "ticket_closed" => &[Closed],
        _ => &[],
    }
}

/// Whether an approval paid to the balance alone, which is complete at once. Its event names the payments.
fn is_all_on_balance(event: &Event) -> bool {
    let told: Value = serde_json::from_str(&event.data_json).unwrap_or_default();
    let payments = told.get(3).and_then(Value::as_array);
    payments.is_some_and(|payments| {
        payments
            .iter()
            .all(|payment| payment["to"] == "account_balance")
    })
}

/// What is known of a repair (D6). Access that was asked for before the complaint is awaited from the complaint on.
fn repair(facts: &[Fact], claim: &Claim) -> Vec<Moment> {
    let latest = |name: &str| {
        let name = format!("findings.defect.{name}");
        let fact = facts.iter().rfind(|fact| fact.name == name)?;
        let value: Value = serde_json::from_str(&fact.value_json).ok()?;
        Some((value, fact.at.utc()))
    };
    let instant = |name: &str| -> Option<DateTime<Utc>> {
        let (value, _) = latest(name)?;
        value.as_str()?.parse().ok()
    };
    let said =
        |name: &str, says: bool| latest(name).filter(|(value, _)| *value == Value::Bool(says));
    let received = claim.received_at.utc();
    let asked = instant("access_requested_at").map(|asked| asked.max(received));
    let given = instant("access_granted_at");
    let mut moments = Vec::new();
    let mut tell = |at: Option<DateTime<Utc>>, signal| {
        moments.extend(at.map(|at| Moment { at, signal }));
    };
    if given.is_none_or(|given| asked.is_some_and(|asked| asked < given)) {
        tell(asked, Signal::AccessAsked);
        tell(given, Signal::AccessGiven);
    }
    tell(
        instant("fixed_at").map(|fixed| fixed.max(received)),
        Signal::Repaired,
    );
    let moot = said("access_refused", true).or_else(|| said("approved", false));
    tell(moot.map(|(_, at)| at), Signal::RepairMoot);
    moments
}
