//! Through a real Postfix and a real Dovecot, where REDRESS_TEST_MAIL says where they run (`tests/mail-servers`); plain `cargo test` has none
//! and nothing to play here. Once the mail comes in by Postfix's pipe and the real `redress mail receive`, once out of a mailbox.

mod town;

use std::time::Duration as Wait;

use redress::act::Role;
use redress::db;
use redress::db::claims::Claim;
use redress::rules::facts::Status;

use super::{OMAR, mail};
use crate::support::app::Desk;
use crate::support::make::{Shop, e8, progress};
use town::{Town, Way};

/// A customer's claim by mail, decided by a person, told by mail, and answered: one conversation, one refund.
async fn journey(way: Way) {
    let Some(town) = Town::running() else { return };
    let desk = town.desk();
    let anna = format!("anna@anna-{}.box.example", way.word());
    let id = desk.person("Anna Lindqvist", &anna, Role::Customer);
    desk.person("Omar Haddad", OMAR, Role::Agent);
    let shop = Shop::of(
        &desk.app.pool,
        desk.app.now(),
        &way.shop("Journey"),
        "panel-guarantee",
    );
    shop.deposit(&id, "D-1", "500.00", 40);
    let order = shop.order(&id, "PG-2041", "10.00", |order| {
        order.progress = progress(Status::Partial, Some("400"));
    });
    let to = shop.reads_mail(&desk);
    let door = town.opens(&desk, &shop, way);
    let balance = || {
        let read =
            |conn: &mut db::Conn| Ok(db::ledger::accounts_for_customer(conn, &shop.seller, &id)?);
        let accounts = desk.app.pool.read(read).unwrap().into_iter();
        let spendable = accounts.filter(|account| account.kind.word().starts_with("customer_"));
        spendable.map(|account| account.balance_e8).sum::<i64>()
    };
    let before = balance();

    let first = mail(&format!("Anna <{anna}>"), &to)
        .id("first@anna.example")
        .about("Refund")
        .says("Hello, only part of PG-2041 was delivered, it got stuck. I want a refund.");
    town.posts(&anna, &to, &first).await;
    let claim: Claim = town
        .until(&desk, "a claim", || {
            let claims = desk
                .app
                .pool
                .read(|conn| Ok(db::claims::of_order(conn, &order.id)?));
            claims.unwrap().pop()
        })
        .await;
    assert_eq!(
        (claim.state.as_str(), claim.channel.as_str()),
        ("in_review", "email")
    );

    let received = town.until_letter(&desk, &anna, "an answer", |_| true).await;
    assert_eq!(received.header("In-Reply-To"), "<first@anna.example>");
    assert_eq!(received.header("References"), "<first@anna.example>");
    assert_eq!(received.header("Subject"), "Re: Refund");
    assert_eq!(received.header("Auto-Submitted"), "auto-generated");
    assert_eq!(received.header("Delivered-To"), anna);
    let (name, host) = to.split_once('@').unwrap();
    let is_ours = |address: &str, kind: &str| {
        address.contains(&format!("{name}+{kind}")) && address.contains(&format!("@{host}"))
    };
    assert!(
        is_ours(&received.header("Reply-To"), "r"),
        "{}",
        received.header("Reply-To")
    );
    assert!(
        is_ours(&received.header("Return-Path"), "b"),
        "{}",
        received.header("Return-Path")
    );

    let mut omar = desk.signed_in(OMAR).await;
    let page = omar.opens(&format!("/queue/claims/{}", claim.number)).await;
    page.sees("Read from the mail");
    let check = omar.sends(page.form("Approve $4.00…")).await;
    omar.sends(check.form("Refund $4.00 to the account balance"))
        .await
        .sees("$4.00 is granted");

    let decided = town
        .until_letter(&desk, &anna, "the decision", |letter| {
            let is_new = letter.header("Message-ID") != received.header("Message-ID");
            is_new && letter.text().contains("$4.00")
        })
        .await;
    assert!(
        decided
            .header("References")
            .contains("<first@anna.example>")
    );

    assert_eq!(decided.header("Subject"), "Re: Refund");

    let reply_to = decided.reply_to();
    let thanks = mail(&format!("Anna <{anna}>"), &reply_to)
        .id("thanks@anna.example")
        .about("Re: your refund")
        .with(&format!("In-Reply-To: {}", decided.header("Message-ID")))
        .says("Thank you!");
    town.posts(&anna, &reply_to, &thanks).await;
    let said = || {
        let messages = desk
            .app
            .pool
            .read(|conn| Ok(db::tickets::messages(conn, &claim.ticket_id)?));
        messages
            .unwrap()
            .into_iter()
            .filter(|message| message.kind == "customer")
            .map(|message| message.body)
            .collect::<Vec<_>>()
    };
    town.until(&desk, "her thanks", || {
        said().contains(&"Thank you!".to_owned()).then_some(())
    })
    .await;
    let tickets = desk
        .app
        .pool
        .read(|conn| Ok(db::tickets::ids(conn)?))
        .unwrap();
    assert_eq!((tickets.len(), said().len()), (1, 2));
    assert_eq!(balance() - before, e8("4"));
    let mut letters: Vec<String> = town
        .letters(&anna)
        .await
        .iter()
        .map(|letter| letter.header("Message-ID"))
        .collect();
    let all = letters.len();
    letters.sort();
    letters.dedup();
    assert_eq!(letters.len(), all, "a letter came twice");
    let vias = desk.app.pool.read(|conn| {
        let all = db::inbox::of_ticket(conn, &claim.ticket_id)?;
        Ok(all.into_iter().map(|mail| mail.via).collect::<Vec<_>>())
    });
    assert_eq!(vias.unwrap(), [way.via(); 2]);
    door.shuts().await;
}

