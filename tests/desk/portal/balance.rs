//! The balance: what it is made of, every movement with the balance after it, and the same as CSV.

use super::Stage;
use crate::support::app::Desk;

#[tokio::test]
async fn the_statement_runs_from_the_newest_movement_back_and_its_csv_says_the_same() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    stage.shop.bonus(&stage.anna, "BON-1", "5.00", 30);
    let order = stage.order("88201", |order| {
        order.title = "=cmd|' /C calc'!A0".to_owned();
    });
    let mut anna = stage.browser().await;
    let page = anna.opens(&format!("/portal/orders/{order}/cancel")).await;
    anna.sends(page.form("Cancel and credit $10.00")).await;

    let page = anna.opens("/portal/balance").await;
    page.sees("Harbour Panel $55.00 USD")
        .sees("Bonus to spend, never paid out $5.00")
        .sees("Deposit D-1, Visa ending 42");
    let text = page.text();
    let lines = text.split("When What In Out Balance").nth(1).unwrap();
    let after = |what: &str| {
        let line = lines
            .split(what)
            .nth(1)
            .unwrap_or_else(|| panic!("no {what}"));
        let amounts = line.split_whitespace().filter(|word| word.starts_with('$'));
        amounts.take(2).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(after(&format!("Refund of order {order}")), "$10.00 $55.00");
    assert_eq!(after("Deposit D-1"), "$50.00 $50.00");

    let csv = anna.opens(&page.link("CSV of everything")).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let rows = csv.body.lines().collect::<Vec<_>>();
    assert_eq!(rows.len(), 5, "{rows:?}");
    assert!(rows[1].ends_with(",10.00,,55.00"), "{}", rows[1]);
    assert!(rows[2].ends_with(",,10.00,45.00"), "{}", rows[2]);
    assert!(rows[2].contains(",'=cmd|' /C calc'!A0,"), "{}", rows[2]);
    assert!(
        rows[4].ends_with("Deposit D-1,Visa ending 42,50.00,,50.00"),
        "{}",
        rows[4]
    );
}

#[tokio::test]
async fn an_empty_balance_says_what_will_be_there() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    anna.opens("/portal/balance").await.sees("No balance yet");
    anna.opens("/portal/orders")
        .await
        .sees("No orders on this account");
    anna.opens("/portal/tickets").await.sees("No requests yet");
    let page = anna
        .opens("/portal/balance?seller=nobody&currency=USD")
        .await;
    assert_eq!(page.status, 404);
}

#[tokio::test]
async fn orders_are_found_by_their_words_and_no_wildcard_is_one() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    for at in 0..27 {
        stage
            .shop
            .order(&stage.anna, &format!("S-{at}"), "0.10", |order| {
                order.title = if at == 3 {
                    "100% real_likes".to_owned()
                } else {
                    "Followers".to_owned()
                };
            });
    }
    let mut anna = stage.browser().await;
    let page = anna.opens("/portal/orders").await;
    page.sees("1–25 of 27");
    let page = anna.opens(&page.link("Next")).await;
    page.sees("26–27 of 27");
    for (words, found) in [
        ("0%", 1),
        ("L_L", 1),
        ("REAL", 1),
        ("%", 1),
        ("'", 0),
        ("O-1004", 1),
    ] {
        let page = anna.opens("/portal/orders").await;
        let page = anna
            .sends(page.form("Search").fill("Order number or service", words))
            .await;
        let text = page.text();
        assert_eq!(
            text.contains("No order matches"),
            found == 0,
            "{words}: {text}"
        );
        assert_eq!(text.matches("1–1 of 1").count(), found, "{words}: {text}");
    }
    for bad in ["page=-1", "page=1e9", "page=x"] {
        let page = anna.opens(&format!("/portal/orders?{bad}")).await;
        assert_eq!(page.status, 400, "{bad}");
    }
}
