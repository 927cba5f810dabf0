//! What the text says about chargebacks. None of it moves money: that waits for the dispute itself (I20), and a
//! sanction is an agent's choice, never the rules'.

use super::{Chargeback, ChargebackRule, Verdict};
use crate::rules::facts::{Dispute, DisputeReason};
use crate::rules::hearing::Hearing;

pub fn examine(chargeback: &Chargeback, hearing: &Hearing) -> Verdict {
    match &hearing.facts.dispute {
        Some(dispute) => judge(chargeback.about, dispute),
        None => Verdict::not_applicable("No chargeback is known."),
    }
}

/// What such a clause says of one chargeback, with a claim beside it or without.
pub fn judge(about: ChargebackRule, dispute: &Dispute) -> Verdict {
    let unauthorised = dispute
        .reason
        .map(|reason| reason == DisputeReason::Fraudulent);
    match (about, unauthorised, dispute.contacted_first) {
        (ChargebackRule::LastResort, None, _) => {
            Verdict::unknown("The reason of the chargeback is not known.")
        }
        (ChargebackRule::LastResort, Some(true), _) => Verdict::met(
            "The chargeback names an unauthorised payment, which the text leaves open.",
        ),
        (ChargebackRule::LastResort, Some(false), _) => {
            Verdict::not_met("The chargeback does not name an unauthorised payment.")
        }
        (ChargebackRule::Sanction | ChargebackRule::Contest, Some(true), _) => {
            Verdict::not_applicable("The chargeback names an unauthorised payment.")
        }
        (_, _, None) => Verdict::unknown("Whether the customer wrote first is not known."),
        (ChargebackRule::ContactFirst, _, Some(true)) => match dispute.answered_in_time {
            Some(false) => Verdict::met("The customer wrote first and got no answer in time."),
            _ => Verdict::met("The customer wrote first."),
        },
        (ChargebackRule::ContactFirst, _, Some(false)) => {
            Verdict::not_met("The customer did not write first.")
        }
        (ChargebackRule::Sanction, _, Some(false)) => {
            Verdict::met("The customer did not write first: an agent may choose a sanction.")
        }
        (ChargebackRule::Contest, _, Some(false)) => Verdict::met(
            "The customer did not write first: the seller may contest with proof of delivery.",
        ),
        (ChargebackRule::Sanction | ChargebackRule::Contest, _, Some(true)) => {
            Verdict::not_met("The customer wrote first.")
        }
    }
}
