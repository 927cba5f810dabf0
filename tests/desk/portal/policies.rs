//! The policies, which everybody may read: the document that the rules run on, clause by clause, version by version.

use redress::desk::policies::publish;
use redress::rules::policy::Shelf;
use scraper::{Html, Selector};

use crate::support::app::{Desk, monday};
use crate::support::make::Shop;

#[tokio::test]
async fn every_clause_of_every_policy_has_its_own_anchor_and_its_words() {
    let desk = Desk::open();
    Shop::of(
        &desk.app.pool,
        desk.app.now(),
        "Brightpanel",
        "panel-credits",
    );
    let mut visitor = desk.visitor();
    let index = visitor.opens("/policies").await;
    for policy in Shelf::built_in().policies() {
        let page = visitor.opens(&index.link(&policy.title)).await;
        let html = Html::parse_document(&page.body);
        for clause in &policy.clauses {
            let anchor = Selector::parse(&format!("[id='{}']", clause.id)).unwrap();
            let found = html.select(&anchor).collect::<Vec<_>>();
            assert_eq!(found.len(), 1, "{} {}", policy.id, clause.id);
            let text = found[0].text().collect::<String>();
            assert!(text.contains(&clause.words), "{} {}", policy.id, clause.id);
        }
        for ground in &policy.grounds {
            page.sees(&ground.title).sees(&ground.hint);
        }
    }
    let page = visitor.opens("/policies/panel-credits").await;
    page.sees("In force since 1 January 2000")
        .sees("Brightpanel")
        .sees("Within 24 hours of your request");
}

#[tokio::test]
async fn an_old_version_stays_readable_at_its_own_address() {
    let desk = Desk::open();
    Shop::of(
        &desk.app.pool,
        desk.app.now(),
        "Brightpanel",
        "panel-credits",
    );
    let text = Shelf::built_in_documents()[0];
    // Its cases speak of days before the new one.
    let text = text.split("\n[[cases]]").next().unwrap();
    let document = text
        .replacen("version = \"2000-01-01\"", "version = \"2026\"", 1)
        .replacen(
            "valid_from = \"2000-01-01\"",
            "valid_from = \"2026-03-09\"",
            1,
        );
    let act = desk.operator();
    desk.app
        .pool
        .write(|tx| publish(tx, &act, &document))
        .unwrap();
    let mut visitor = desk.visitor();
    let page = visitor.opens("/policies/panel-credits").await;
    page.sees("Version 2000-01-01");
    visitor
        .opens("/policies/panel-credits/2026")
        .await
        .sees("Comes into force on 9 March 2026");

    desk.advance(chrono::Duration::days(8));
    assert!(desk.app.now() > monday());
    let page = visitor.opens("/policies/panel-credits").await;
    page.sees("Version 2026")
        .sees("In force since 9 March 2026");
    let page = visitor
        .opens(&page.link("2000-01-01 – from 1 January 2000"))
        .await;
    page.sees("In force from 1 January 2000 to 8 March 2026");
    for missing in ["/policies/nobody", "/policies/panel-credits/1999"] {
        assert_eq!(visitor.opens(missing).await.status, 404, "{missing}");
    }
}
