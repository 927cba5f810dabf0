//! How a granted amount is paid: by the same rules as the computed one, also where a person grants another.

use super::assessment::Payment;
use super::facts::Facts;
use super::hearing::Hearing;
use super::money::Amount;
use super::policy::{Pays, Policy};
use super::remedy;

/// A payment, and what it takes from the order or the lot in the claim's own currency. The two differ where a payment in another
/// currency is cut to its minor unit (I15).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub payment: Payment,
    pub takes: Amount,
}

/// The payments that granting `amount` makes; what they take sums to `amount`. Empty where the destination is not known, or where
/// no lot can bear the amount.
pub fn parts(policy: &Policy, facts: &Facts, amount: Amount) -> Vec<Part> {
    let Some(ground) = policy.ground(&facts.ground) else {
        return Vec::new();
    };
    if ground.pays != Pays::Unspent {
        let hearing = Hearing::new(policy, ground, facts);
        let whole = |payment: Payment| Part {
            takes: payment.amount,
            payment,
        };
        return remedy::payments(&hearing, amount)
            .into_iter()
            .map(whole)
            .collect();
    }
    let asked = Facts {
        requested: Some(amount),
        ..facts.clone()
    };
    let hearing = Hearing::new(policy, ground, &asked);
    let Some(purse) = &hearing.purse else {
        return Vec::new();
    };
    let takes = |payment: &Payment| {
        let held = purse
            .deposits
            .iter()
            .find(|held| Some(&held.lot.id) == payment.deposit.as_ref());
        held.map_or(Amount::ZERO, |held| held.leaves)
    };
    remedy::payments(&hearing, amount)
        .into_iter()
        .map(|payment| Part {
            takes: takes(&payment),
            payment,
        })
        .collect()
}
