//! One deed after the other: which lot pays, what comes back where, what is refused.

use redress::db::orders as rows;
use redress::desk::deposits::{Kept, receive};
use redress::desk::disputes::{self, NewDispute, Payment};
use redress::desk::orders::{credit_order_refund, place, record_status};
use redress::desk::{ledger, payouts};
use redress::error::{Code, Error};
use redress::rules::facts::{DisputeStatus, Status};
use redress::rules::lifecycle::payout::State;

use super::{Books, act, at, e8, progress, refusal};

fn left(lots: &[(&str, &str)]) -> Vec<(String, String)> {
    lots.iter()
        .map(|(name, amount)| ((*name).to_owned(), (*amount).to_owned()))
        .collect()
}

#[test]
fn bonuses_pay_first_then_the_oldest_deposit_and_a_refund_returns_cash_first() {
    let books = Books::open();
    books.deposit("d1", "10", 0);
    books.deposit("d2", "10", 1);
    books.bonus("b1", "3", 2, None);
    let order = books.order("o1", &[("balance", "15")], 3);
    assert_eq!(books.lots(), left(&[("d1", "0"), ("d2", "8"), ("b1", "0")]));
    books.refund(&order, "4", "k1", 4).unwrap();
    assert_eq!(
        books.lots(),
        left(&[("d1", "2"), ("d2", "10"), ("b1", "0")])
    );
    books.refund(&order, "9", "k2", 5).unwrap();
    assert_eq!(
        books.lots(),
        left(&[("d1", "10"), ("d2", "10"), ("b1", "1")])
    );
    assert_eq!(
        refusal(books.refund(&order, "2.00000001", "k3", 6)),
        Code::OverCeiling
    );
    books.refund(&order, "2", "k4", 7).unwrap();
    assert_eq!(
        books.lots(),
        left(&[("d1", "10"), ("d2", "10"), ("b1", "3")])
    );
}

#[test]
fn a_card_payment_refunded_to_the_balance_opens_a_lot_that_carries_the_card() {
    let books = Books::open();
    books.deposit("d1", "6", 0);
    let order = books.order("o1", &[("balance", "6"), ("card-9", "4")], 1);
    books.refund(&order, "7.5", "k1", 2).unwrap();
    books.refund(&order, "2.5", "k2", 3).unwrap();
    let (first, second) = (
        format!("{} card-9 1", order.number),
        format!("{} card-9 2", order.number),
    );
    assert_eq!(
        books.lots(),
        left(&[("d1", "6"), (&first, "1.5"), (&second, "2.5")])
    );
    assert_eq!(
        refusal(books.refund(&order, "0.00000001", "k3", 4)),
        Code::OverCeiling
    );
    let claim = books.claim(None);
    assert_eq!(
        refusal(books.pay_out(&claim, (Some(&first), None), "1.6", "p1", 5)),
        Code::OverCeiling
    );
    let payout = books
        .pay_out(&claim, (Some(&first), None), "1.5", "p2", 5)
        .unwrap();
    assert_eq!(payout.method, "card-9");
}

#[test]
fn what_was_refunded_to_the_card_cannot_come_to_the_balance_too() {
    let books = Books::open();
    let order = books.order("o1", &[("card-9", "10")], 1);
    let claim = books.claim(Some(&order));
    books
        .pay_out(&claim, (None, Some("card-9")), "7", "p1", 2)
        .unwrap();
    assert_eq!(
        refusal(books.refund(&order, "4", "k1", 3)),
        Code::OverCeiling
    );
    books.refund(&order, "3", "k2", 4).unwrap();
    assert_eq!(
        refusal(books.pay_out(&claim, (None, Some("card-9")), "1", "p2", 5)),
        Code::OverCeiling
    );
}

