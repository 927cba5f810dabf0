//! The invariants of security.md 2.1, looked for in the rows after every step. Each failure begins with the number of its invariant.

use std::collections::{BTreeMap, BTreeSet};

use redress::act::Role;

use crate::model::{From, Model, Purse, State};
use crate::rows::Rows;
use crate::stage::Cast;

/// What the rows were a step ago, as far as a step may only add to it.
#[derive(Default)]
pub struct Audit {
    claims: BTreeMap<String, (String, i64)>,
    payouts: BTreeMap<String, String>,
    links: BTreeMap<String, (i64, String)>,
}

/// Accounts of a customer that may never fall below zero.
const FLOORED: [&str; 3] = ["customer_cash", "customer_bonus", "payout_in_transit"];

fn must(holds: bool, say: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(say()) }
}

impl Audit {
    pub fn check(&mut self, rows: &Rows, model: &Model, cast: &Cast) -> Result<(), String> {
        zero_in_all(rows)?;
        floors_and_folds(rows)?;
        ceilings(rows)?;
        payouts_once(rows)?;
        self.steps(rows)?;
        four_eyes(rows, cast)?;
        told(rows)?;
        self.chains(rows)?;
        as_the_model(rows, model, cast)
    }

    /// I5: what moved took a step that there is.
    fn steps(&mut self, rows: &Rows) -> Result<(), String> {
        for claim in &rows.claims {
            let now = (claim.state.clone(), claim.appeals);
            let before = self.claims.insert(claim.number.clone(), now);
            let Some((before, appeals)) = before else {
                continue;
            };
            let was_open = ["needs_evidence", "in_review", "action_first", "on_hold"]
                .contains(&before.as_str());
            let appealed = claim.appeals > appeals;
            let may = before == claim.state || was_open || (before == "rejected" && appealed);
            must(may, || {
                format!(
                    "I5: claim {} went from {before} to {}",
                    claim.number, claim.state
                )
            })?;
            must(claim.appeals <= 1, || {
                format!("I5: claim {} was appealed twice", claim.number)
            })?;
        }
        for payout in &rows.payouts {
            let before = self
                .payouts
                .insert(payout.number.clone(), payout.state.clone());
            let before = before.unwrap_or_else(|| "queued".to_owned());
            let now = payout.state.as_str();
            let may = before == now
                || match before.as_str() {
                    // What nobody knew is known, or asked for once more; that it was not paid twice, the gateway shows (I10).
                    "queued" | "reserved" | "sent" | "unknown" => true,
                    "succeeded" => now == "returned",
                    _ => false,
                };
            must(may, || {
                format!("I5: payout {} went from {before} to {now}", payout.number)
            })?;
        }
        Ok(())
    }

    /// I9: every chain goes on from where it was, and no link that was seen is another one now.
    fn chains(&mut self, rows: &Rows) -> Result<(), String> {
        let mut places = BTreeMap::<&str, (i64, &str)>::new();
        for link in &rows.links {
            let (seq, hash) = places
                .insert(&link.chain, (link.seq, &link.hash))
                .unwrap_or((1000, ""));
            must(link.seq == seq + 1, || {
                format!("I9: {} has {} after {seq}", link.chain, link.seq)
            })?;
            must(link.prev_hash == hash, || {
                format!(
                    "I9: {} {} does not name the one before",
                    link.chain,
                    seq + 1
                )
            })?;
            let seen = self.links.get(&link.chain);
            let same = seen.is_none_or(|(at, hash)| *at != link.seq || *hash == link.hash);
            must(same, || {
                format!("I9: {} {} is another one now", link.chain, link.seq)
            })?;
        }
        for (chain, (seq, _)) in &self.links {
            let now = places.get(chain.as_str()).map_or(0, |(seq, _)| *seq);
            must(now >= *seq, || format!("I9: {chain} lost its end"))?;
        }
        let places = places.into_iter();
        self.links = places
            .map(|(chain, (seq, hash))| (chain.to_owned(), (seq, hash.to_owned())))
            .collect();
        Ok(())
    }
}

/// I1: debits and credits are equal, in every journal and over all.
fn zero_in_all(rows: &Rows) -> Result<(), String> {
    must(rows.crooked.is_empty(), || {
        format!("I1: {:?} do not sum to zero", rows.crooked)
    })?;
    let mut sums = BTreeMap::<(&str, &str), i128>::new();
    for account in &rows.accounts {
        *sums
            .entry((&account.seller_id, &account.currency))
            .or_default() += i128::from(account.balance_e8);
    }
    must(sums.values().all(|sum| *sum == 0), || {
        format!("I1: the books sum to {sums:?}")
    })
}