#[tokio::test]
async fn a_claim_comes_by_the_pipe_and_its_refund_is_told_and_answered_by_mail() {
    journey(Way::Pipe).await;
}

#[tokio::test]
async fn a_claim_comes_out_of_a_mailbox_and_its_refund_is_told_and_answered_by_mail() {
    journey(Way::Box).await;
}

/// A letter to an address that there is not: Postfix takes it, and sends a report to the letter's return path.
async fn bounce(way: Way) {
    let Some(town) = Town::running() else { return };
    let desk = town.desk();
    let gone = format!("nobody@gone-{}.box.example", way.word());
    let customer = desk.person("Nils Berg", &gone, Role::Customer);
    let shop = Shop::of(
        &desk.app.pool,
        desk.app.now(),
        &way.shop("Bounce"),
        "panel-credits",
    );
    shop.reads_mail(&desk);
    let door = town.opens(&desk, &shop, way);
    let act = desk.operator();
    let opening = redress::desk::tickets::Opening {
        seller: &shop.seller,
        customer: &customer,
        subject: "Delivery",
        body: "How long does it take?",
    };
    desk.app
        .pool
        .write(|tx| redress::desk::tickets::open(tx, &act, &opening, &[]))
        .unwrap();
    let bounced = town
        .until(&desk, "a bounce", || {
            desk.letters()
                .into_iter()
                .find(|letter| letter.bounced_at.is_some())
        })
        .await;
    assert_eq!(bounced.recipient, gone);
    let barred = desk
        .app
        .pool
        .read(|conn| Ok(db::suppressions::of(conn, &gone)?));
    assert!(barred.unwrap().unwrap().reason.starts_with("5.1.1"));
    door.shuts().await;
}

#[tokio::test]
async fn a_letter_to_nobody_comes_back_by_the_pipe_and_is_tied_to_its_letter() {
    bounce(Way::Pipe).await;
}

#[tokio::test]
async fn a_letter_to_nobody_comes_back_into_the_mailbox_and_is_tied_to_its_letter() {
    bounce(Way::Box).await;
}

#[tokio::test]
async fn t08_two_desks_that_are_each_others_customers_fall_silent_for_a_minute() {
    let Some(town) = Town::running() else { return };
    let (one, other) = (town.desk(), town.desk());
    let (mut addresses, mut doors) = (Vec::new(), Vec::new());
    for (desk, way) in [(&one, Way::Pipe), (&other, Way::Box)] {
        let now = desk.app.now();
        let shop = Shop::of(&desk.app.pool, now, &way.shop("Loop"), "panel-credits");
        addresses.push(shop.reads_mail(desk));
        doors.push(town.opens(desk, &shop, way));
    }
    one.person("Other Desk", &addresses[1], Role::Customer);
    other.person("One Desk", &addresses[0], Role::Customer);
    for (from, to) in [(0, 1), (1, 0)] {
        let post = mail(&addresses[from], &addresses[to])
            .id(&format!("loop-{from}@x.example"))
            .says("From a desk.");
        town.posts(&addresses[from], &addresses[to], &post).await;
    }
    let tickets = |desk: &Desk| {
        desk.app
            .pool
            .read(|conn| Ok(db::tickets::ids(conn)?))
            .unwrap()
            .len()
    };
    town.for_a_while(&[&one, &other], Wait::from_secs(60), || {
        for desk in [&one, &other] {
            assert!(
                tickets(desk) <= 2 && desk.letters().len() <= 4,
                "they go on and on"
            );
        }
    })
    .await;
    for desk in [&one, &other] {
        assert!(tickets(desk) >= 1, "the mail never came");
        assert!(!desk.letters().is_empty(), "nothing was answered");
    }
    for door in doors {
        door.shuts().await;
    }
}
