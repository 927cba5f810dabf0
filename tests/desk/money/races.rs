//! Sixty-four at once. However they fall, what is paid is what may be paid, and the books prove.

use std::sync::Barrier;
use std::thread;

use redress::error::{Code, Error, Result};

use super::{Books, act, e8};
use redress::desk::deposits::receive;
use redress::desk::orders::{credit_order_refund, place};
use redress::desk::payouts;

const CROWD: usize = 64;

/// Lets the whole crowd try at the same moment; what came of each.
fn at_once<T: Send>(attempt: impl Fn(usize) -> Result<T> + Sync) -> Vec<Result<T>> {
    let gate = Barrier::new(CROWD);
    thread::scope(|scope| {
        let each = |number| {
            let (gate, attempt) = (&gate, &attempt);
            scope.spawn(move || {
                gate.wait();
                attempt(number)
            })
        };
        let crowd = (0..CROWD).map(each).collect::<Vec<_>>();
        crowd.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

/// How many were let through; everybody else must have been refused for that reason.
fn let_through<T>(outcomes: &[Result<T>], code: Code) -> usize {
    let mut through = 0;
    for outcome in outcomes {
        match outcome {
            Ok(_) => through += 1,
            Err(Error::Refused { code: why, .. }) if *why == code => {}
            Err(other) => panic!("neither paid nor refused: {other}"),
        }
    }
    through
}

#[test]
fn of_sixty_four_refunds_of_60_on_an_order_of_100_one_is_paid() {
    let books = Books::open();
    books.deposit("d1", "100", 0);
    let order = books.order("o1", &[("balance", "100")], 1);
    let outcomes = at_once(|number| books.refund(&order, "60", &format!("refund {number}"), 2));
    assert_eq!(let_through(&outcomes, Code::OverCeiling), 1);
    assert_eq!(books.account("customer_cash"), "60");
    assert_eq!(books.account("refunds"), "-60");
}

#[test]
fn a_refund_sent_sixty_four_times_under_one_key_is_paid_once() {
    let books = Books::open();
    books.deposit("d1", "100", 0);
    let order = books.order("o1", &[("balance", "100")], 1);
    let outcomes = at_once(|_| books.refund(&order, "60", "claim C-1001 decision 1", 2));
    let fresh = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Ok(true)))
        .count();
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(fresh, 1);
    assert_eq!(books.account("customer_cash"), "60");
}

#[test]
fn two_agents_who_grant_different_amounts_under_one_key_grant_one_of_them() {
    let books = Books::open();
    books.deposit("d1", "100", 0);
    let order = books.order("o1", &[("balance", "100")], 1);
    let amount = |number: usize| if number.is_multiple_of(2) { "30" } else { "40" };
    let outcomes =
        at_once(|number| books.refund(&order, amount(number), "claim C-1001 decision 1", 2));
    let granted = books.account("customer_cash");
    assert!(["30", "40"].contains(&granted.as_str()), "{granted}");
    for (number, outcome) in outcomes.iter().enumerate() {
        if amount(number) == granted {
            assert!(outcome.is_ok(), "{outcome:?}");
        } else {
            assert!(
                matches!(
                    outcome,
                    Err(Error::Refused {
                        code: Code::KeyReused,
                        ..
                    })
                ),
                "{outcome:?}"
            );
        }
    }
}

#[test]
fn refunds_to_the_balance_and_to_the_card_together_stay_within_the_order() {
    let books = Books::open();
    books.deposit("d1", "50", 0);
    let order = books.order("o1", &[("balance", "50"), ("card-9", "50")], 1);
    let claim = books.claim(Some(&order));
    let outcomes = at_once(|number| {
        let key = format!("part {number}");
        if number.is_multiple_of(2) {
            books.refund(&order, "20", &key, 2).map(|_| ())
        } else {
            books
                .pay_out(&claim, (None, Some("card-9")), "20", &key, 2)
                .map(|_| ())
        }
    });
    // Five times 20 in all; the card alone takes no more than twice.
    assert!(let_through(&outcomes, Code::OverCeiling) <= 5);
    let (refunds, in_transit) = (books.account("refunds"), books.account("payout_in_transit"));
    assert_eq!(refunds, "-100", "in transit: {in_transit}");
    assert!(e8(&in_transit) <= e8("40"), "{in_transit}");
}

#[test]
fn of_sixty_four_withdrawals_of_60_from_a_deposit_of_100_one_is_set_aside() {
    let books = Books::open();
    books.deposit("d1", "100", 0);
    let claim = books.claim(None);
    let outcomes = at_once(|number| {
        books.pay_out(
            &claim,
            (Some("d1"), None),
            "60",
            &format!("payout {number}"),
            2,
        )
    });
    assert_eq!(let_through(&outcomes, Code::OverCeiling), 1);
    assert_eq!(books.account("payout_in_transit"), "60");
    assert_eq!(books.account("customer_cash"), "40");
}

#[test]
fn what_is_set_aside_is_not_spent_and_what_is_spent_is_not_set_aside() {
    let books = Books::open();
    books.deposit("d1", "100", 0);
    let claim = books.claim(None);
    let outcomes = at_once(|number| {
        if number.is_multiple_of(2) {
            let payout = books.pay_out(
                &claim,
                (Some("d1"), None),
                "60",
                &format!("payout {number}"),
                2,
            );
            return payout.map(|_| ()).map_err(|error| match error {
                Error::Refused {
                    code: Code::OverCeiling,
                    ..
                } => Error::refused(Code::Insufficient),
                other => other,
            });
        }
        let new = books.new_order(&format!("o{number}"), &[("balance", "60")], 2);
        books.write(|tx| place(tx, &act(2), &new)).map(|_| ())
    });
    assert_eq!(let_through(&outcomes, Code::Insufficient), 1);
    assert_eq!(books.account("customer_cash"), "40");
}

#[test]
fn the_first_deposits_of_a_new_seller_all_arrive_in_one_chain() {
    let books = Books::open();
    let outcomes = at_once(|number| {
        let new = books.new_deposit(&format!("d{number}"), "1.5", 0);
        books.write(|tx| receive(tx, &act(0), &new))
    });
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(books.account("customer_cash"), "96");
    assert_eq!(books.account("processor_clearing"), "-96");
}

#[test]
fn a_payout_marked_as_sent_by_everybody_at_once_is_settled_once() {
    let books = Books::open();
    books.deposit("d1", "100", 0);
    let payout = books
        .pay_out(&books.claim(None), (Some("d1"), None), "60", "payout 1", 1)
        .unwrap();
    let outcomes =
        at_once(|_| books.write(|tx| payouts::mark_sent(tx, &act(2), &payout.id, "BANK-77")));
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(books.account("payout_in_transit"), "0");
    assert_eq!(books.account("processor_clearing"), "-40");
}

#[test]
fn the_books_prove_at_every_moment_while_others_write() {
    let books = Books::open();
    books.deposit("d1", "100", 0);
    let order = books.order("o1", &[("balance", "100")], 1);
    let outcomes = at_once(|number| {
        if number.is_multiple_of(4) {
            assert_eq!(books.db.findings(), Vec::<String>::new());
            return Ok(true);
        }
        books.refund(&order, "1", &format!("refund {number}"), 2)
    });
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(books.account("customer_cash"), "48");
}

#[test]
fn a_refund_that_fails_half_way_leaves_nothing() {
    let books = Books::open();
    books.deposit("d1", "100", 0);
    let order = books.order("o1", &[("balance", "100")], 1);
    let outcomes = at_once(|number| {
        books.write(|tx| {
            credit_order_refund(tx, &act(2), &order.id, e8("1"), &format!("refund {number}"))?;
            if number.is_multiple_of(2) {
                Err(Error::Stale)
            } else {
                Ok(())
            }
        })
    });
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
        CROWD / 2
    );
    assert_eq!(books.account("customer_cash"), "32");
}
