//! The customer's pages as a customer uses them: every story fills the rendered forms and reads the pages that follow.

mod balance;
mod cancel;
mod claim;
mod policies;
mod requests;
mod strangers;

use redress::act::{Act, Door, Role, Who};
use redress::db;
use redress::db::orders::Part;
use redress::desk::claims::{self, Decide, Verdict};
use redress::desk::orders::NewOrder;
use redress::ids::PersonId;
use redress::rules::facts::Status;
use redress::rules::money::Amount;

use crate::support::app::Desk;
use crate::support::make::{Shop, progress};
use crate::support::page::{Browser, Page};

const ANNA: &str = "anna@harbor.example";

/// A picture as far as its first bytes tell.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// Anna, who has paid fifty dollars in at a shop under one of the policies.
struct Stage<'a> {
    desk: &'a Desk,
    shop: Shop<'a>,
    anna: PersonId,
}

impl<'a> Stage<'a> {
    fn of(desk: &'a Desk, policy: &str) -> Stage<'a> {
        let anna = desk.person("Anna Lindqvist", ANNA, Role::Customer);
        let shop = Shop::of(&desk.app.pool, desk.app.now(), "Harbour Panel", policy);
        shop.deposit(&anna, "D-1", "50.00", 40);
        Stage { desk, shop, anna }
    }

    async fn browser(&self) -> Browser {
        self.desk.signed_in(ANNA).await
    }

    /// An order of a thousand followers for ten dollars; its number.
    fn order(&self, reference: &str, change: impl FnOnce(&mut NewOrder)) -> String {
        self.shop
            .order(&self.anna, reference, "10.00", change)
            .number
    }

    /// What the balance holds, in units of the eighth decimal.
    fn balance(&self) -> i64 {
        let pool = &self.desk.app.pool;
        let accounts = pool.read(|conn| {
            Ok(db::ledger::accounts_for_customer(
                conn,
                &self.shop.seller,
                &self.anna,
            )?)
        });
        let spendable = accounts.unwrap().into_iter();
        let spendable = spendable.filter(|account| account.kind.word().starts_with("customer_"));
        spendable.map(|account| account.balance_e8).sum()
    }

    /// How many requests Anna has made.
    fn claims(&self) -> usize {
        let pool = &self.desk.app.pool;
        pool.read(|conn| Ok(db::claims::of_customer(conn, &self.anna)?.len()))
            .unwrap()
    }

    /// An agent with their own way through the desk's verbs.
    fn omar(&self) -> Act {
        let id = self
            .desk
            .person("Omar Haddad", "omar@desk.example", Role::Agent);
        let person = self.desk.app.pool.read(|conn| {
            let row = db::people::find(conn, &id)?;
            Ok(db::people::actor(conn, &row)?)
        });
        let who = Who::Person(person.unwrap());
        self.desk.app.act(who, Door::Queue, "test")
    }

    /// Omar turns a request down.
    fn rejects(&self, omar: &Act, number: &str) {
        let pool = &self.desk.app.pool;
        pool.write(|tx| {
            let claim = db::claims::for_customer(tx, &self.anna, number)?;
            let ticket = db::tickets::find(tx, &claim.ticket_id)?;
            let decide = Decide {
                claim: claim.id,
                seen: ticket.seq,
                verdict: Verdict::Reject,
                amount_e8: None,
                reason: Some("unclear_policy".to_owned()),
                words: "The order was delivered in full.".to_owned(),
            };
            claims::decide(tx, omar, &decide).map(|_| ())
        })
        .unwrap();
    }
}

fn in_progress(left: &'static str) -> impl FnOnce(&mut NewOrder) {
    move |order| order.progress = progress(Status::InProgress, Some(left))
}

/// A single thing that was paid for by card and is done.
fn bought_by_card(order: &mut NewOrder) {
    order.title = "Virtual number".to_owned();
    order.quantity = Some(1);
    order.progress = progress(Status::Completed, Some("0"));
    order.paid_with = Some(vec![Part {
        method: "card-1".to_owned(),
        amount: Amount::parse("10.00").unwrap(),
    }]);
    order.snapshot_json = "{}".to_owned();
}

/// From the order's page to the check of the answers, on the ground with that title.
async fn writes(anna: &mut Browser, order: &str, ground: &str, files: &[(&str, &[u8])]) -> Page {
    let page = anna.opens(&format!("/portal/orders/{order}")).await;
    let page = anna.opens(&page.link("Ask for a refund")).await;
    let page = anna.sends(page.form("Continue").choose(ground)).await;
    let reason = "It has stood still since Sunday.";
    let mut page = anna
        .sends(page.form("Continue").fill("In your own words", reason))
        .await;
    if page.has_button("Send this request") {
        return page;
    }
    let mut form = page.form("Continue");
    for (name, bytes) in files {
        form = form.attach("Files", name, bytes);
    }
    page = anna.sends(form).await;
    assert!(page.has_button("Send this request"), "{}", page.text());
    page
}

/// The number after these words on a page: "C-1001".
fn number(page: &Page, letter: &str) -> String {
    let text = page.text();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let is_one = |word: &&str| {
        word.strip_prefix(letter)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    words.into_iter().find(is_one).unwrap().to_owned()
}
