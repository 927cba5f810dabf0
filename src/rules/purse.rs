//! The purse of a balance claim: the account's lots at the assessed instant, which of them can be paid out, and
//! how much leaves each. One payout per lot in the currency it was paid in, cut to that currency's minor unit (I15).

use std::collections::HashMap;

use super::assessment::Leftover;
use super::clauses::{Start, Window};
use super::deadline::{Due, OtherReading, due};
use super::facts::{At, DisputeStatus, MethodStatus};
use super::hearing::{Hearing, Words, said};
use super::lots::{self, Lot, Origin, Source};
use super::money::{Amount, Currency};

pub struct Purse<'a> {
    /// Deposits that still hold money, oldest first.
    pub deposits: Vec<Held<'a>>,
    /// Everything that could be spent, bonuses and frozen deposits among it.
    pub total: Amount,
    /// The deposits' part of the total.
    pub cash: Amount,
    /// What leaves the lots for payouts; None where the account's currency or a loss is not known.
    pub due: Option<Amount>,
    /// The same under the other readings of the deposits' time limits, where it differs.
    pub otherwise: Option<Amount>,
    /// Asked for less than there is.
    pub is_part: bool,
    pub stays: Vec<Leftover>,
    /// Why a person must look before anything is paid.
    pub doubt: Option<Words>,
}

pub struct Held<'a> {
    pub lot: Lot,
    pub origin: Origin<'a>,
    pub due: Option<Due>,
    pub late: bool,
    pub elsewhere: Option<(At, OtherReading)>,
    /// What leaves the lot, in the account's currency.
    pub leaves: Amount,
    /// What arrives, in the payment's own currency.
    pub payout: Amount,
    pub payout_currency: Option<Currency>,
}

impl Held<'_> {
    pub fn is_payable(&self) -> bool {
        !self.late && !self.lot.frozen
    }

    pub fn is_closed(&self) -> bool {
        self.origin.status == Some(MethodStatus::Closed)
    }
}

impl<'a> Purse<'a> {
    /// None for grounds about orders, and where the account or its history is not known.
    pub fn open(hearing: &Hearing<'a>) -> Option<Purse<'a>> {
        if !hearing.ground.needs_account() {
            return None;
        }
        let account = hearing.facts.account.as_ref()?;
        let entries = account.entries.as_deref()?;
        let (mut lots, mut doubt) = match lots::fold(entries, hearing.now) {
            Ok(lots) => (lots, None),
            Err(fault) => (
                Vec::new(),
                Some(said!(
                    hearing,
                    "The account's history contradicts itself: {fault}."
                )),
            ),
        };
        doubt = doubt.or(settle_dispute(hearing, &mut lots).map(Words::Owned));
        let live = |lot: &Lot| !lot.is_expired(hearing.now);
        let total = lots
            .iter()
            .filter(|lot| live(lot))
            .map(|lot| lot.remaining)
            .sum();
        let stays_as_bonus = lots
            .iter()
            .filter(|lot| lot.source == Source::Bonus && live(lot) && lot.remaining.is_positive());
        let stays = stays_as_bonus
            .map(|lot| leftover(lot, lot.remaining, "is a bonus and no deposited money"))
            .collect();
        let origins = lots::origins(entries);
        let window = hearing
            .windows()
            .map(|(_, window)| window)
            .find(|window| window.starts == Start::Deposit);
        let cash_lots = lots
            .into_iter()
            .filter(|lot| lot.source == Source::Deposit && lot.remaining.is_positive());
        let deposits: Vec<Held> = cash_lots
            .filter_map(|lot| hold(hearing, &origins, window, lot))
            .collect();
        let mut purse = Purse {
            cash: deposits.iter().map(|held| held.lot.remaining).sum(),
            deposits,
            total,
            due: None,
            otherwise: None,
            is_part: false,
            stays,
            doubt,
        };
        purse.pay(account.currency, hearing.facts.requested);
        Some(purse)
    }

    /// What stays where nothing is paid out: everything, whatever it would have been.
    pub fn all_stays(&self, because: &str) -> Vec<Leftover> {
        let deposits = self
            .deposits
            .iter()
            .map(|held| leftover(&held.lot, held.lot.remaining, because));
        let bonus = |stays: &&Leftover| !self.deposits.iter().any(|held| held.lot.id == stays.lot);
        deposits
            .chain(self.stays.iter().filter(bonus).cloned())
            .collect()
    }

    fn pay(&mut self, currency: Option<Currency>, requested: Option<Amount>) {
        let Some(currency) = currency else {
            self.doubt
                .get_or_insert("The account's currency is not known.".into());
            return;
        };
        let everything: Amount = self
            .deposits
            .iter()
            .filter(|held| held.is_payable())
            .map(|held| held.leaves(held.lot.remaining, currency).0)
            .sum();
        self.is_part = requested.is_some_and(|requested| requested < everything);
        let mut left = requested.unwrap_or(Amount::MAX);
        let mut left_otherwise = left;
        let (mut sum, mut sum_otherwise) = (Amount::ZERO, Amount::ZERO);
        for held in &mut self.deposits {
            let takes = |left: Amount| held.leaves(held.lot.remaining.min(left), currency);
            if !held.lot.frozen && held.late == held.elsewhere.is_some() {
                let (leaves, _) = takes(left_otherwise);
                left_otherwise = left_otherwise.less(leaves);
                sum_otherwise = sum_otherwise.plus(leaves);
            }
            if held.is_payable() {
                let (leaves, payout) = takes(left);
                left = left.less(leaves);
                sum = sum.plus(leaves);
                (held.leaves, held.payout) = (leaves, payout);
            }
            held.payout_currency = Some(held.origin.paid.map_or(currency, |paid| paid.currency));
            let rest = held.lot.remaining.less(held.leaves);
            if rest.is_positive() {
                self.stays
                    .push(leftover(&held.lot, rest, held.why_it_stays(rest, currency)));
            }
        }
        if self.doubt.is_none() {
            self.due = Some(sum);
            self.otherwise = Some(sum_otherwise).filter(|otherwise| *otherwise != sum);
        }
    }
}

impl Held<'_> {
    /// What leaves the lot and what arrives for `amount` of it. Money paid in at a rate of its own leaves whole
    /// and is cut where it arrives; a payout that is cut to nothing takes nothing.
    fn leaves(&self, amount: Amount, currency: Currency) -> (Amount, Amount) {
        match self
            .origin
            .paid
            .filter(|paid| paid.currency != currency || paid.amount != self.lot.original)
        {
            None => {
                let cut = amount.cut(currency.digits());
                (cut, cut)
            }
            Some(paid) => {
                let payout = amount
                    .share_cut(paid.amount, self.lot.original, paid.currency.digits())
                    .unwrap_or(Amount::ZERO);
                if payout.is_positive() {
                    (amount, payout)
                } else {
                    (Amount::ZERO, Amount::ZERO)
                }
            }
        }
    }

