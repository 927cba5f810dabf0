//! Random stories told to the pure book: whatever happens, in whatever order, every journal sums to zero, every balance is the
//! fold of its entries, nothing is paid twice and nothing goes back that was not paid.

use std::collections::BTreeMap;

use proptest::prelude::*;
use redress::rules::ledger::{self as book, *};

/// One thing that somebody tries; what is impossible must be refused and leave no trace.
#[derive(Debug, Clone)]
enum Deed {
    Deposit(usize, i64),
    Bonus(usize, i64),
    Buy(usize, Paid),
    Refund(usize, Returned),
    Withdraw(usize, i64),
    RefundDirectly(usize, i64),
    Settle(usize),
    Fail(usize),
    Return(usize),
    Dispute(usize, i64),
    Lose(usize, i64, i64),
    Win(usize),
    Repeat(usize),
    Reverse(usize),
}

const PEOPLE: [&str; 3] = ["anna", "boris", "chidi"];
const PURSES: [&str; 3] = ["USD", "EUR", "USD"];

fn deed() -> impl Strategy<Value = Deed> {
    let who = || 0..PEOPLE.len();
    let any = || 0..40_usize;
    let amount = || -2..2_000_i64;
    let part = || 0..1_000_i64;
    let paid = (part(), part(), part()).prop_map(|(cash_e8, bonus_e8, direct_e8)| Paid {
        cash_e8,
        bonus_e8,
        direct_e8,
    });
    let back = (part(), part(), 0..50_i64).prop_map(|(cash_e8, bonus_e8, debt_e8)| Returned {
        cash_e8,
        bonus_e8,
        debt_e8,
    });
    prop_oneof![
        3 => (who(), amount()).prop_map(|(who, amount)| Deed::Deposit(who, amount)),
        1 => (who(), amount()).prop_map(|(who, amount)| Deed::Bonus(who, amount)),
        3 => (who(), paid).prop_map(|(who, paid)| Deed::Buy(who, paid)),
        3 => (any(), back).prop_map(|(order, back)| Deed::Refund(order, back)),
        1 => (who(), amount()).prop_map(|(who, amount)| Deed::Withdraw(who, amount)),
        1 => (any(), amount()).prop_map(|(order, amount)| Deed::RefundDirectly(order, amount)),
        1 => any().prop_map(Deed::Settle),
        1 => any().prop_map(Deed::Fail),
        1 => any().prop_map(Deed::Return),
        1 => (who(), amount()).prop_map(|(who, amount)| Deed::Dispute(who, amount)),
        1 => (any(), part(), part()).prop_map(|(dispute, cash, debt)| Deed::Lose(dispute, cash, debt)),
        1 => any().prop_map(Deed::Win),
        1 => any().prop_map(Deed::Repeat),
        1 => any().prop_map(Deed::Reverse),
    ]
}

#[derive(Clone)]
struct Sent {
    source: Source,
    reference: String,
    who: usize,
    amount: i64,
}

#[derive(Default)]
struct Story {
    book: Book,
    journals: Vec<Journal>,
    orders: Vec<(String, usize)>,
    payouts: Vec<Sent>,
    disputes: Vec<(usize, i64)>,
}

fn purse(who: usize) -> Purse<'static> {
    Purse {
        owner: PEOPLE[who],
        currency: PURSES[who],
    }
}

fn pick<T: Clone>(things: &[T], index: usize) -> Option<T> {
    things.get(index % things.len().max(1)).cloned()
}

impl Story {
    fn told(deeds: &[Deed]) -> Story {
        let mut story = Story::default();
        for (step, deed) in deeds.iter().enumerate() {
            story.tell(deed, step);
        }
        story
    }

