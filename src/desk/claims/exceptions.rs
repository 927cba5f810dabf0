//! The second pair of eyes. What one person may not grant alone (more than the rules computed, or more than their limit) is
//! proposed, waits, and is granted only by somebody else who may; the database refuses one person on both sides.
//!
//! A proposal rests on one assessment. News that changes what the rules say, and any other decision, overtakes it.

use super::book::Case;
use super::decide::{Decide, limits};
use super::tell;
use crate::act::{Act, Person, Role};
use crate::db::Tx;
use crate::db::claims::{self as rows, Claim, Decision};
use crate::db::exceptions::{self as waiting, End, Exception};
use crate::db::sellers::Seller;
use crate::desk::events::{Happened, record};
use crate::error::{Code, Error, Result};
use crate::ids::{AssessmentId, ExceptionId, PersonId};
use crate::rules::assessment::Assessment;
use crate::rules::money::Amount;
use crate::rules::rights::{self, Ruling, Why};

/// Puts a refund before a second person. `assessed`: the assessment that it rests on.
///
/// # Errors
/// `Refused(AlreadyOpen)` while another one waits on the claim.
pub(super) fn propose(
    tx: &mut Tx,
    act: &Act,
    case: &Case,
    person: &Person,
    assessed: AssessmentId,
    amount: Amount,
    (reason, words): (Option<&str>, &str),
) -> Result<Exception> {
    if waiting::open_on(tx, &case.claim.id)?.is_some() {
        let words = "A proposal on this waits for a second person already. Withdraw it first, or let somebody decide it.";
        return Err(Error::refused_because(Code::AlreadyOpen, words));
    }
    let row = Exception {
        id: ExceptionId::new(act.at),
        seller_id: case.seller.id.clone(),
        claim_id: case.claim.id.clone(),
        seq: 0,
        assessment_id: assessed,
        currency: case.claim.currency.clone(),
        computed_e8: case.assessment.amount.map(Amount::e8),
        amount_e8: amount.e8(),
        override_reason: reason.map(str::to_owned),
        words: crate::plain::block(words),
        proposed_by: person.id.clone(),
        proposed_at: act.at.into(),
        state: "open".to_owned(),
        settled_by: None,
        settled_at: None,
        settled_words: None,
        decision_id: None,
    };
    let row = waiting::insert_exception(tx, row)?;
    let sum = tell::money(case.claim, amount);
    let words = format!(
        "{} proposed {sum}; a second person decides.",
        act.who.label()
    );
    note(tx, act, case.claim, "exception_proposed", words)?;
    Ok(row)
}

/// Whether somebody may decide what another one proposed.
pub fn ruling(
    row: &Exception,
    claim: &Claim,
    seller: &Seller,
    (who, role): (&PersonId, Role),
) -> Ruling {
    let standing = rights::Standing {
        own: claim.customer_id == *who,
        proposed: row.proposed_by == *who,
        granted_e8: row.amount_e8,
        computed_e8: row.computed_e8.unwrap_or(0),
    };
    rights::approving(role, standing, limits(seller, claim))
}

/// The open proposal on the claim, which this person may decide.
///
/// # Errors
/// `Refused`: `AlreadyDone` where none waits any more, `OwnClaim` for the proposer, `OverLimit` above the person's own limit;
/// `Forbidden` without the right.
pub(super) fn to_decide(tx: &mut Tx, case: &Case, person: &Person) -> Result<Exception> {
    let row = waiting::open_on(tx, &case.claim.id)?;
    let row = row.ok_or_else(|| Error::refused(Code::AlreadyDone))?;
    match ruling(&row, case.claim, case.seller, (&person.id, person.role)) {
        Ruling::Alone | Ruling::WithSecond => Ok(row),
        Ruling::Never(Why::Role) => Err(Error::Forbidden),
        Ruling::Never(Why::OwnClaim) => Err(Error::refused(Code::OwnClaim)),
        Ruling::Never(Why::OwnProposal) => Err(Error::refused_because(
            Code::OwnClaim,
            "You proposed this, so somebody else decides it.",
        )),
        Ruling::Never(Why::OverLimit) => Err(Error::refused_because(
            Code::OverLimit,
            "That is above what you may grant. Somebody with a higher limit decides it.",
        )),
    }
}