/// I2 and I8: nothing below its floor; every balance what its entries sum to, every lot what its moves sum to.
fn floors_and_folds(rows: &Rows) -> Result<(), String> {
    for account in &rows.accounts {
        let above = !FLOORED.contains(&account.kind.as_str()) || account.balance_e8 >= 0;
        must(above, || format!("I2: {} is below zero", account.kind))?;
        let folded = account.balance_e8 == account.sum_e8 && account.seq == account.entries;
        must(folded, || {
            format!(
                "I8: {} says {} in {} and its entries sum to {} in {}",
                account.kind, account.balance_e8, account.seq, account.sum_e8, account.entries
            )
        })?;
    }
    for lot in &rows.lots {
        let above = lot.remaining_e8 >= 0 && lot.debt_e8 >= 0;
        must(above, || format!("I2: lot {} is below zero", lot.reference))?;
        must(lot.remaining_e8 == lot.moved_e8, || {
            format!(
                "I8: lot {} has {} and moved {}",
                lot.reference, lot.remaining_e8, lot.moved_e8
            )
        })?;
    }
    Ok(())
}

/// I3: what went back and what is disputed never exceed what was paid.
fn ceilings(rows: &Rows) -> Result<(), String> {
    for order in &rows.orders {
        let within = order.refunded_e8 >= 0
            && order.disputed_e8 >= 0
            && order.refunded_e8 + order.disputed_e8 <= order.charge_e8;
        must(within, || {
            format!(
                "I3: order {} cost {}, {} went back and {} is disputed",
                order.reference, order.charge_e8, order.refunded_e8, order.disputed_e8
            )
        })?;
    }
    Ok(())
}

/// I4: a payout reserves once and ends once.
fn payouts_once(rows: &Rows) -> Result<(), String> {
    for payout in &rows.payouts {
        let expected = match payout.state.as_str() {
            "succeeded" => (1, 1, 0),
            "failed" => (1, 0, 1),
            "returned" => (1, 1, 1),
            _ => (1, 0, 0),
        };
        let booked = (payout.reserved, payout.paid, payout.back);
        must(booked == expected, || {
            format!(
                "I4: payout {} is {} and was booked {booked:?} times",
                payout.number, payout.state
            )
        })?;
    }
    Ok(())
}

/// I6: nobody decides a claim of their own, an appeal is decided by somebody else than the first time, and what one person may not
/// grant alone was proposed by another.
fn four_eyes(rows: &Rows, cast: &Cast) -> Result<(), String> {
    let mut deciders = BTreeSet::new();
    for decision in &rows.decisions {
        must(decision.decided_by != decision.customer_id, || {
            format!("I6: {} was decided by its own customer", decision.claim)
        })?;
        let first = deciders.insert((&decision.claim, &decision.decided_by));
        must(first, || {
            format!("I6: {} was decided twice by one person", decision.claim)
        })?;
        let mut staff = cast.staff().into_iter();
        let person = staff.find(|person| person.id.as_str() == decision.decided_by);
        let Some(person) = person else { continue };
        let limit_e8 = match person.role {
            Role::Agent => cast.shops[0].agent_limit_e8,
            Role::Lead => cast.shops[0].lead_limit_e8,
            _ => i64::MAX,
        };
        let alone = decision.amount_e8 <= limit_e8.min(decision.computed_e8);
        let seconded = rows.proposals.iter().any(|proposal| {
            proposal.decision_id.as_ref() == Some(&decision.id)
                && proposal.state == "approved"
                && proposal.amount_e8 == decision.amount_e8
                && proposal.proposed_by != decision.decided_by
        });
        must(alone || seconded, || {
            format!("I6: {} granted {decision:?} alone", person.name)
        })?;
    }
    for proposal in &rows.proposals {
        let by_two = proposal.settled_by.as_ref() != Some(&proposal.proposed_by);
        let may = by_two || !["approved", "declined"].contains(&proposal.state.as_str());
        must(may, || format!("I6: {proposal:?} has one pair of eyes"))?;
    }
    Ok(())
}

/// I7: every decision has its line in the timeline and its letter.
fn told(rows: &Rows) -> Result<(), String> {
    for claim in &rows.claims {
        let own = rows
            .decisions
            .iter()
            .filter(|decision| decision.claim == claim.number);
        let decided = i64::try_from(own.count()).unwrap();
        must(claim.told == decided, || {
            format!(
                "I7: {} has {decided} decisions and {} events of one",
                claim.number, claim.told
            )
        })?;
        must(claim.letters >= decided, || {
            format!(
                "I7: {} has {decided} decisions and {} letters",
                claim.number, claim.letters
            )
        })?;
    }
    Ok(())
}