    /// The journal that the deed asks for; `None` where what it speaks of is not there.
    fn journal(&mut self, deed: &Deed, step: usize) -> Option<Result<Journal, Flaw>> {
        let key = format!("deed {step}");
        Some(match deed {
            Deed::Deposit(who, amount) => book::deposit_received(&key, &key, purse(*who), *amount),
            Deed::Bonus(who, amount) => book::bonus_granted(&key, &key, purse(*who), *amount),
            Deed::Buy(who, paid) => {
                let order = format!("order {step}");
                self.orders.push((order.clone(), *who));
                book::order_paid(&key, &order, purse(*who), *paid)
            }
            Deed::Refund(order, back) => {
                let (order, who) = pick(&self.orders, *order)?;
                book::refund_to_balance(&key, &order, purse(who), *back)
            }
            Deed::Withdraw(who, amount) => self.reserve(Source::Balance, &key, &key, *who, *amount),
            Deed::RefundDirectly(order, amount) => {
                let (order, who) = pick(&self.orders, *order)?;
                self.reserve(Source::Order, &key, &order, who, *amount)
            }
            Deed::Settle(payout) => {
                let sent = pick(&self.payouts, *payout)?;
                book::payout_succeeded(&key, &sent.reference, purse(sent.who), sent.amount)
            }
            Deed::Fail(payout) => {
                let sent = pick(&self.payouts, *payout)?;
                let purse = purse(sent.who);
                book::payout_failed(&key, &sent.reference, purse, sent.source, sent.amount, 0)
            }
            Deed::Return(payout) => {
                let sent = pick(&self.payouts, *payout)?;
                let purse = purse(sent.who);
                book::payout_returned(&key, &sent.reference, purse, sent.source, sent.amount, 0)
            }
            Deed::Dispute(who, amount) => {
                self.disputes.push((*who, *amount));
                book::dispute_opened(&key, &key, purse(*who), *amount)
            }
            Deed::Lose(dispute, cash, debt) => {
                let (who, amount) = pick(&self.disputes, *dispute)?;
                book::dispute_lost(&key, &key, purse(who), amount, *cash, *debt)
            }
            Deed::Win(dispute) => {
                let (who, amount) = pick(&self.disputes, *dispute)?;
                book::dispute_won(&key, &key, purse(who), amount)
            }
            Deed::Repeat(journal) => Ok(pick(&self.journals, *journal)?),
            Deed::Reverse(journal) => {
                let journal = pick(&self.journals, *journal)?;
                journal.reversal(&format!("undo {}", journal.key))
            }
        })
    }

    fn reserve(
        &mut self,
        source: Source,
        key: &str,
        reference: &str,
        who: usize,
        amount: i64,
    ) -> Result<Journal, Flaw> {
        self.payouts.push(Sent {
            source,
            reference: reference.to_owned(),
            who,
            amount,
        });
        match source {
            Source::Balance => book::payout_reserved(key, reference, purse(who), amount),
            Source::Order => book::direct_refund_reserved(key, reference, purse(who), amount),
        }
    }

