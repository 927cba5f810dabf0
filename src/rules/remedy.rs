//! How money goes back: to the account's balance, or to what the order was paid with, each part in proportion
//! (the rounding rest to the largest), or lot by lot to the methods that the deposits came from (I15).

use super::assessment::{Destination, Payment};
use super::clauses::{ClosedMethod, Test};
use super::facts::Order;
use super::hearing::Hearing;
use super::money::{Amount, Currency};
use super::owed::BALANCE_DIGITS;
use super::policy::{Pays, PaysTo};

/// The word for a payment method that is the customer's own balance.
const BALANCE: &str = "balance";

pub fn is_all_balance(order: &Order) -> bool {
    !order.paid_with.is_empty() && order.paid_with.iter().all(|part| part.method == BALANCE)
}

/// The payments that approval of `amount` would make; empty where the destination is not known.
pub fn payments(hearing: &Hearing, amount: Amount) -> Vec<Payment> {
    if amount.is_zero() {
        return Vec::new();
    }
    match (hearing.ground.pays, hearing.ground.to) {
        (Pays::Unspent, _) => by_lot(hearing),
        (_, PaysTo::AccountBalance) => vec![balance(amount, hearing.currency())],
        (_, PaysTo::PaymentMethod) => by_part(hearing, amount),
    }
}

fn balance(amount: Amount, currency: Option<Currency>) -> Payment {
    Payment {
        to: Destination::AccountBalance,
        method: None,
        deposit: None,
        amount,
        currency,
    }
}

fn by_part(hearing: &Hearing, amount: Amount) -> Vec<Payment> {
    let Some(order) = hearing.order else {
        return Vec::new();
    };
    let digits = if is_all_balance(order) {
        BALANCE_DIGITS
    } else {
        order.currency.map_or(BALANCE_DIGITS, Currency::digits)
    };
    let weights: Vec<Amount> = order.paid_with.iter().map(|part| part.amount).collect();
    let parts = amount.allocate(&weights, digits);
    let back = order
        .paid_with
        .iter()
        .zip(parts)
        .filter(|(_, amount)| amount.is_positive());
    back.map(|(part, amount)| {
        if part.method == BALANCE {
            return balance(amount, order.currency);
        }
        Payment {
            to: Destination::OriginalPaymentMethod,
            method: Some(part.method.clone()),
            deposit: None,
            amount,
            currency: order.currency,
        }
    })
    .collect()
}

fn by_lot(hearing: &Hearing) -> Vec<Payment> {
    let Some(purse) = &hearing.purse else {
        return Vec::new();
    };
    let closed = closed_method(hearing);
    let paid = purse
        .deposits
        .iter()
        .filter(|held| held.leaves.is_positive());
    paid.filter_map(|held| {
        let (to, method) = match (held.is_closed(), closed) {
            (false, _) => (
                Destination::OriginalPaymentMethod,
                Some(held.origin.method.to_owned()),
            ),
            (true, ClosedMethod::Alternative) => (Destination::AlternativeMethod, None),
            (true, ClosedMethod::NoWay) => return None,
        };
        Some(Payment {
            to,
            method,
            deposit: Some(held.lot.id.clone()),
            amount: held.payout,
            currency: held.payout_currency,
        })
    })
    .collect()
}

fn closed_method(hearing: &Hearing) -> ClosedMethod {
    let named = hearing.tests().find_map(|(_, test)| match test {
        Test::Method(method) => Some(method.closed),
        _ => None,
    });
    named.unwrap_or(ClosedMethod::NoWay)
}

/// Why a person must say where the money goes, where the destination depends on how the order was paid, and the
/// path of the fact that is lacking.
pub fn doubt(hearing: &Hearing) -> Option<(String, &'static str)> {
    let order = hearing.order?;
    if order.currency.is_none() {
        return Some((
            "The currency of the order is not known.".to_owned(),
            "order.currency",
        ));
    }
    if hearing.ground.to == PaysTo::AccountBalance {
        return None;
    }
    if order.paid_with.is_empty() {
        let doubt =
            "How the order was paid is not known, so neither is where the money goes back to.";
        return Some((doubt.to_owned(), "order.paid_with"));
    }
    let paid: Amount = order.paid_with.iter().map(|part| part.amount).sum();
    let amount = hearing.owed.amount.filter(|amount| *amount > paid)?;
    let (paid, amount) = (hearing.show(paid), hearing.show(amount));
    Some((
        format!("The payments on file come to {paid}, less than the {amount} that would go back."),
        "order.paid_with",
    ))
}
