//! How much a claim is worth before anyone asks whether it stands: one rule per ground, exact to the end and
//! rounded once (I12), never more than was paid less what went back (I13). How it goes back is `remedy`'s.

use super::assessment::{Alternative, Route};
use super::calendar::local_day;
use super::clauses::{Start, Test};
use super::deadline::end_of;
use super::facts::{Fee, Order};
use super::hearing::{Hearing, Words, said};
use super::money::{Amount, Currency, Rate};
use super::period::Period;
use super::policy::{Pays, PaysTo};
use super::remedy;

/// Balances are kept at eight decimals.
pub const BALANCE_DIGITS: u32 = 8;

#[derive(Debug, Clone, Default)]
pub struct Owed {
    /// What approval would pay if nothing stood against it; None where it cannot be computed.
    pub amount: Option<Amount>,
    /// The arithmetic in plain words.
    pub workings: Words,
    /// Why nothing can be due whatever the clauses say: nothing was paid, or nothing is left of it.
    pub spent: Option<Words>,
    /// The most that could still go back: paid, less refunded, less lost to a dispute.
    pub ceiling: Option<Amount>,
    pub alternatives: Vec<Alternative>,
    /// For plans: return within the window, or cancellation after it.
    pub route: Option<Route>,
    /// The fee of the seller's schedule that was in force, where one was.
    pub fee: Option<Fee>,
    /// The fee that was taken off.
    pub deducted: bool,
}

impl Owed {
    pub fn settle(hearing: &Hearing) -> Owed {
        if hearing.ground.pays == Pays::Unspent {
            return unspent(hearing);
        }
        let Some(order) = hearing.order else {
            return Owed::default();
        };
        let mut owed = Owed {
            route: route(hearing),
            ..Owed::default()
        };
        if hearing.ground.pays == Pays::Outside {
            owed.amount = order.charge;
            owed.workings = order
                .charge
                .map(|charge| said!(hearing, "The charge is {}.", hearing.show(charge)))
                .unwrap_or_default();
            return owed;
        }
        let Some(charge) = order.charge else {
            return owed;
        };
        let back = gone_back(hearing, order, charge);
        let ceiling = charge.less(back);
        owed.ceiling = Some(ceiling);
        owed.spent = spent(hearing, charge, back);
        let Some(digits) = digits(hearing, order) else {
            return owed;
        };
        let bill = Bill {
            charge,
            back,
            ceiling,
            digits,
        };
        match hearing.ground.pays {
            Pays::Share => share(hearing, &mut owed, bill),
            Pays::Shortfall => shortfall(hearing, &mut owed, bill),
            Pays::Quota => quota(hearing, &mut owed, bill, order),
            _ => whole(hearing, &mut owed, bill, order),
        }
        owed
    }
}

/// The figures that every order's refund starts from.
#[derive(Clone, Copy)]
struct Bill {
    charge: Amount,
    back: Amount,
    ceiling: Amount,
    digits: u32,
}

impl Bill {
    /// The cumulative form: what is due in total, less what has gone back (I12).
    fn still_due(self, entitled: Amount) -> Amount {
        fits(entitled.less(self.back), self.ceiling, self.digits)
    }
}

/// Never above the ceiling, and in whole units of what can be paid.
fn fits(amount: Amount, ceiling: Amount, digits: u32) -> Amount {
    let rounded = amount.rounded(digits);
    if rounded > ceiling {
        ceiling.cut(digits)
    } else {
        rounded
    }
}

fn asked_for(hearing: &Hearing, amount: Amount, digits: u32) -> Amount {
    match hearing.facts.requested {
        Some(requested) if requested < amount => requested.cut(digits),
        _ => amount,
    }
}

fn unspent(hearing: &Hearing) -> Owed {
    let Some(purse) = &hearing.purse else {
        return Owed::default();
    };
    let lots = purse
        .deposits
        .iter()
        .filter(|held| held.leaves.is_positive());
    let parts: Vec<_> = lots
        .map(|held| {
            said!(
                hearing,
                "{} of deposit {}",
                hearing.show(held.leaves),
                held.lot.id
            )
        })
        .collect();
    let workings = match purse.due {
        Some(due) if !parts.is_empty() => {
            said!(hearing, "{} = {}.", parts.join(" + "), hearing.show(due))
        }
        _ => Words::default(),
    };
    let alternatives = purse.otherwise.map(|amount| Alternative {
        amount,
        clauses: hearing
            .windows()
            .map(|(clause, _)| clause.id.clone())
            .collect(),
        because: "the time limit of each deposit, read the other way".to_owned(),
    });
    Owed {
        amount: purse.due,
        workings,
        alternatives: alternatives.into_iter().collect(),
        ..Owed::default()
    }
}

fn gone_back(hearing: &Hearing, order: &Order, charge: Amount) -> Amount {
    let lost = hearing
        .lost_dispute()
        .map_or(Amount::ZERO, |dispute| dispute.amount.unwrap_or(charge));
    order.refunded.unwrap_or_default().plus(lost)
}