/// The books say what the model says, to the last unit.
fn as_the_model(rows: &Rows, model: &Model, cast: &Cast) -> Result<(), String> {
    let mut held = BTreeMap::<(&str, &str, &str), i64>::new();
    for account in &rows.accounts {
        let key = (
            account.seller_id.as_str(),
            account.kind.as_str(),
            account.owner_id.as_str(),
        );
        *held.entry(key).or_default() += account.balance_e8;
    }
    let none = Purse::default();
    for (s, shop) in cast.shops.iter().enumerate() {
        let must_hold = |kind: &'static str, owner: &str, expected: i64| {
            let key = (shop.id.as_str(), kind, owner);
            let found = held
                .iter()
                .find(|(name, _)| **name == key)
                .map_or(0, |(_, sum)| *sum);
            must(found == expected, || {
                format!(
                    "model: {kind} of {} is {found} and should be {expected}",
                    shop.slug
                )
            })
        };
        let own = model.shops.get(&s).cloned().unwrap_or_default();
        must_hold("processor_clearing", "", own.clearing)?;
        must_hold("sales", "", own.sales)?;
        must_hold("refunds", "", own.refunds)?;
        must_hold("promotion", "", own.promotion)?;
        must_hold("dispute_hold", "", own.hold)?;
        must_hold("dispute_loss", "", own.loss)?;
        for (c, customer) in cast.customers.iter().enumerate() {
            let purse = model.purses.get(&(s, c)).unwrap_or(&none);
            let owner = customer.id.as_str();
            must_hold("customer_cash", owner, purse.sum(false))?;
            must_hold("customer_bonus", owner, purse.sum(true))?;
            must_hold("dispute_debt", owner, -purse.debt())?;
            must_hold("payout_in_transit", owner, model.in_transit((s, c)))?;
        }
    }
    lots_as_the_model(rows, model, cast)?;
    for order in &rows.orders {
        let expected = model.orders.get(&order.reference);
        let same = expected.is_some_and(|own| {
            (own.charge, own.refunded, own.disputed)
                == (order.charge_e8, order.refunded_e8, order.disputed_e8)
        });
        must(same, || format!("model: {order:?} should be {expected:?}"))?;
    }
    must(rows.orders.len() == model.orders.len(), || {
        "model: there are other orders".to_owned()
    })?;
    for payout in &rows.payouts {
        let expected = model.payouts.get(&payout.number);
        let state = match payout.state.as_str() {
            "succeeded" => State::Paid,
            "failed" => State::Failed,
            "returned" => State::Returned,
            _ => State::Waiting,
        };
        let same = expected.is_some_and(|own| {
            let from = match &own.from {
                From::Lot(name) => payout.deposit.as_ref() == Some(name),
                From::Order { order, method } => {
                    payout.order_reference.as_ref() == Some(order) && payout.method == *method
                }
            };
            own.amount == payout.amount_e8 && own.state == state && from
        });
        must(same, || format!("model: {payout:?} should be {expected:?}"))?;
    }
    must(rows.payouts.len() == model.payouts.len(), || {
        "model: there are other payouts".to_owned()
    })
}

fn lots_as_the_model(rows: &Rows, model: &Model, cast: &Cast) -> Result<(), String> {
    let place = |id: &str, of: &[String]| of.iter().position(|known| known == id);
    let shops: Vec<String> = cast.shops.iter().map(|shop| shop.id.to_string()).collect();
    let people: Vec<String> = cast
        .customers
        .iter()
        .map(|person| person.id.to_string())
        .collect();
    for lot in &rows.lots {
        let who = (
            place(&lot.seller_id, &shops).unwrap(),
            place(&lot.customer_id, &people).unwrap(),
        );
        let is_bonus = lot.source == "bonus";
        let expected = model.purses.get(&who).and_then(|purse| {
            let mut lots = purse.lots.iter();
            lots.find(|own| own.name == lot.reference && own.is_bonus == is_bonus)
        });
        let same = expected.is_some_and(|own| {
            (
                own.left,
                own.debt,
                own.is_frozen,
                own.paid_out,
                own.disputed,
            ) == (
                lot.remaining_e8,
                lot.debt_e8,
                lot.frozen,
                lot.refunded_e8,
                lot.disputed_e8,
            )
        });
        must(same, || format!("model: {lot:?} should be {expected:?}"))?;
    }
    let all: usize = model.purses.values().map(|purse| purse.lots.len()).sum();
    must(rows.lots.len() == all, || {
        "model: there are other lots".to_owned()
    })
}