    fn why_it_stays(&self, rest: Amount, currency: Currency) -> &'static str {
        if self.lot.frozen {
            "waits until the dispute on this deposit is decided"
        } else if self.late {
            "can no longer go back to its payment method, but can be spent"
        } else if rest.cut(currency.digits()).is_zero() {
            "is less than can be paid out"
        } else {
            "was not asked for"
        }
    }
}

fn leftover(lot: &Lot, amount: Amount, because: &str) -> Leftover {
    Leftover {
        lot: lot.id.clone(),
        amount,
        because: because.to_owned(),
    }
}

fn hold<'a>(
    hearing: &Hearing<'a>,
    origins: &HashMap<&str, Origin<'a>>,
    window: Option<&Window>,
    lot: Lot,
) -> Option<Held<'a>> {
    let origin = *origins.get(lot.id.as_str())?;
    let due = window.and_then(|window| due(lot.at, window.length, window.reading, hearing.zone));
    Some(Held {
        late: due
            .as_ref()
            .is_some_and(|due| hearing.received > due.adopted),
        elsewhere: due
            .as_ref()
            .and_then(|due| due.contradicts(hearing.received)),
        lot,
        origin,
        due,
        leaves: Amount::ZERO,
        payout: Amount::ZERO,
        payout_currency: None,
    })
}

/// Freezes the disputed lot, or takes a lost dispute off it after all entries (I20); returns a doubt where the
/// lot cannot be told.
fn settle_dispute(hearing: &Hearing, lots: &mut [Lot]) -> Option<String> {
    let dispute = hearing.facts.dispute.as_ref()?;
    let deposits = lots
        .iter()
        .filter(|lot| lot.source == Source::Deposit)
        .count();
    let named = lots.iter_mut().find(|lot| {
        lot.source == Source::Deposit
            && match &dispute.deposit {
                Some(id) => lot.id == *id,
                None => deposits == 1,
            }
    });
    match (dispute.status, named) {
        (DisputeStatus::Won, _) => None,
        (DisputeStatus::Open, named) => {
            if let Some(lot) = named {
                lot.frozen = true;
            }
            None
        }
        (DisputeStatus::Lost, Some(lot)) => {
            lot.write_down(dispute.amount.unwrap_or(lot.original));
            None
        }
        (DisputeStatus::Lost, None) => {
            Some("Which deposit was lost to the dispute is not known.".to_owned())
        }
    }
}