fn spent(hearing: &Hearing, charge: Amount, back: Amount) -> Option<Words> {
    if charge.is_zero() {
        Some("Nothing was paid for this order.".into())
    } else if back >= charge {
        Some(said!(
            hearing,
            "{} was paid and {} has gone back: nothing is left.",
            hearing.show(charge),
            hearing.show(back)
        ))
    } else {
        None
    }
}

/// To how many decimals this order's refund is due: a balance's eight, or the currency's minor unit.
fn digits(hearing: &Hearing, order: &Order) -> Option<u32> {
    if hearing.ground.to == PaysTo::AccountBalance || remedy::is_all_balance(order) {
        Some(BALANCE_DIGITS)
    } else {
        order.currency.map(Currency::digits)
    }
}

fn share(hearing: &Hearing, owed: &mut Owed, bill: Bill) {
    let units = &hearing.units;
    if units.quantity.is_none() && hearing.order.is_some_and(|order| order.quantity.is_some()) {
        return;
    }
    if units.whole {
        let due = bill.still_due(bill.charge);
        owed.workings = said!(
            hearing,
            "Nothing was delivered: the whole {}{}.",
            hearing.show(bill.charge),
            less_back(hearing, bill, due)
        );
        owed.amount = Some(asked_for(hearing, due, bill.digits));
        return;
    }
    let Some((quantity, undelivered)) = units.quantity.zip(units.undelivered) else {
        return;
    };
    part(hearing, owed, bill, (undelivered, quantity, "undelivered"));
}

fn shortfall(hearing: &Hearing, owed: &mut Owed, bill: Bill) {
    let Some((quantity, short)) = hearing.units.quantity.zip(hearing.facts.findings.shortfall)
    else {
        return;
    };
    part(
        hearing,
        owed,
        bill,
        (short.clamp(0, quantity), quantity, "dropped"),
    );
}

/// `charge × counted ÷ quantity`, less what has gone back.
fn part(
    hearing: &Hearing,
    owed: &mut Owed,
    bill: Bill,
    (counted, quantity, word): (i64, i64, &str),
) {
    let Some(entitled) = bill.charge.share(counted, quantity, bill.digits) else {
        return;
    };
    let due = bill.still_due(entitled);
    owed.workings = said!(
        hearing,
        "{} × {counted} {word} ÷ {quantity} = {}{}.",
        hearing.show(bill.charge),
        hearing.show(entitled),
        less_back(hearing, bill, due)
    );
    if owed.spent.is_none() && entitled.is_positive() && due.is_zero() {
        owed.spent = Some(said!(
            hearing,
            "{} is due in total and {} has gone back: nothing further is due.",
            hearing.show(entitled),
            hearing.show(bill.back)
        ));
    }
    owed.amount = Some(asked_for(hearing, due, bill.digits));
}

fn less_back(hearing: &Hearing, bill: Bill, due: Amount) -> Words {
    if bill.back.is_zero() {
        Words::default()
    } else {
        said!(
            hearing,
            ", less {} that has gone back = {}",
            hearing.show(bill.back),
            hearing.show(due)
        )
    }
}

fn quota(hearing: &Hearing, owed: &mut Owed, bill: Bill, order: &Order) {
    let units = &hearing.units;
    let excluded = hearing.tests().any(|(_, test)| *test == Test::Returnable) && is_excluded(order);
    let counted = |remains: i64, quantity: i64| remains.clamp(0, quantity);
    if let Some((quantity, remains)) = units.quantity.zip(order.remains) {
        part(
            hearing,
            owed,
            bill,
            (counted(remains, quantity), quantity, "unused"),
        );
        if let Some(tax) = order
            .tax_included
            .and_then(|tax| tax.share(counted(remains, quantity), quantity, bill.digits))
        {
            owed.workings = said!(
                hearing,
                "{} Tax of {} is inside it.",
                owed.workings,
                hearing.show(tax)
            );
        }
    }
    if bill.ceiling.is_zero() || is_over(hearing, owed, order) {
        return;
    }
    if excluded {
        let amount = owed.amount.filter(|amount| amount.is_positive());
        owed.alternatives.extend(amount.map(|amount| {
            other(
                hearing,
                amount,
                "cancelling at any time instead of returning",
            )
        }));
        return;
    }
    let mut offer = |amount: Amount, because: &str| {
        if amount.is_positive()
            && Some(amount) != owed.amount
            && !owed.alternatives.iter().any(|a| a.amount == amount)
        {
            owed.alternatives.push(other(hearing, amount, because));
        }
    };
    if owed.route == Some(Route::Return) {
        let full = asked_for(
            hearing,
            fits(bill.ceiling, bill.ceiling, bill.digits),
            bill.digits,
        );
        offer(full, "the full refund that the text mentions for returns");
    }
    if let Some((quantity, then)) = units.quantity.zip(order.remains_at_request)
        && let Some(entitled) = bill
            .charge
            .share(counted(then, quantity), quantity, bill.digits)
    {
        let due = asked_for(hearing, bill.still_due(entitled), bill.digits);
        offer(due, "what was left when the customer asked");
    }
}