#[test]
fn an_order_of_unknown_payment_comes_back_by_a_method_nobody_can_pay_to() {
    let books = Books::open();
    let mut new = books.new_order("o1", &[("balance", "10")], 1);
    new.paid_with = None;
    let (order, _) = books.write(|tx| place(tx, &act(1), &new)).unwrap();
    books.refund(&order, "10", "k1", 2).unwrap();
    let methods = books
        .db
        .pool
        .read(|conn| {
            Ok(redress::db::deposits::methods_of(
                conn,
                &books.seller,
                &books.anna,
            )?)
        })
        .unwrap();
    assert_eq!(methods[0].reference, rows::UNKNOWN_METHOD);
    assert_eq!(methods[0].state.map(|state| state.word()), Some("closed"));
}

#[test]
fn an_order_without_a_known_charge_cannot_be_refunded() {
    let books = Books::open();
    let mut new = books.new_order("o1", &[], 1);
    new.charge_e8 = None;
    new.paid_with = None;
    let (order, _) = books.write(|tx| place(tx, &act(1), &new)).unwrap();
    assert_eq!(
        refusal(books.refund(&order, "1", "k1", 2)),
        Code::OverCeiling
    );
}

#[test]
fn amounts_of_zero_or_less_are_refused_and_leave_nothing() {
    let books = Books::open();
    books.deposit("d1", "10", 0);
    let order = books.order("o1", &[("balance", "10")], 1);
    for amount in [0, -1, i64::MIN] {
        let refund = books.write(|tx| credit_order_refund(tx, &act(2), &order.id, amount, "k"));
        assert!(matches!(refund, Err(Error::Invalid(_))), "{refund:?}");
        let mut new = books.new_deposit("d2", "1", 2);
        new.amount_e8 = amount;
        let deposit = books.write(|tx| receive(tx, &act(2), &new));
        assert!(matches!(deposit, Err(Error::Invalid(_))), "{deposit:?}");
    }
    assert_eq!(books.account("customer_cash"), "0");
}

#[test]
fn a_key_names_one_deed() {
    let books = Books::open();
    books.deposit("d1", "10", 0);
    let (one, other) = (
        books.order("o1", &[("balance", "4")], 1),
        books.order("o2", &[("balance", "4")], 1),
    );
    assert!(books.refund(&one, "2", "k1", 2).unwrap());
    assert!(!books.refund(&one, "2", "k1", 3).unwrap());
    assert_eq!(refusal(books.refund(&one, "1", "k1", 3)), Code::KeyReused);
    assert_eq!(refusal(books.refund(&other, "2", "k1", 3)), Code::KeyReused);
    assert_eq!(books.account("customer_cash"), "4");
}

#[test]
fn an_order_that_the_balance_does_not_cover_is_refused_whole() {
    let books = Books::open();
    books.deposit("d1", "5", 0);
    let new = books.new_order("o1", &[("balance", "5.00000001")], 1);
    assert_eq!(
        refusal(books.write(|tx| place(tx, &act(1), &new))),
        Code::Insufficient
    );
    let known = books
        .db
        .pool
        .read(|conn| Ok(rows::by_reference(conn, &books.seller, "o1")?))
        .unwrap();
    assert_eq!(known, None);
    let mut short = books.new_order("o2", &[("balance", "2")], 1);
    short.charge_e8 = Some(e8("3"));
    assert!(matches!(
        books.write(|tx| place(tx, &act(1), &short)),
        Err(Error::Invalid(_))
    ));
}

#[test]
fn an_expired_bonus_pays_nothing_and_one_restored_after_its_end_stays_spent() {
    let books = Books::open();
    books.bonus("b1", "5", 0, Some(10));
    let early = books.order("o1", &[("balance", "2")], 9);
    let late = books.new_order("o2", &[("balance", "2")], 10);
    assert_eq!(
        refusal(books.write(|tx| place(tx, &act(10), &late))),
        Code::Insufficient
    );
    books.refund(&early, "2", "k1", 20).unwrap();
    let again = books.new_order("o3", &[("balance", "1")], 21);
    assert_eq!(
        refusal(books.write(|tx| place(tx, &act(21), &again))),
        Code::Insufficient
    );
}

