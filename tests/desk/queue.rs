//! The agents' pages as agents use them: every story reads the rendered page, fills its forms and asks the books afterwards.

mod batches;
mod claims;
mod deadlines;
mod money;
mod payouts;
mod sending;
mod tickets;
mod withdrawals;
mod worker;

use redress::act::{Act, Door, Person, Role, Who};
use redress::db;
use redress::db::claims::Claim;
use redress::db::orders::Order;
use redress::desk::claims as verbs;
use redress::desk::claims::New;
use redress::desk::orders::NewOrder;
use redress::ids::PersonId;
use redress::rules::facts::Status;

use crate::support::app::Desk;
use crate::support::make::{Shop, progress};
use crate::support::page::{Browser, Page};

const ANNA: &str = "anna@harbor.example";
const OMAR: &str = "omar@desk.example";
const LENA: &str = "lena@desk.example";

/// Anna, who has paid a shop under one of the policies; Omar, an agent, and Lena, a lead, at the desk.
struct Stage<'a> {
    desk: &'a Desk,
    shop: Shop<'a>,
    anna: PersonId,
}

impl<'a> Stage<'a> {
    fn of(desk: &'a Desk, policy: &str) -> Stage<'a> {
        let anna = desk.person("Anna Lindqvist", ANNA, Role::Customer);
        desk.person("Omar Haddad", OMAR, Role::Agent);
        desk.person("Lena Fox", LENA, Role::Lead);
        let shop = Shop::of(&desk.app.pool, desk.app.now(), "Harbour Panel", policy);
        shop.deposit(&anna, "D-1", "500.00", 40);
        Stage { desk, shop, anna }
    }

    async fn omar(&self) -> Browser {
        self.desk.signed_in(OMAR).await
    }

    async fn lena(&self) -> Browser {
        self.desk.signed_in(LENA).await
    }

    async fn anna_signed_in(&self) -> Browser {
        self.desk.signed_in(ANNA).await
    }

    /// Somebody of the desk, for what is done without a page.
    fn act_of(&self, email: &str) -> Act {
        let found = self.desk.app.pool.read(|conn| {
            let person = db::people::by_email(conn, email)?.unwrap();
            Ok(db::people::actor(conn, &person)?)
        });
        let person: Person = found.unwrap();
        let via = if person.role.is_staff() {
            Door::Queue
        } else {
            Door::Portal
        };
        self.desk.app.act(Who::Person(person), via, "story")
    }

    /// An order of a thousand followers, in progress with 400 to come.
    fn running(&self, charge: &str) -> Order {
        self.order(charge, |order| {
            order.progress = progress(Status::InProgress, Some("400"))
        })
    }

    fn order(&self, charge: &str, change: impl FnOnce(&mut NewOrder)) -> Order {
        let reference = format!("A-{charge}");
        self.shop.order(&self.anna, &reference, charge, change)
    }

    /// Anna asks on a ground; the claim's number.
    fn claims_on(&self, order: Option<&Order>, ground: &str, reason: &str) -> Claim {
        let act = self.act_of(ANNA);
        let new = New {
            seller: self.shop.seller.clone(),
            customer: self.anna.clone(),
            order: order.map(|order| order.id.clone()),
            ground: ground.to_owned(),
            reason: reason.to_owned(),
            requested_e8: None,
            remedy_choice: None,
            evidence: Vec::new(),
            draft: None,
        };
        let filed = self.desk.app.pool.write(|tx| verbs::file(tx, &act, &new));
        filed.unwrap().claim
    }

    /// A running order that Anna wants cancelled, stopped by the panel: $4.00 of $10.00 come back.
    fn stopped(&self, charge: &str) -> Claim {
        let order = self.running(charge);
        let claim = self.claims_on(Some(&order), "order_cancellation", "I no longer need it.");
        self.establishes(&claim, "findings.stop", "stopped");
        claim
    }

    fn establishes(&self, claim: &Claim, path: &str, value: &str) {
        let act = self.act_of(LENA);
        let facts = vec![(path.to_owned(), serde_json::Value::from(value))];
        let done = self.desk.app.pool.write(|tx| {
            let seen = db::tickets::find(tx, &claim.ticket_id)?.seq;
            verbs::establish(tx, &act, &claim.id, seen, &facts, "provider")
        });
        done.unwrap();
    }

    /// Lena grants what the rules compute, and Ruth where that takes two.
    fn approves(&self, claim: &Claim) {
        let decides = |who: &str, verdict: verbs::Verdict| {
            let act = self.act_of(who);
            let done = self.desk.app.pool.write(|tx| {
                let decide = verbs::Decide {
                    claim: claim.id.clone(),
                    seen: db::tickets::find(tx, &claim.ticket_id)?.seq,
                    verdict,
                    amount_e8: None,
                    reason: Some("goodwill".to_owned()),
                    words: "Known to us for years.".to_owned(),
                };
                verbs::decide(tx, &act, &decide)
            });
            done.unwrap()
        };
        if let verbs::Decided::Proposed(_) = decides(LENA, verbs::Verdict::Approve) {
            let ruth = "ruth@desk.example";
            let pool = &self.desk.app.pool;
            if pool
                .read(|conn| db::people::by_email(conn, ruth))
                .unwrap()
                .is_none()
            {
                self.desk.person("Ruth Adler", ruth, Role::Manager);
            }
            decides(ruth, verbs::Verdict::Endorse);
        }
    }

    fn claim(&self, number: &str) -> Claim {
        let everywhere = db::tickets::Scope(Vec::new());
        let pool = &self.desk.app.pool;
        pool.read(|conn| Ok(db::claims::for_staff(conn, &everywhere, number)?))
            .unwrap()
    }

    /// What Anna's balance holds, in units of the eighth decimal.
    fn balance(&self) -> i64 {
        let accounts = self.desk.app.pool.read(|conn| {
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
}

fn path(claim: &Claim) -> String {
    format!("/queue/claims/{}", claim.number)
}

/// Both steps of a decision: what it would do, then the button that names its effect.
async fn decides(browser: &mut Browser, page: &Page, button: &str, effect: &str) -> Page {
    let check = browser.sends(page.form(button)).await;
    assert_eq!(check.status, 200, "{}", check.text());
    browser.sends(check.form(effect)).await
}