/// A second person says no: the claim stays open, and the proposer reads why.
pub(super) fn decline(
    tx: &mut Tx,
    act: &Act,
    case: &Case,
    row: &Exception,
    person: &Person,
    decide: &Decide,
) -> Result<()> {
    if decide.words.trim().is_empty() {
        return Err(Error::invalid(
            "words",
            "Say why, for the one who proposed it",
        ));
    }
    let end = End {
        state: "declined",
        by: Some(&person.id),
        at: act.at,
        words: Some(decide.words.trim()),
        decision: None,
    };
    ended(tx, row, end)?;
    let words = format!("{} declined what was proposed.", act.who.label());
    note(tx, act, case.claim, "exception_declined", words)
}

/// The proposer takes it back.
pub(super) fn withdraw(tx: &mut Tx, act: &Act, claim: &Claim, person: &Person) -> Result<()> {
    let row = waiting::open_on(tx, &claim.id)?;
    let row = row.ok_or_else(|| Error::refused(Code::AlreadyDone))?;
    if row.proposed_by != person.id {
        return Err(Error::Forbidden);
    }
    let end = End {
        state: "withdrawn",
        by: Some(&person.id),
        at: act.at,
        words: None,
        decision: None,
    };
    ended(tx, &row, end)?;
    let words = format!("{} took the proposal back.", act.who.label());
    note(tx, act, claim, "exception_withdrawn", words)
}

/// After a decision: the proposal that it carried out is approved, any other is overtaken.
pub(super) fn after_decision(
    tx: &mut Tx,
    act: &Act,
    claim: &Claim,
    decision: &Decision,
    carried_out: Option<&ExceptionId>,
) -> Result<()> {
    let Some(row) = waiting::open_on(tx, &claim.id)? else {
        return Ok(());
    };
    if carried_out != Some(&row.id) {
        return overtake(tx, act, claim, &row);
    }
    let person = act.person().ok_or(Error::Forbidden)?;
    let end = End {
        state: "approved",
        by: Some(&person.id),
        at: act.at,
        words: None,
        decision: Some(&decision.id),
    };
    ended(tx, &row, end)
}

/// After the rules were asked again: a proposal on what they do not say any more is no proposal.
pub(super) fn after_assessment(
    tx: &mut Tx,
    act: &Act,
    claim: &Claim,
    now: &Assessment,
) -> Result<()> {
    let Some(row) = waiting::open_on(tx, &claim.id)? else {
        return Ok(());
    };
    let then = rows::assessment(tx, &row.assessment_id)?;
    let then: Assessment = serde_json::from_str(&then.result_json)?;
    if (then.outcome, then.amount, &then.payments) == (now.outcome, now.amount, &now.payments) {
        return Ok(());
    }
    overtake(tx, act, claim, &row)
}

/// The claim ended some other way.
pub(super) fn after_end(tx: &mut Tx, act: &Act, claim: &Claim) -> Result<()> {
    match waiting::open_on(tx, &claim.id)? {
        Some(row) => overtake(tx, act, claim, &row),
        None => Ok(()),
    }
}

fn overtake(tx: &mut Tx, act: &Act, claim: &Claim, row: &Exception) -> Result<()> {
    let end = End {
        state: "overtaken",
        by: None,
        at: act.at,
        words: None,
        decision: None,
    };
    ended(tx, row, end)?;
    let words = "What was proposed was overtaken by news; it can be proposed again.".to_owned();
    note(tx, act, claim, "exception_overtaken", words)
}

fn ended(tx: &mut Tx, row: &Exception, end: End) -> Result<()> {
    if waiting::set_ended(tx, &row.id, end)? {
        Ok(())
    } else {
        Err(Error::refused(Code::AlreadyDone))
    }
}

/// For the staff alone: a customer hears of decisions, not of proposals.
fn note(tx: &mut Tx, act: &Act, claim: &Claim, kind: &'static str, words: String) -> Result<()> {
    let happened = Happened::new(&claim.seller_id, kind, words)
        .on_ticket(&claim.ticket_id)
        .on_claim(&claim.id);
    record(tx, act, happened)?;
    Ok(())
}