/// The period had ended when a cancellation was asked for: no reading leaves anything to offer.
fn is_over(hearing: &Hearing, owed: &Owed, order: &Order) -> bool {
    let ended = |day| hearing.received > end_of(day, hearing.zone).lenient();
    owed.route == Some(Route::Cancellation) && order.period_ends_on.is_some_and(ended)
}

/// Shown to the buyer as excluded from returns (C2).
pub fn is_excluded(order: &Order) -> bool {
    order.service.returnable == Some(false) && order.service.limits_disclosed == Some(true)
}

fn other(hearing: &Hearing, amount: Amount, because: &str) -> Alternative {
    let quota = |test: &Test| matches!(test, Test::Quota | Test::AnyTime | Test::Window(_));
    let clauses = hearing
        .tests()
        .filter(|(_, test)| quota(test))
        .map(|(clause, _)| clause.id.clone())
        .collect();
    Alternative {
        amount,
        clauses,
        because: because.to_owned(),
    }
}

fn whole(hearing: &Hearing, owed: &mut Owed, bill: Bill, order: &Order) {
    if order.quantity.is_some()
        && hearing.units.quantity.is_none()
        && hearing.tests().any(|(_, test)| counts_units(test))
    {
        return;
    }
    let due = asked_for(hearing, bill.ceiling, BALANCE_DIGITS);
    let start = if bill.back.is_zero() {
        said!(hearing, "The whole {}", hearing.show(bill.charge))
    } else {
        said!(
            hearing,
            "{} less {} that has gone back",
            hearing.show(bill.charge),
            hearing.show(bill.back)
        )
    };
    owed.fee = fee_in_force(hearing, order);
    let (rate, flat) = owed.fee.as_ref().map_or((Rate::ZERO, Amount::ZERO), |fee| {
        (fee.rate.unwrap_or_default(), fee.flat.unwrap_or_default())
    });
    let amount = fits(due.after_fee(rate, flat, bill.digits), due, bill.digits);
    owed.deducted = !rate.is_zero() || flat.is_positive();
    owed.workings = if owed.deducted {
        let taken = [
            (!rate.is_zero()).then(|| rate.percent()),
            flat.is_positive().then(|| hearing.show(flat)),
        ];
        let taken: Vec<String> = taken.into_iter().flatten().collect();
        said!(
            hearing,
            "{start}, less a fee of {} = {}.",
            taken.join(" and "),
            hearing.show(amount)
        )
    } else {
        said!(hearing, "{start} = {}.", hearing.show(amount))
    };
    if owed.deducted && due.is_positive() {
        owed.alternatives.push(Alternative {
            amount: fits(due, due, bill.digits),
            clauses: hearing
                .tests()
                .filter(|(_, test)| **test == Test::Fee)
                .map(|(clause, _)| clause.id.clone())
                .collect(),
            because: "without the fee".to_owned(),
        });
    }
    partly_delivered(hearing, owed, bill);
    owed.amount = Some(amount);
}

fn counts_units(test: &Test) -> bool {
    matches!(test, Test::Whole | Test::Started | Test::NotStarted)
}

/// A whole refund on a condition that speaks of undelivered orders, where some was delivered: the share beside it.
fn partly_delivered(hearing: &Hearing, owed: &mut Owed, bill: Bill) {
    let speaks = |test: &Test| matches!(test, Test::Condition(condition) if condition.undelivered);
    let units = &hearing.units;
    let (Some(quantity), Some(undelivered), Some(1..)) =
        (units.quantity, units.undelivered, units.delivered())
    else {
        return;
    };
    if let Some((clause, _)) = hearing.tests().find(|(_, test)| speaks(test))
        && let Some(entitled) = bill.charge.share(undelivered, quantity, bill.digits)
    {
        owed.alternatives.push(Alternative {
            amount: bill.still_due(entitled),
            clauses: vec![clause.id.clone()],
            because: "only the undelivered share".to_owned(),
        });
    }
}

/// The schedule entry in force on the order's local date, where a clause lets fees be taken; of several the latest begun.
fn fee_in_force(hearing: &Hearing, order: &Order) -> Option<Fee> {
    hearing.tests().find(|(_, test)| **test == Test::Fee)?;
    let day = local_day(order.placed_at?, hearing.zone);
    let in_force = |fee: &&Fee| {
        Period {
            from: fee.valid_from,
            to: fee.valid_to,
        }
        .holds(day)
    };
    hearing
        .facts
        .seller
        .fee_schedule
        .iter()
        .filter(in_force)
        .max_by_key(|fee| fee.valid_from)
        .cloned()
}

fn route(hearing: &Hearing) -> Option<Route> {
    let (_, window) = hearing.windows().find(|(_, window)| window.route)?;
    let due = hearing.due(window, Start::PlacedAt)?;
    Some(if hearing.received <= due.adopted {
        Route::Return
    } else {
        Route::Cancellation
    })
}