#[test]
fn what_was_paid_is_not_changed_by_telling_it_anew() {
    let books = Books::open();
    books.deposit("d1", "10", 0);
    let told = |new| books.write(|tx| receive(tx, &act(5), &new));
    assert_eq!(
        told(books.new_deposit("d1", "10", 0)).unwrap().1,
        Kept::Same
    );
    let Err(Error::Refused { code, words }) = told(books.new_deposit("d1", "11", 0)) else {
        panic!("another amount was taken")
    };
    assert_eq!(code, Code::KeyReused);
    assert!(words.contains("another amount"), "{words}");

    let first = books.new_order("o1", &[("balance", "4")], 1);
    books.write(|tx| place(tx, &act(1), &first)).unwrap();
    assert_eq!(
        books.write(|tx| place(tx, &act(2), &first)).unwrap().1,
        Kept::Same
    );
    let dearer = books.new_order("o1", &[("balance", "5")], 1);
    assert_eq!(
        refusal(books.write(|tx| place(tx, &act(2), &dearer))),
        Code::KeyReused
    );
    assert_eq!(books.account("sales"), "4");
}

#[test]
fn a_final_order_may_be_corrected_and_its_history_keeps_every_line() {
    let books = Books::open();
    books.deposit("d1", "10", 0);
    let order = books.order("o1", &[("balance", "10")], 1);
    let tell = |status, remains: &str, minute| {
        let progress = progress(status, remains);
        books
            .write(|tx| record_status(tx, &act(60), &order.id, &progress, "panel", at(minute)))
            .unwrap()
    };
    assert_eq!(tell(Status::Completed, "0", 10), Kept::Changed);
    assert_eq!(tell(Status::Completed, "0", 20), Kept::Same);
    assert_eq!(tell(Status::Partial, "400", 30), Kept::Changed);
    // Told late: it was so before, and is not now.
    assert_eq!(tell(Status::InProgress, "700", 5), Kept::Changed);
    assert_eq!(tell(Status::InProgress, "700", 5), Kept::Same);
    let (order, history) = books
        .db
        .pool
        .read(|conn| {
            Ok((
                rows::find(conn, &order.id)?,
                rows::history(conn, &order.id)?,
            ))
        })
        .unwrap();
    assert_eq!(
        (order.status, order.remains.as_deref()),
        (Status::Partial, Some("400"))
    );
    let lines = history
        .iter()
        .map(|line| line.status.word())
        .collect::<Vec<_>>();
    assert_eq!(lines, ["pending", "in_progress", "completed", "partial"]);
}

#[test]
fn a_payout_is_sent_under_a_reference_and_a_second_time_changes_nothing() {
    let books = Books::open();
    books.deposit("d1", "10", 0);
    let payout = books
        .pay_out(&books.claim(None), (Some("d1"), None), "4", "p1", 1)
        .unwrap();
    let send =
        |reference: &str| books.write(|tx| payouts::mark_sent(tx, &act(2), &payout.id, reference));
    assert!(matches!(send("  "), Err(Error::Invalid(_))));
    let sent = send("BANK-1").unwrap();
    assert_eq!(
        (sent.state, sent.reference.as_deref()),
        (State::Succeeded, Some("BANK-1"))
    );
    assert_eq!(send("BANK-1").unwrap().seq, sent.seq + 1);
    assert_eq!(refusal(send("BANK-2")), Code::AlreadyDone);
    let failed = books.write(|tx| payouts::fail(tx, &act(3), &payout.id, "late news"));
    assert_eq!(refusal(failed), Code::AlreadyDone);
    assert_eq!(books.account("processor_clearing"), "-6");
}

#[test]
fn a_payouts_key_names_one_payout_of_one_amount() {
    let books = Books::open();
    books.deposit("d1", "10", 0);
    let claim = books.claim(None);
    let ask = |amount: &str| books.pay_out(&claim, (Some("d1"), None), amount, "p1", 1);
    let first = ask("4").unwrap();
    assert_eq!(ask("4").unwrap().id, first.id);
    assert_eq!(refusal(ask("4.01")), Code::KeyReused);
    assert_eq!(refusal(ask("3")), Code::KeyReused);
    assert_eq!(books.lots(), left(&[("d1", "6")]));
    for amount in ["6.00000001", "0"] {
        let other = books.pay_out(&claim, (Some("d1"), None), amount, "p2", 2);
        assert!(
            matches!(refusal(other), Code::OverCeiling | Code::NothingToPay),
            "{amount}"
        );
    }
    assert_eq!(books.account("payout_in_transit"), "4");
}

