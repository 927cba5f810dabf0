//! Money in lots is conserved: what is spent comes from lots, what comes back returns to them, cash first.

use proptest::collection::vec;
use proptest::prelude::*;
use redress::rules::facts::{At, Entry, read};
use redress::rules::lots::{Lot, LotError, Move, Source, fold, restore, spend};
use redress::rules::money::Amount;
use serde_json::json;

use crate::claims::account;

fn at(day: i64) -> At {
    "2025-01-01T00:00:00Z".parse::<At>().unwrap() + chrono::TimeDelta::days(day)
}

fn total(moves: &[Move]) -> Amount {
    moves.iter().map(|one| one.amount).sum()
}

fn lots() -> impl Strategy<Value = Vec<Lot>> {
    let lot = (
        any::<bool>(),
        0i64..30,
        0i64..1_000,
        prop::option::of(0i64..60),
        prop::bool::weighted(0.1),
    );
    vec(lot, 0..8).prop_map(|lots| {
        let one = |(index, (bonus, day, e8, end, frozen)): (
            usize,
            (bool, i64, i64, Option<i64>, bool),
        )| {
            let source = if bonus {
                Source::Bonus
            } else {
                Source::Deposit
            };
            let expires_at = end.filter(|_| bonus).map(at);
            Lot {
                expires_at,
                frozen,
                ..Lot::new(&format!("L{index}"), source, at(day), Amount::from_e8(e8))
            }
        };
        lots.into_iter().enumerate().map(one).collect()
    })
}

proptest! {
    #![proptest_config(crate::claims::cases(1000))]

    #[test]
    fn spending_takes_bonuses_before_deposits_and_never_more_than_is_there(lots in lots(), e8 in 0i64..4_000, day in 0i64..60) {
        let there: Amount = lots.iter().map(|lot| lot.spendable(at(day))).sum();
        let amount = Amount::from_e8(e8);
        match spend(&lots, amount, at(day)) {
            Err(short) => {
                prop_assert_eq!(short, LotError::Short(there));
                prop_assert!(amount > there);
            }
            Ok(moves) => {
                prop_assert_eq!(total(&moves), amount);
                let lot = |one: &Move| lots.iter().find(|lot| lot.id == one.lot).unwrap();
                prop_assert!(moves.iter().all(|one| one.amount <= lot(one).spendable(at(day))));
                let first_deposit = moves.iter().position(|one| lot(one).source == Source::Deposit);
                let last_bonus = moves.iter().rposition(|one| lot(one).source == Source::Bonus);
                prop_assert!(first_deposit.is_none_or(|deposit| last_bonus.is_none_or(|bonus| bonus < deposit)));
            }
        }
    }

    #[test]
    fn what_comes_back_in_any_steps_comes_back_where_it_came_from(lots in lots(), e8 in 1i64..4_000, steps in vec(1i64..500, 0..8)) {
        let Ok(spent) = spend(&lots, Amount::from_e8(e8), at(5)) else { return Ok(()) };
        let mut restored: Vec<Move> = Vec::new();
        for step in steps.into_iter().map(Amount::from_e8) {
            let open = total(&spent).less(total(&restored));
            match restore(&spent, &restored, step) {
                Ok(back) => {
                    prop_assert_eq!(total(&back), step);
                    restored.extend(back);
                }
                Err(excess) => {
                    prop_assert_eq!(excess, LotError::Excess(open));
                    restored.extend(restore(&spent, &restored, open).unwrap());
                }
            }
            // Cash first: a bonus gets nothing back while a deposit is still owed.
            let back = |lot: &str| restored.iter().filter(|one| one.lot == lot).map(|one| one.amount).sum::<Amount>();
            prop_assert!(spent.iter().all(|one| back(&one.lot) <= one.amount));
            let short = spent.iter().rposition(|one| back(&one.lot) < one.amount);
            if let Some(short) = short {
                prop_assert!(spent[..short].iter().all(|one| back(&one.lot).is_zero()));
            }
        }
    }

    #[test]
    fn a_history_neither_makes_nor_loses_money(account in account()) {
        let claim = json!({ "policy": "p", "ground": "g", "received_at": "2026-01-01T00:00:00Z", "account": account });
        let facts = read(&claim.to_string()).unwrap();
        let entries = facts.account.unwrap().entries.unwrap();
        let lots = fold(&entries, facts.received_at).unwrap();
        let flow: i64 = entries.iter().map(|entry| match entry {
            Entry::Deposit(deposit) => deposit.amount.e8(),
            Entry::Bonus(bonus) => bonus.amount.e8(),
            Entry::OrderRefund { amount, .. } => amount.e8(),
            Entry::Order { amount, .. } | Entry::Payout { amount, .. } => -amount.e8(),
        }).sum();
        prop_assert_eq!(lots.iter().map(|lot| lot.remaining.e8()).sum::<i64>(), flow);
        prop_assert!(lots.iter().all(|lot| lot.remaining <= lot.original && lot.remaining >= Amount::ZERO));
    }

    #[test]
    fn a_history_is_its_entries_one_by_one(account in account()) {
        let claim = json!({ "policy": "p", "ground": "g", "received_at": "2026-01-01T00:00:00Z", "account": account });
        let facts = read(&claim.to_string()).unwrap();
        let entries = facts.account.unwrap().entries.unwrap();
        let mut lots: Vec<Lot> = Vec::new();
        let mut orders: std::collections::HashMap<&str, (Vec<Move>, Vec<Move>)> = Default::default();
        for entry in &entries {
            match entry {
                Entry::Deposit(deposit) => lots.push(Lot::new(&deposit.id, Source::Deposit, deposit.at, deposit.amount)),
                Entry::Bonus(bonus) => lots.push(Lot { expires_at: bonus.expires_at, ..Lot::new(&bonus.id, Source::Bonus, bonus.at, bonus.amount) }),
                Entry::Order { id, at, amount } => {
                    let spent = spend(&lots, *amount, *at).unwrap();
                    for one in &spent {
                        let lot = lots.iter_mut().find(|lot| lot.id == one.lot).unwrap();
                        lot.remaining = lot.remaining.less(one.amount);
                    }
                    orders.insert(id, (spent, Vec::new()));
                }
                Entry::OrderRefund { order, amount, .. } => {
                    let (spent, restored) = orders.get_mut(order.as_str()).unwrap();
                    let back = restore(spent, restored, *amount).unwrap();
                    for one in &back {
                        lots.iter_mut().find(|lot| lot.id == one.lot).unwrap().credit(one.amount);
                    }
                    restored.extend(back);
                }
                Entry::Payout { .. } => unreachable!("these histories pay nothing out"),
            }
        }
        prop_assert_eq!(fold(&entries, facts.received_at).unwrap(), lots);
    }

    #[test]
    fn a_credit_meets_the_debt_first(remaining in 0i64..1_000, lost in 0i64..2_000, credit in 0i64..3_000) {
        let mut lot = Lot::new("D1", Source::Deposit, at(0), Amount::from_e8(remaining));
        lot.write_down(Amount::from_e8(lost));
        prop_assert_eq!(lot.remaining.e8() - lot.debt.e8(), remaining - lost);
        let met = lot.credit(Amount::from_e8(credit));
        prop_assert_eq!(met.e8(), credit.min((lost - remaining).max(0)));
        prop_assert_eq!(lot.remaining.e8() - lot.debt.e8(), remaining - lost + credit);
        prop_assert!(lot.debt.is_zero() || lot.remaining.is_zero());
    }
}
