//! The letters of money on its way to a payment method: it was sent or has arrived (B24), it could not be made, it came back.

use super::phrases::{labels, moment, whereto};
use super::{case, send, shown};
use crate::act::{Act, Who};
use crate::db::Tx;
use crate::db::claims::Claim;
use crate::db::ledger::sums_of_keys;
use crate::db::payouts::Payout;
use crate::db::sellers::Seller;
use crate::db::tickets::Ticket;
use crate::desk::{payouts, policies};
use crate::error::Result;
use crate::letters::payouts::{Paid, PayoutFailed, PayoutReturned, PayoutSent, PayoutStopped};
use crate::rules::ledger::AccountKind;
use crate::rules::money::Amount;

/// A payout is settled: the confirmation of B24. Somebody who marked it as sent knows that it has left; a gateway, that it is there.
pub fn paid_out(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
    payout: &Payout,
) -> Result<()> {
    let labels = labels(tx, claim)?;
    let zone = policies::zone(tx, seller, act.at)?;
    let case = case(tx, act, seller, ticket, claim)?;
    let amount = shown(Amount::from_e8(payout.pay_e8), &payout.pay_currency);
    let (to, at) = (whereto(&labels, payout), moment(zone, act.at));
    let reference = payout.reference.clone();
    let (kind, letter) = match act.who {
        Who::Worker => {
            let letter = Paid {
                case,
                amount,
                to,
                at,
                reference,
            };
            ("payout_paid", letter.letter()?)
        }
        _ => {
            let letter = PayoutSent {
                case,
                amount,
                to,
                at,
                reference,
                arrival: None,
            };
            ("payout_sent", letter.letter()?)
        }
    };
    send(
        tx,
        act,
        seller,
        ticket,
        claim,
        kind,
        &format!("payout:{}:sent", payout.number),
        letter,
    )
}

pub fn payout_failed(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
    payout: &Payout,
) -> Result<()> {
    let labels = labels(tx, claim)?;
    let letter = PayoutFailed {
        case: case(tx, act, seller, ticket, claim)?,
        amount: shown(Amount::from_e8(payout.pay_e8), &payout.pay_currency),
        to: whereto(&labels, payout),
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        ticket,
        claim,
        "payout_failed",
        &format!("payout:{}:failed", payout.number),
        letter,
    )
}

/// A payout was stopped in the queue, because the bank took its payment back.
pub fn payout_stopped(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
    payout: &Payout,
) -> Result<()> {
    let labels = labels(tx, claim)?;
    let letter = PayoutStopped {
        case: case(tx, act, seller, ticket, claim)?,
        amount: shown(Amount::from_e8(payout.pay_e8), &payout.pay_currency),
        to: whereto(&labels, payout),
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        ticket,
        claim,
        "payout_stopped",
        &format!("payout:{}:stopped", payout.number),
        letter,
    )
}

/// A payout came back: what of it is on the balance again, where it was taken from one.
pub fn payout_returned(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
    payout: &Payout,
) -> Result<()> {
    let labels = labels(tx, claim)?;
    let key = payouts::undone_key(payout, payout.state);
    let back = sums_of_keys(tx, &[key], AccountKind::CustomerCash)?;
    let back = back.first().map(|(_, e8)| Amount::from_e8(*e8));
    let letter = PayoutReturned {
        case: case(tx, act, seller, ticket, claim)?,
        amount: shown(Amount::from_e8(payout.pay_e8), &payout.pay_currency),
        to: whereto(&labels, payout),
        balance: back.map(|back| shown(back, &payout.currency)),
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        ticket,
        claim,
        "payout_returned",
        &format!("payout:{}:returned", payout.number),
        letter,
    )
}