#[test]
fn money_that_does_not_arrive_goes_back_to_where_it_was_taken_from_once() {
    let books = Books::open();
    books.deposit("d1", "10", 0);
    let order = books.order("o1", &[("card-9", "8")], 1);
    let claim = books.claim(Some(&order));
    let withdrawal = books
        .pay_out(&books.claim(None), (Some("d1"), None), "4", "p1", 2)
        .unwrap();
    let direct = books
        .pay_out(&claim, (None, Some("card-9")), "8", "p2", 2)
        .unwrap();
    for payout in [&withdrawal, &direct] {
        for _ in 0..2 {
            books
                .write(|tx| payouts::fail(tx, &act(3), &payout.id, "card closed"))
                .unwrap();
        }
    }
    assert_eq!(books.lots(), left(&[("d1", "10")]));
    assert_eq!(books.account("payout_in_transit"), "0");
    assert_eq!(books.account("refunds"), "0");
    let again = books
        .pay_out(&claim, (None, Some("card-9")), "8", "p3", 4)
        .unwrap();
    books
        .write(|tx| payouts::mark_sent(tx, &act(5), &again.id, "BANK-1"))
        .unwrap();
    for _ in 0..2 {
        books
            .write(|tx| payouts::return_money(tx, &act(6), &again.id, "account unknown"))
            .unwrap();
    }
    assert_eq!(books.account("refunds"), "0");
    assert_eq!(books.account("processor_clearing"), "-18");
}

#[test]
fn a_dispute_freezes_its_lot_and_lost_it_leaves_a_debt_that_refunds_meet_first() {
    let books = Books::open();
    let deposit = books.deposit("d1", "10", 0);
    let order = books.order("o1", &[("balance", "7")], 1);
    let new = NewDispute {
        payment: Payment::Deposit(deposit.id),
        reference: "CB-1".to_owned(),
        reason: None,
        amount_e8: None,
        contacted_first: Some(false),
        answered_in_time: None,
        opened_at: at(2),
        evidence_due_at: None,
    };
    let dispute = books.write(|tx| disputes::open(tx, &act(2), &new)).unwrap();
    let again = books.write(|tx| disputes::open(tx, &act(2), &new)).unwrap();
    assert_eq!(dispute.id, again.id);
    let claim = books.claim(None);
    assert_eq!(
        refusal(books.pay_out(&claim, (Some("d1"), None), "1", "p1", 3)),
        Code::OnHold
    );
    let next = books.new_order("o2", &[("balance", "1")], 3);
    assert_eq!(
        refusal(books.write(|tx| place(tx, &act(3), &next))),
        Code::Insufficient
    );

    books
        .write(|tx| disputes::close(tx, &act(4), &dispute.id, DisputeStatus::Lost))
        .unwrap();
    assert_eq!(
        refusal(books.pay_out(&claim, (Some("d1"), None), "1", "p2", 4)),
        Code::OverCeiling
    );
    assert_eq!(books.lots(), left(&[("d1", "0")]));
    assert_eq!(books.account("dispute_debt"), "-7");
    books.refund(&order, "5", "k1", 5).unwrap();
    assert_eq!(books.lots(), left(&[("d1", "0")]));
    books.refund(&order, "2", "k2", 6).unwrap();
    assert_eq!(books.account("dispute_debt"), "0");
    assert_eq!(books.account("customer_cash"), "0");
    assert_eq!(
        refusal(books.refund(&order, "0.1", "k3", 7)),
        Code::OverCeiling
    );
    let won = books.write(|tx| disputes::close(tx, &act(8), &dispute.id, DisputeStatus::Won));
    assert_eq!(refusal(won), Code::AlreadyDone);
}