    fn tell(&mut self, deed: &Deed, step: usize) {
        let before = self.book.clone();
        let Some(Ok(journal)) = self.journal(deed, step) else {
            return;
        };
        match self.book.post(&journal) {
            Ok(true) => self.journals.push(journal),
            _ => assert_eq!(self.book, before, "{deed:?} was not done and left a trace"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_book_balances(deeds in prop::collection::vec(deed(), 1..60)) {
        let mut story = Story::default();
        for (step, deed) in deeds.iter().enumerate() {
            story.tell(deed, step);
            let mut sums = BTreeMap::<String, i128>::new();
            for (account, standing) in story.book.accounts() {
                *sums.entry(account.currency.clone()).or_default() += i128::from(standing.balance_e8);
                prop_assert!(standing.balance_e8 >= 0 || !account.kind.has_floor(), "{account} is below zero");
            }
            prop_assert!(sums.values().all(|sum| *sum == 0), "the book does not sum to zero: {sums:?}");
        }
        let mut folded = BTreeMap::<&Account, (i64, i64)>::new();
        for entry in story.journals.iter().flat_map(|journal| &journal.entries) {
            let fold = folded.entry(&entry.account).or_default();
            *fold = (fold.0 + 1, fold.1 + entry.amount_e8);
        }
        let kept = story.book.accounts().map(|(account, s)| (account, (s.seq, s.balance_e8)));
        prop_assert_eq!(folded, kept.collect::<BTreeMap<_, _>>());
    }

    #[test]
    fn refunds_never_exceed_what_was_paid(deeds in prop::collection::vec(deed(), 1..60)) {
        let story = Story::told(&deeds);
        for (order, _) in &story.orders {
            let about = |kind| {
                let journals = story.journals.iter().filter(|journal| &journal.reference == order);
                journals.map(|journal| journal.adds_to(kind)).sum::<i64>()
            };
            prop_assert!(-about(AccountKind::Refunds) <= about(AccountKind::Sales), "{order} gave back too much");
        }
    }

    #[test]
    fn the_same_deeds_told_twice_are_done_once(deeds in prop::collection::vec(deed(), 1..40)) {
        let mut story = Story::told(&deeds);
        let once = story.book.clone();
        for journal in &story.journals {
            prop_assert_eq!(story.book.post(journal), Ok(false));
            let mut other = journal.clone();
            other.reference.push('!');
            prop_assert_eq!(story.book.post(&other), Err(Flaw::KeyReused(journal.key.clone())));
        }
        prop_assert_eq!(once, story.book);
    }

    #[test]
    fn undoing_everything_backwards_leaves_every_balance_at_zero(deeds in prop::collection::vec(deed(), 1..40)) {
        let deeds = deeds.into_iter().filter(|deed| !matches!(deed, Deed::Reverse(_))).collect::<Vec<_>>();
        let mut story = Story::told(&deeds);
        for journal in story.journals.iter().rev() {
            let undone = journal.reversal(&format!("undo {}", journal.key)).unwrap();
            prop_assert_eq!(story.book.post(&undone), Ok(true));
        }
        prop_assert!(story.book.accounts().all(|(_, standing)| standing.balance_e8 == 0));
        prop_assert!(story.orders.iter().all(|(order, _)| story.book.earned(order) == 0));
    }
}

#[test]
fn no_movement_takes_an_amount_of_zero_or_less_or_one_that_overflows() {
    let anna = purse(0);
    for amount in [0, -1, i64::MIN] {
        let refused = Err(Flaw::NotPositive);
        assert_eq!(book::deposit_received("k", "d", anna, amount), refused);
        assert_eq!(book::payout_reserved("k", "d", anna, amount), refused);
        assert_eq!(
            book::direct_refund_reserved("k", "o", anna, amount),
            refused
        );
        assert_eq!(book::dispute_lost("k", "x", anna, amount, 0, 0), refused);
    }
    let part = |bonus_e8| Paid {
        cash_e8: 10,
        bonus_e8,
        direct_e8: 0,
    };
    assert_eq!(
        book::order_paid("k", "o", anna, part(-5)),
        Err(Flaw::NotPositive)
    );
    assert_eq!(
        book::order_paid("k", "o", anna, part(i64::MAX)),
        Err(Flaw::TooLarge)
    );
    assert_eq!(
        book::payout_failed("k", "d", anna, Source::Balance, 5, 6),
        Err(Flaw::NotPositive)
    );

    let mut story = Book::default();
    let all = book::deposit_received("k1", "d", anna, i64::MAX).unwrap();
    assert_eq!(story.post(&all), Ok(true));
    let one_more = book::deposit_received("k2", "d", anna, 1).unwrap();
    assert_eq!(story.post(&one_more), Err(Flaw::TooLarge));
}

#[test]
fn a_lost_dispute_takes_the_lot_first_then_a_debt_and_the_rest_is_the_sellers_loss() {
    let anna = purse(0);
    let mut story = Book::default();
    let bought = Paid {
        cash_e8: 700,
        ..Paid::default()
    };
    for journal in [
        book::deposit_received("k1", "d", anna, 1_000),
        book::order_paid("k2", "o", anna, bought),
        book::dispute_opened("k3", "x", anna, 1_200),
        book::dispute_lost("k4", "x", anna, 1_200, 300, 700),
    ] {
        assert_eq!(story.post(&journal.unwrap()), Ok(true));
    }
    let balance = |kind: AccountKind| {
        let owner = if kind.is_owned() { "anna" } else { "" };
        let account = Account {
            kind,
            owner: owner.to_owned(),
            currency: "USD".to_owned(),
        };
        story.standing(&account).balance_e8
    };
    assert_eq!(balance(AccountKind::CustomerCash), 0);
    assert_eq!(balance(AccountKind::DisputeDebt), -700);
    assert_eq!(balance(AccountKind::DisputeLoss), -200);
    assert_eq!(balance(AccountKind::DisputeHold), 0);
}