#[test]
fn a_dispute_that_is_won_leaves_everything_as_it_was() {
    let books = Books::open();
    let deposit = books.deposit("d1", "10", 0);
    let new = NewDispute {
        payment: Payment::Deposit(deposit.id),
        reference: "CB-1".to_owned(),
        reason: None,
        amount_e8: Some(e8("6")),
        contacted_first: None,
        answered_in_time: None,
        opened_at: at(2),
        evidence_due_at: None,
    };
    let dispute = books.write(|tx| disputes::open(tx, &act(2), &new)).unwrap();
    assert_eq!(books.account("dispute_hold"), "-6");
    books
        .write(|tx| disputes::close(tx, &act(3), &dispute.id, DisputeStatus::Won))
        .unwrap();
    assert_eq!(books.account("dispute_hold"), "0");
    books.order("o1", &[("balance", "10")], 4);
}

#[test]
fn a_card_that_was_charged_back_gives_nothing_a_second_time() {
    let books = Books::open();
    books.deposit("d1", "20", 0);
    let order = books.order("o1", &[("balance", "20"), ("card-9", "10")], 1);
    let charged_back = |reference: &str, minute: i64| NewDispute {
        payment: Payment::Order(order.id.clone()),
        reference: reference.to_owned(),
        reason: None,
        amount_e8: None,
        contacted_first: None,
        answered_in_time: None,
        opened_at: at(minute),
        evidence_due_at: None,
    };
    let new = charged_back("CB-1", 2);
    let dispute = books.write(|tx| disputes::open(tx, &act(2), &new)).unwrap();
    assert_eq!(dispute.amount_e8, e8("10"), "the bank has the card's part");
    books
        .write(|tx| disputes::close(tx, &act(3), &dispute.id, DisputeStatus::Lost))
        .unwrap();
    let claim = books.claim(Some(&order));
    let card = books.pay_out(&claim, (None, Some("card-9")), "1", "payout 1", 4);
    assert_eq!(refusal(card), Code::OverCeiling);
    let new = charged_back("CB-2", 5);
    let again = books.write(|tx| disputes::open(tx, &act(5), &new));
    assert_eq!(refusal(again), Code::OverCeiling);
    books.refund(&order, "20", "refund 1", 6).unwrap();
    assert_eq!(books.lots(), [("d1".to_owned(), "20".to_owned())]);
    let more = books.refund(&order, "0.01", "refund 2", 7);
    assert_eq!(refusal(more), Code::OverCeiling);
}

#[test]
fn a_mistake_is_reversed_once_and_only_while_the_money_is_there() {
    let books = Books::open();
    books.deposit("d1", "10", 0);
    let order = books.order("o1", &[("balance", "6"), ("card-9", "4")], 1);
    let credited = books
        .write(|tx| credit_order_refund(tx, &act(2), &order.id, e8("8"), "k1"))
        .unwrap();
    let reverse = |key: &str| {
        books.write(|tx| ledger::reverse(tx, &act(3), &books.seller, &credited.journal, key))
    };
    assert!(reverse("undo k1").unwrap().fresh);
    assert!(!reverse("undo k1").unwrap().fresh);
    assert_eq!(refusal(reverse("undo k1 again")), Code::AlreadyDone);
    assert_eq!(books.account("refunds"), "0");
    books.refund(&order, "10", "k2", 4).unwrap();
    books.order("o2", &[("balance", "12")], 5);
    let journals = books
        .db
        .pool
        .read(|conn| {
            Ok(redress::db::ledger::journals_after(
                conn,
                &books.seller,
                0,
                100,
            )?)
        })
        .unwrap();
    let of = |key: &str| {
        journals
            .iter()
            .find(|journal| journal.key.starts_with(key))
            .unwrap()
            .id
            .clone()
    };
    let spent =
        books.write(|tx| ledger::reverse(tx, &act(6), &books.seller, &of("deposit"), "undo d1"));
    assert_eq!(refusal(spent), Code::Insufficient);
    let sale =
        books.write(|tx| ledger::reverse(tx, &act(6), &books.seller, &of("order"), "undo o1"));
    assert_eq!(refusal(sale), Code::IllegalStep);
}
